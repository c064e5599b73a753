namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>The will: sections 3.1.2.5, 3.1.3.2 and 3.14.4.</summary>
public sealed class WillTests
{
    public static TheoryData<MqttVersion, int, bool> Kinds()
    {
        TheoryData<MqttVersion, int, bool> kinds = [];
        foreach (MqttVersion version in new[] { MqttVersion.V311, MqttVersion.V5 })
        {
            foreach (bool retain in new[] { false, true })
            {
                kinds.Add(version, 0, retain);
                kinds.Add(version, 1, retain);
            }
        }
        return kinds;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Will_ConnectionLost_IsPublishedOnceAsAnnounced(MqttVersion version, int qos, bool retain)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("will", 1));
        RawPeer dying = await RawPeer.ConnectAsync(broker, "", version, () => Announce(version, new WillData { Topic = "will", Payload = Bench.Bytes("gone"), Qos = qos, Retain = retain }));
        hearer.ExpectNothing();

        await dying.CutAsync(broker);

        PublishPacket will = hearer.Receive();
        Assert.Equal(("will", "gone", qos, false), (will.Topic, will.Text(), will.Qos, will.Retain));
        Assert.Equal(retain ? 1 : 0, broker.RetainedMessages);
        (await RawPeer.ConnectAsync(broker, "d", version)).Dispose();
        hearer.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Will_NormalDisconnectOrNoneAnnounced_NothingIsPublished(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("#", 1));
        using RawPeer leaving = await RawPeer.ConnectAsync(broker, "", version, () => Announce(version, new WillData { Topic = "will", Payload = [1] }));
        RawPeer silent = await RawPeer.ConnectAsync(broker, "s", version);

        leaving.Send(new DisconnectPacket());
        Assert.Null(leaving.ReadAny());
        await Bench.UntilAsync(() => broker.ConnectedClients == 2, "it has left");
        await silent.CutAsync(broker);

        Assert.Equal(MqttReason.Success, broker.Publish("marker", [], 1));
        Assert.Equal("marker", hearer.Receive().Topic);
    }

    [Fact]
    public async Task Will_DisconnectWithAnError_IsPublished()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will", heard.Add);
        using RawPeer failing = await RawPeer.ConnectAsync(broker, "", make: () => Announce(MqttVersion.V5, new WillData { Topic = "will", Payload = [1] }));

        failing.Send(new DisconnectPacket { Reason = MqttReason.ImplementationSpecificError });

        Assert.Equal("d", heard.Next().Principal);
    }

    [Fact]
    public async Task Will_Properties_ComeUnalteredAndInOrder()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer");
        hearer.Subscribe(new SubscribeEntry("will", 1));
        RawPeer dying = await RawPeer.ConnectAsync(broker, "", make: () => Announce(MqttVersion.V5, new WillData
        {
            Topic = "will",
            Payload = Bench.Bytes("x"),
            Properties = new()
            {
                PayloadFormat = 1,
                ContentType = "text/plain",
                ResponseTopic = "answers",
                CorrelationData = [9, 0, 9],
                UserProperties = [new("b", "1"), new("a", "2"), new("b", "0")],
            },
        }));

        dying.Dispose();

        MqttProperties shown = hearer.Receive().Properties!;
        Assert.Equal((1, "text/plain", "answers"), (shown.PayloadFormat!.Value, shown.ContentType, shown.ResponseTopic));
        Assert.Equal([9, 0, 9], shown.CorrelationData);
        Assert.Equal([new("b", "1"), new("a", "2"), new("b", "0")], shown.UserProperties);
        Assert.Null(shown.WillDelaySeconds);
    }

    [Fact]
    public async Task Will_Expiry_CountsFromItsPublication()
    {
        JumpingTime time = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Time = time });
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer");
        hearer.Subscribe(new SubscribeEntry("will", 1));
        RawPeer dying = await RawPeer.ConnectAsync(broker, "", make: () => Announce(MqttVersion.V5, new WillData { Topic = "will", Payload = [1], Properties = new() { MessageExpirySeconds = 1000 } }));
        time.Jump(2000);

        dying.Dispose();

        Assert.InRange(hearer.Receive().Properties!.MessageExpirySeconds!.Value, 900u, 1000u);
    }

    [Fact]
    public async Task Will_DelayBeyondTheSession_ComesAtTheSessionsEnd()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will", heard.Add);
        WillData will = new() { Topic = "will", Payload = [1], Properties = new() { WillDelaySeconds = 100_000 } };

        (await RawPeer.ConnectAsync(broker, "", make: () => Announce(MqttVersion.V5, will))).Dispose();
        Assert.Equal("d", heard.Next().Principal);

        using RawPeer expiring = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "e", Properties = new() { SessionExpirySeconds = 1 }, Will = will });
        expiring.Dispose();
        Assert.Equal("e", heard.Next().Principal);
    }

    [Fact]
    public async Task Will_SessionStartedAnew_IsPublishedDespiteItsDelay()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will", heard.Add);
        WillData will = new() { Topic = "will", Payload = [1], Properties = new() { WillDelaySeconds = 100_000 } };
        RawPeer away = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "e", Properties = new() { SessionExpirySeconds = 600 }, Will = will });
        await away.CutAsync(broker);

        using RawPeer anew = await RawPeer.ConnectAsync(broker, "e");

        Assert.Equal("e", heard.Next().Principal);
    }

    [Theory]
    [InlineData(MqttVersion.V311, 5)]
    [InlineData(MqttVersion.V5, (byte)MqttReason.NotAuthorized)]
    public async Task Will_OnATopicOfTheServer_IsRefused(MqttVersion version, byte code)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker, version);
        peer.Send(Announce(version, new WillData { Topic = "$SYS/broker/version", Payload = [1] }));
        Assert.Equal(code, peer.Read<ConnAckPacket>().Code);
        Assert.Null(peer.ReadAny());
    }

    private static ConnectPacket Announce(MqttVersion version, WillData will) => new() { Version = version, CleanStart = true, ClientId = "d", Will = will };
}
