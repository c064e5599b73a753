using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

/// <summary>What a hostile or broken peer may send to exhaust the broker, beside <see cref="HostilePeerTests"/>.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task SlowLoris_ConnectByteByByte_IsCutInTime()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { ConnectTimeoutMs = 500 });
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        // Each byte is a sign of life, and there are too many to come.
        await DripAsync(peer, [0x10, 0xFF, 0x7F, 0, 4, .. "MQTT"u8]);

        Assert.Null(peer.ReadAny());
        Assert.Equal(1, broker.Counters.RefusedConnections);
    }

    [Fact]
    public async Task SlowLoris_PublishByteByByte_IsCutByKeepAlive()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "drip", make: () => new ConnectPacket { CleanStart = true, ClientId = "drip", KeepAliveSeconds = 1 });

        await DripAsync(peer, [0x30, 0xFF, 0x7F, 0, 1]);

        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "bytes that never make a packet do not keep a client alive");
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task HalfOpen_PeerEndsItsSide_IsLetGoAndItsWillIsTold(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "half", version, () => new ConnectPacket
        {
            Version = version,
            CleanStart = true,
            ClientId = "half",
            Will = new WillData { Topic = "gone", Payload = [] },
        });

        peer.HalfClose();

        Assert.Equal("gone", heard.Next().Topic);
        Assert.Null(peer.ReadAny());
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it holds no place");
    }

    [Fact]
    public async Task HugeLengths_ClaimedByMany_TakeNoMemory()
    {
        const int Peers = 50;
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { PacketBytesMax = MqttWriter.RemainingLengthMax });
        List<RawPeer> peers = [];
        for (int i = 0; i < Peers; i++)
            peers.Add(await RawPeer.ConnectAsync(broker, $"claims-{i}"));
        long before = broker.Counters.BytesIn;
        long held = GC.GetTotalMemory(forceFullCollection: true);

        foreach (RawPeer peer in peers)
            peer.Send([0x30, 0xF0, 0xFF, 0xFF, 0x7F, 0, 1, (byte)'x', 1]);
        await Bench.UntilAsync(() => broker.Counters.BytesIn == before + (9L * Peers), "all have claimed 256 MiB");

        // Other tests run meanwhile: the bound is far above what they hold, and far below one claim.
        long more = GC.GetTotalMemory(forceFullCollection: true) - held;
        Assert.True(more < 128L << 20, $"{Peers} claims of 256 MiB took {more} bytes");
        Assert.Equal(Peers, broker.ConnectedClients);
        peers.ForEach(peer => peer.Dispose());
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Topic_OfNoLength_EndsTheConnection(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer publisher = await RawPeer.ConnectAsync(broker, "p", version);
        using RawPeer subscriber = await RawPeer.ConnectAsync(broker, "s", version);

        publisher.Send(new PublishPacket { Topic = "" });
        subscriber.Send(new SubscribePacket { PacketId = 1, Entries = [new("", 0)] });

        publisher.ExpectEnd(version == MqttVersion.V5 ? MqttReason.ProtocolError : MqttReason.Success);
        subscriber.ExpectEnd(MqttReason.MalformedPacket);
    }

    [Fact]
    public async Task Topic_Of64KiB_IsDeliveredAndRetained()
    {
        string topic = new('t', MqttTopic.BytesMax);
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "long");

        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new(topic, 1)] });
        Assert.Equal([1], peer.Read<SubAckPacket>().Codes);
        peer.Send(new PublishPacket { Topic = topic, Retain = true, Payload = new byte[] { 1 } });

        Assert.Equal(topic, peer.Read<PublishPacket>().Topic);
        Assert.Equal(1, broker.RetainedMessages);
    }

    [Fact]
    public async Task Topic_Of64KiBOfLevels_IsRefused()
    {
        string topic = new('/', MqttTopic.BytesMax);
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "deep");

        peer.Send(new PublishPacket { Topic = topic, Qos = 1, PacketId = 1 });
        Assert.Equal(MqttReason.TopicNameInvalid, peer.Read<AckPacket>().Reason);
        peer.Send(new SubscribePacket { PacketId = 2, Entries = [new(topic, 0)] });
        Assert.Equal([(byte)MqttReason.TopicFilterInvalid], peer.Read<SubAckPacket>().Codes);
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("C3")]
    [InlineData("C0AF")]
    [InlineData("E28082C080")]
    [InlineData("EDA080")]
    [InlineData("F4908080")]
    [InlineData("61006200")]
    [InlineData("EFBFBF")]
    public async Task Text_ThatIsNoCleanUtf8_EndsTheConnection(string hex)
    {
        byte[] text = Convert.FromHexString(hex);
        byte length = (byte)text.Length;
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer topic = await RawPeer.ConnectAsync(broker, "topic");
        using RawPeer filter = await RawPeer.ConnectAsync(broker, "filter");
        using RawPeer clientId = await RawPeer.OpenAsync(broker);

        topic.Send([0x30, (byte)(3 + length), 0, length, .. text, 0]);
        filter.Send([0x82, (byte)(6 + length), 0, 1, 0, 0, length, .. text, 0]);
        clientId.Send([0x10, (byte)(13 + length), 0, 4, .. "MQTT"u8, 5, 2, 0, 0, 0, 0, length, .. text]);

        topic.ExpectEnd(MqttReason.MalformedPacket);
        filter.ExpectEnd(MqttReason.MalformedPacket);
        Assert.Null(clientId.ReadAny());
    }

    [Fact]
    public async Task Wildcards_EveryMixOfManyLevels_CostNoMoreThanTheyAre()
    {
        const int Levels = 128, Filters = 1024;
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { TopicLevelsMax = Levels, SubscriptionsMax = Filters });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "wild");
        // A matcher that tries each "+" both ways would take 2^128 steps: with these it has a choice at every level, and fails at the last.
        Random random = new(1);
        List<SubscribeEntry> entries = [];
        for (int i = 0; i < Filters - 1; i++)
            entries.Add(new(string.Join('/', Enumerable.Range(0, Levels - 1).Select(_ => random.Next(2) == 0 ? "+" : "a").Append("b")), 1));
        entries.Add(new(string.Join('/', Enumerable.Repeat("+", Levels - 1)) + "/#", 1));
        for (int at = 0; at < Filters; at += 64)
        {
            peer.Send(new SubscribePacket { PacketId = 1, Entries = entries[at..(at + 64)] });
            Assert.All(peer.Read<SubAckPacket>().Codes, code => Assert.Equal(1, code));
        }
        string topic = string.Join('/', Enumerable.Repeat("a", Levels));

        for (ushort id = 1; id <= 200; id++)
        {
            peer.Send(new PublishPacket { Topic = topic, Qos = 1, PacketId = id, Retain = true, Payload = new byte[] { 1 } });
            MqttPacket[] both = [peer.ReadAny()!, peer.ReadAny()!];
            Assert.Equal(MqttReason.Success, Assert.Single(both.OfType<AckPacket>()).Reason);
            PublishPacket delivered = Assert.Single(both.OfType<PublishPacket>());
            peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = delivered.PacketId });
        }
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [entries[^1]] });
        Assert.Contains(new[] { peer.ReadAny(), peer.ReadAny() }, packet => packet is PublishPacket { Retain: true });
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task PacketIds_AllUsedUp_BeginAgain(MqttVersion version)
    {
        const int Messages = 66_000, AtOnce = 60;
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "ids", version);
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("x", 1)] });
        peer.Read<SubAckPacket>();
        ushort ours = 0;
        HashSet<ushort> theirs = [];
        for (int done = 0; done < Messages; done += AtOnce)
        {
            List<byte> batch = [];
            for (int i = 0; i < AtOnce; i++)
            {
                ours = ours == ushort.MaxValue ? (ushort)1 : (ushort)(ours + 1);
                batch.AddRange(MqttEncoder.ToArray(version, new PublishPacket { Topic = "x", Qos = 1, PacketId = ours }));
            }
            peer.Send(batch.ToArray());
            for (int acks = 0, messages = 0; acks < AtOnce || messages < AtOnce;)
            {
                switch (peer.ReadAny())
                {
                    case AckPacket:
                        acks++;
                        break;
                    case PublishPacket message:
                        Assert.NotEqual(0, message.PacketId);
                        theirs.Add(message.PacketId);
                        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = message.PacketId });
                        messages++;
                        break;
                    case var other:
                        Assert.Fail($"{other?.Type} came");
                        break;
                }
            }
        }
        Assert.Equal(0, broker.Counters.MalformedPackets);
        Assert.InRange(theirs.Count, 1, ushort.MaxValue);
    }

    [Fact]
    public async Task Flood_OfSomeClients_DoesNotStarveTheRest()
    {
        const int Floods = 6, Answers = 40, PacketsForOneAnswerMax = 100_000;
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer honest = await RawPeer.ConnectAsync(broker, "honest");
        honest.Send(new SubscribePacket { PacketId = 1, Entries = [new("honest", 0)] });
        honest.Read<SubAckPacket>();
        using CancellationTokenSource enough = new();
        byte[] flood = [.. Enumerable.Range(0, 500).SelectMany(_ => MqttEncoder.ToArray(MqttVersion.V5, new PublishPacket { Topic = "flood", Payload = new byte[64] }))];
        List<Thread> threads = [];
        for (int i = 0; i < Floods; i++)
        {
            RawPeer peer = await RawPeer.ConnectAsync(broker, $"flood-{i}");
            Thread thread = new(() => Flood(peer, flood, enough.Token)) { IsBackground = true };
            thread.Start();
            threads.Add(thread);
        }
        long before = broker.Counters.PacketsIn;
        await Bench.UntilAsync(() => broker.Counters.PacketsIn > before + 100_000, "the flood is under way");

        before = broker.Counters.PacketsIn;
        for (int i = 0; i < Answers; i++)
        {
            honest.Send(new PublishPacket { Topic = "honest" });
            Assert.Equal("honest", honest.Read<PublishPacket>().Topic);
            honest.Send(new PingPacket(MqttPacketType.PingReq));
            honest.Read<PingPacket>();
        }
        long flooded = broker.Counters.PacketsIn - before;

        await enough.CancelAsync();
        threads.ForEach(thread => thread.Join());
        // Not a matter of time: however slow the machine, each got its turn.
        Assert.True(flooded / (2 * Answers) <= PacketsForOneAnswerMax, $"{flooded} packets of the flood were handled while {2 * Answers} answers were waited for");
    }

    private static void Flood(RawPeer peer, byte[] bytes, CancellationToken enough)
    {
        using (peer)
        {
            while (!enough.IsCancellationRequested)
                peer.Send(bytes);
        }
    }

    /// <summary>Sends bytes, and zeros after them, one by one until the other side has had enough.</summary>
    private static async Task DripAsync(RawPeer peer, byte[] bytes)
    {
        long end = Environment.TickCount64 + (long)Bench.Patience.TotalMilliseconds;
        try
        {
            for (int i = 0; Environment.TickCount64 < end; i++)
            {
                peer.Send([i < bytes.Length ? bytes[i] : (byte)0]);
                await Task.Delay(20);
            }
        }
        catch (SocketException)
        {
            return;
        }
        Assert.Fail($"still served after {Bench.Patience.TotalSeconds} s");
    }
}
