namespace EdgeFL.Simulation;

/// <summary>The fake world a fleet runs in.</summary>
public sealed record SimulationOptions
{
    /// <summary>Seed of all that is drawn: latencies, losses, speeds. The nodes' own seeds follow from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Milliseconds of virtual time between two ticks of the fastest node, at least 1. Default 20.</summary>
    public int TickMs { get; init; } = 20;

    /// <summary>Ticks of the slowest node for each tick of the fastest, 0 above to 1. Default 1: all are equally fast.</summary>
    public double SlowestSpeed { get; init; } = 1;

    /// <summary>Milliseconds from the first tick of the first node to that of the last. Default 0: all begin together.</summary>
    public int StartSpreadMs { get; init; }

    /// <summary>Share of a node's ticks that come late, as where others use the processor too, 0 (default) to 1.</summary>
    public double StallShare { get; init; }

    /// <summary>Most milliseconds that such a tick comes late. Default 1000.</summary>
    public int StallMaxMs { get; init; } = 1000;

    /// <summary>Least milliseconds a message takes. Default 2.</summary>
    public int LatencyMinMs { get; init; } = 2;

    /// <summary>Most milliseconds a message takes. Default 20.</summary>
    public int LatencyMaxMs { get; init; } = 20;

    /// <summary>Share of messages that are lost, 0 to 1. Default 0.</summary>
    public double Loss { get; init; }

    /// <summary>Milliseconds of virtual time between two batches of sensor rows. Default 100.</summary>
    public int SensorIntervalMs { get; init; } = 100;
}
