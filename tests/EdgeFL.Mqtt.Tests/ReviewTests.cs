using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
namespace EdgeFL.Mqtt.Tests;

public sealed class ReviewTests(Xunit.Abstractions.ITestOutputHelper log)
{
    [Fact]
    public async Task Review1_HeldBackReader_WriteHangs_IsCutOff()
    {
        MqttBroker broker = await Bench.BrokerAsync(o => o with { WriteTimeoutMs = 300, QueueBytesMax = 1L << 30 });
        using RawPeer stuck = await RawPeer.ConnectAsync(broker, "stuck", receiveBuffer: 4096);
        stuck.Send(new SubscribePacket { PacketId = 1, Entries = [new("#", 1)] });
        stuck.Read<SubAckPacket>();
        byte[] payload = new byte[1024 * 1024];
        for (int i = 0; i < 32; i++)
            broker.Publish("x", payload);
        byte[] pings = new byte[40_000];
        for (int i = 0; i < pings.Length; i += 2)
            pings[i] = 0xC0;
        stuck.Send(pings);
        await Task.Delay(3000);
        log.WriteLine($"slow={broker.Counters.SlowConsumers}");
        stuck.Dispose();
        await Task.Delay(1500);
        int still = broker.ConnectedClients;
        Task stop = broker.StopAsync();
        bool stops = await Task.WhenAny(stop, Task.Delay(6000)) == stop;
        Assert.True(still == 0 && stops, $"still connected {still}, stops {stops}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Burst()
    {
        List<WeakReference> arrays = [];
        List<RoutedMessage> all = [];
        byte[] body = MqttEncoder.ToArray(MqttVersion.V311, new PublishPacket { Topic = "t", Payload = new byte[100_000] });
        for (int i = 0; i < 1000; i++)
        {
            MqttFramer framer = new(1 << 20);
            framer.Feed(body);
            framer.Next(out byte first, out ReadOnlySpan<byte> b);
            MqttDecoder.DecodePublish(MqttVersion.V311, first, b, out PublishFields f);
            RoutedMessage m = RoutedMessage.Take(f, TopicName.Of("t"), "p", framer, 1);
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(m.Payload, out ArraySegment<byte> s);
            arrays.Add(new WeakReference(s.Array));
            all.Add(m);
            framer.Release(always: true);
        }
        foreach (RoutedMessage m in all)
            m.Drop();
        return arrays;
    }

    [Fact]
    public void Review2_DroppedMessages_LetTheirArraysGo()
    {
        List<WeakReference> arrays = Burst();
        GC.Collect(); GC.WaitForPendingFinalizers(); GC.Collect();
        int alive = arrays.Count(a => a.IsAlive);
        Assert.True(alive <= 40, $"{alive} arrays of 128 KiB alive after all messages were dropped: {alive / 8} MiB");
    }

    [Fact]
    public async Task Review3_ConnAckTooLarge_StillCutOff()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker);
        peer.Send(new ConnectPacket { Version = MqttVersion.V5, CleanStart = true, ClientId = "z", KeepAliveSeconds = 1, Properties = new MqttProperties { MaximumPacketBytes = 4 } });
        await Task.Delay(5000);
        Assert.Equal(0, broker.ConnectedClients);
    }

    [Fact]
    public async Task Review4_BrokerFloodsReleases_ClientMemoryBounded()
    {
        using FakeBroker fake = new();
        await using MqttClient client = new(fake.Options());
        await client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Code = 0 });
        byte[] flood = new byte[64 * 1024];
        for (int i = 0; i < flood.Length; i += 4)
            (flood[i], flood[i + 1], flood[i + 2], flood[i + 3]) = (0x62, 2, 0, 7);
        long before = GC.GetTotalMemory(true);
        Task sending = Task.Run(() => { try { for (int i = 0; i < 1600; i++) peer.Send(flood); } catch (System.Net.Sockets.SocketException) { } });
        bool all = await Task.WhenAny(sending, Task.Delay(8000)) == sending;
        long grown = (GC.GetTotalMemory(false) - before) >> 20;
        log.WriteLine($"sent all: {all}, grown {grown} MiB");
        Assert.True(grown < 16, $"all 100 MiB taken: {all}, grown by {grown} MiB while the broker reads nothing");
    }

    [Fact]
    public async Task Review5_ResumeWithoutSession_WakesWhoWaitsForRoom()
    {
        ClientOutbox box = new(1, 1 << 20) { InFlightMax = 8 };
        box.TryAdd(new Delivery { Message = RoutedMessage.Of(TopicName.Of("t"), default, 2, false, null, null, 1), Qos = 2 });
        Assert.True(box.Next(_ => false, out Delivery d));
        box.Received(d.PacketId);
        Task room = box.WaitForSpace();
        box.Resume(sessionPresent: false);
        Assert.Equal(0, box.Count);
        Assert.True(await Task.WhenAny(room, Task.Delay(500)) == room, "room, and nobody is told");
    }

    [Fact]
    public async Task Review6_SubscribeOfManyFilters_HoldsLock()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        for (int i = 0; i < 4096; i++)
            broker.Publish($"a/b/c/{i}", Bench.Bytes("x"), retain: true);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "s");
        List<SubscribeEntry> e = [];
        for (int i = 0; i < 1024; i++)
            e.Add(new("+/+/+/zz", 0));
        for (int i = 0; i < 4; i++)
            peer.Send(new SubscribePacket { PacketId = (ushort)(i + 1), Entries = e });
        long worst = 0;
        Stopwatch all = Stopwatch.StartNew();
        while (all.ElapsedMilliseconds < 3000)
        {
            Stopwatch w = Stopwatch.StartNew();
            broker.Publish("q", Bench.Bytes("x"));
            worst = Math.Max(worst, w.ElapsedMilliseconds);
        }
        Assert.True(worst < 50, $"a publish waited {worst} ms for the lock");
    }

    private sealed class Endless(byte[] pattern) : MemoryStream
    {
        private int at;
        public volatile bool Stop;
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Stop)
                return ValueTask.FromResult(0);
            for (int i = 0; i < buffer.Length; i++)
                buffer.Span[i] = pattern[at++ % pattern.Length];
            return ValueTask.FromResult(buffer.Length);
        }
    }

    [Fact]
    public async Task Review7_EmptyFrames_GiveTheThreadBack()
    {
        Endless inner = new([0x82, 0x80, 1, 2, 3, 4]);
        WebSocketStream web = new(inner, 1 << 20);
        Task call = Task.Run(() => { _ = web.ReadAsync(new byte[100]).AsTask(); });
        bool back = await Task.WhenAny(call, Task.Delay(2000)) == call;
        inner.Stop = true;
        Assert.True(back, "the read kept its thread for 2 s");
    }

    [Fact]
    public async Task Review8_EvictedSession_ItsDelayedWillIsPublished()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { SessionsMax = 1 });
        RawPeer a = await RawPeer.ConnectAsync(broker, "a", make: () => new ConnectPacket
        {
            Version = MqttVersion.V5, CleanStart = true, ClientId = "a", Properties = new MqttProperties { SessionExpirySeconds = 1000 },
            Will = new WillData { Topic = "a/status", Payload = new byte[3], Retain = true, Properties = new MqttProperties { WillDelaySeconds = 900 } },
        });
        a.Dispose();
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "gone");
        using RawPeer b = await RawPeer.ConnectAsync(broker, "b");
        await Task.Delay(1000);
        Assert.Equal(1, broker.RetainedMessages);
    }
}
