using System.Collections.Concurrent;

namespace EdgeFL.Mqtt.Tests;

public sealed class HostilePeerTests
{
    private readonly ConcurrentQueue<MqttSecurityEvent> events = new();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    [InlineData("\u0010\u0004\0\u0004MQ")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0")]
    public async Task Garbage_OnThePort_ClosesThatConnectionAlone(string text)
    {
        await using MqttBroker broker = await BrokerAsync();
        await using Listener bystander = await Bench.ConnectAsync(Bench.To(broker, "bystander"), "#");
        using RawPeer hostile = await RawPeer.OpenAsync(broker);

        hostile.Send(System.Text.Encoding.Latin1.GetBytes(text));

        Assert.Null(hostile.ReadAny());
        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.ConnectRefused), "the refusal was reported");
        broker.Publish("still", Bench.Bytes("here"));
        Assert.Equal("still", bystander.Next().Topic);
        Assert.Empty(bystander.Ends);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(99)]
    public async Task Garbage_ManySeededConnections_BrokerServesOn(int seed)
    {
        await using MqttBroker broker = await BrokerAsync();
        await using Listener bystander = await Bench.ConnectAsync(Bench.To(broker, "bystander"), "#");
        Random random = new(seed);
        byte[][] corpus = [.. SamplePackets.All(MqttVersion.V5).Select(p => MqttEncoder.ToArray(MqttVersion.V5, p))];
        for (int i = 0; i < 150; i++)
        {
            using RawPeer hostile = await RawPeer.OpenAsync(broker);
            try
            {
                if (random.Next(2) == 0)
                    hostile.Send(new ConnectPacket { ClientId = "h", CleanStart = true });
                for (int k = 0; k < 5; k++)
                {
                    byte[] bytes = [.. corpus[random.Next(corpus.Length)]];
                    bytes[random.Next(bytes.Length)] ^= (byte)random.Next(256);
                    hostile.Send(bytes);
                }
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Cut off in the middle of it: as it should be.
            }
        }
        broker.Publish("still", Bench.Bytes("here"));
        await Bench.UntilAsync(() => bystander.Waiting > 0, $"seed {seed}: the bystander still hears");
        await Bench.UntilAsync(() => broker.ConnectedClients == 1, $"seed {seed}: only the bystander is left");
        Assert.Empty(bystander.Ends);
        Assert.Equal(0, broker.Counters.HandlerFaults);
    }

    [Fact]
    public async Task SlowLoris_NoConnect_IsCutAndReported()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectTimeoutMs = 300 });
        using RawPeer silent = await RawPeer.OpenAsync(broker);
        using RawPeer half = await RawPeer.OpenAsync(broker);
        half.Send([0x10, 0x20, 0x00]);

        Assert.Null(silent.ReadAny());
        Assert.Null(half.ReadAny());
        await Bench.UntilAsync(() => events.Count(e => e.Kind == MqttSecurityEventKind.ConnectTimeout) == 2, "both were reported");
    }

    [Fact]
    public async Task SlowLoris_MoreThanMayWait_OldestMakesRoom()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { PendingConnectionsMax = 3, ConnectTimeoutMs = 60_000 });
        List<RawPeer> idle = [];
        for (int i = 0; i < 4; i++)
            idle.Add(await RawPeer.OpenAsync(broker));

        Assert.Null(idle[0].ReadAny());
        await using Listener honest = await Bench.ConnectAsync(Bench.To(broker, "honest"), "#");
        Assert.Contains(events, e => e.Kind == MqttSecurityEventKind.TooManyConnections);
        idle.ForEach(peer => peer.Dispose());
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Oversize_ClaimedLength_IsRefusedBeforeTheBytesCome(MqttVersion version)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { PacketBytesMax = 4096 });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "big", version);

        peer.Send([0x30, 0xFF, 0xFF, 0xFF, 0x7F]);

        peer.ExpectEnd(MqttReason.PacketTooLarge);
        Assert.Equal(1, broker.Counters.MalformedPackets);
    }

    [Theory]
    [InlineData(3, "x")]
    [InlineData(1, "")]
    public async Task TopicAlias_AboveTheMaximumOrOfNothing_EndsTheConnection(int alias, string topic)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { TopicAliasMax = 2 });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "alias");
        Assert.Equal((ushort?)2, peer.ConnAck!.Properties!.TopicAliasMaximum);

        peer.Send(new PublishPacket { Topic = topic, Properties = new() { TopicAlias = (ushort)alias } });

        peer.ExpectEnd(alias > 2 ? MqttReason.TopicAliasInvalid : MqttReason.ProtocolError);
    }

    [Theory]
    [InlineData(MqttVersion.V311, 4096)]
    [InlineData(MqttVersion.V5, 3)]
    public async Task Qos2_NeverReleased_EndsTheConnection(MqttVersion version, int most)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ReceiveMaximum = 3 });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "two", version);

        for (int id = 1; id <= most; id++)
        {
            peer.Send(new PublishPacket { Topic = "x", Qos = 2, PacketId = (ushort)id });
            Assert.Equal(MqttPacketType.PubRec, peer.Read<AckPacket>().Type);
        }
        peer.Send(new PublishPacket { Topic = "x", Qos = 2, PacketId = (ushort)(most + 1) });

        peer.ExpectEnd(MqttReason.ReceiveMaximumExceeded);
    }

    [Theory]
    [InlineData(MqttVersion.V311, 5)]
    [InlineData(MqttVersion.V5, (byte)MqttReason.NotAuthorized)]
    public async Task Connect_Banned_IsRefusedWithTheVersionsCode(MqttVersion version, byte code)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using RawPeer peer = await RawPeer.OpenAsync(broker, version);

        peer.Send(new ConnectPacket { Version = version, CleanStart = true, ClientId = "banned" });

        Assert.Equal(code, peer.Read<ConnAckPacket>().Code);
        Assert.Null(peer.ReadAny());
        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.ConnectRefused && e.Detail.Contains("the name is banned", StringComparison.Ordinal)), "the cause was reported");
    }

    [Fact]
    public async Task Connect_WillOnForeignTopic_IsRefused()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        peer.Send(new ConnectPacket { CleanStart = true, ClientId = "a", Will = new WillData { Topic = "b/status", Payload = [] } });

        Assert.Equal((byte)MqttReason.NotAuthorized, peer.Read<ConnAckPacket>().Code);
        Assert.Null(peer.ReadAny());
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(6, (byte)MqttReason.UnsupportedProtocolVersion)]
    public async Task Connect_OtherLevel_IsToldSo(byte level, byte code)
    {
        await using MqttBroker broker = await BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker, level < 5 ? MqttVersion.V311 : MqttVersion.V5);
        byte[] bytes = MqttEncoder.ToArray(MqttVersion.V311, new ConnectPacket { Version = MqttVersion.V311, CleanStart = true, ClientId = "x" });
        bytes[8] = level;

        peer.Send(bytes);

        Assert.Equal(code, peer.Read<ConnAckPacket>().Code);
        Assert.Null(peer.ReadAny());
    }

    [Fact]
    public async Task Connect_MoreThanMayBe_IsToldBusy()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectionsMax = 1 });
        using RawPeer first = await RawPeer.ConnectAsync(broker, "first");
        using RawPeer second = await RawPeer.OpenAsync(broker);

        second.Send(new ConnectPacket { CleanStart = true, ClientId = "second" });

        Assert.Equal((byte)MqttReason.ServerBusy, second.Read<ConnAckPacket>().Code);
        Assert.Equal(1, broker.ConnectedClients);
    }

    [Fact]
    public async Task Connect_Twice_IsAProtocolError()
    {
        await using MqttBroker broker = await BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "twice");

        peer.Send(new ConnectPacket { CleanStart = true, ClientId = "twice" });

        peer.ExpectEnd(MqttReason.ProtocolError);
    }

    [Fact]
    public async Task Limits_SubscriptionsAndLevels_AreKept()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { SubscriptionsMax = 2, TopicLevelsMax = 3, RetainedBytesMax = 1000 });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "greedy");

        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("a", 1), new("a/b/c/d", 1), new("b", 2), new("c", 0), new("$share/g", 0), new("$share//x", 0), new("$share/g/", 0)] });
        byte invalid = (byte)MqttReason.TopicFilterInvalid;
        Assert.Equal([1, invalid, 2, (byte)MqttReason.QuotaExceeded, invalid, invalid, invalid], peer.Read<SubAckPacket>().Codes);

        peer.Send(new PublishPacket { Topic = "1/2/3/4", Qos = 1, PacketId = 2 });
        Assert.Equal(MqttReason.TopicNameInvalid, peer.Read<AckPacket>().Reason);
        peer.Send(new PublishPacket { Topic = "$SYS/x", Qos = 1, PacketId = 3 });
        Assert.Equal(MqttReason.TopicNameInvalid, peer.Read<AckPacket>().Reason);
        peer.Send(new PublishPacket { Topic = "r", Qos = 1, PacketId = 4, Retain = true, Payload = new byte[1000] });
        Assert.Equal(MqttReason.QuotaExceeded, peer.Read<AckPacket>().Reason);
        Assert.Equal(0, broker.RetainedMessages);
    }

    [Theory]
    [InlineData(2, 1_000_000)]
    [InlineData(100, 3_000)]
    public async Task Retained_StoreFilledByAPeer_HostsOwnIsKeptAndReplaced(int messagesMax, long bytesMax)
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { RetainedMessagesMax = messagesMax, RetainedBytesMax = bytesMax });
        using RawPeer greedy = await RawPeer.ConnectAsync(broker, "greedy");
        MqttReason last = MqttReason.Success;
        for (ushort i = 1; i <= 10 && last != MqttReason.QuotaExceeded; i++)
        {
            greedy.Send(new PublishPacket { Topic = $"fill/{i}", Qos = 1, PacketId = i, Retain = true, Payload = new byte[700] });
            last = greedy.Read<AckPacket>().Reason;
        }
        Assert.Equal(MqttReason.QuotaExceeded, last);
        int filled = broker.RetainedMessages;

        Assert.NotEqual(MqttReason.QuotaExceeded, broker.Publish("status", new byte[600], qos: 1, retain: true));
        Assert.NotEqual(MqttReason.QuotaExceeded, broker.Publish("status", new byte[900], qos: 1, retain: true));

        Assert.Equal(filled + 1, broker.RetainedMessages);
        await using Listener late = await Bench.ConnectAsync(Bench.To(broker, "late"), "status");
        Assert.Equal(900, late.Next().Payload.Length);
        greedy.Send(new PublishPacket { Topic = "fill/more", Qos = 1, PacketId = 99, Retain = true, Payload = new byte[700] });
        Assert.Equal(MqttReason.QuotaExceeded, greedy.Read<AckPacket>().Reason);
    }

    [Fact]
    public async Task Retained_WillPastTheLimit_IsNotTheHostsAndIsRefused()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { RetainedMessagesMax = 0 });
        RawPeer peer = await RawPeer.ConnectAsync(broker, "w", make: () => new ConnectPacket
        {
            CleanStart = true,
            ClientId = "w",
            Will = new WillData { Topic = "w/status", Payload = new byte[3], Retain = true },
        });

        peer.Dispose();

        await Bench.UntilAsync(() => broker.Counters.RefusedPublishes == 1, "the will was refused");
        Assert.Equal(0, broker.RetainedMessages);
    }

    [Fact]
    public async Task SlowConsumer_Qos0Dropped_ThenCutOff()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { QueueBytesMax = 256 * 1024, WriteTimeoutMs = 600_000 });
        using RawPeer stuck = await RawPeer.ConnectAsync(broker, "stuck", receiveBuffer: 4096);
        stuck.Send(new SubscribePacket { PacketId = 1, Entries = [new("#", 1)] });
        Assert.Equal(1, stuck.Read<SubAckPacket>().Codes[0]);
        await using Listener bystander = await Bench.ConnectAsync(Bench.To(broker, "bystander"), "end");
        byte[] payload = new byte[32 * 1024];

        // More than socket buffers of any size hold: QoS 0 alone is dropped from half the bound on and cuts nobody off.
        for (int i = 0; i < 2000; i++)
            broker.Publish("x", payload);
        Assert.True(broker.Counters.Dropped > 0);
        Assert.Equal(0, broker.Counters.SlowConsumers);
        for (int i = 0; i < 20; i++)
            broker.Publish("x", payload, qos: 1);

        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "the slow one was cut off");
        Assert.Equal(1, broker.Counters.SlowConsumers);
        await Bench.UntilAsync(() => events.Any(e => e is { Kind: MqttSecurityEventKind.SlowConsumer, Principal: "stuck" }), "it was reported");
        broker.Publish("end", Bench.Bytes("e"));
        Assert.Equal("end", bystander.Next().Topic);
    }

    [Fact]
    public async Task SlowConsumer_WriteHangs_IsCutOff()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { WriteTimeoutMs = 300, QueueBytesMax = 1L << 30 });
        using RawPeer stuck = await RawPeer.ConnectAsync(broker, "stuck", receiveBuffer: 4096);
        stuck.Send(new SubscribePacket { PacketId = 1, Entries = [new("#", 1)] });
        Assert.Equal(1, stuck.Read<SubAckPacket>().Codes[0]);
        byte[] payload = new byte[1024 * 1024];

        for (int i = 0; i < 32; i++)
            broker.Publish("x", payload);

        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "the hanging one was cut off");
        Assert.Equal(1, broker.Counters.SlowConsumers);
    }

    private Task<MqttBroker> BrokerAsync(Func<MqttBrokerOptions, MqttBrokerOptions>? change = null) => Bench.BrokerAsync(o =>
    {
        MqttBrokerOptions watched = o with { OnSecurityEvent = events.Enqueue };
        return change?.Invoke(watched) ?? watched;
    });
}
