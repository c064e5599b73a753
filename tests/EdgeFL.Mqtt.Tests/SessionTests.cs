namespace EdgeFL.Mqtt.Tests;

public sealed class SessionTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task TakeOver_SameIdentity_OlderIsToldAndCut(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer older = await RawPeer.ConnectAsync(broker, "same", version);
        using RawPeer newer = await RawPeer.ConnectAsync(broker, "same", version);

        older.ExpectEnd(MqttReason.SessionTakenOver);
        newer.Send(new PingPacket(MqttPacketType.PingReq));
        Assert.Equal(MqttPacketType.PingResp, newer.Read<PingPacket>().Type);
        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "one is left");
    }

    [Fact]
    public async Task TakeOver_OtherPrincipalSameClientId_LeavesTheFirstAlone()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new UserNameAccess() });
        using RawPeer first = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "id", CleanStart = true, UserName = "alice" });
        using RawPeer second = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "id", CleanStart = true, UserName = "mallory" });

        first.Send(new PingPacket(MqttPacketType.PingReq));
        Assert.Equal(MqttPacketType.PingResp, first.Read<PingPacket>().Type);
        Assert.Equal(2, broker.ConnectedClients);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Persistent_MessagesWhileAway_ComeOnReturn(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        ConnectPacket Make() => new() { Version = version, ClientId = "p", Properties = version == MqttVersion.V5 ? new() { SessionExpirySeconds = 60 } : null };
        using (RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version, Make))
        {
            Assert.False(peer.ConnAck!.SessionPresent);
            peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 1)] });
            Assert.Equal(1, peer.Read<SubAckPacket>().Codes[0]);
            broker.Publish("q", Bench.Bytes("unacknowledged"), 1);
            Assert.False(peer.Read<PublishPacket>().Dup);
        }
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
        broker.Publish("q", Bench.Bytes("0"), 0);
        broker.Publish("q", Bench.Bytes("1"), 1);

        using RawPeer back = await RawPeer.ConnectAsync(broker, "p", version, Make);
        Assert.True(back.ConnAck!.SessionPresent);
        PublishPacket again = back.Read<PublishPacket>();
        Assert.True(again.Dup);
        Assert.Equal("unacknowledged", System.Text.Encoding.UTF8.GetString(again.Payload.Span));
        PublishPacket waited = back.Read<PublishPacket>();
        Assert.Equal("1", System.Text.Encoding.UTF8.GetString(waited.Payload.Span));
        Assert.False(waited.Dup);
        Assert.NotEqual(again.PacketId, waited.PacketId);
    }

    [Fact]
    public async Task Persistent_Expired_IsForgotten()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        ConnectPacket Make() => new() { ClientId = "p", Properties = new() { SessionExpirySeconds = 1 } };
        using (await RawPeer.ConnectAsync(broker, "p", make: Make))
            Assert.Equal(1, broker.Sessions);

        await Bench.UntilAsync(() => broker.Sessions == 0, "the session ended");

        using RawPeer back = await RawPeer.ConnectAsync(broker, "p", make: Make);
        Assert.False(back.ConnAck!.SessionPresent);
    }

    [Fact]
    public async Task OfflineQueue_PastItsBound_LosesTheNewestAndCounts()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { QueueMessagesMax = 3 });
        ConnectPacket Make() => new() { ClientId = "p", Properties = new() { SessionExpirySeconds = 60 } };
        using (RawPeer peer = await RawPeer.ConnectAsync(broker, "p", make: Make))
        {
            peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 1)] });
            Assert.Equal(1, peer.Read<SubAckPacket>().Codes[0]);
        }
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
        for (int i = 0; i < 5; i++)
            broker.Publish("q", [(byte)i], 1);
        Assert.Equal(2, broker.Counters.Dropped);

        using RawPeer back = await RawPeer.ConnectAsync(broker, "p", make: Make);
        for (int i = 0; i < 3; i++)
            Assert.Equal(i, back.Read<PublishPacket>().Payload.Span[0]);
    }

    [Fact]
    public async Task ReceiveMaximum_OfTheClient_IsObeyed()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "r", make: () => new ConnectPacket { ClientId = "r", CleanStart = true, Properties = new() { ReceiveMaximum = 2 } });
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 1)] });
        Assert.Equal(1, peer.Read<SubAckPacket>().Codes[0]);
        for (int i = 0; i < 4; i++)
            broker.Publish("q", [(byte)i], 1);

        PublishPacket first = peer.Read<PublishPacket>();
        Assert.Equal(1, peer.Read<PublishPacket>().Payload.Span[0]);
        // The answer to a ping comes next, because a third publish may not.
        peer.Send(new PingPacket(MqttPacketType.PingReq));
        Assert.IsType<PingPacket>(peer.ReadAny());
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = first.PacketId });
        Assert.Equal(2, peer.Read<PublishPacket>().Payload.Span[0]);
    }

    [Fact]
    public async Task MaximumPacketSize_OfTheClient_IsObeyed()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "m", make: () => new ConnectPacket { ClientId = "m", CleanStart = true, Properties = new() { MaximumPacketBytes = 100 } });
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 1)] });
        Assert.Equal(1, peer.Read<SubAckPacket>().Codes[0]);

        broker.Publish("q", new byte[200], 1);
        broker.Publish("q", new byte[10], 1);

        Assert.Equal(10, peer.Read<PublishPacket>().Payload.Length);
        Assert.Equal(1, broker.Counters.Dropped);
    }

    [Fact]
    public async Task Expiry_WaitedTooLong_IsNotDelivered_AndTheRestIsTold()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        ConnectPacket Make() => new() { ClientId = "p", Properties = new() { SessionExpirySeconds = 60 } };
        using (RawPeer peer = await RawPeer.ConnectAsync(broker, "p", make: Make))
        {
            peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("q", 1)] });
            Assert.Equal(1, peer.Read<SubAckPacket>().Codes[0]);
        }
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
        broker.Publish(new MqttMessage("q", Bench.Bytes("short"), 1) { ExpirySeconds = 1 });
        broker.Publish(new MqttMessage("q", Bench.Bytes("long"), 1) { ExpirySeconds = 1000, IsText = true, ContentType = "t", UserProperties = [new("a", "b")] });
        await Task.Delay(1200);

        using RawPeer back = await RawPeer.ConnectAsync(broker, "p", make: Make);
        PublishPacket publish = back.Read<PublishPacket>();
        Assert.Equal("long", System.Text.Encoding.UTF8.GetString(publish.Payload.Span));
        Assert.InRange(publish.Properties!.MessageExpirySeconds!.Value, 900u, 999u);
        Assert.Equal((byte?)1, publish.Properties.PayloadFormat);
        Assert.Equal("t", publish.Properties.ContentType);
        Assert.Equal([new("a", "b")], publish.Properties.UserProperties);
        Assert.Equal(1, broker.Counters.Expired);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task KeepAlive_Silence_EndsTheConnectionAndPublishesTheWill(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will", heard.Add);
        using RawPeer silent = await RawPeer.ConnectAsync(broker, "s", version, () => new ConnectPacket
        {
            Version = version,
            ClientId = "s",
            CleanStart = true,
            KeepAliveSeconds = 1,
            Will = new WillData { Topic = "will", Payload = [7] },
        });

        silent.ExpectEnd(MqttReason.KeepAliveTimeout);
        silent.Dispose();
        Assert.Equal("s", heard.Next().Principal);
    }

    [Fact]
    public async Task Will_Delayed_IsWithdrawnByAReturn_AndComesWithoutOne()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will/#", heard.Add);
        ConnectPacket Make(string name) => new()
        {
            ClientId = name,
            Properties = new() { SessionExpirySeconds = 60 },
            Will = new WillData { Topic = "will/" + name, Payload = [1], Properties = new() { WillDelaySeconds = 1 } },
        };
        (await RawPeer.ConnectAsync(broker, "", make: () => Make("returns"))).Dispose();
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
        using RawPeer back = await RawPeer.ConnectAsync(broker, "", make: () => Make("returns"));
        (await RawPeer.ConnectAsync(broker, "", make: () => Make("stays away"))).Dispose();

        Assert.Equal("will/stays away", heard.Next().Topic);
        Assert.Equal(0, heard.Count);
    }

    [Fact]
    public async Task Disconnect_WithWill_PublishesIt()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will", heard.Add);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "w", make: () => new ConnectPacket { ClientId = "w", CleanStart = true, Will = new WillData { Topic = "will", Payload = [1] } });

        peer.Send(new DisconnectPacket { Reason = MqttReason.DisconnectWithWill });

        Assert.Equal("will", heard.Next().Topic);
    }

    [Fact]
    public async Task Subscription_Options_AreObeyed()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        broker.Publish("kept", Bench.Bytes("k"), 1, retain: true);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "o");
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("kept", 1, RetainHandling: 2), new("own", 1, NoLocal: true), new("as", 1, RetainAsPublished: true)] });
        Assert.Equal([1, 1, 1], peer.Read<SubAckPacket>().Codes);
        peer.Send(new SubscribePacket { PacketId = 2, Entries = [new("as/+", 0)], Properties = new() { SubscriptionIds = [5] } });
        Assert.Equal([0], peer.Read<SubAckPacket>().Codes);
        peer.Send(new SubscribePacket { PacketId = 3, Entries = [new("as/#", 1)], Properties = new() { SubscriptionIds = [300] } });
        Assert.Equal([1], peer.Read<SubAckPacket>().Codes);

        peer.Send(new PublishPacket { Topic = "own", Qos = 1, PacketId = 9 });
        Assert.Equal(MqttReason.NoMatchingSubscribers, peer.Read<AckPacket>().Reason);
        broker.Publish("as", Bench.Bytes("1"), 1, retain: true);
        PublishPacket kept = peer.Read<PublishPacket>();
        Assert.Equal("as", kept.Topic);
        Assert.True(kept.Retain);
        broker.Publish("as/x", Bench.Bytes("2"), 1);
        PublishPacket once = peer.Read<PublishPacket>();
        Assert.Equal(1, once.Qos);
        Assert.Equal([5, 300], once.Properties!.SubscriptionIds!.Order());
    }

    [Fact]
    public async Task Disconnect_Principal_IsCutAndForgotten()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "revoked", make: () => new ConnectPacket { ClientId = "revoked", Properties = new() { SessionExpirySeconds = 1000 } });

        Assert.Equal(1, broker.Disconnect("revoked"));

        peer.ExpectEnd(MqttReason.AdministrativeAction);
        peer.Dispose();
        await Bench.UntilAsync(() => broker.Sessions == 0, "its session is gone");
    }

    private sealed class UserNameAccess : IMqttAccess
    {
        public bool TryAuthenticate(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
        {
            principal = user ?? "";
            reason = "no user";
            return user is not null;
        }

        public bool MayPublish(string principal, string topic) => true;

        public bool MaySubscribe(string principal, string filter) => true;
    }
}
