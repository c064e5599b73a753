namespace EdgeFL.Simulation;

/// <summary>The fake world a fleet runs in.</summary>
public sealed record SimulationOptions
{
    /// <summary>Seed of all that is drawn: topology, latencies, losses, failures, stalls. The nodes' own seeds are theirs.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that share the work, 1 (default) to 64. They change nothing but the time it takes.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Who can see whom. Default: all see all.</summary>
    public TopologyOptions Topology { get; init; } = new();

    /// <summary>Milliseconds of virtual time between two ticks, and so two minibatch steps, of a node of speed 1, at least 1. Default 20.</summary>
    public int TickMs { get; init; } = 20;

    /// <summary>Ticks of the slowest node for each tick of the fastest, 0 above to 1; those between are spread evenly. Default 1: all are equally fast.</summary>
    public double SlowestSpeed { get; init; } = 1;

    /// <summary>Shares of kinds of device (<see cref="DeviceModel"/>) by name, which divide the ticks by their speed; empty (default) for speed 1.</summary>
    public IReadOnlyDictionary<string, double> Devices { get; init; } = new Dictionary<string, double>();

    /// <summary>Milliseconds from the first tick of the first node to that of the last. Default 0: all begin together.</summary>
    public int StartSpreadMs { get; init; }

    /// <summary>Share of a node's ticks that come late, as where others use the processor too, 0 (default) to 1.</summary>
    public double StallShare { get; init; }

    /// <summary>Most milliseconds that such a tick comes late. Default 1000.</summary>
    public int StallMaxMs { get; init; } = 1000;

    /// <summary>Milliseconds of virtual time between two batches of sensor rows, at least 1. Default 100.</summary>
    public int SensorIntervalMs { get; init; } = 100;

    /// <summary>Least milliseconds a message takes, at least 1. Default 2. Threads work side by side for so long: larger is faster.</summary>
    public int LatencyMinMs { get; init; } = 2;

    /// <summary>Most milliseconds a message takes. Default 20. Messages of one link keep their order.</summary>
    public int LatencyMaxMs { get; init; } = 20;

    /// <summary>Share of messages that are lost, 0 (default) to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Bits a second that a node can send; 0 (default) for no limit. What is sent waits its turn.</summary>
    public double UplinkBitsPerSecond { get; init; }

    /// <summary>Bytes that wait at most; what comes then is lost. Default 1,048,576.</summary>
    public long UplinkQueueBytes { get; init; } = 1 << 20;

    /// <summary>Milliseconds after which a link that does not come up, or went down, is tried again, at least 1. Default 1000.</summary>
    public int RetryMs { get; init; } = 1000;

    /// <summary>Times at which groups of nodes cannot reach each other. Default none.</summary>
    public IReadOnlyList<NetworkCut> Partitions { get; init; } = [];

    /// <summary>Nodes whose power fails now and then; null (default) for none.</summary>
    public ChurnOptions? Churn { get; init; }

    /// <summary>Nodes that are off for a part of each day; null (default) for none.</summary>
    public DiurnalOptions? Diurnal { get; init; }

    /// <summary>Jumps of single nodes' clocks. Default none.</summary>
    public IReadOnlyList<ClockJump> ClockJumps { get; init; } = [];

    /// <summary>Whether the nodes' events are kept (<see cref="FleetSimulation.Events"/>). Default true; thousands of nodes raise a great many.</summary>
    public bool KeepsEvents { get; init; } = true;

    /// <summary>Checks the ranges.</summary>
    /// <param name="nodes">Nodes of the fleet.</param>
    /// <exception cref="ArgumentException">Names the option, the value and the range.</exception>
    public void Validate(int nodes)
    {
        In("threads", Threads, 1, 64);
        In("tickMs", TickMs, 1, 3_600_000);
        In("slowestSpeed", SlowestSpeed, 0.001, 1);
        In("startSpreadMs", StartSpreadMs, 0, 3_600_000);
        In("stallShare", StallShare, 0, 1);
        In("stallMaxMs", StallMaxMs, 0, 3_600_000);
        In("sensorIntervalMs", SensorIntervalMs, 1, 3_600_000);
        In("latencyMinMs", LatencyMinMs, 1, 60_000);
        In("latencyMaxMs", LatencyMaxMs, LatencyMinMs, 60_000);
        In("loss", Loss, 0, 1);
        In("uplinkBitsPerSecond", UplinkBitsPerSecond, 0, 1e12);
        In("uplinkQueueBytes", UplinkQueueBytes, 1024, 1L << 40);
        In("retryMs", RetryMs, 1, 3_600_000);
        Topology.Validate(nodes);
        DeviceModel.Check(Devices);
        foreach (NetworkCut cut in Partitions)
            cut.Validate(nodes);
        Churn?.Validate();
        Diurnal?.Validate();
        foreach (ClockJump jump in ClockJumps)
            jump.Validate(nodes);
    }

    internal static void In(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentException(FormattableString.Invariant($"\"{name}\" is {value}, but must lie between {least} and {most}."));
    }
}
