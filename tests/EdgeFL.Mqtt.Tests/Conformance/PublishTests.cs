namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>PUBLISH through the broker: sections 3.3, 3.4 and 4.6.</summary>
public sealed class PublishTests
{
    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Dup_OfThePublisher_IsNotPassedOn(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        hearer.Subscribe(new SubscribeEntry("one", 1), new SubscribeEntry("zero", 0));

        speaker.Send(new PublishPacket { Topic = "one", Qos = 1, PacketId = 5, Dup = true });
        speaker.Send(new PublishPacket { Topic = "zero", Qos = 1, PacketId = 6, Dup = true });

        PublishPacket one = hearer.Receive();
        PublishPacket zero = hearer.Receive();
        Assert.Equal(("one", 1, false), (one.Topic, one.Qos, one.Dup));
        Assert.Equal(("zero", 0, false), (zero.Topic, zero.Qos, zero.Dup));
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Retain_LastOneIsKept_WithItsQos_AndAnEmptyOneForgets(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("t", 1));
        speaker.Publish("t", "old", retain: true);
        Assert.Equal(("old", false), (hearer.Receive().Text(), false));
        speaker.Send(new PublishPacket { Topic = "t", Payload = Bench.Bytes("new"), Retain = true });
        PublishPacket forwarded = hearer.Receive();
        Assert.Equal(("new", 0, false), (forwarded.Text(), forwarded.Qos, forwarded.Retain));
        speaker.Publish("t", "not kept");
        hearer.Receive();

        using RawPeer late = await RawPeer.ConnectAsync(broker, "late", version);
        late.Subscribe(new SubscribeEntry("t", 1));
        PublishPacket kept = late.Receive();
        Assert.Equal(("new", 0, true), (kept.Text(), kept.Qos, kept.Retain));
        late.ExpectNothing();

        speaker.Publish("t", "", retain: true);
        PublishPacket empty = hearer.Receive();
        Assert.Equal((0, false), (empty.Payload.Length, empty.Retain));
        Assert.Equal(0, broker.RetainedMessages);
        using RawPeer latest = await RawPeer.ConnectAsync(broker, "latest", version);
        latest.Subscribe(new SubscribeEntry("t", 1));
        latest.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Retain_OutlivesTheSessionOfItsPublisher(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        speaker.Publish("a/b", "kept", retain: true);
        await speaker.CutAsync(broker);
        await Bench.UntilAsync(() => broker.Sessions == 0, "its session ended");

        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("a/+", 1));

        Assert.Equal("kept", hearer.Receive().Text());
    }

    [Fact]
    public async Task RetainAsPublished_DecidesTheFlag()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker");
        using RawPeer asPublished = await RawPeer.ConnectAsync(broker, "as");
        using RawPeer without = await RawPeer.ConnectAsync(broker, "without");
        asPublished.Subscribe(new SubscribeEntry("t", 1, RetainAsPublished: true));
        without.Subscribe(new SubscribeEntry("t", 1));

        speaker.Publish("t", "1", retain: true);
        speaker.Publish("t", "2");

        Assert.Equal([true, false], [asPublished.Receive().Retain, asPublished.Receive().Retain]);
        Assert.Equal([false, false], [without.Receive().Retain, without.Receive().Retain]);
    }

    [Fact]
    public async Task Properties_OfAMessage_ComeUnalteredAndInOrder()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker");
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer");
        hearer.Subscribe(new SubscribeEntry("t", 1));
        MqttProperties said = new()
        {
            PayloadFormat = 1,
            ContentType = "text/plain; ∑",
            ResponseTopic = "answers/to/me",
            CorrelationData = [0, 1, 255],
            UserProperties = [new("z", "1"), new("", ""), new("a", "ü"), new("z", "0"), new("z", "1")],
        };

        speaker.Publish("t", "text", retain: true, properties: said);

        using RawPeer late = await RawPeer.ConnectAsync(broker, "late");
        late.Subscribe(new SubscribeEntry("t", 1));
        foreach (PublishPacket publish in new[] { hearer.Receive(), late.Receive() })
        {
            MqttProperties heard = publish.Properties!;
            Assert.Equal((said.PayloadFormat, said.ContentType, said.ResponseTopic), (heard.PayloadFormat, heard.ContentType, heard.ResponseTopic));
            Assert.Equal(said.CorrelationData, heard.CorrelationData);
            Assert.Equal(said.UserProperties, heard.UserProperties);
            Assert.Null(heard.MessageExpirySeconds);
        }
    }

    [Fact]
    public async Task Expiry_IsToldLessTheWaiting_AndEndsWhatWaits()
    {
        JumpingTime time = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Time = time });
        using RawPeer away = await Conversation.ReturnAsync(broker, "away", MqttVersion.V5);
        away.Subscribe(new SubscribeEntry("t", 1));
        await away.CutAsync(broker);
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker");
        speaker.Publish("t", "short", properties: new() { MessageExpirySeconds = 100 });
        speaker.Publish("t", "long", properties: new() { MessageExpirySeconds = 1000 });

        time.Jump(300);
        using RawPeer back = await Conversation.ReturnAsync(broker, "away", MqttVersion.V5);

        PublishPacket publish = back.Receive();
        Assert.Equal("long", publish.Text());
        Assert.InRange(publish.Properties!.MessageExpirySeconds!.Value, 600u, 700u);
        back.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Overlapping_Subscriptions_BringOneCopyAtTheHighestQos(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("a/#", 0), new SubscribeEntry("a/+", 1), new SubscribeEntry("b/#", 1), new SubscribeEntry("+/b", 0));

        speaker.Publish("a/b", "x");

        PublishPacket copy = hearer.Receive();
        Assert.Equal(("a/b", 1), (copy.Topic, copy.Qos));
        hearer.ExpectNothing();
    }

    [Fact]
    public async Task SubscriptionIds_OfAllThatMatch_ComeWithTheOneCopy()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker");
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer");
        SubscribeWithId(hearer, "a/#", 1);
        SubscribeWithId(hearer, "a/+", 268_435_455);
        SubscribeWithId(hearer, "other", 3);
        hearer.Subscribe(new SubscribeEntry("+/b", 0));

        speaker.Publish("a/b", "x", retain: true);
        Assert.Equal([1, 268_435_455], hearer.Receive().Properties!.SubscriptionIds!.Order());
        hearer.ExpectNothing();

        SubscribeWithId(hearer, "a/b", 4);
        Assert.Equal([4], hearer.Receive().Properties!.SubscriptionIds!);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Order_OfOneClientsMessages_IsKept(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        hearer.Subscribe(new SubscribeEntry("t", 1));
        for (ushort i = 1; i <= 100; i++)
            speaker.Send(new PublishPacket { Topic = "t", Qos = 1, PacketId = i, Payload = new[] { (byte)i } });
        for (ushort i = 1; i <= 100; i++)
            Assert.Equal(i, speaker.Read<AckPacket>().PacketId);
        for (int i = 1; i <= 100; i++)
            Assert.Equal(i, hearer.Receive().Payload.Span[0]);
    }

    [Theory]
    [InlineData("mine/x", MqttReason.Success)]
    [InlineData("mine/nobody", MqttReason.NoMatchingSubscribers)]
    [InlineData("other/x", MqttReason.NotAuthorized)]
    [InlineData("$SYS/x", MqttReason.TopicNameInvalid)]
    public async Task PubAck_SaysWhatBecameOfIt(string topic, MqttReason reason)
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using IDisposable subscription = broker.Subscribe("+/x", _ => { });
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "mine");
        Assert.Equal(reason, speaker.Publish(topic, "x").Reason);
    }

    [Fact]
    public async Task ReasonString_AndUserProperties_AreNotSentWhereTheyAreNotWanted()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { CleanStart = true, ClientId = "p", Properties = new() { RequestProblemInformation = 0 } });
        Assert.Null(peer.Publish("other/x", "x").Properties);
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("secret", 0)] });
        SubAckPacket answer = peer.Read<SubAckPacket>();
        Assert.Equal((byte)MqttReason.NotAuthorized, answer.Codes[0]);
        Assert.Null(answer.Properties);
        peer.Send(new UnsubscribePacket { PacketId = 2, Filters = ["never"] });
        Assert.Null(peer.Read<UnsubAckPacket>().Properties);
    }

    private static void SubscribeWithId(RawPeer peer, string filter, int id)
    {
        peer.Send(new SubscribePacket { PacketId = 3, Entries = [new(filter, 1)], Properties = new() { SubscriptionIds = [id] } });
        Assert.Equal([1], peer.Read<SubAckPacket>().Codes);
    }
}
