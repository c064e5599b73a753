namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>What the broker owes a client over its connections: sections 2.2.1, 4.1 to 4.6 and 4.9.</summary>
public sealed class DeliveryTests
{
    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Unacknowledged_ComesAgainOnReturn_AloneInOrderWithIdsAndDup(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", version);
        peer.Subscribe(new SubscribeEntry("t", 1));
        for (byte i = 0; i < 5; i++)
            broker.Publish("t", new[] { i }, 1);
        PublishPacket[] first = [.. Enumerable.Range(0, 5).Select(_ => peer.Read<PublishPacket>())];
        Assert.Equal(5, first.Select(publish => publish.PacketId).Distinct().Count());
        Assert.DoesNotContain(first, publish => publish.PacketId == 0 || publish.Dup);
        // On a connection that lasts nothing is sent twice.
        peer.ExpectNothing();
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = first[1].PacketId });
        peer.ExpectNothing();
        await peer.CutAsync(broker);
        broker.Publish("t", new byte[] { 5 }, 1);

        using RawPeer back = await Conversation.ReturnAsync(broker, "p", version);

        foreach (PublishPacket before in (PublishPacket[])[first[0], .. first[2..]])
        {
            PublishPacket again = back.Receive();
            Assert.Equal((before.PacketId, before.Payload.Span[0], true), (again.PacketId, again.Payload.Span[0], again.Dup));
        }
        PublishPacket waited = back.Receive();
        Assert.Equal((5, false), (waited.Payload.Span[0], waited.Dup));
        await back.CutAsync(broker);
        using RawPeer done = await Conversation.ReturnAsync(broker, "p", version);
        done.ExpectNothing();
    }

    [Fact]
    public async Task Acknowledgement_WithAnError_EndsTheDelivery()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        peer.Subscribe(new SubscribeEntry("t", 1));
        broker.Publish("t", [1], 1);
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = peer.Read<PublishPacket>().PacketId, Reason = MqttReason.UnspecifiedError });
        peer.ExpectNothing();
        await peer.CutAsync(broker);

        using RawPeer back = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);

        back.ExpectNothing();
    }

    [Theory]
    [InlineData(1, (byte)MqttPacketType.PubRec)]
    [InlineData(1, (byte)MqttPacketType.PubComp)]
    [InlineData(2, (byte)MqttPacketType.PubAck)]
    [InlineData(2, (byte)MqttPacketType.PubComp)]
    public async Task Acknowledgement_OfTheWrongKind_EndsTheConnection(int qos, byte answer)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");
        peer.Subscribe(new SubscribeEntry("t", qos));
        broker.Publish("t", [1], qos);
        ushort id = peer.Read<PublishPacket>().PacketId;
        // An identifier of which the broker knows nothing is no fault.
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = (ushort)(id + 1) });
        peer.ExpectNothing();

        peer.Send(new AckPacket((MqttPacketType)answer) { PacketId = id });

        peer.ExpectEnd(MqttReason.ProtocolError);
    }

    [Fact]
    public async Task PacketId_InUse_IsNotTakenForAnother()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", MqttVersion.V311);
        peer.Subscribe(new SubscribeEntry("t", 1));
        broker.Publish("t", [0], 1);
        ushort held = peer.Read<PublishPacket>().PacketId;
        // All identifiers are gone through once, and the one in use is left out.
        for (int round = 0; round < 66; round++)
        {
            for (int i = 0; i < 1000; i++)
                broker.Publish("t", [1], 1);
            for (int i = 0; i < 1000; i++)
                Assert.NotEqual(held, peer.Receive().PacketId);
        }
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Qos1_SameIdAfterTheAnswer_IsANewMessage(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("t", heard.Add);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        foreach (bool dup in new[] { false, true })
        {
            peer.Send(new PublishPacket { Topic = "t", Qos = 1, PacketId = 7, Dup = dup });
            AckPacket answer = peer.Read<AckPacket>();
            Assert.Equal((MqttPacketType.PubAck, (ushort)7), (answer.Type, answer.PacketId));
            Assert.Equal(1, heard.Next().Qos);
        }
    }

    [Fact]
    public async Task Session_LastsAsLongAsItsConnection_AndEndsWithItsExpiry()
    {
        JumpingTime time = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Time = time });
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        peer.Subscribe(new SubscribeEntry("t", 1));
        time.Jump(100_000);
        peer.ExpectNothing();
        Assert.Equal(MqttReason.Success, broker.Publish("t", [1], 1));
        Assert.Equal("t", peer.Receive().Topic);
        await peer.CutAsync(broker);
        time.Jump(300);
        using (RawPeer back = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5))
        {
            Assert.True(back.ConnAck!.SessionPresent);
            await back.CutAsync(broker);
        }
        time.Jump(700);
        await Bench.UntilAsync(() => broker.Sessions == 0, "the session ended");
        using RawPeer late = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        Assert.False(late.ConnAck!.SessionPresent);
    }

    [Fact]
    public async Task Disconnect_ChangesTheExpiryOfASession_ButGivesNoneWhereThereWasNone()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer ends = await Conversation.ReturnAsync(broker, "ends", MqttVersion.V5);
        ends.Send(new DisconnectPacket { Properties = new() { SessionExpirySeconds = 0 } });
        Assert.Null(ends.ReadAny());
        await Bench.UntilAsync(() => broker.Sessions == 0, "the session ended with its connection");

        using RawPeer never = await RawPeer.ConnectAsync(broker, "never");
        never.Send(new DisconnectPacket { Properties = new() { SessionExpirySeconds = 5 } });
        never.ExpectEnd(MqttReason.ProtocolError);
    }

    [Fact]
    public async Task ReceiveMaximum_Reached_HoldsBackPublishesAlone()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { CleanStart = true, ClientId = "p", Properties = new() { ReceiveMaximum = 2 } });
        peer.Subscribe(new SubscribeEntry("t", 1));
        for (byte i = 0; i < 4; i++)
            broker.Publish("t", new[] { i }, 1);
        PublishPacket first = peer.Read<PublishPacket>();
        Assert.Equal(1, peer.Read<PublishPacket>().Payload.Span[0]);

        peer.ExpectNothing();
        Assert.Equal([1], peer.Subscribe(new SubscribeEntry("other", 1)));
        peer.Publish("nobody", "x");
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = first.PacketId });
        Assert.Equal(2, peer.Read<PublishPacket>().Payload.Span[0]);
        peer.ExpectNothing();
    }
}
