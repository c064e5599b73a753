namespace EdgeFL.Mqtt.Tests;

public sealed class BrokerBasicsTests
{
    public static TheoryData<MqttVersion, MqttVersion, int> Pairs()
    {
        TheoryData<MqttVersion, MqttVersion, int> pairs = [];
        foreach (MqttVersion from in new[] { MqttVersion.V311, MqttVersion.V5 })
        {
            foreach (MqttVersion to in new[] { MqttVersion.V311, MqttVersion.V5 })
            {
                pairs.Add(from, to, 0);
                pairs.Add(from, to, 1);
            }
        }
        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Publish_BetweenVersions_ArrivesWhole(MqttVersion from, MqttVersion to, int qos)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener speaker = await Bench.ConnectAsync(Bench.To(broker, "speaker", from));
        await using Listener hearer = await Bench.ConnectAsync(Bench.To(broker, "hearer", to), "a/+/c");
        byte[] payload = new byte[60_000];
        new Random(1).NextBytes(payload);

        MqttPublishResult result = await speaker.Client.PublishAsync("a/b/c", payload, qos).AsTask().WaitAsync(Bench.Patience);

        Assert.Equal(MqttPublishStatus.Delivered, result.Status);
        MqttMessage message = hearer.Next();
        Assert.Equal("a/b/c", message.Topic);
        Assert.Equal(payload, message.Payload.ToArray());
        Assert.Equal(qos, message.Qos);
        Assert.False(message.Retain);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Retained_NewSubscriber_GetsTheLastOne(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener speaker = await Bench.ConnectAsync(Bench.To(broker, "speaker", version));
        await speaker.Client.PublishAsync("state", Bench.Bytes("old"), 1, retain: true).AsTask().WaitAsync(Bench.Patience);
        await speaker.Client.PublishAsync("state", Bench.Bytes("new"), 1, retain: true).AsTask().WaitAsync(Bench.Patience);

        await using Listener late = await Bench.ConnectAsync(Bench.To(broker, "late", version), "state");
        MqttMessage message = late.Next();
        Assert.Equal("new", Bench.Text(message));
        Assert.True(message.Retain);

        await speaker.Client.PublishAsync("state", ReadOnlyMemory<byte>.Empty, 1, retain: true).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(0, broker.RetainedMessages);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Will_ClientCutOff_IsPublished(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener hearer = await Bench.ConnectAsync(Bench.To(broker, "hearer", version), "status/#");
        await using Listener dying = await Bench.ConnectAsync(Bench.To(broker, "dying", version) with { Will = new MqttWill("status/dying", Bench.Bytes("offline")), ReconnectMinMs = 60_000, ReconnectMaxMs = 60_000 });

        Assert.Equal(1, broker.Disconnect("dying"));

        MqttMessage will = hearer.Next();
        Assert.Equal("offline", Bench.Text(will));
        Assert.Equal("status/dying", will.Topic);
        Assert.Equal(1, broker.RetainedMessages);
    }

    [Fact]
    public async Task Will_CleanStop_IsNotPublished()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener hearer = await Bench.ConnectAsync(Bench.To(broker, "hearer"), "#");
        Listener leaving = await Bench.ConnectAsync(Bench.To(broker, "leaving") with { Will = new MqttWill("status/leaving", Bench.Bytes("offline")) });
        await leaving.DisposeAsync();
        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "the client has left");

        broker.Publish("marker", Bench.Bytes("m"));

        Assert.Equal("marker", hearer.Next().Topic);
        Assert.Equal(0, broker.RetainedMessages);
    }

    [Fact]
    public async Task Host_PublishesAndSubscribes_WithPrincipal()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("up/#", heard.Add);
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "node-1"), "down/#");

        await client.Client.PublishAsync("up/x", Bench.Bytes("1"), 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal("node-1", heard.Next().Principal);

        Assert.Equal(MqttReason.Success, broker.Publish("down/y", Bench.Bytes("2"), 1));
        Assert.Equal("2", Bench.Text(client.Next()));
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("nobody", Bench.Bytes("3")));
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Rules_ForeignTopics_AreRefusedAndNotRouted(MqttVersion version)
    {
        List<MqttSecurityEvent> events = [];
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess(), OnSecurityEvent = e => { lock (events) events.Add(e); } });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "a", version));

        MqttPublishResult refused = await client.Client.PublishAsync("b/x", Bench.Bytes("forged"), 1).AsTask().WaitAsync(Bench.Patience);
        MqttPublishResult allowed = await client.Client.PublishAsync("a/x", Bench.Bytes("own"), 1).AsTask().WaitAsync(Bench.Patience);
        MqttReason subscribed = await client.Client.SubscribeAsync("secret/x").WaitAsync(Bench.Patience);

        Assert.Equal(MqttPublishStatus.Delivered, allowed.Status);
        Assert.Equal("a/x", heard.Next().Topic);
        Assert.Equal(version == MqttVersion.V5 ? MqttReason.NotAuthorized : MqttReason.Success, refused.Reason);
        Assert.Equal(version == MqttVersion.V5 ? MqttReason.NotAuthorized : MqttReason.UnspecifiedError, subscribed);
        Assert.Equal(1, broker.Counters.RefusedPublishes);
        Assert.Equal(1, broker.Counters.RefusedSubscriptions);
        lock (events)
        {
            Assert.Contains(events, e => e is { Kind: MqttSecurityEventKind.PublishRefused, Principal: "a" } && e.Detail.Contains("b/x", StringComparison.Ordinal));
            Assert.Contains(events, e => e is { Kind: MqttSecurityEventKind.SubscribeRefused, Principal: "a" });
        }
    }
}

/// <summary>Messages that a host subscription heard.</summary>
internal sealed class BlockingQueue : IDisposable
{
    private readonly System.Collections.Concurrent.BlockingCollection<MqttMessage> heard = [];

    public int Count => heard.Count;

    public void Add(MqttMessage message) => heard.Add(message);

    public MqttMessage Next()
    {
        Assert.True(heard.TryTake(out MqttMessage? message, Bench.Patience), "no message came");
        return message;
    }

    public void Dispose() => heard.Dispose();
}
