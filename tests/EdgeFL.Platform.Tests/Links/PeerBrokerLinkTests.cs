using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Links;

public sealed class PeerBrokerLinkTests : IDisposable
{
    private static readonly NodeId A = NodeId.Parse("a"), B = NodeId.Parse("b");

    private readonly TestFleet fleet = new();

    public void Dispose() => fleet.Dispose();

    [Fact]
    public async Task TwoLinks_ThatDiscoverEachOther_PassFramesBothWays()
    {
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Discovering());
        await using LinkNode b = await LinkNode.StartAsync(fleet.Device("b"), LinkNode.Discovering());
        await Task.WhenAll(a.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == B), b.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == A));
        a.Link.Open(B);
        b.Link.Open(A);
        await Task.WhenAll(a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B), b.HearsAsync<NodeInput.LinkUp>(u => u.Peer == A));

        a.Send(1, "from a", B);
        b.Send(1, "from b", A);

        await Task.WhenAll(b.HearsUpdateAsync(A, "from a"), a.HearsUpdateAsync(B, "from b"));
        await b.HearsAsync<NodeInput.ChunkArrived>(c => c.From == A && c.Sequence == 1 && c.Index == 1);
        Assert.Empty(a.Inputs.OfType<NodeInput.FrameRefused>());
        Assert.InRange(a.Link.Counters.BytesOut, 100, 100_000);
        Assert.InRange(a.Link.Counters.BytesIn, 100, 100_000);
        Assert.Equal((1L, 0L), (a.Link.Counters.ModelMessages, a.Link.Counters.ModelMessagesLost));

        await b.DisposeAsync();
        await Task.WhenAll(a.HearsAsync<NodeInput.LinkDown>(d => d.Peer == B), a.HearsAsync<NodeInput.PeerGone>(g => g.Peer == B));
    }

    [Fact]
    public async Task Peer_RestartedAtAnotherPort_IsFollowed()
    {
        DeviceCredentials credentials = fleet.Device("b");
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Discovering());
        await using (LinkNode before = await LinkNode.StartAsync(credentials, LinkNode.Discovering()))
        {
            a.Link.Open(B);
            await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);
            a.Send(1, "first", B);
            await before.HearsUpdateAsync(A, "first");
        }

        long bytes = a.Link.Counters.BytesOut;
        await a.HearsAsync<NodeInput.LinkDown>(d => d.Peer == B);
        await using LinkNode after = await LinkNode.StartAsync(credentials, LinkNode.Discovering());
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B, times: 2);
        a.Send(2, "second", B);

        await after.HearsUpdateAsync(A, "second");
        NodeInput[] news = a.Inputs.Where(i => i is NodeInput.LinkUp or NodeInput.LinkDown).ToArray();
        Assert.Equal([typeof(NodeInput.LinkUp), typeof(NodeInput.LinkDown), typeof(NodeInput.LinkUp)], news.Select(n => n.GetType()));
        Assert.True(a.Link.Counters.BytesOut > bytes, "a link that was closed takes its bytes along");
    }

    [Fact]
    public async Task Announcement_OfAnotherAddress_DoesNotCutALinkThatHolds()
    {
        await using LinkNode b = await LinkNode.StartAsync(fleet.Device("b"));
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Discovering());
        await using var mdns = new MdnsService(new MdnsOptions { Interfaces = ["lo"] });
        await mdns.StartAsync();
        Task Announce(string instance, int port) => mdns.AdvertiseAsync(new ServiceInstance(instance, "_edgefl._tcp", instance, port, [IPAddress.Loopback],
            new Dictionary<string, string> { ["txtvers"] = "1", ["id"] = "b", ["fl"] = fleet.Id.Value, ["pv"] = "1", ["mdl"] = LinkNode.ModelHash[..8] }, []));
        string unique = Guid.NewGuid().ToString("N")[..8];
        await Announce("b-" + unique, b.Port);
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);
        int seen = a.Count<NodeInput.PeerSeen>(s => s.Peer == B);

        await Announce("evil-" + unique, OutsideBroker.FreePorts(1)[0]);
        await a.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == B, seen + 1);
        a.Send(1, "still here", B);

        await b.HearsUpdateAsync(A, "still here");
        Assert.Empty(a.Inputs.OfType<NodeInput.LinkDown>());
    }

    [Fact]
    public async Task FixedPeer_IsSeenAtOnceAndNeverLost()
    {
        await using LinkNode b = await LinkNode.StartAsync(fleet.Device("b"));
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Quiet($"b=127.0.0.1:{b.Port}", "a=127.0.0.1:1"));
        Assert.Equal([new NodeInput.PeerSeen(B)], a.Inputs);
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);
        a.Link.Close(B);
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B, times: 2);
    }

    [Fact]
    public async Task Peer_WhoseCertificateNamesAnother_IsNeverUp()
    {
        var policy = new TlsPolicy(fleet.Device("c"));
        using var impostor = new TcpListener(IPAddress.Loopback, 0);
        impostor.Start();
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Quiet($"b={impostor.LocalEndpoint}"));
        a.Link.Open(B);
        for (int attempt = 0; attempt < 3; attempt++) // each of them after one that failed
        {
            using TcpClient caller = await impostor.AcceptTcpClientAsync().WaitAsync(Wait.Patience);
            await using var tls = new SslStream(caller.GetStream());
            await tls.AuthenticateAsServerAsync(policy.Server()).WaitAsync(Wait.Patience);
            int read = 0;
            Exception? cut = await Record.ExceptionAsync(async () => read = await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Wait.Patience));
            Assert.True((cut is null or IOException) && read == 0, $"{read} bytes, {cut}"); // not even a CONNECT
        }

        a.Send(1, "x", B);
        Assert.DoesNotContain(a.Inputs, i => i is NodeInput.LinkUp);
        Assert.Equal((1L, 1L), (a.Link.Counters.ModelMessages, a.Link.Counters.ModelMessagesLost));
    }

    [Fact]
    public async Task Send_WhileALinkIsDown_IsCountedAndDoesNotStopTheNext()
    {
        DeviceCredentials credentials = fleet.Device("b");
        int port = OutsideBroker.FreePorts(1)[0];
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Quiet($"b=127.0.0.1:{port}"));
        a.Link.Open(B);
        for (ulong i = 1; i <= 20; i++)
            a.Send(i, "lost", B); // more than may be under way
        Assert.Equal((20L, 20L), (a.Link.Counters.ModelMessages, a.Link.Counters.ModelMessagesLost));

        await using LinkNode b = await LinkNode.StartAsync(credentials, LinkNode.Quiet() with { Listen = $"127.0.0.1:{port}" });
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);
        a.Send(21, "found", B);
        await b.HearsUpdateAsync(A, "found");
        Assert.Equal(20, a.Link.Counters.ModelMessagesLost);
    }

    [Fact]
    public async Task Discovery_OnAnInterfaceThatIsNotThere_IsToldAndGoesOnWithTheOthers()
    {
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Discovering() with { Interfaces = ["nope0", "lo"] });
        await using LinkNode b = await LinkNode.StartAsync(fleet.Device("b"), LinkNode.Discovering());

        await a.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == B);

        NodeEvent told = Assert.Single(a.Events, e => e.Code == "mdns-interface");
        Assert.Equal(EventSeverity.Warning, told.Severity);
        Assert.Contains("nope0", told.Message, StringComparison.Ordinal);
        Assert.Contains("ip link", told.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(b.Events, e => e.Code == "mdns-interface");
    }

    [Fact]
    public async Task Discovery_OnNoInterfaceAtAll_StartsAndPassesFramesToAFixedPeer()
    {
        await using LinkNode b = await LinkNode.StartAsync(fleet.Device("b"));
        await using LinkNode a = await LinkNode.StartAsync(
            fleet.Device("a"), LinkNode.Quiet($"b=127.0.0.1:{b.Port}") with { Discovery = true, Interfaces = ["nope0"] });
        await a.IsToldAsync("mdns-interface", "nope0");
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);

        a.Send(1, "still", B);

        await b.HearsUpdateAsync(A, "still");
    }

    [Fact]
    public async Task Stop_WhileConnecting_Ends()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // accepts, and says nothing
        LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), LinkNode.Quiet($"b=127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"));
        a.Link.Open(B);
        using TcpClient caller = await silent.AcceptTcpClientAsync().WaitAsync(Wait.Patience);

        await a.DisposeAsync().AsTask().WaitAsync(Wait.Patience);
        await a.DisposeAsync(); // and again
        a.Link.Open(B);
        a.Send(1, "x", B);

        Assert.Equal((1L, 1L), (a.Link.Counters.ModelMessages, a.Link.Counters.ModelMessagesLost));
        Assert.DoesNotContain(a.Inputs, i => i is NodeInput.LinkUp);
    }

    [Fact]
    public async Task Start_WhereSomebodyElseListens_NamesTheAddress()
    {
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"));
        var error = await Assert.ThrowsAsync<IOException>(() => LinkNode.StartAsync(fleet.Device("b"), LinkNode.Quiet() with { Listen = $"127.0.0.1:{a.Port}" }));
        Assert.Contains($"127.0.0.1:{a.Port}", error.Message, StringComparison.Ordinal);
    }
}
