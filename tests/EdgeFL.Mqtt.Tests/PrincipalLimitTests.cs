using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

public sealed class PrincipalLimitTests
{
    private readonly ConcurrentQueue<MqttSecurityEvent> events = new();

    [Theory]
    [InlineData(MqttVersion.V311, 3)]
    [InlineData(MqttVersion.V5, (byte)MqttReason.QuotaExceeded)]
    public async Task Connect_MoreOfOnePrincipalThanMayBe_IsRefusedAndOthersComeIn(MqttVersion version, byte code)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectionsMax = 3, ConnectionsPerPrincipalMax = 2 });
        using RawPeer first = await ConnectAsync(broker, "greedy", "1", version);
        using RawPeer second = await ConnectAsync(broker, "greedy", "2", version);

        using RawPeer third = await RawPeer.OpenAsync(broker, version);
        third.Send(Connect("greedy", "3", version));

        Assert.Equal(code, third.Read<ConnAckPacket>().Code);
        Assert.Null(third.ReadAny());
        Assert.Equal(1, broker.Counters.RefusedConnections);
        MqttSecurityEvent told = Assert.Single(events);
        Assert.Equal((MqttSecurityEventKind.TooManyConnections, "greedy"), (told.Kind, told.Principal));
        using RawPeer other = await ConnectAsync(broker, "other", "1", version);
        Assert.Equal(3, broker.ConnectedClients);
    }

    [Fact]
    public async Task Connect_OneCertificateManyTimes_LeavesRoomForAnother()
    {
        using TestAuthority authority = new();
        using X509Certificate2 server = authority.Issue("broker"), greedy = authority.Issue("greedy"), honest = authority.Issue("honest");
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with
        {
            Listeners = [new() { Tls = () => authority.Server(server) }],
            Access = new OwnNameAccess(),
            ConnectionsMax = 4,
            ConnectionsPerPrincipalMax = 3,
        });
        List<Listener> many = [];
        for (int i = 0; i < 4; i++)
        {
            many.Add(new Listener(Bench.To(broker, $"greedy-{i}") with { Tls = () => authority.Client(greedy) }));
            await many[i].Client.StartAsync();
            await Bench.UntilAsync(() => !many[i].Starts.IsEmpty || !many[i].Ends.IsEmpty, "it is answered");
        }

        Assert.True(many[3].Ends.TryPeek(out MqttDisconnected? end));
        Assert.Equal(MqttReason.QuotaExceeded, end.Reason);
        await using Listener other = await Bench.ConnectAsync(Bench.To(broker, "honest") with { Tls = () => authority.Client(honest) }, "honest/#");
        foreach (Listener one in many)
            await one.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TakeOver_AtTheLimits_CountsOnce(bool cleanStart)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectionsMax = 2, ConnectionsPerPrincipalMax = 2 });
        using RawPeer still = await ConnectAsync(broker, "a", "other");
        List<RawPeer> taken = [];
        for (int i = 0; i < 20; i++)
            taken.Add(await ConnectAsync(broker, "a", "same", cleanStart: cleanStart)); // The older ones are not read from: they take their time to leave.

        Assert.Equal((2, 2), (broker.ConnectedClients, broker.Sessions));
        taken.ForEach(peer => peer.Dispose());
        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "all but the other one are gone");
        using RawPeer next = await ConnectAsync(broker, "a", "next");
        using RawPeer more = await RawPeer.OpenAsync(broker);
        more.Send(Connect("a", "more"));
        Assert.Equal((byte)MqttReason.QuotaExceeded, more.Read<ConnAckPacket>().Code);
    }

    [Fact]
    public async Task TakeOver_CleanStart_NewSessionOutlivesTheOlderConnection()
    {
        await using MqttBroker broker = await BrokerAsync();
        RawPeer peer = await ConnectAsync(broker, "a", "same");
        for (int i = 0; i < 20; i++)
        {
            using RawPeer older = peer;
            peer = await ConnectAsync(broker, "a", "same");
            older.ExpectEnd(MqttReason.SessionTakenOver);
        }

        Assert.Equal(1, broker.Sessions);
        Assert.Equal(1, broker.Disconnect("a"));
        peer.ExpectEnd(MqttReason.AdministrativeAction);
        peer.Dispose();
    }

    [Theory]
    [InlineData("a", 0)]
    [InlineData("", 1)]
    public async Task Connect_NoLimitOrNoPrincipal_HoldsToTheTotalAlone(string principal, int most)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectionsMax = 12, ConnectionsPerPrincipalMax = most });
        List<RawPeer> peers = [];
        for (int i = 0; i < 12; i++)
            peers.Add(await ConnectAsync(broker, principal, $"{i}"));

        using RawPeer more = await RawPeer.OpenAsync(broker);
        more.Send(Connect(principal, "more"));

        Assert.Equal((byte)MqttReason.ServerBusy, more.Read<ConnAckPacket>().Code);
        peers.ForEach(peer => peer.Dispose());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65_536)]
    public void Options_LimitOutOfRange_IsRefused(int most) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MqttBroker(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, ConnectionsPerPrincipalMax = most }));

    private Task<MqttBroker> BrokerAsync(Func<MqttBrokerOptions, MqttBrokerOptions>? change = null) => Bench.BrokerAsync(o =>
    {
        MqttBrokerOptions watched = o with { OnSecurityEvent = events.Enqueue, Access = new UserAccess() };
        return change?.Invoke(watched) ?? watched;
    });

    private static Task<RawPeer> ConnectAsync(MqttBroker broker, string user, string clientId, MqttVersion version = MqttVersion.V5, bool cleanStart = true) =>
        RawPeer.ConnectAsync(broker, clientId, version, () => Connect(user, clientId, version, cleanStart));

    private static ConnectPacket Connect(string user, string clientId, MqttVersion version = MqttVersion.V5, bool cleanStart = true) =>
        new() { Version = version, CleanStart = cleanStart, ClientId = clientId, UserName = user };

    /// <summary>The principal is the user name, so that many clients can have the same.</summary>
    private sealed class UserAccess : IMqttAccess
    {
        public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
        {
            principal = user ?? "";
            reason = "";
            return true;
        }

        public bool MayPublish(string principal, string topic) => true;

        public bool MaySubscribe(string principal, string filter) => true;
    }
}
