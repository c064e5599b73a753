using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Links;

/// <summary>Authorities of a fleet, made two months ago, and credentials that they sign.</summary>
internal sealed class TestFleet : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly List<IDisposable> made = [];
    private readonly FleetAuthority root;
    private readonly FleetAuthority issuing;

    public TestFleet(string? name = null)
    {
        Id = FleetId.Parse(name ?? "t" + Guid.NewGuid().ToString("N")[..10]); // tests share loopback's multicast
        root = FleetAuthority.CreateRoot(Id, DateTimeOffset.UtcNow.AddDays(-60));
        issuing = FleetAuthority.CreateIssuing(root, DateTimeOffset.UtcNow.AddDays(-60));
    }

    public FleetId Id { get; }

    public DeviceCredentials Device(string name, DateTimeOffset? issued = null, ECDsa? key = null) =>
        Save(key, public_ => issuing.IssueDevice(NodeId.Parse(name), public_, issued ?? DateTimeOffset.UtcNow, TimeSpan.FromDays(30)));

    public DeviceCredentials Operator(string name) =>
        Save(null, public_ => issuing.IssueOperator(name, public_, DateTimeOffset.UtcNow, TimeSpan.FromDays(30)));

    public void Dispose()
    {
        foreach (IDisposable item in made)
            item.Dispose();
        root.Dispose();
        issuing.Dispose();
        folder.Dispose();
    }

    private DeviceCredentials Save(ECDsa? key, Func<ECDsa, X509Certificate2> issue)
    {
        string path = folder[$"{made.Count}"];
        ECDsa own = key ?? Es256.CreateKey();
        using X509Certificate2 leaf = issue(own);
        DeviceCredentials.Save(path, own, leaf, issuing.Certificate, root.Certificate);
        if (key is null)
            own.Dispose();
        DeviceCredentials credentials = DeviceCredentials.Load(path);
        made.Add(credentials);
        return credentials;
    }
}

/// <summary>A link with ears: keeps what it posts and tells.</summary>
internal sealed class LinkNode : IAsyncDisposable
{
    public const string ModelHash = "0123456789abcdef";

    private LinkNode(DeviceCredentials credentials, NetworkConfig network)
    {
        Id = credentials.Identity.Node;
        var info = new InfoPayload(credentials.Identity.Fleet.Value, Id.Value, "0", "jit", "test", 1, 1, "m", ModelHash, 1, "s",
            Convert.ToHexStringLower(credentials.Identity.Fingerprint.Span), credentials.ChainPem);
        var context = new LinkContext(credentials, network, info, Inputs.Enqueue, Events.Enqueue);
        Link = network.Broker is null ? new PeerBrokerLink(context) : new SharedBrokerLink(context);
    }

    public NodeId Id { get; }

    public IFleetLink Link { get; }

    public ConcurrentQueue<NodeInput> Inputs { get; } = [];

    public ConcurrentQueue<NodeEvent> Events { get; } = [];

    public int Port => IPEndPoint.Parse(Link.Endpoint["mqtts://".Length..]).Port;

    public static async Task<LinkNode> StartAsync(DeviceCredentials credentials, NetworkConfig? network = null)
    {
        var node = new LinkNode(credentials, network ?? Quiet());
        await node.Link.StartAsync(CancellationToken.None);
        return node;
    }

    public static NetworkConfig Quiet(params string[] peers) =>
        new() { Listen = "127.0.0.1:0", Discovery = false, Peers = peers, ReconnectMinMs = 100, ReconnectMaxMs = 300 };

    public static NetworkConfig Discovering() => Quiet() with { Discovery = true, Interfaces = ["lo"] };

    public int Count<T>(Func<T, bool> which) where T : NodeInput => Inputs.OfType<T>().Count(which);

    public Task HearsAsync<T>(Func<T, bool> which, int times = 1) where T : NodeInput =>
        Wait.UntilAsync(() => Count(which) >= times, () => $"{Id} hears {typeof(T).Name} {times} times, but: {string.Join("; ", Inputs)}; {string.Join("; ", Events)}");

    public Task IsToldAsync(string code, string text = "") =>
        Wait.UntilAsync(() => Events.Any(e => e.Code == code && e.Message.Contains(text, StringComparison.Ordinal)), () => $"{Id} is told {code}, but: {string.Join("; ", Events)}");

    public void Send(ulong sequence, string text, params NodeId[] to) =>
        Link.Send(new NodeEffect.SendUpdate(to, sequence, System.Text.Encoding.UTF8.GetBytes(text), [new byte[] { 1, 2, 3 }, new byte[] { 4 }]));

    public Task HearsUpdateAsync(NodeId from, string text) =>
        HearsAsync<NodeInput.UpdateArrived>(u => u.From == from && u.Payload.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(text)));

    public ValueTask DisposeAsync() => Link.DisposeAsync();
}

/// <summary>Bounded waiting for what other threads and programs do.</summary>
internal static class Wait
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> holds, Func<string> what)
    {
        var watch = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < Patience, "did not come about: " + what());
            await Task.Delay(20);
        }
    }
}
