using EdgeFL.Learning;

namespace EdgeFL.Cli.Demo;

/// <summary>What a demonstration comes to, once source and model are known: the numbers that agents and comparisons share.</summary>
internal sealed record DemoPlan
{
    /// <summary>Points of each curve.</summary>
    public const int CurvePoints = 20;

    /// <summary>Where samples come from.</summary>
    public required DemoSource Source { get; init; }

    /// <summary>The model file's bytes.</summary>
    public required byte[] ModelFile { get; init; }

    /// <summary>The model, resolved.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>Rounds each agent makes.</summary>
    public required int Rounds { get; init; }

    /// <summary>Milliseconds between two minibatch steps.</summary>
    public required int TickMs { get; init; }

    /// <summary>Seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Minibatch steps in a round.</summary>
    public required int StepsPerRound { get; init; }

    /// <summary>Links that an agent keeps: all, in a fleet this small.</summary>
    public int ActiveView => Math.Clamp(Source.Agents.Count - 1, 1, 16);

    /// <summary>Milliseconds before the first step: a recording is then read, and the agents have found each other. A live sensor gains nothing by waiting.</summary>
    public int StartDelayMs => Source.IsRecording ? 5000 : 0;

    /// <summary>Rounds between two checkpoints; the curve's points are made of them.</summary>
    public int CheckpointRounds => Math.Max(1, Rounds / CurvePoints);

    /// <summary>Milliseconds between two telemetry messages.</summary>
    public int TelemetryMs => 5000;

    /// <summary>Milliseconds between two train messages.</summary>
    public int ReportMs => 2000;

    /// <summary>Milliseconds between two infer messages.</summary>
    public int InferenceMs => 200;

    /// <summary>The seed of agent number i.</summary>
    public ulong NodeSeed(int i) => Seed * 1000 + (ulong)i;

    /// <summary>Windows that an agent keeps and holds out, as its own configuration has it.</summary>
    public static LocalDataOptions LocalData => new() { TrainingWindows = 1024, HeldOutPerBlock = 2 };
}
