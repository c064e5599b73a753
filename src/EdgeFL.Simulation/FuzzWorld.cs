using System.Text;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Node;
using EdgeFL.Numerics;

namespace EdgeFL.Simulation;

/// <summary>
/// A small random fleet in a random world, from one seed: topology, delays, losses, uplinks, partitions, failures, days and nights, stalls, clocks that jump,
/// enemies, and what the nodes are told. Run to its end it must keep all invariants, and all nodes that have data must make their rounds.
/// </summary>
public sealed class FuzzWorld
{
    private const int ReplayKind = 5;
    private const long TroubleMs = 20_000;
    private const long SliceMs = 5_000;
    private const long UntilMs = 1_800_000;

    private static readonly FleetId Fleet = FleetId.Parse("fuzz");
    private static readonly WindowOptions Windowing = new() { Length = 4, Step = 4 };
    private static readonly LocalDataOptions Kept = new() { TrainingWindows = 64, HeldOutWindows = 8, HeldOutPerBlock = 2 };

    private static readonly ModelSpec Small = Parse("""{"type":"flatten"},{"type":"dense","outputs":5},{"type":"tanh"},{"type":"dense","outputs":3}""");

    /// <summary>More than a frame holds: it goes out in chunks.</summary>
    private static readonly ModelSpec Chunked = Parse("""{"type":"flatten"},{"type":"dense","outputs":5000},{"type":"relu"},{"type":"dense","outputs":3}""");

    private readonly ulong seed;
    private readonly int nodes;
    private readonly ModelSpec model;
    private readonly NodeOptions told;
    private readonly bool[] hasData;

    /// <summary>Draws a world.</summary>
    /// <param name="seed">Decides all of it.</param>
    public FuzzWorld(ulong seed)
    {
        this.seed = seed;
        var random = new Philox(seed, 0x66757a7a);
        nodes = 2 + random.NextInt32(11);
        bool chunked = random.NextInt32(20) == 0;
        model = chunked ? Chunked : Small;
        told = Told(ref random, chunked);
        World = Draw(ref random);
        hasData = new bool[nodes];
        for (int i = 0; i < nodes; i++)
            hasData[i] = i == 0 || random.NextInt32(10) > 0;
        int enemies = random.NextInt32(3) == 0 ? 1 + random.NextInt32(Math.Max(1, nodes / 4)) : 0;
        Enemies = enemies;
        EnemyKind = random.NextInt32(7);
        if (enemies > 0 && EnemyKind == ReplayKind)
            told = told with { KnownPeersMax = Math.Max(told.KnownPeersMax, nodes) }; // A node that has forgotten a sender cannot know its old frames.
    }

    /// <summary>The world.</summary>
    public SimulationOptions World { get; }

    private int Enemies { get; }

    private int EnemyKind { get; }

    /// <summary>Makes the fleet and runs it to its end.</summary>
    /// <param name="threads">Threads that share the work.</param>
    /// <returns>The fleet's final hash.</returns>
    /// <exception cref="InvariantException">Something that must never be so was so, or a node did not make its rounds.</exception>
    public byte[] Run(int threads)
    {
        NodeId[] ids = [.. Enumerable.Range(0, nodes).Select(i => NodeId.Parse($"n{i:00}"))];
        IReadOnlyList<SampleBatch>[] streams = [.. Enumerable.Range(0, nodes).Select(Stream)];
        var fleet = new FleetSimulation(World with { Threads = threads }, Fleet, ids,
            (i, boot) => new NodeCore(told with { Node = ids[i], BootEpoch = boot, Seed = seed * 1000 + (ulong)i }, model, Windowing, Kept), streams);
        for (int i = 0; i < Enemies; i++)
            fleet.Corrupt(nodes - 1 - i, Enemy((ulong)i));
        // A node without data goes by what it hears, which may be nothing; all others make their rounds.
        int late = 0;
        for (long until = SliceMs; !fleet.Run(until) && (late = Late(fleet)) >= 0 && until < UntilMs;)
            until += SliceMs;
        return Late(fleet) < 0
            ? fleet.Hash()
            : throw new InvariantException($"The node has not made its {told.Rounds} rounds in half an hour, but {fleet[late]?.Round ?? 0}", late, fleet.NowMs, "the last event");
    }

    private int Late(FleetSimulation fleet)
    {
        for (int i = 0; i < nodes; i++)
        {
            if (hasData[i] && fleet[i] is { Phase: not NodePhase.Done })
                return i;
        }

        return -1;
    }

    private NodeOptions Told(ref Philox random, bool chunked) => new()
    {
        Fleet = Fleet,
        Node = NodeId.Parse("n00"),
        BootEpoch = 1,
        Rounds = chunked ? 3 : 5 + random.NextInt32(36),
        StepsPerRound = 1 + random.NextInt32(4),
        Batch = 1 + random.NextInt32(8),
        LearningRate = 0.05f + 2 * random.NextSingle(),
        LearningRateFloor = random.NextSingle(),
        TailAverage = random.NextSingle(),
        SettleRounds = random.NextInt32(8),
        Momentum = 0.95f * random.NextSingle(),
        MinimumWindows = 1 + random.NextInt32(16),
        StartDelayMs = random.NextInt32(2) * random.NextInt32(1000),
        FanOut = 1 + random.NextInt32(4),
        ActiveViewSize = 1 + random.NextInt32(8),
        KnownPeersMax = 2 + random.NextInt32(16),
        ViewShuffleRounds = random.NextInt32(10),
        ReplicasMax = 1 + random.NextInt32(8),
        MaxAgeRounds = 1 + random.NextInt32(8),
        LeadRounds = random.NextInt32(4),
        Rule = (AggregationRule)random.NextInt32(4),
        Byzantine = random.NextInt32(4),
        FramesPerSecondMax = 1 + random.NextInt32(50),
        CheckpointIntervalMs = 100 + random.NextInt32(5000),
        CheckpointRounds = random.NextInt32(10),
        ReportIntervalMs = 1000,
        InferenceIntervalMs = 1000,
        IdlePushMs = 200 + random.NextInt32(2000),
        ChunkTimeoutMs = 100 + random.NextInt32(1000),
    };

    private SimulationOptions Draw(ref Philox random)
    {
        int latency = 1 + random.NextInt32(20);
        int side = 1 + random.NextInt32(Math.Max(1, nodes - 1));
        long cutAt = random.NextInt32(2000), jumpAt = random.NextInt32(4000);
        return new SimulationOptions
        {
            Seed = seed,
            Topology = Topology(ref random),
            TickMs = 5 + random.NextInt32(40),
            SlowestSpeed = 0.2 + 0.8 * random.NextDouble(),
            Devices = random.NextInt32(3) == 0 ? new Dictionary<string, double> { ["pi-zero-2w"] = 1, ["pi-4"] = 1, ["orin-nano"] = 1 } : new Dictionary<string, double>(),
            StartSpreadMs = random.NextInt32(2) * random.NextInt32(3000),
            StallShare = random.NextInt32(3) == 0 ? 0.05 * random.NextDouble() : 0,
            SensorIntervalMs = 1 + random.NextInt32(50),
            LatencyMinMs = latency,
            LatencyMaxMs = latency + random.NextInt32(200),
            Loss = random.NextInt32(2) * 0.5 * random.NextDouble(),
            UplinkBitsPerSecond = random.NextInt32(3) == 0 ? 20_000 + 1e6 * random.NextDouble() : 0,
            UplinkQueueBytes = 4096 + random.NextInt32(100_000),
            RetryMs = 50 + random.NextInt32(500),
            Partitions = random.NextInt32(3) == 0 ? [new NetworkCut { FromMs = cutAt, ToMs = cutAt + random.NextInt32(4000), Groups = [$"0-{side - 1}"] }] : [],
            Churn = random.NextInt32(2) == 0
                ? new ChurnOptions { MeanUpMs = 500 + random.NextInt32(5000), MeanDownMs = 50 + random.NextInt32(2000), Share = random.NextDouble(), ToMs = TroubleMs }
                : null,
            Diurnal = random.NextInt32(8) == 0 ? new DiurnalOptions { PeriodMs = 20_000 + random.NextInt32(40_000), OnShare = 0.4 + 0.5 * random.NextDouble() } : null,
            ClockJumps = random.NextInt32(3) == 0 ? [new ClockJump { Node = random.NextInt32(nodes), AtMs = jumpAt, ByMs = 1 + random.NextInt32(10_000_000) }] : [],
            KeepsEvents = false,
        };
    }

    private TopologyOptions Topology(ref Philox random)
    {
        var kind = (TopologyKind)random.NextInt32(6);
        int degree = 2 + 2 * random.NextInt32(2);
        if (kind is TopologyKind.Random or TopologyKind.SmallWorld && degree >= nodes)
            kind = TopologyKind.Full;
        return new TopologyOptions { Kind = kind, Degree = degree, Rewired = random.NextDouble(), Neighbourhood = 2 + random.NextInt32(4) };
    }

    private Adversary Enemy(ulong number) => EnemyKind switch
    {
        0 => new ScalingAdversary(-1),
        1 => new ScalingAdversary(float.NaN),
        2 => new ScalingAdversary(1e20f),
        3 => new NoiseAdversary(10, seed + number),
        4 => new LittleAdversary(2),
        ReplayKind => new ReplayAdversary(),
        _ => new GarbageAdversary(number % 2 == 0, seed + number),
    };

    /// <summary>A few batches of rows in three classes that differ in their mean; none where the node has no data.</summary>
    private IReadOnlyList<SampleBatch> Stream(int node)
    {
        var random = new Philox(seed, 0x726f7773 + (ulong)node);
        var batches = new SampleBatch[hasData[node] ? 4 : 0];
        Span<float> row = stackalloc float[2];
        for (int b = 0; b < batches.Length; b++)
        {
            batches[b] = new SampleBatch(2, 48);
            for (int r = 0; r < 48; r++)
            {
                int label = r / 16;
                row[0] = label - 1 + random.NextGaussian();
                row[1] = random.NextGaussian() - label;
                batches[b].TryAdd(r, b, label, row);
            }
        }

        return batches;
    }

    private static ModelSpec Parse(string layers) => ModelSpec.Parse(Encoding.UTF8.GetBytes(
        $$"""{"name":"fuzz","task":"classify","channels":2,"length":4,"classes":["a","b","c"],"layers":[{{layers}}]}"""));
}
