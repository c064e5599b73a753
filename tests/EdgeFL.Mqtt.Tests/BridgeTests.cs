using System.Collections.Concurrent;
using System.Net;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A bridge between two of our brokers: what it carries, and what it holds while the link is down.</summary>
public sealed class BridgeTests
{
    [Fact]
    public async Task Up_AMessageWithProperties_ArrivesOutsideAsItWas()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable hearing = outside.Subscribe("#", heard.Add, retainAsPublished: true);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, outside.LocalEndPoint.Port, o => o with { Up = [new("n/+/x"), new("n/low") { QosMax = 0, Prefix = "site/1/" }] });

        own.Publish(new MqttMessage("n/a/x", Bench.Bytes("live"), 1)
        {
            ExpirySeconds = 1000,
            ContentType = "text",
            ResponseTopic = "answers",
            CorrelationData = [1, 2],
            IsText = true,
            UserProperties = [new("k", "v"), new("k", "w")],
        });
        own.Publish("n/a/other", []);
        own.Publish("n/a/x", Bench.Bytes("kept"), 0, retain: true);
        own.Publish("n/low", Bench.Bytes("low"), 1);

        MqttMessage live = heard.Next();
        Assert.Equal(("n/a/x", "live", 1, false), (live.Topic, Bench.Text(live), live.Qos, live.Retain));
        Assert.Equal((1000u, "text", "answers", true), (live.ExpirySeconds, live.ContentType, live.ResponseTopic, live.IsText));
        Assert.Equal([1, 2], live.CorrelationData!);
        Assert.Equal([new("k", "v"), new("k", "w"), new(MqttBridge.UpMark, "own")], live.UserProperties);
        Assert.Equal("bridge-own", live.Principal);
        MqttMessage kept = heard.Next();
        Assert.Equal(("n/a/x", "kept", 0, true), (kept.Topic, Bench.Text(kept), kept.Qos, kept.Retain));
        MqttMessage low = heard.Next();
        Assert.Equal(("site/1/n/low", 0), (low.Topic, low.Qos));
        Assert.Equal(1, outside.RetainedMessages);
        await Bench.UntilAsync(() => bridge.Counters.SentUp == 3 && bridge.Waiting == 0, "three are counted");
    }

    [Fact]
    public async Task Down_AMessageFromOutside_EntersAsTheBridgesAndIsNotSentUp()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable hearing = own.Subscribe("#", heard.Add, retainAsPublished: true);
        outside.Publish(new MqttMessage("cmd/kept", Bench.Bytes("1"), 1, Retain: true) { ContentType = "text" });
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, outside.LocalEndPoint.Port, o => o with { Up = [new("#")], Down = [new("cmd/+") { Prefix = "in/" }] });

        MqttMessage first = heard.Next();
        Assert.Equal(("in/cmd/kept", "1", 1, true, "text"), (first.Topic, Bench.Text(first), first.Qos, first.Retain, first.ContentType));
        Assert.Equal("$bridge/own", first.Principal);
        Assert.Equal([new(MqttBridge.DownMark, "own")], first.UserProperties);
        outside.Publish("cmd/now", Bench.Bytes("2"), 1);
        MqttMessage second = heard.Next();
        Assert.Equal(("in/cmd/now", "2", false), (second.Topic, Bench.Text(second), second.Retain));
        Assert.Equal(1, own.RetainedMessages);
        await Bench.UntilAsync(() => bridge.Counters is { TakenDown: 2, Looped: 2 }, "what came down is not sent up again");
        Assert.Equal(0, bridge.Counters.SentUp);
    }

    [Fact]
    public async Task Down_WhatTheRulesOfTheOwnBrokerForbid_IsRefusedAndTold()
    {
        await using MqttBroker own = await Bench.BrokerAsync(o => o with { Access = new CommandsOnly(), RetainedMessagesMax = 1, TopicLevelsMax = 3 });
        await using MqttBroker outside = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable hearing = own.Subscribe("#", heard.Add);
        ConcurrentQueue<MqttBridgeTrouble> troubles = new();
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, outside.LocalEndPoint.Port, o => o with { Down = [new("#")], OnTrouble = troubles.Enqueue });
        await BridgeBench.IsSubscribedAsync(outside, "cmd/probe");
        own.Publish("cmd/host", Bench.Bytes("the host's own"), 1, retain: true);

        outside.Publish("status", Bench.Bytes("offline"), 1);
        outside.Publish("cmd/a/b/c", Bench.Bytes("deep"), 1);
        outside.Publish("cmd/filler", Bench.Bytes("one retained too many"), 1, retain: true);
        outside.Publish("cmd/good", Bench.Bytes("good"), 1);

        await Bench.UntilAsync(() => bridge.Counters.Refused == 3 && own.Counters.RefusedPublishes == 3, "three are refused");
        Assert.Equal(["NotAuthorized on 'status'", "TopicNameInvalid on 'cmd/a/b/c'", "QuotaExceeded on 'cmd/filler'"], troubles.Select(t => t.Detail));
        Assert.All(troubles, t => Assert.Equal(MqttBridgeTroubleKind.NotTaken, t.Kind));
        MqttMessage message = heard.Next();
        while (message.Topic is "cmd/probe" or "cmd/host")
            message = heard.Next();
        Assert.Equal("good", Bench.Text(message));
    }

    [Fact]
    public async Task Up_WhatTheOutsideBrokerForbids_IsCountedAndTheRestGoesOn()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync(o => o with { Access = new CommandsOnly() });
        using BlockingQueue heard = new();
        using IDisposable hearing = outside.Subscribe("#", heard.Add);
        ConcurrentQueue<MqttBridgeTrouble> troubles = new();
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, outside.LocalEndPoint.Port, o => o with
        {
            Up = [new("#")],
            Down = [new("secret/#")],
            OnTrouble = trouble =>
            {
                troubles.Enqueue(trouble);
                throw new InvalidOperationException("a hearer's fault");
            },
        });

        own.Publish("status", Bench.Bytes("1"), 1);
        own.Publish(new MqttMessage("cmd/x", Bench.Bytes("2"), 1) { UserProperties = [.. Enumerable.Repeat(new KeyValuePair<string, string>("k", "v"), 128)] });
        own.Publish("cmd/x", Bench.Bytes("3"), 1);

        Assert.Equal("3", Bench.Text(heard.Next()));
        await Bench.UntilAsync(() => troubles.Count == 3 && bridge.Counters is { Refused: 2, SentUp: 1, HandlerFaults: 3 }, "two are refused, and the subscription");
        Assert.Equal(MqttBridgeTroubleKind.SubscribeRefused, Assert.Single(troubles, t => t.Detail.Contains("secret/#", StringComparison.Ordinal)).Kind);
        Assert.Contains(troubles, t => t.Kind == MqttBridgeTroubleKind.PublishRefused && t.Detail == "NotAuthorized on 'status'");
    }

    [Fact]
    public async Task Store_WhileTheLinkIsDown_KeepsTheNewestOfStateAndTheLastOfTheRest()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync();
        using Relay relay = new(outside.LocalEndPoint.Port);
        ConcurrentQueue<MqttBridgeTrouble> troubles = new();
        own.Publish("state/gone", Bench.Bytes("before"), 1, retain: true);
        own.Publish("state/same", Bench.Bytes("same"), 1, retain: true);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, relay.Port, o => o with { Up = [new("#")], StoreMessagesMax = 4, OnTrouble = troubles.Enqueue });
        await Bench.UntilAsync(() => outside.RetainedMessages == 2 && bridge.Waiting == 0, "what was retained before is told");
        Assert.Equal(2, bridge.Counters.SentUp);

        relay.Cut();
        await Bench.UntilAsync(() => !bridge.IsConnected, "the link is down");
        for (int i = 1; i <= 3; i++)
            own.Publish("state/new", Bench.Bytes($"{i}"), 1, retain: true);
        own.Publish("state/gone", [], 1, retain: true);
        own.Publish("figures", Bench.Bytes("not worth waiting"));
        for (int i = 1; i <= 6; i++)
            own.Publish("event", Bench.Bytes($"{i}"), 1);
        Assert.Equal(6, bridge.Waiting);
        Assert.Equal(3, bridge.Counters.Dropped);
        Assert.Equal(MqttBridgeTroubleKind.StoreFull, Assert.Single(troubles).Kind);
        using BlockingQueue heard = new();
        using IDisposable hearing = outside.Subscribe("#", heard.Add);
        Assert.Equal(["before", "same"], new[] { Bench.Text(heard.Next()), Bench.Text(heard.Next()) }.Order());
        relay.Mend(outside.LocalEndPoint.Port);

        List<string> told = [];
        for (int i = 0; i < 7; i++)
        {
            MqttMessage message = heard.Next();
            told.Add($"{message.Topic} {Bench.Text(message)}");
        }
        // Once more what is retained, then the rest in its order.
        Assert.Equal(["state/gone ", "state/new 3", "state/same same"], told.Take(3).Order(StringComparer.Ordinal));
        Assert.Equal(["event 3", "event 4", "event 5", "event 6"], told.Skip(3));
        Assert.Equal(2, outside.RetainedMessages);
        await Bench.UntilAsync(() => bridge.Waiting == 0, "nothing waits any more");
        Assert.Equal(0, heard.Count);
    }

    [Fact]
    public async Task Store_OfFewBytes_DropsEventsBeforeStates()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, Nobody(), o => o with { Up = [new("#")], StoreTopicsMax = 3, StoreBytesMax = 1024 }, connected: false);
        for (int i = 0; i < 5; i++)
            own.Publish($"state/{i}", Bench.Bytes("x"), 1, retain: true);
        Assert.Equal((3, 2), (bridge.Waiting, bridge.Counters.Dropped));
        for (int i = 0; i < 8; i++)
            own.Publish("event", new byte[100], 1);
        // 238 bytes each, beside 42 of topics.
        Assert.Equal((7, 6), (bridge.Waiting, bridge.Counters.Dropped));
        own.Publish("event", new byte[2000], 1);
        Assert.Equal((3, 11), (bridge.Waiting, bridge.Counters.Dropped));
    }

    [Fact]
    public async Task Expiry_OfAMessageThatWaited_IsReducedAndItsEndIsKept()
    {
        ShiftedTime time = new();
        await using MqttBroker own = await Bench.BrokerAsync(o => o with { Time = time });
        // Nobody listens at first: a cable that is cut would accept and close, which the client takes for a broker of 3.1.1.
        int port = OutsideBroker.FreePorts(1)[0];
        await using MqttBroker outside = new(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [new MqttListener { EndPoint = new(IPAddress.Loopback, port) }] });
        using BlockingQueue heard = new();
        using IDisposable hearing = outside.Subscribe("#", heard.Add);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, port, o => o with { Up = [new("#")], Outside = o.Outside with { Time = time } }, connected: false);
        own.Publish(new MqttMessage("a", Bench.Bytes("short"), 1) { ExpirySeconds = 30 });
        own.Publish(new MqttMessage("b", Bench.Bytes("long"), 1) { ExpirySeconds = 100_000 });
        own.Publish(new MqttMessage("c", Bench.Bytes("kept"), 1, Retain: true) { ExpirySeconds = 100_000 });
        time.Shift(TimeSpan.FromSeconds(40_000));
        await outside.StartAsync();

        foreach (string text in (string[])["kept", "long"])
        {
            MqttMessage message = heard.Next();
            Assert.Equal(text, Bench.Text(message));
            // What the slowest machine takes beside, and no more.
            Assert.InRange(message.ExpirySeconds!.Value, 59_000u, 60_000u);
        }
        Assert.Equal(1, bridge.Counters.Expired);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Qos1_OverALinkThatIsCutAgainAndAgain_IsNotLostEitherWay(MqttVersion version)
    {
        const int Count = 600;
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync();
        ConcurrentDictionary<string, bool> above = new(), below = new();
        using IDisposable up = outside.Subscribe("up/#", message => above[Bench.Text(message)] = true);
        using IDisposable down = own.Subscribe("down/#", message => below[Bench.Text(message)] = true);
        using Relay relay = new(outside.LocalEndPoint.Port);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, relay.Port, o => o with
        {
            Up = [new("up/#")],
            Down = [new("down/#")],
            StoreMessagesMax = Count,
            Outside = o.Outside with { Version = version, CleanStart = false, SessionExpirySeconds = 600 },
        });
        await BridgeBench.IsSubscribedAsync(outside, "down/probe");

        for (int i = 0; i < Count; i++)
        {
            if (i % 150 == 100)
            {
                // Between two messages that are on their way.
                long sent = relay.Bytes;
                await Bench.UntilAsync(() => relay.Bytes > sent || bridge.Waiting == 0, "something is on its way");
                relay.Cut();
            }
            if (i % 150 == 149)
                relay.Mend(outside.LocalEndPoint.Port);
            own.Publish("up/x", Bench.Bytes($"{i}"), 1);
            outside.Publish("down/x", Bench.Bytes($"{i}"), 1);
        }

        await Bench.UntilAsync(() => above.Count == Count, "all have gone up");
        await Bench.UntilAsync(() => below.Count == Count + 1, "all have come down, and the empty probe");
        Assert.Equal(0, bridge.Counters.Dropped);
    }

    [Fact]
    public async Task Outside_ThatForgotEverything_IsToldTheRetainedAgain()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker before = await Bench.BrokerAsync();
        await using MqttBroker after = await Bench.BrokerAsync();
        using Relay relay = new(before.LocalEndPoint.Port);
        own.Publish("info", Bench.Bytes("I am"), 1, retain: true);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, relay.Port, o => o with { Up = [new("#")], Down = [new("cmd/#")] });
        await Bench.UntilAsync(() => before.RetainedMessages == 1, "the first is told");
        relay.Cut();
        relay.Mend(after.LocalEndPoint.Port);
        await Bench.UntilAsync(() => after.RetainedMessages == 1, "the second is told too");
        await BridgeBench.IsSubscribedAsync(after, "cmd/probe");
    }

    [Fact]
    public async Task Stop_WithTimeToFlush_SendsTheLastWordAndNoWill()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        await using MqttBroker outside = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable hearing = outside.Subscribe("#", heard.Add);
        MqttBridge bridge = await BridgeBench.StartAsync(own, outside.LocalEndPoint.Port, o => o with
        {
            Up = [new("#")],
            Outside = o.Outside with { Will = new MqttWill("will", Bench.Bytes("gone")) },
        });
        for (int i = 0; i < 100; i++)
            own.Publish("x", Bench.Bytes($"{i}"), 1);
        await bridge.StopAsync(Bench.Patience);
        own.Publish("x", Bench.Bytes("too late"), 1);
        await bridge.DisposeAsync();
        await Bench.UntilAsync(() => outside.ConnectedClients == 0, "it has gone");
        Assert.Equal(100, heard.Count);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal($"{i}", Bench.Text(heard.Next())));
        Assert.Equal((100, 0), (bridge.Counters.SentUp, bridge.Counters.Dropped));
    }

    [Theory]
    [InlineData("a/#", "", "a/+/c", "", "c/#", "a/+/c")]
    [InlineData("b", "", "a/+", "", "a/#", "a/#")]
    [InlineData("b", "site/1/", "c", "", "site/+/b", "site/+/b")]
    [InlineData("$SYS/#", "", "c", "", "d", "$SYS/#")]
    [InlineData("b/#/c", "", "c", "", "d", "b/#/c")]
    [InlineData("b", "p", "c", "", "d", "'p'")]
    [InlineData("b", "+/", "c", "", "d", "'+/'")]
    public async Task Options_ThatCannotWork_AreRefusedByName(string up1, string prefix1, string up2, string prefix2, string down, string named)
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        MqttBridgeOptions options = BridgeBench.Options(1, "own") with
        {
            Up = [new(up1) { Prefix = prefix1 }, new(up2) { Prefix = prefix2 }],
            Down = [new(down)],
            Outside = new MqttClientOptions { Host = "127.0.0.1", Version = MqttVersion.V311 },
        };
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MqttBridge(own, options));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_OverlappingBothWays_AreForVersion5Alone()
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        MqttBridgeOptions options = BridgeBench.Options(1, "own") with { Up = [new("a/#")], Down = [new("+/b")] };
        await using MqttBridge bridge = new(own, options);
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MqttBridge(own, options with { Outside = options.Outside with { Version = MqttVersion.V311 } }));
        Assert.Contains("'+/b'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'a/#'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A port that nobody listens on.</summary>
    private static int Nobody()
    {
        using Relay gone = new(0);
        return gone.Port;
    }

    private sealed class CommandsOnly : IMqttAccess
    {
        public bool TryAuthenticate(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason) =>
            MqttOpenAccess.Instance.TryAuthenticate(certificate, clientId, user, password, out principal, out reason);

        public bool MayPublish(string principal, string topic) => topic.StartsWith("cmd/", StringComparison.Ordinal);

        public bool MaySubscribe(string principal, string filter) => !filter.StartsWith("secret", StringComparison.Ordinal);
    }

    /// <summary>The system's clock, set forward.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        private long shift;

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref shift);

        public void Shift(TimeSpan by) => Interlocked.Add(ref shift, (long)(by.TotalSeconds * TimestampFrequency));
    }
}

/// <summary>What the tests of bridges share.</summary>
internal static class BridgeBench
{
    public static MqttBridgeOptions Options(int port, string name) => new()
    {
        Name = name,
        Outside = new MqttClientOptions { Host = "127.0.0.1", Port = port, ClientId = "bridge-" + name, ReconnectMinMs = 20, ReconnectMaxMs = 100 },
    };

    public static async Task<MqttBridge> StartAsync(MqttBroker own, int port, Func<MqttBridgeOptions, MqttBridgeOptions> change, string name = "own", bool connected = true)
    {
        MqttBridge bridge = new(own, change(Options(port, name)));
        await bridge.StartAsync();
        if (connected)
            await Bench.UntilAsync(() => bridge.IsConnected, "the bridge connects");
        return bridge;
    }

    /// <summary>Waits until somebody hears a topic. Who does hears one empty message or more of it.</summary>
    public static Task IsSubscribedAsync(MqttBroker broker, string topic) =>
        Bench.UntilAsync(() => broker.Publish(topic, [], 1) == MqttReason.Success, $"somebody hears {topic}");
}
