namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>Shared subscriptions: section 4.8.2, beyond what <see cref="SharingTests"/> show.</summary>
public sealed class SharedRuleTests
{
    [Theory]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share//t")]
    [InlineData("$share/+/t")]
    public async Task Filter_WithABadShareName_IsRefused(string filter)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");
        Assert.Equal([(byte)MqttReason.TopicFilterInvalid], peer.Subscribe(new SubscribeEntry(filter, 1)));
        Assert.Equal(0, broker.Subscriptions);
    }

    [Fact]
    public async Task Message_GoesAtTheQosGranted()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer zero = await RawPeer.ConnectAsync(broker, "zero");
        using RawPeer one = await RawPeer.ConnectAsync(broker, "one");
        Assert.Equal([0], zero.Subscribe(new SubscribeEntry("$share/g/t", 0)));
        Assert.Equal([1], one.Subscribe(new SubscribeEntry("$share/g/t", 1)));
        for (int i = 0; i < 4; i++)
            broker.Publish("t", [1], 1);
        Assert.Equal([0, 0], [zero.Receive().Qos, zero.Receive().Qos]);
        Assert.Equal([1, 1], [one.Receive().Qos, one.Receive().Qos]);
        zero.ExpectNothing();
        one.ExpectNothing();
    }

    [Theory]
    [InlineData("returns")]
    [InlineData("ends its session")]
    [InlineData("refuses")]
    public async Task Message_BegunWithAMember_StaysWithIt(string member)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer first = await Conversation.ReturnAsync(broker, "first", MqttVersion.V5);
        first.Subscribe(new SubscribeEntry("$share/g/t", 2));
        broker.Publish("t", Bench.Bytes("begun"), 2);
        PublishPacket begun = first.Read<PublishPacket>();
        using RawPeer second = await RawPeer.ConnectAsync(broker, "second");
        second.Subscribe(new SubscribeEntry("$share/g/t", 2));

        if (member == "refuses")
        {
            first.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = begun.PacketId, Reason = MqttReason.UnspecifiedError });
            first.ExpectNothing();
        }
        await first.CutAsync(broker);
        using RawPeer back = member == "ends its session" ? await RawPeer.ConnectAsync(broker, "first") : await Conversation.ReturnAsync(broker, "first", MqttVersion.V5);

        if (member == "returns")
        {
            PublishPacket again = back.Read<PublishPacket>();
            Assert.Equal((begun.PacketId, "begun", true), (again.PacketId, again.Text(), again.Dup));
        }
        back.ExpectNothing();
        second.ExpectNothing();
    }
}
