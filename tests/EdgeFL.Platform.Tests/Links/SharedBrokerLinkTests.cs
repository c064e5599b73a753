using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;

namespace EdgeFL.Platform.Tests.Links;

public sealed class SharedBrokerLinkTests : IDisposable
{
    private static readonly NodeId A = NodeId.Parse("a"), B = NodeId.Parse("b");

    private readonly TestFleet fleet = new();

    public void Dispose() => fleet.Dispose();

    private Task<LinkNode> StartAsync(string name, OutsideBroker broker) =>
        LinkNode.StartAsync(fleet.Device(name), new NetworkConfig { Broker = broker.Url, ReconnectMinMs = 100, ReconnectMaxMs = 300 });

    private static async Task<MqttClient> ClientAsync(OutsideBroker broker, Func<MqttMessage, ValueTask>? heard = null)
    {
        var client = new MqttClient(new MqttClientOptions { Host = "127.0.0.1", Port = broker.Port, ReconnectMinMs = 100, ReconnectMaxMs = 300 }, heard);
        await client.StartAsync();
        await client.WaitConnectedAsync().WaitAsync(Wait.Patience);
        return client;
    }

    private async Task SayAsync(MqttClient client, string node, string suffix, string payload) =>
        await client.PublishAsync($"edgefl/v1/{fleet.Id}/{node}/{suffix}", Encoding.UTF8.GetBytes(payload), 1, true).AsTask().WaitAsync(Wait.Patience);

    private static string Info(DeviceCredentials credentials, string model = LinkNode.ModelHash) => JsonSerializer.Serialize(
        new InfoPayload("f", "n", "0", "jit", "", 1, 1, "m", model, 1, "s", "", credentials.ChainPem), PayloadJson.Default.InfoPayload);

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)] // Nothing retained comes to b, which is the later one.
    public async Task TwoLinks_OnOneBroker_PassFramesBothWays(BrokerKind kind)
    {
        using OutsideBroker broker = await OutsideBroker.StartAsync(kind);
        await using LinkNode a = await StartAsync("a", broker);
        LinkNode b = await StartAsync("b", broker);
        await Task.WhenAll(a.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == B), b.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == A));
        a.Link.Open(B);
        b.Link.Open(A);
        await Task.WhenAll(a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B), b.HearsAsync<NodeInput.LinkUp>(u => u.Peer == A));

        // A subscription is asked for when a link comes up and takes effect a moment later: what is sent before is lost to it.
        await Wait.UntilAsync(() => Sends(a, b), () => "b hears a");
        await Wait.UntilAsync(() => Sends(b, a), () => "a hears b");

        Assert.Empty(a.Inputs.OfType<NodeInput.FrameRefused>());
        Assert.True(a.Link.Counters.BytesIn > 100 && a.Link.Counters.BytesOut > 100);
        Assert.True(a.Link.Counters.ModelMessagesLost < a.Link.Counters.ModelMessages);
        await b.DisposeAsync();
        await Task.WhenAll(a.HearsAsync<NodeInput.LinkDown>(d => d.Peer == B), a.HearsAsync<NodeInput.PeerGone>(g => g.Peer == B));
        Assert.DoesNotContain(b.Inputs, i => i is NodeInput.UpdateArrived { From.Value: "b" });

        static bool Sends(LinkNode from, LinkNode to)
        {
            from.Send(1, "hello", to.Id);
            return to.Count<NodeInput.UpdateArrived>(u => u.From == from.Id) > 0;
        }
    }

    [Fact]
    public async Task Keys_ComeOnlyFromTheFleetsCertificateForThatVeryNode()
    {
        using var other = new TestFleet();
        using OutsideBroker broker = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using LinkNode a = await StartAsync("a", broker);
        await using MqttClient client = await ClientAsync(broker);
        DeviceCredentials b = fleet.Device("b");
        (string Node, string Info)[] liars =
        [
            ("stranger", Info(other.Device("stranger"))),
            ("thief", Info(b)),
            ("person", Info(fleet.Operator("person"))),
            ("ended", Info(fleet.Device("ended", DateTimeOffset.UtcNow.AddDays(-40)))),
            ("garbage", "{\"certificate\":7"),
            ("nothing", "{}"),
        ];
        foreach ((string node, string info) in liars)
        {
            await SayAsync(client, node, "info", info);
            await SayAsync(client, node, "status", "online");
            await a.IsToldAsync("peer-refused", node);
            a.Link.Open(NodeId.Parse(node));
        }

        await SayAsync(client, "learner", "info", Info(fleet.Device("learner"), "ffffffffffffffff"));
        await SayAsync(client, "learner", "status", "online");
        await SayAsync(client, "b", "status", "online");
        await SayAsync(client, "b", "info", Info(b));
        await a.HearsAsync<NodeInput.PeerSeen>(s => s.Peer == B);
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);

        Assert.Equal([B], a.Inputs.OfType<NodeInput.PeerSeen>().Select(s => s.Peer));
        Assert.Equal([B], a.Inputs.OfType<NodeInput.LinkUp>().Select(s => s.Peer));

        // The broker lets anybody publish: a frame that b has not signed is refused, one that it has is not.
        using var gate = new FrameGate(b);
        using var forger = new FrameGate(fleet.Device("b"));
        async Task TryAsync(FrameGate signer, Func<bool> heard)
        {
            await Wait.UntilAsync(() =>
            {
                client.TryPublish($"edgefl/v1/{fleet.Id}/b/upd/f", signer.Seal("x"u8), 1);
                return heard();
            }, () => "a hears the frame");
        }

        await TryAsync(forger, () => a.Count<NodeInput.FrameRefused>(r => r.From == B && r.Reason == Wire.RejectionReason.UnknownSigner) > 0);
        Assert.Empty(a.Inputs.OfType<NodeInput.UpdateArrived>());
        await TryAsync(gate, () => a.Count<NodeInput.UpdateArrived>(u => u.From == B) > 0);
    }

    [Fact]
    public async Task Broker_ThatWasAway_IsToldTheNewestAndNotTheOldest()
    {
        using OutsideBroker broker = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using LinkNode a = await StartAsync("a", broker);
        await using LinkNode b = await StartAsync("b", broker);
        a.Link.Open(B);
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B);
        broker.Kill();
        await a.HearsAsync<NodeInput.LinkDown>(d => d.Peer == B);
        await a.IsToldAsync("broker-lost");
        for (int i = 0; i < 3000; i++)
        {
            a.Link.Publish("telemetry", Encoding.ASCII.GetBytes($"{i}"), 0, false);
            a.Link.Publish("train", Encoding.ASCII.GetBytes($"{i}"), 1, true);
            a.Link.Publish("event", Encoding.ASCII.GetBytes($"{i}"), 1, false);
        }

        await broker.GoAsync();
        var heard = new ConcurrentQueue<(string Suffix, string Text)>();
        await using MqttClient client = await ClientAsync(broker, message =>
        {
            heard.Enqueue((message.Topic[(message.Topic.LastIndexOf('/') + 1)..], Encoding.UTF8.GetString(message.Payload.Span)));
            return ValueTask.CompletedTask;
        });
        await client.SubscribeAsync($"edgefl/v1/{fleet.Id}/a/#", 1).WaitAsync(Wait.Patience);
        await Wait.UntilAsync(() => heard.Contains(("status", "online")) && heard.Contains(("train", "2999")), () => string.Join("; ", heard));
        await a.HearsAsync<NodeInput.LinkUp>(u => u.Peer == B, times: 2);

        Assert.All(heard.Where(h => h.Suffix == "train"), h => Assert.Equal("2999", h.Text));
        Assert.DoesNotContain(heard, h => h.Suffix == "telemetry");
        Assert.All(heard.Where(h => h.Suffix == "event"), h => Assert.InRange(int.Parse(h.Text, System.Globalization.CultureInfo.InvariantCulture), 2984, 2999));
    }

    [Fact]
    public async Task Stop_WhileTheBrokerCannotBeReached_Ends()
    {
        LinkNode a = await LinkNode.StartAsync(fleet.Device("a"), new NetworkConfig { Broker = $"mqtt://127.0.0.1:{OutsideBroker.FreePorts(1)[0]}", ReconnectMinMs = 60_000, ReconnectMaxMs = 60_000 });
        a.Link.Open(B);
        a.Send(1, "x", B);
        await a.IsToldAsync("broker-lost");
        await a.DisposeAsync().AsTask().WaitAsync(Wait.Patience);
        Assert.Equal((1L, 1L), (a.Link.Counters.ModelMessages, a.Link.Counters.ModelMessagesLost));
    }
}
