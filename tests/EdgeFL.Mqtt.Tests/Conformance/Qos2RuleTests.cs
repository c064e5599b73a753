namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>QoS 2 step by step: section 4.3.3, beyond what <see cref="Qos2Tests"/> show.</summary>
public sealed class Qos2RuleTests
{
    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Broker_AsReceiver_AnswersEachStepAndTakesTheIdAnew(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "hearer", version);
        Assert.Equal([2], hearer.Subscribe(new SubscribeEntry("t", 2)));
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "speaker", version);
        foreach (string text in new[] { "first", "second" })
        {
            speaker.Send(new PublishPacket { Topic = "t", Qos = 2, PacketId = 7, Payload = Bench.Bytes(text) });
            ExpectAnswer(speaker, MqttPacketType.PubRec, 7);
            speaker.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 7 });
            ExpectAnswer(speaker, MqttPacketType.PubComp, 7);

            PublishPacket publish = hearer.Read<PublishPacket>();
            Assert.Equal((text, 2, false), (publish.Text(), publish.Qos, publish.Dup));
            hearer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = publish.PacketId });
            ExpectAnswer(hearer, MqttPacketType.PubRel, publish.PacketId);
            hearer.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = publish.PacketId });
        }
        hearer.ExpectNothing();
    }

    [Fact]
    public async Task Broker_AfterARefusal_TakesTheIdAsNew()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using RawPeer speaker = await RawPeer.ConnectAsync(broker, "mine");
        speaker.Send(new PublishPacket { Topic = "other/x", Qos = 2, PacketId = 7 });
        ExpectAnswer(speaker, MqttPacketType.PubRec, 7, MqttReason.NotAuthorized);

        speaker.Send(new PublishPacket { Topic = "mine/x", Qos = 2, PacketId = 7 });

        ExpectAnswer(speaker, MqttPacketType.PubRec, 7);
        Assert.Equal("mine/x", heard.Next().Topic);
        speaker.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 7 });
        ExpectAnswer(speaker, MqttPacketType.PubComp, 7);
    }

    [Fact]
    public async Task Broker_ExpiryWhileUnderWay_DoesNotEndIt()
    {
        JumpingTime time = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Time = time });
        using RawPeer hearer = await Conversation.ReturnAsync(broker, "hearer", MqttVersion.V5);
        hearer.Subscribe(new SubscribeEntry("t", 2));
        broker.Publish(new MqttMessage("t", Bench.Bytes("begun"), 2) { ExpirySeconds = 100 });
        PublishPacket begun = hearer.Read<PublishPacket>();
        await hearer.CutAsync(broker);
        broker.Publish(new MqttMessage("t", Bench.Bytes("not begun"), 2) { ExpirySeconds = 100 });
        time.Jump(300);

        using RawPeer back = await Conversation.ReturnAsync(broker, "hearer", MqttVersion.V5);

        PublishPacket again = back.Read<PublishPacket>();
        Assert.Equal((begun.PacketId, "begun", true), (again.PacketId, again.Text(), again.Dup));
        back.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = again.PacketId });
        ExpectAnswer(back, MqttPacketType.PubRel, again.PacketId);
        back.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = again.PacketId });
        back.ExpectNothing();

        // As the receiver it goes on too: what was published expires, the exchange does not.
        back.Send(new PublishPacket { Topic = "nobody", Qos = 2, PacketId = 5, Properties = new() { MessageExpirySeconds = 1 } });
        ExpectAnswer(back, MqttPacketType.PubRec, 5, MqttReason.NoMatchingSubscribers);
        time.Jump(10);
        back.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 5 });
        ExpectAnswer(back, MqttPacketType.PubComp, 5);
    }

    [Fact]
    public async Task Broker_ReceiveMaximum_CountsUntilTheEnd()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer hearer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { CleanStart = true, ClientId = "h", Properties = new() { ReceiveMaximum = 1 } });
        hearer.Subscribe(new SubscribeEntry("t", 2));
        broker.Publish("t", [1], 2);
        broker.Publish("t", [2], 2);
        broker.Publish("t", [3], 2);
        ushort first = hearer.Read<PublishPacket>().PacketId;
        hearer.ExpectNothing();
        hearer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = first });
        ExpectAnswer(hearer, MqttPacketType.PubRel, first);
        hearer.ExpectNothing();
        hearer.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = first });

        PublishPacket second = hearer.Read<PublishPacket>();
        Assert.Equal(2, second.Payload.Span[0]);
        hearer.ExpectNothing();
        hearer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = second.PacketId, Reason = MqttReason.UnspecifiedError });
        Assert.Equal(3, hearer.Read<PublishPacket>().Payload.Span[0]);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Client_AsReceiver_AnswersInOrder(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = version });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        ushort[] ids = [9, 3, 65_535, 1];
        foreach (ushort id in ids)
            peer.Send(new PublishPacket { Topic = "t", Qos = 2, PacketId = id });
        foreach (ushort id in ids)
            ExpectAnswer(peer, MqttPacketType.PubRec, id);
        foreach (ushort id in ids)
        {
            peer.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = id });
            ExpectAnswer(peer, MqttPacketType.PubComp, id);
        }
        for (int i = 0; i < ids.Length; i++)
            Assert.Equal(2, client.Next().Qos);
        Assert.Equal(0, client.Waiting);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Client_AsSender_ReleasesInOrder(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = version });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        for (byte i = 0; i < 4; i++)
            Assert.True(client.Client.TryPublish("t", new[] { i }, 2));
        PublishPacket[] sent = [.. Enumerable.Range(0, 4).Select(_ => peer.Read<PublishPacket>())];
        Assert.Equal(4, sent.Select(publish => publish.PacketId).Where(id => id != 0).Distinct().Count());
        Assert.All(sent, publish => Assert.Equal((2, false), (publish.Qos, publish.Dup)));
        ushort[] order = [sent[2].PacketId, sent[0].PacketId, sent[3].PacketId, sent[1].PacketId];
        foreach (ushort id in order)
            peer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = id });
        foreach (ushort id in order)
        {
            ExpectAnswer(peer, MqttPacketType.PubRel, id);
            peer.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = id });
        }
        await Bench.UntilAsync(() => client.Client.QueuedMessages == 0, "all exchanges ended");
    }

    private static void ExpectAnswer(RawPeer peer, MqttPacketType type, ushort id, MqttReason reason = MqttReason.Success)
    {
        AckPacket answer = peer.Read<AckPacket>();
        Assert.Equal((type, id, reason), (answer.Type, answer.PacketId, answer.Reason));
        Assert.Null(answer.Properties);
    }
}
