using EdgeFL.Identity;

namespace EdgeFL.Node;

/// <summary>
/// Where a node stands.
/// <code>
/// Waiting ──data──▶ Training ──last round──▶ Done
///    │                 ▲ │                     │
///    └──peer models──▶ Following               └─ merges nothing more, answers joiners
///                      (no labelled data: takes part as a reader)
/// </code>
/// </summary>
public enum NodePhase
{
    /// <summary>Not enough windows to train, no models from peers.</summary>
    Waiting,

    /// <summary>Trains on its own windows and mixes with its neighbours.</summary>
    Training,

    /// <summary>Has no data to train on and follows its neighbours' models.</summary>
    Following,

    /// <summary>All asked rounds are made; serves its model to who joins.</summary>
    Done,
}

/// <summary>What training has come to on this node.</summary>
/// <param name="Phase">Where the node stands.</param>
/// <param name="Round">Rounds made.</param>
/// <param name="Rounds">Rounds asked for, 0 for no end.</param>
/// <param name="Steps">Minibatch steps made since the node was new.</param>
/// <param name="Loss">Running mean of the training loss.</param>
/// <param name="HeldOutLoss">Loss on the held-out part of the node's own stream, NaN before there is any.</param>
/// <param name="Accuracy">Accuracy on the held-out part, 0 to 1; NaN for tasks without classes or before there is any.</param>
/// <param name="Windows">Windows in the training part.</param>
/// <param name="HeldOutWindows">Windows in the held-out part.</param>
/// <param name="Peers">Links that are up.</param>
/// <param name="Merged">Models that the latest round mixed in.</param>
/// <param name="Received">Model frames taken in.</param>
/// <param name="Rejected">Frames refused, all reasons together.</param>
public sealed record TrainReport(
    NodePhase Phase,
    int Round,
    int Rounds,
    long Steps,
    float Loss,
    float HeldOutLoss,
    float Accuracy,
    int Windows,
    int HeldOutWindows,
    int Peers,
    int Merged,
    long Received,
    long Rejected);

/// <summary>What the model says about a window.</summary>
/// <param name="TimeMs">Time of the window's last row on the sensor's clock.</param>
/// <param name="Class">Class index, cluster, or -1 for a task without classes.</param>
/// <param name="Label">Class name; <c>cluster</c> and its number; the name of the number that a regress model says; or, of a model that forecasts or
/// reconstructs, <c>usual</c> or <c>unusual</c>.</param>
/// <param name="Score">Probability of the class, 0 to 1; that number, in its unit; or the mean squared error in the scale that the model sees, of a cluster that
/// of its centroid.</param>
/// <param name="Round">Round of the model that spoke.</param>
public sealed record Inference(long TimeMs, int Class, string Label, float Score, int Round)
{
    /// <summary>Errors above it are unusual (<see cref="EdgeFL.Learning.UnusualThreshold"/>); infinite while too few are known; NaN in tasks without such errors.</summary>
    public float Threshold { get; init; } = float.NaN;

    /// <summary>The rows that come next, shape [C,horizon], channel-major, as the sensor measures them; empty unless the model forecasts.</summary>
    public float[] Forecast { get; init; } = [];
}

/// <summary>How much an event matters.</summary>
public enum EventSeverity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Wants a look.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,
}

/// <summary>Something that a person or a program may want to act on.</summary>
/// <param name="Code">Stable kebab-case code.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Message">What happened.</param>
/// <param name="Fix">What to do about it, or empty.</param>
/// <param name="Peer">The peer concerned, or null.</param>
public sealed record NodeEvent(string Code, EventSeverity Severity, string Message, string Fix, NodeId? Peer = null);
