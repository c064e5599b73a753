using System.Diagnostics;
using System.Net.Sockets;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>
/// Mutants to a live broker over several connections at once. Each connection must be answered with packets and end when its peer ends it; an honest client goes on
/// publishing and receiving through all of it.
/// </summary>
public static class BrokerFuzz
{
    private const string Part = "broker";
    private const int Connections = 4;
    private const int HonestEveryMs = 1000;
    private const int PacketBytesMax = 64 * 1024;

    /// <summary>Runs.</summary>
    /// <param name="seed">Same seed, same mutants; their order among connections is the system's.</param>
    /// <param name="packets">Mutated packets to send.</param>
    /// <param name="heapBytesMax">Most managed memory at any time, bytes.</param>
    /// <exception cref="FuzzException">A fault was found.</exception>
    public static async Task<FuzzReport> RunAsync(int seed, long packets, long heapBytesMax)
    {
        using FaultWatch watch = new();
        await using MqttBroker broker = new(new MqttBrokerOptions
        {
            Access = MqttOpenAccess.Instance,
            PacketBytesMax = PacketBytesMax,
            SessionsMax = 64,
            QueueBytesMax = 256 * 1024,
            RetainedBytesMax = 1024 * 1024,
            ConnectionsMax = 64,
            SessionExpirySecondsMax = 5,
        });
        await broker.StartAsync().ConfigureAwait(false);
        using Honest honest = await Honest.StartAsync(broker, seed).ConfigureAwait(false);
        Stopwatch clock = Stopwatch.StartNew();
        Peer[] peers = [.. Enumerable.Range(0, Connections).Select(i => new Peer(broker, seed, i, packets / Connections))];
        Task all = Task.WhenAll(peers.Select(peer => Task.Factory.StartNew(peer.Run, TaskCreationOptions.LongRunning)));
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(HonestEveryMs)).ConfigureAwait(false);
            await honest.CheckAsync().ConfigureAwait(false);
            FaultWatch.CheckHeap(Part, seed, heapBytesMax);
        }
        await all.ConfigureAwait(false);
        double seconds = clock.Elapsed.TotalSeconds;
        FaultWatch.Await(() => broker.ConnectedClients == 1, Part, seed, "all connections but the honest client's are gone");
        await honest.CheckAsync().ConfigureAwait(false);
        if (broker.Counters.HandlerFaults > 0)
            throw new FuzzException($"{Part}: seed {seed}: {broker.Counters.HandlerFaults} connections ended in an exception");
        watch.CheckTasks(Part, seed);
        return new FuzzReport(Part, peers.Sum(p => p.Traffic.Packets), peers.Sum(p => p.Traffic.Accepted), peers.Sum(p => p.Corpus.Kept), seconds);
    }

    private static bool IsClients(MqttPacketType type) => type is not (MqttPacketType.ConnAck or MqttPacketType.SubAck or MqttPacketType.UnsubAck or MqttPacketType.PingResp);

    /// <summary>One that connects again and again and sends bursts of mutants.</summary>
    private sealed class Peer
    {
        private readonly MqttBroker broker;
        private readonly Random random;
        private readonly int seed;
        private readonly int number;
        private readonly long packets;

        public Peer(MqttBroker broker, int seed, int number, long packets)
        {
            (this.broker, this.seed, this.number, this.packets) = (broker, seed, number, packets);
            random = new Random(HashCode(seed, number));
            Corpus = new Corpus(IsClients);
            Traffic = new LiveTraffic(random, Corpus);
        }

        public Corpus Corpus { get; }

        public LiveTraffic Traffic { get; }

        public void Run()
        {
            while (Traffic.Packets < packets)
            {
                MqttVersion version = random.Next(2) == 0 ? MqttVersion.V311 : MqttVersion.V5;
                byte[] bytes = [.. Connect(version), .. Traffic.Next(version)];
                try
                {
                    RunOnce(version, bytes);
                }
                catch (Exception fault)
                {
                    throw new FuzzException($"{Part}: seed {seed}, peer {number}, packet {Traffic.Packets}, {version}, bytes {Convert.ToHexString(bytes)}: {fault.Message}", fault);
                }
            }
        }

        private static int HashCode(int seed, int number) => unchecked((seed * 397) ^ number);

        private void RunOnce(MqttVersion version, byte[] bytes)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            socket.ReceiveTimeout = socket.SendTimeout = (int)FaultWatch.Patience.TotalMilliseconds;
            // Ended without a trace: ten thousands of connections would use up the ports.
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Connect(broker.LocalEndPoint);
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
            Traffic.ReadAnswers(socket, version);
        }

        private byte[] Connect(MqttVersion version) => MqttEncoder.ToArray(version, new ConnectPacket
        {
            Version = version,
            ClientId = $"fuzz-{number}-{random.Next(4)}",
            CleanStart = random.Next(2) == 0,
            KeepAliveSeconds = (ushort)random.Next(3),
            Will = random.Next(4) == 0 ? new WillData { Topic = "will", Payload = new byte[random.Next(20)], Qos = random.Next(3), Retain = random.Next(2) == 0 } : null,
            Properties = version == MqttVersion.V5 ? new MqttProperties { SessionExpirySeconds = (uint)random.Next(10), TopicAliasMaximum = (ushort)random.Next(4) } : null,
        });
    }

    /// <summary>A client that does nothing wrong.</summary>
    private sealed class Honest : IDisposable
    {
        private const string Topic = "honest/topic";
        private readonly MqttClient client;
        private readonly int seed;
        private long heard = -1;
        private long said;

        private Honest(MqttBroker broker, int seed)
        {
            this.seed = seed;
            client = new MqttClient(new MqttClientOptions { Host = "127.0.0.1", Port = broker.LocalEndPoint.Port, ClientId = "honest" }, message =>
            {
                Volatile.Write(ref heard, BitConverter.ToInt64(message.Payload.Span));
                return ValueTask.CompletedTask;
            });
        }

        public static async Task<Honest> StartAsync(MqttBroker broker, int seed)
        {
            Honest honest = new(broker, seed);
            await honest.client.StartAsync().ConfigureAwait(false);
            await honest.client.SubscribeAsync(Topic, 1).WaitAsync(FaultWatch.Patience).ConfigureAwait(false);
            return honest;
        }

        public async Task CheckAsync()
        {
            said++;
            try
            {
                await client.PublishAsync(Topic, BitConverter.GetBytes(said), 1).AsTask().WaitAsync(FaultWatch.Patience).ConfigureAwait(false);
            }
            catch (TimeoutException late)
            {
                throw new FuzzException($"{Part}: seed {seed}: an honest client's publish was not acknowledged", late);
            }
            FaultWatch.Await(() => Volatile.Read(ref heard) == said, Part, seed, "an honest client hears what it published");
        }

        public void Dispose() => client.DisposeAsync().AsTask().Wait();
    }
}
