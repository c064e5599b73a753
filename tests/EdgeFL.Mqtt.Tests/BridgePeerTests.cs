using System.Globalization;

namespace EdgeFL.Mqtt.Tests;

/// <summary>Our bridge against mosquitto, which knows nothing of it.</summary>
public sealed class BridgePeerTests
{
    private const string Talkative = "allow_anonymous true\nlog_type all";

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Mosquitto_RestartedEmpty_HasStateAndEventsAgainAndCommandsComeDown(MqttVersion version)
    {
        await using MqttBroker own = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable hearing = own.Subscribe("n/cmd/+", heard.Add);
        own.Publish("n/status", Bench.Bytes("online"), 1, retain: true);
        OutsideBroker first = await OutsideBroker.StartAsync(BrokerKind.Mosquitto, Talkative);
        int port = first.Port;
        using Relay relay = new(port);
        await using MqttBridge bridge = await BridgeBench.StartAsync(own, relay.Port, o => o with
        {
            Up = [new("n/status"), new("n/event")],
            Down = [new("n/cmd/+")],
            Outside = o.Outside with { Version = version },
        });
        using (first)
        {
            using Peer sub = Sub(port, "-C", "2");
            await sub.SaysAsync("1 n/status online"); // retained
            own.Publish("n/event", Bench.Bytes("first"), 1);
            Assert.Equal(0, sub.ExitCode());
            Assert.Contains("0 n/event first", sub.Output, StringComparison.Ordinal);
            await Bench.UntilAsync(() => bridge.LinkCounters.PacketsIn >= 2, "the bridge has subscribed");
            Command(port, "reboot");
            MqttMessage command = heard.Next();
            Assert.Equal(("n/cmd/reboot", "now", "$bridge/own"), (command.Topic, Bench.Text(command), command.Principal));
        }

        await Bench.UntilAsync(() => !bridge.IsConnected, "the link is down");
        own.Publish("n/event", Bench.Bytes("while it was down"), 1);
        using OutsideBroker second = await OutsideBroker.StartAsync(BrokerKind.Mosquitto, Talkative);
        port = second.Port;
        using Peer later = Sub(port, "-C", "2");
        await Bench.UntilAsync(() => second.Said.Contains("SUBACK to", StringComparison.Ordinal), "the subscriber is there");
        relay.Mend(port);
        Assert.Equal(0, later.ExitCode());
        Assert.Contains("n/status online", later.Output, StringComparison.Ordinal);
        Assert.Contains("n/event while it was down", later.Output, StringComparison.Ordinal);
        await Bench.UntilAsync(() => second.Said.Contains("SUBACK to bridge-own", StringComparison.Ordinal), "the bridge has subscribed");
        Command(port, "again");
        Assert.Equal("n/cmd/again", heard.Next().Topic);
        Assert.Equal(0, bridge.Counters.Refused);
    }

    [Fact]
    public async Task Mosquitto_BetweenTwoBridgesOfAllTopics_CarriesEachMessageOnce()
    {
        using OutsideBroker mosquitto = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using MqttBroker left = await Bench.BrokerAsync();
        await using MqttBroker right = await Bench.BrokerAsync();
        using BlockingQueue onLeft = new(), onRight = new();
        using IDisposable hearingLeft = left.Subscribe("#", onLeft.Add), hearingRight = right.Subscribe("#", onRight.Add);
        await using MqttBridge first = await BridgeBench.StartAsync(left, mosquitto.Port, o => o with { Up = [new("#")], Down = [new("#")] }, "left");
        await using MqttBridge second = await BridgeBench.StartAsync(right, mosquitto.Port, o => o with { Up = [new("#")], Down = [new("#")] }, "right");
        await Bench.UntilAsync(() => first.LinkCounters.PacketsIn >= 2 && second.LinkCounters.PacketsIn >= 2, "both have subscribed");

        for (int i = 0; i < 50; i++)
        {
            left.Publish("from/left", Bench.Bytes($"{i}"), 1);
            right.Publish("from/right", Bench.Bytes($"{i}"), 1);
        }

        // Each refuses to send up what came down: had mosquitto brought back one's own, it would be more.
        await Bench.UntilAsync(() => first.Counters is { SentUp: 50, TakenDown: 50, Looped: 50 } && second.Counters is { SentUp: 50, TakenDown: 50, Looped: 50 }, "all are exchanged");
        Assert.Equal((100, 100), (onLeft.Count, onRight.Count));
    }

    private static Peer Sub(int port, params string[] more) =>
        Peer.Sub(["-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-V", "mqttv5", "-q", "1", "-t", "n/status", "-t", "n/event", "-F", "%r %t %p", .. more]);

    private static void Command(int port, string verb)
    {
        using Peer pub = Peer.Pub("-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-q", "1", "-t", $"n/cmd/{verb}", "-m", "now");
        Assert.Equal(0, pub.ExitCode());
    }
}
