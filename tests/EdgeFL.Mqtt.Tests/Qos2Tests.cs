namespace EdgeFL.Mqtt.Tests;

/// <summary>Exactly once, both halves at both ends (3.1.1 and 5.0, section 4.3.3).</summary>
public sealed class Qos2Tests
{
    private static ConnectPacket Lasting(MqttVersion version) =>
        new() { Version = version, ClientId = "p", Properties = version == MqttVersion.V5 ? new() { SessionExpirySeconds = 60 } : null };

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Broker_PublishTwiceBeforeRelease_RoutesOnce(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        List<string> heard = [];
        using IDisposable subscription = broker.Subscribe("x", m => heard.Add(Bench.Text(m)));
        using (RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version, () => Lasting(version)))
        {
            peer.Send(new PublishPacket { Topic = "x", Qos = 2, PacketId = 7, Payload = Bench.Bytes("once") });
            Assert.Equal((MqttPacketType.PubRec, (ushort)7), Ack(peer));
        }
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");

        using RawPeer back = await RawPeer.ConnectAsync(broker, "p", version, () => Lasting(version));
        back.Send(new PublishPacket { Topic = "x", Qos = 2, PacketId = 7, Dup = true, Payload = Bench.Bytes("once") });
        Assert.Equal((MqttPacketType.PubRec, (ushort)7), Ack(back));
        back.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 7 });
        Assert.Equal((MqttPacketType.PubComp, (ushort)7), Ack(back));
        Assert.Equal(["once"], heard);

        // Released: the identifier is free for another message.
        back.Send(new PublishPacket { Topic = "x", Qos = 2, PacketId = 7, Payload = Bench.Bytes("next") });
        Assert.Equal((MqttPacketType.PubRec, (ushort)7), Ack(back));
        Assert.Equal(["once", "next"], heard);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Broker_SubscriberLeavesAtEachStep_GetsWhatIsLeftToSay(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        async Task<RawPeer> ComeAsync()
        {
            await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
            return await RawPeer.ConnectAsync(broker, "p", version, () => Lasting(version));
        }
        ushort id;
        using (RawPeer first = await ComeAsync())
        {
            first.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 2)] });
            Assert.Equal(2, first.Read<SubAckPacket>().Codes[0]);
            broker.Publish("q", Bench.Bytes("m"), 2);
            PublishPacket publish = first.Read<PublishPacket>();
            Assert.Equal((2, false), (publish.Qos, publish.Dup));
            id = publish.PacketId;
        }
        using (RawPeer second = await ComeAsync())
        {
            PublishPacket again = second.Read<PublishPacket>();
            Assert.Equal((id, true, "m"), (again.PacketId, again.Dup, System.Text.Encoding.UTF8.GetString(again.Payload.Span)));
            second.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = id });
            Assert.Equal((MqttPacketType.PubRel, id), Ack(second));
        }
        using (RawPeer third = await ComeAsync())
        {
            Assert.Equal((MqttPacketType.PubRel, id), Ack(third));
            third.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = id });
            Ping(third);
        }
        using RawPeer fourth = await ComeAsync();
        Ping(fourth);
    }

    [Fact]
    public async Task Broker_SubscriberRefuses_MessageIsOver()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", make: () => new ConnectPacket { ClientId = "p", CleanStart = true, Properties = new() { ReceiveMaximum = 1 } });
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 2)] });
        peer.Read<SubAckPacket>();
        broker.Publish("q", Bench.Bytes("1"), 2);
        broker.Publish("q", Bench.Bytes("2"), 2);

        ushort id = peer.Read<PublishPacket>().PacketId;
        peer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = id, Reason = MqttReason.QuotaExceeded });

        Assert.Equal("2", System.Text.Encoding.UTF8.GetString(peer.Read<PublishPacket>().Payload.Span));
    }

    [Fact]
    public async Task Broker_UnknownIdentifiers_AreAnsweredWithTheirReason()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");

        peer.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = 9 });
        AckPacket release = peer.Read<AckPacket>();
        Assert.Equal((MqttPacketType.PubRel, MqttReason.PacketIdentifierNotFound), (release.Type, release.Reason));
        peer.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 9 });
        AckPacket complete = peer.Read<AckPacket>();
        Assert.Equal((MqttPacketType.PubComp, MqttReason.PacketIdentifierNotFound), (complete.Type, complete.Reason));
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Client_ToBrokerAndBack_EachOnce(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener client = new(Bench.To(broker, "c", version));
        await client.Client.StartAsync();
        Assert.Equal(MqttReason.GrantedQos2, await client.Client.SubscribeAsync("t/#", 2).WaitAsync(Bench.Patience));

        for (int i = 0; i < 200; i++)
            Assert.Equal(MqttPublishStatus.Delivered, (await client.Client.PublishAsync($"t/{i % 3}", BitConverter.GetBytes(i), 2).AsTask().WaitAsync(Bench.Patience)).Status);

        for (int i = 0; i < 200; i++)
        {
            MqttMessage message = client.Next();
            Assert.Equal((i, 2), (BitConverter.ToInt32(message.Payload.Span), message.Qos));
        }
        Assert.Equal(0, client.Waiting);
    }

    [Fact]
    public async Task Client_LinkCutAtEachStep_PublishesOnce()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        ushort id;
        ValueTask<MqttPublishResult> pending;
        using (RawPeer first = await fake.AcceptAsync(new ConnAckPacket()))
        {
            pending = client.Client.PublishAsync("a", Bench.Bytes("m"), 2);
            id = first.Read<PublishPacket>().PacketId;
        }
        using (RawPeer second = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true }))
        {
            PublishPacket again = second.Read<PublishPacket>();
            Assert.Equal((id, true), (again.PacketId, again.Dup));
            second.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = id });
            Assert.Equal((MqttPacketType.PubRel, id), Ack(second));
        }
        using RawPeer third = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true });
        Assert.Equal((MqttPacketType.PubRel, id), Ack(third));
        Assert.False(pending.IsCompleted);
        third.Send(new AckPacket(MqttPacketType.PubComp) { PacketId = id });
        Assert.Equal(MqttPublishStatus.Delivered, (await pending.AsTask().WaitAsync(Bench.Patience)).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Client_BrokerComesDownToQos0_WhatWasSentIsNoDuplicate(int qos)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        ValueTask<MqttPublishResult> pending;
        using (RawPeer first = await fake.AcceptAsync(new ConnAckPacket()))
        {
            pending = client.Client.PublishAsync("a", Bench.Bytes("m"), qos);
            Assert.Equal(qos, first.Read<PublishPacket>().Qos);
        }
        using RawPeer second = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true, Properties = new() { MaximumQos = 0 } });

        PublishPacket again = second.Read<PublishPacket>();

        Assert.Equal((0, false), (again.Qos, again.Dup));
        Assert.Equal(MqttPublishStatus.Delivered, (await pending.AsTask().WaitAsync(Bench.Patience)).Status);
    }

    [Fact]
    public async Task Client_SessionLostAfterPubRec_PublishIsDelivered()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        ValueTask<MqttPublishResult> pending;
        using (RawPeer first = await fake.AcceptAsync(new ConnAckPacket()))
        {
            pending = client.Client.PublishAsync("a", Bench.Bytes("m"), 2);
            first.Send(new AckPacket(MqttPacketType.PubRec) { PacketId = first.Read<PublishPacket>().PacketId });
            Assert.Equal(MqttPacketType.PubRel, Ack(first).Type);
        }
        using RawPeer second = await fake.AcceptAsync(new ConnAckPacket());

        Assert.Equal(MqttPublishStatus.Delivered, (await pending.AsTask().WaitAsync(Bench.Patience)).Status);
        Assert.Equal(0, client.Client.QueuedMessages);
    }

    [Fact]
    public async Task Client_ReceivesTheSameTwice_HandlesItOnce()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        using (RawPeer first = await fake.AcceptAsync(new ConnAckPacket()))
        {
            first.Send(new PublishPacket { Topic = "a", Qos = 2, PacketId = 3, Payload = Bench.Bytes("m") });
            Assert.Equal((MqttPacketType.PubRec, (ushort)3), Ack(first));
        }
        using RawPeer second = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true });
        second.Send(new PublishPacket { Topic = "a", Qos = 2, PacketId = 3, Dup = true, Payload = Bench.Bytes("m") });
        Assert.Equal((MqttPacketType.PubRec, (ushort)3), Ack(second));
        second.Send(new AckPacket(MqttPacketType.PubRel) { PacketId = 3 });
        Assert.Equal((MqttPacketType.PubComp, (ushort)3), Ack(second));
        second.Send(new PublishPacket { Topic = "a", Qos = 0, Payload = Bench.Bytes("end") });

        Assert.Equal("m", Bench.Text(client.Next()));
        Assert.Equal("end", Bench.Text(client.Next()));
    }

    private static (MqttPacketType Type, ushort Id) Ack(RawPeer peer)
    {
        AckPacket ack = peer.Read<AckPacket>();
        return (ack.Type, ack.PacketId);
    }

    private static void Ping(RawPeer peer)
    {
        peer.Send(new PingPacket(MqttPacketType.PingReq));
        Assert.Equal(MqttPacketType.PingResp, peer.Read<PingPacket>().Type);
    }
}
