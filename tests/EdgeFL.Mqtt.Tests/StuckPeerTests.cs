using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt.Tests;

/// <summary>Peers that take nothing, say too much or come back wrongly: nobody is held for ever, and nothing grows without bound.</summary>
public sealed class StuckPeerTests
{
    [Fact]
    public async Task HeldBackReader_WriteHangs_IsCutOffAndTheBrokerStops()
    {
        MqttBroker broker = await Bench.BrokerAsync(o => o with { WriteTimeoutMs = 300, QueueBytesMax = 1L << 30 });
        using RawPeer stuck = await RawPeer.ConnectAsync(broker, "stuck", receiveBuffer: 4096);
        stuck.Send(new SubscribePacket { PacketId = 1, Entries = [new("#", 1)] });
        stuck.Read<SubAckPacket>();
        for (int i = 0; i < 32; i++)
            broker.Publish("x", new byte[1024 * 1024]);
        byte[] pings = new byte[40_000];
        for (int i = 0; i < pings.Length; i += 2)
            pings[i] = 0xC0;

        stuck.Send(pings);

        await Bench.UntilAsync(() => broker.Counters.SlowConsumers > 0 && broker.ConnectedClients == 0, "the stuck client is cut off");
        await broker.StopAsync().WaitAsync(Bench.Patience);
    }

    [Fact]
    public void DroppedMessages_MoreThanThePoolKeeps_LetTheirArraysGo()
    {
        List<WeakReference> arrays = DropMany(1000);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The pool keeps 3 MiB of 128 KiB each.
        Assert.InRange(arrays.Count(array => array.IsAlive), 0, 40);
    }

    [Fact]
    public async Task ConnAckAboveTheClientsMaximum_ClientIsNotKept()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        peer.Send(new ConnectPacket { CleanStart = true, ClientId = "z", KeepAliveSeconds = 1, Properties = new() { MaximumPacketBytes = 4 } });

        await Bench.UntilAsync(() => broker.Counters.PacketsIn == 1 && broker.ConnectedClients == 0, "it is gone");
    }

    [Fact]
    public async Task BrokerThatReadsNothing_FloodsReleases_IsLeft()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        byte[] flood = new byte[64 * 1024];
        for (int i = 0; i < flood.Length; i += 4)
            (flood[i], flood[i + 1], flood[i + 2], flood[i + 3]) = (0x62, 2, 0, 7);

        Assert.Throws<System.Net.Sockets.SocketException>(() =>
        {
            for (int i = 0; i < 1600; i++)
                peer.Send(flood);
        });
        Assert.True(client.Client.Counters.BytesIn < 100 << 20);
    }

    [Fact]
    public void Resume_WithoutSession_WakesWhoWaitsForRoom()
    {
        ClientOutbox box = new(1, 1 << 20) { InFlightMax = 8 };
        box.TryAdd(new Delivery { Message = RoutedMessage.Of(TopicName.Of("t"), default, 2, false, null, null, 1), Qos = 2 });
        Assert.True(box.Next(_ => false, out Delivery sent));
        box.Received(sent.PacketId);
        Task room = box.WaitForSpace();

        box.Resume(sessionPresent: false);

        Assert.Equal(0, box.Count);
        Assert.True(room.IsCompleted);
    }

    [Fact]
    public async Task EmptyWebSocketFrames_WithoutEnd_GiveTheThreadBack()
    {
        using Endless frames = new([0x82, 0x80, 1, 2, 3, 4]);
        await using WebSocketStream web = new(frames, 1 << 20);

        Task<Task<int>> begun = Task.Factory.StartNew(() => web.ReadAsync(new byte[100]).AsTask(), TaskCreationOptions.LongRunning);
        Task reading = await begun.WaitAsync(Bench.Patience);

        Assert.False(reading.IsCompleted);
        frames.HasEnded = true;
        await Assert.ThrowsAsync<EndOfStreamException>(() => reading.WaitAsync(Bench.Patience));
    }

    [Fact]
    public async Task EvictedSession_ItsDelayedWill_IsPublished()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { SessionsMax = 1 });
        using (await RawPeer.ConnectAsync(broker, "a", make: () => new ConnectPacket
        {
            CleanStart = true,
            ClientId = "a",
            Properties = new() { SessionExpirySeconds = 1000 },
            Will = new WillData { Topic = "a/status", Payload = [1], Retain = true, Properties = new() { WillDelaySeconds = 900 } },
        }))
        {
        }
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");

        using RawPeer other = await RawPeer.ConnectAsync(broker, "b");

        await Bench.UntilAsync(() => broker.RetainedMessages == 1, "the will of the one that made room is there");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> DropMany(int count)
    {
        List<WeakReference> arrays = [];
        List<RoutedMessage> messages = [];
        byte[] packet = MqttEncoder.ToArray(MqttVersion.V311, new PublishPacket { Topic = "t", Payload = new byte[100_000] });
        for (int i = 0; i < count; i++)
        {
            MqttFramer framer = new(1 << 20);
            framer.Feed(packet);
            framer.Next(out byte first, out ReadOnlySpan<byte> body);
            MqttDecoder.DecodePublish(MqttVersion.V311, first, body, out PublishFields publish);
            RoutedMessage message = RoutedMessage.Take(publish, TopicName.Of("t"), "p", framer, 1);
            Assert.True(MemoryMarshal.TryGetArray(message.Payload, out ArraySegment<byte> payload));
            arrays.Add(new WeakReference(payload.Array));
            messages.Add(message);
            framer.Release(always: true);
        }
        messages.ForEach(message => message.Drop());
        return arrays;
    }

    /// <summary>The same bytes over and over, always there at once.</summary>
    private sealed class Endless(byte[] pattern) : MemoryStream
    {
        private volatile bool hasEnded;
        private int at;

        public bool HasEnded
        {
            set => hasEnded = value;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (int i = 0; i < buffer.Length && !hasEnded; i++)
                buffer.Span[i] = pattern[at++ % pattern.Length];
            return ValueTask.FromResult(hasEnded ? 0 : buffer.Length);
        }
    }
}
