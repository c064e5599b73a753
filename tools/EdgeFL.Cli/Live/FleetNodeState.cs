namespace EdgeFL.Cli.Live;

/// <summary>What is known of a node now. A value that is not known is NaN or negative and shows as a dash.</summary>
internal sealed record FleetNodeState(string Id)
{
    /// <summary>One word, for example <c>training</c>, <c>waiting</c>, <c>online</c>, <c>offline</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Round, from 0; -1 when not known.</summary>
    public int Round { get; init; } = -1;

    /// <summary>Rounds in all; -1 when endless or not known.</summary>
    public int Rounds { get; init; } = -1;

    /// <summary>Training loss.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Held-out accuracy, 0 to 1.</summary>
    public double Accuracy { get; init; } = double.NaN;

    /// <summary>Neighbours in contact; -1 when not known.</summary>
    public int Peers { get; init; } = -1;

    /// <summary>Bytes received; -1 when not known.</summary>
    public long BytesIn { get; init; } = -1;

    /// <summary>Bytes sent; -1 when not known.</summary>
    public long BytesOut { get; init; } = -1;

    /// <summary>Frames refused; -1 when not known.</summary>
    public long Rejected { get; init; } = -1;
}

/// <summary>Progress of the whole: a sentence, and a share where one is known.</summary>
/// <param name="Text">What is going on, for example <c>round 7 of 30</c>.</param>
/// <param name="Done">Share done, 0 to 1, or NaN when there is no end to it.</param>
internal readonly record struct FleetProgress(string Text, double Done = double.NaN);
