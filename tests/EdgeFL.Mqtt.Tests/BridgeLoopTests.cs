namespace EdgeFL.Mqtt.Tests;

/// <summary>
/// Bridges whose filters could carry a message round and round. That it was cut is waited for, not the silence after it: where a bridge
/// has refused the message that would have made the next round, no further one comes.
/// </summary>
public sealed class BridgeLoopTests
{
    private static readonly MqttBridgeRule[] Everything = [new("t/#")];

    [Fact]
    public async Task TwoBridges_ToOneOutsideBroker_ExchangeEachMessageOnce()
    {
        await using MqttBroker outside = await Bench.BrokerAsync();
        await using Place left = await Place.MakeAsync(), right = await Place.MakeAsync();
        using Ear above = new(outside);
        MqttBridge first = await left.BridgeAsync("left", outside, o => o with { Up = Everything, Down = Everything });
        MqttBridge second = await right.BridgeAsync("right", outside, o => o with { Up = Everything, Down = Everything });
        await AreSubscribedAsync(first, second);

        left.Broker.Publish("t/left", Bench.Bytes("m"), 1, retain: true);
        right.Broker.Publish("t/right", Bench.Bytes("m"), 1);
        await Bench.UntilAsync(() => first.Counters is { SentUp: 1, TakenDown: 1, Looped: 1 }, "the left one refuses to send up what came down");
        await Bench.UntilAsync(() => second.Counters is { SentUp: 1, TakenDown: 1, Looped: 1 }, "so does the right one");

        foreach (Ear ear in new[] { left.Ear, right.Ear, above })
            Assert.Equal(["t/left", "t/right"], ear.Topics);
    }

    [Fact]
    public async Task ARingOfBridges_UpAlone_IsCutAfterOneCopy()
    {
        await using Place left = await Place.MakeAsync(), right = await Place.MakeAsync();
        MqttBridge there = await left.BridgeAsync("there", right.Broker, o => o with { Up = Everything });
        MqttBridge back = await right.BridgeAsync("back", left.Broker, o => o with { Up = Everything });

        left.Broker.Publish("t/x", Bench.Bytes("m"), 1);
        await Bench.UntilAsync(() => there.Counters.SentUp == 1 && back.Counters.Looped == 1, "the way back is refused");

        Assert.Equal(0, back.Counters.SentUp);
        Assert.Equal(["t/x"], left.Ear.Topics);
        Assert.Equal(["t/x"], right.Ear.Topics);
    }

    [Fact]
    public async Task ARingOfBridges_DownAlone_IsCutAfterOneCopy()
    {
        await using Place left = await Place.MakeAsync(), right = await Place.MakeAsync();
        MqttBridge fromRight = await left.BridgeAsync("from-right", right.Broker, o => o with { Down = Everything });
        MqttBridge fromLeft = await right.BridgeAsync("from-left", left.Broker, o => o with { Down = Everything });
        await AreSubscribedAsync(fromRight, fromLeft);

        left.Broker.Publish("t/x", Bench.Bytes("m"), 1);
        await Bench.UntilAsync(() => fromLeft.Counters.TakenDown == 1 && fromRight.Counters.Looped == 1, "the way back is refused");

        Assert.Equal(0, fromRight.Counters.TakenDown);
        Assert.Equal(["t/x"], left.Ear.Topics);
        Assert.Equal(["t/x"], right.Ear.Topics);
    }

    [Fact]
    public async Task ARingOfBridges_BothWaysAndRetained_BringsOneCopyByEachWay()
    {
        await using Place left = await Place.MakeAsync(), right = await Place.MakeAsync();
        MqttBridge a = await left.BridgeAsync("a", right.Broker, o => o with { Up = Everything, Down = Everything });
        MqttBridge b = await right.BridgeAsync("b", left.Broker, o => o with { Up = Everything, Down = Everything });
        await AreSubscribedAsync(a, b);

        left.Broker.Publish("t/x", Bench.Bytes("m"), 1, retain: true);
        // Sent up by a, taken down by b; then a hears b's copy, and b hears both again on the right.
        await Bench.UntilAsync(() => a.Counters is { SentUp: 1, Looped: 1 } && b.Counters is { TakenDown: 1, Looped: 2 }, "every further way is refused");

        Assert.Equal((0, 0), (a.Counters.TakenDown, b.Counters.SentUp));
        Assert.Equal(["t/x"], left.Ear.Topics);
        Assert.Equal(["t/x", "t/x"], right.Ear.Topics);
    }

    [Fact]
    public async Task AnOutsideBroker_ThatFallsBackTo311_DoesNotBringBackOnesOwn()
    {
        await using MqttBroker outside = await Bench.BrokerAsync();
        await using Place own = await Place.MakeAsync();
        using Relay relay = new(outside.LocalEndPoint.Port) { OnlyV311 = true };
        MqttBridge bridge = await own.BridgeAsync("own", relay.Port, o => o with { Up = [new("t/up/#") { Prefix = "p/" }], Down = [new("p/t/#")] });
        await BridgeBench.IsSubscribedAsync(outside, "p/t/probe");
        using Ear above = new(outside);

        own.Broker.Publish("t/up/x", Bench.Bytes("m"), 1);
        outside.Publish("p/t/x", Bench.Bytes("m"), 1);
        await Bench.UntilAsync(() => bridge.Counters is { SentUp: 1, Looped: 1 } && own.Ear.Topics.Contains("p/t/x"), "the echo is refused, the other taken");

        Assert.Equal(["p/t/x", "t/up/x"], own.Ear.Topics.Where(topic => topic != "p/t/probe"));
        Assert.Single(above.Topics, "p/t/up/x");
    }

    /// <summary>CONNACK and SUBACK have come.</summary>
    private static Task AreSubscribedAsync(MqttBridge first, MqttBridge second) =>
        Bench.UntilAsync(() => first.LinkCounters.PacketsIn >= 2 && second.LinkCounters.PacketsIn >= 2, "both have subscribed");

    /// <summary>Counts what a broker's host hears.</summary>
    private sealed class Ear : IDisposable
    {
        private readonly List<string> topics = [];
        private readonly IDisposable hearing;

        public Ear(MqttBroker broker) => hearing = broker.Subscribe("#", message =>
        {
            lock (topics)
                topics.Add(message.Topic);
        });

        /// <summary>Sorted.</summary>
        public string[] Topics
        {
            get
            {
                lock (topics)
                    return [.. topics.Order(StringComparer.Ordinal)];
            }
        }

        public void Dispose() => hearing.Dispose();
    }

    /// <summary>A broker with its bridges.</summary>
    private sealed class Place(MqttBroker broker) : IAsyncDisposable
    {
        private readonly List<MqttBridge> bridges = [];

        public MqttBroker Broker => broker;

        public Ear Ear { get; } = new(broker);

        public static async Task<Place> MakeAsync() => new(await Bench.BrokerAsync());

        public Task<MqttBridge> BridgeAsync(string name, MqttBroker outside, Func<MqttBridgeOptions, MqttBridgeOptions> change) =>
            BridgeAsync(name, outside.LocalEndPoint.Port, change);

        public async Task<MqttBridge> BridgeAsync(string name, int port, Func<MqttBridgeOptions, MqttBridgeOptions> change)
        {
            MqttBridge bridge = await BridgeBench.StartAsync(broker, port, change, name);
            bridges.Add(bridge);
            return bridge;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (MqttBridge bridge in bridges)
                await bridge.DisposeAsync();
            Ear.Dispose();
            await broker.DisposeAsync();
        }
    }
}
