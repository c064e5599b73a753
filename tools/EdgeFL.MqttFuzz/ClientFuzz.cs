using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>
/// Mutants to live clients from brokers that are none. A client must answer with packets, leave when the broker does, and connect again; in the end each finds a real
/// broker on the same port and must publish and receive there.
/// </summary>
public static class ClientFuzz
{
    private const string Part = "client";
    private const int Clients = 4;

    /// <summary>Runs.</summary>
    /// <param name="seed">Same seed, same mutants; when the clients connect again is theirs.</param>
    /// <param name="packets">Mutated packets to send.</param>
    /// <param name="heapBytesMax">Most managed memory at any time, bytes.</param>
    /// <exception cref="FuzzException">A fault was found.</exception>
    public static async Task<FuzzReport> RunAsync(int seed, long packets, long heapBytesMax)
    {
        using FaultWatch watch = new();
        Stopwatch clock = Stopwatch.StartNew();
        Pair[] pairs = [.. Enumerable.Range(0, Clients).Select(i => new Pair(seed, i, packets / Clients))];
        Task all = Task.WhenAll(pairs.Select(pair => Task.Factory.StartNew(pair.Run, TaskCreationOptions.LongRunning)));
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(500)).ConfigureAwait(false);
            FaultWatch.CheckHeap(Part, seed, heapBytesMax);
        }
        await all.ConfigureAwait(false);
        double seconds = clock.Elapsed.TotalSeconds;
        foreach (Pair pair in pairs)
            await pair.FinishAsync().ConfigureAwait(false);
        watch.CheckTasks(Part, seed);
        return new FuzzReport(Part, pairs.Sum(p => p.Traffic.Packets), pairs.Sum(p => p.Traffic.Accepted), pairs.Sum(p => p.Corpus.Kept), seconds);
    }

    private static bool IsBrokers(MqttPacketType type) => type is not (MqttPacketType.Connect or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe or MqttPacketType.PingReq);

    /// <summary>A client and the broker that misuses it.</summary>
    private sealed class Pair
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly MqttClient client;
        private readonly Random random;
        private readonly int seed;
        private readonly int number;
        private readonly long packets;
        private int connections;
        private volatile bool isAlive;

        public Pair(int seed, int number, long packets)
        {
            (this.seed, this.number, this.packets) = (seed, number, packets);
            random = new Random(unchecked((seed * 31) + number));
            Corpus = new Corpus(IsBrokers);
            Traffic = new LiveTraffic(random, Corpus);
            listener.Start();
            client = new MqttClient(
                new MqttClientOptions
                {
                    Host = "127.0.0.1",
                    Port = ((IPEndPoint)listener.LocalEndpoint).Port,
                    ClientId = $"fuzzed-{number}",
                    CleanStart = false,
                    SessionExpirySeconds = 60,
                    ReconnectMinMs = 10,
                    ReconnectMaxMs = 10,
                    OnConnected = _ => Work(),
                },
                message =>
                {
                    isAlive |= message.Topic == "alive";
                    return ValueTask.CompletedTask;
                });
        }

        public Corpus Corpus { get; }

        public LiveTraffic Traffic { get; }

        public void Run()
        {
            client.StartAsync().Wait();
            while (Traffic.Packets < packets)
            {
                byte[] bytes = [];
                try
                {
                    FaultWatch.Await(listener.Pending, Part, seed, "the client connects again");
                    using Socket socket = listener.AcceptSocket();
                    socket.ReceiveTimeout = socket.SendTimeout = (int)FaultWatch.Patience.TotalMilliseconds;
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                    MqttVersion version = ReadConnect(socket);
                    bytes = [.. Answer(version), .. Traffic.Next(version)];
                    Send(socket, bytes);
                    Traffic.ReadAnswers(socket, version);
                }
                catch (Exception fault)
                {
                    throw new FuzzException($"{Part}: seed {seed}, pair {number}, packet {Traffic.Packets}, bytes {Convert.ToHexString(bytes)}: {fault.Message}", fault);
                }
            }
        }

        /// <summary>Puts a real broker in the place of the false one.</summary>
        public async Task FinishAsync()
        {
            IPEndPoint address = (IPEndPoint)listener.LocalEndpoint;
            listener.Dispose();
            await using MqttBroker broker = new(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [new() { EndPoint = address }] });
            await broker.StartAsync().ConfigureAwait(false);
            try
            {
                await client.SubscribeAsync("alive", 1).WaitAsync(FaultWatch.Patience).ConfigureAwait(false);
                MqttPublishResult result = await client.PublishAsync("alive", ReadOnlyMemory<byte>.Empty, 1).AsTask().WaitAsync(FaultWatch.Patience).ConfigureAwait(false);
                if (result.Status != MqttPublishStatus.Delivered)
                    throw new FuzzException($"{Part}: seed {seed}, pair {number}: in the end a publish is {result}");
            }
            catch (TimeoutException late)
            {
                throw new FuzzException($"{Part}: seed {seed}, pair {number}: in the end the client does not serve again", late);
            }
            FaultWatch.Await(() => isAlive, Part, seed, "in the end the client hears what it published");
            if (client.Counters.HandlerFaults > 0)
                throw new FuzzException($"{Part}: seed {seed}, pair {number}: {client.Counters.HandlerFaults} faults of handlers");
            await client.DisposeAsync().ConfigureAwait(false);
        }

        /// <summary>Something under way in every state, for what the broker says to hit.</summary>
        private void Work()
        {
            int turn = Interlocked.Increment(ref connections);
            for (int qos = 0; qos <= 2; qos++)
                client.TryPublish(new MqttMessage($"work/{qos}", new byte[turn % 50], qos));
            _ = client.SubscribeAsync($"work/{turn % 8}", turn % 3);
            if (turn % 5 == 0)
                _ = client.UnsubscribeAsync($"work/{turn % 7}");
        }

        private byte[] Answer(MqttVersion version) => MqttEncoder.ToArray(version, new ConnAckPacket
        {
            SessionPresent = random.Next(2) == 0,
            Properties = version != MqttVersion.V5 ? null : new MqttProperties
            {
                ReceiveMaximum = (ushort)random.Next(1, 50),
                TopicAliasMaximum = (ushort)random.Next(4),
                MaximumPacketBytes = random.Next(4) == 0 ? (uint)random.Next(20, 200) : null,
                MaximumQos = random.Next(4) == 0 ? (byte)random.Next(2) : null,
                ServerKeepAliveSeconds = random.Next(4) == 0 ? (ushort)random.Next(1, 5) : null,
            },
        });

        private static MqttVersion ReadConnect(Socket socket)
        {
            MqttFramer framer = new(1 << 20);
            try
            {
                while (true)
                {
                    MqttDecodeError error = framer.Next(out byte first, out ReadOnlySpan<byte> body);
                    if (error == MqttDecodeError.NeedMore)
                    {
                        int count = socket.Receive(framer.Room().Span);
                        if (count == 0)
                            throw new InvalidOperationException("the client left before it sent a CONNECT");
                        framer.Advance(count);
                        continue;
                    }
                    if (error == MqttDecodeError.None && MqttDecoder.Decode(MqttVersion.V5, first, body, out MqttPacket? packet) == MqttDecodeError.None && packet is ConnectPacket connect)
                        return connect.Version;
                    throw new InvalidOperationException($"the client's first packet {first:X2}{Convert.ToHexString(body)} is no CONNECT");
                }
            }
            finally
            {
                framer.Release(always: true);
            }
        }

        private void Send(Socket socket, byte[] bytes)
        {
            try
            {
                int cut = random.Next(4) == 0 ? random.Next(bytes.Length) : 0;
                socket.Send(bytes.AsSpan(0, cut));
                socket.Send(bytes.AsSpan(cut));
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException fault) when (LiveTraffic.IsCut(fault))
            {
                // In the middle of it: as it may.
            }
        }
    }
}
