namespace EdgeFL.Cli.Report;

/// <summary>What a run is judged by. Every value of a <see cref="DemoResult"/> is in this measure.</summary>
internal enum Measure
{
    /// <summary>Share of windows named right, 0 to 1; higher is better.</summary>
    Accuracy,

    /// <summary>Error of a forecast or a reconstruction, in <see cref="DemoResult.ErrorUnit"/>; lower is better.</summary>
    Error,
}

/// <summary>One device at the end of a run. A value that was not measured is NaN and shows as a dash.</summary>
internal sealed record DemoNode(string Id)
{
    /// <summary>Rounds finished.</summary>
    public int Rounds { get; init; }

    /// <summary>Training loss of the last round.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>On data the device held back from its own sensor: accuracy (0 to 1) or error.</summary>
    public double Own { get; init; } = double.NaN;

    /// <summary>On the common test set, which no device has seen: accuracy (0 to 1) or error.</summary>
    public double Test { get; init; } = double.NaN;

    /// <summary>On the same test set, trained alone from the same start with the same number of steps: accuracy (0 to 1) or error.</summary>
    public double Alone { get; init; } = double.NaN;

    /// <summary>Bytes received from other devices.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes sent to other devices.</summary>
    public long BytesOut { get; init; }

    /// <summary>Messages sent.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Frames refused, for whatever reason.</summary>
    public long FramesRejected { get; init; }

    /// <summary>Frames that never came, by gaps in the senders' numbers.</summary>
    public long FramesLost { get; init; }

    /// <summary>Proportional set size of the agent's process in MB (10^6 bytes).</summary>
    public double PssMb { get; init; } = double.NaN;
}

/// <summary>The fleet at the end of one round. <paramref name="Min"/> and <paramref name="Max"/> are over devices, as values, not as good or bad.</summary>
/// <param name="Round">Round, from 0 (the start) or 1.</param>
/// <param name="BytesPerNode">Mean bytes sent by a device up to here.</param>
/// <param name="Mean">Mean over devices.</param>
/// <param name="Min">Lowest device.</param>
/// <param name="Max">Highest device.</param>
internal readonly record struct CurvePoint(int Round, double BytesPerNode, double Mean, double Min, double Max);

/// <summary>A point of a comparison curve: the round (or epoch, at one local epoch a round) and its value.</summary>
internal readonly record struct ComparisonPoint(int Round, double Value);

/// <summary>The summary: the fields of the JSON line that ends a run, in its order.</summary>
internal sealed record DemoSummary
{
    /// <summary>Devices.</summary>
    public int Nodes { get; init; }

    /// <summary>Rounds.</summary>
    public int Rounds { get; init; }

    /// <summary>Wall time of the learning in seconds.</summary>
    public double Seconds { get; init; } = double.NaN;

    /// <summary>Mean over devices on the common test set.</summary>
    public double Mean { get; init; } = double.NaN;

    /// <summary>The worst device on the common test set: lowest accuracy or highest error.</summary>
    public double Worst { get; init; } = double.NaN;

    /// <summary>Mean over devices that trained alone.</summary>
    public double AloneMean { get; init; } = double.NaN;

    /// <summary>One model trained on all data in one place: the ceiling.</summary>
    public double Pooled { get; init; } = double.NaN;

    /// <summary>Mean over devices on their own held-back data.</summary>
    public double OwnMean { get; init; } = double.NaN;

    /// <summary>Mean bytes a device sent in the whole run.</summary>
    public double BytesSentPerNode { get; init; } = double.NaN;

    /// <summary>What the same exchanges would have cost as plain float32 models.</summary>
    public double Fp32BytesPerNode { get; init; } = double.NaN;

    /// <summary>Frames refused, over all devices.</summary>
    public long FramesRejected { get; init; }

    /// <summary>Frames lost, over all devices.</summary>
    public long FramesLost { get; init; }

    /// <summary>Largest PSS of an agent in MB.</summary>
    public double AgentPssMbMax { get; init; } = double.NaN;

    /// <summary><c>aot</c> or <c>jit</c>.</summary>
    public string AgentKind { get; init; } = "jit";

    /// <summary>The seed that reproduces the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Seconds from an agent's restart until it learned with the others again; NaN when none was killed, and then left out.</summary>
    public double RejoinSeconds { get; init; } = double.NaN;
}

/// <summary>Everything a report shows. Data alone: how a fleet is run is known elsewhere.</summary>
internal sealed record DemoResult
{
    /// <summary>Headline, for example <c>Ten phones learn to tell walking from sitting</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The measure of every value.</summary>
    public Measure Measure { get; init; } = Measure.Accuracy;

    /// <summary>For <see cref="Measure.Error"/>: what it is, for axes, for example <c>mean absolute error</c>.</summary>
    public string ErrorName { get; init; } = "error";

    /// <summary>For <see cref="Measure.Error"/>: its unit, for example <c>°C</c>; empty for none.</summary>
    public string ErrorUnit { get; init; } = "";

    /// <summary>The command line that reproduces the run.</summary>
    public string Command { get; init; } = "";

    /// <summary>When the run ended, UTC.</summary>
    public DateTimeOffset FinishedAt { get; init; }

    /// <summary>What was run, as name and value: data set, model, parameters, aggregation, links.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Setup { get; init; } = [];

    /// <summary>What a reader should know before trusting the numbers, one sentence each; may be empty.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The summary.</summary>
    public DemoSummary Summary { get; init; } = new();

    /// <summary>The devices.</summary>
    public IReadOnlyList<DemoNode> Nodes { get; init; } = [];

    /// <summary>Learning together, round by round.</summary>
    public IReadOnlyList<CurvePoint> Together { get; init; } = [];

    /// <summary>Mean of the devices that learn alone; may be empty.</summary>
    public IReadOnlyList<ComparisonPoint> Alone { get; init; } = [];

    /// <summary>One model on all data in one place; may be empty.</summary>
    public IReadOnlyList<ComparisonPoint> Pooled { get; init; } = [];
}
