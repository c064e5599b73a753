using EdgeFL.Node;
using EdgeFL.Numerics;

namespace EdgeFL.Simulation;

/// <summary>Something that must never be so was so.</summary>
/// <param name="what">What.</param>
/// <param name="node">Number of the node, or -1 for the whole fleet.</param>
/// <param name="atMs">Virtual time, milliseconds.</param>
/// <param name="happened">The event after which it was so.</param>
public sealed class InvariantException(string what, int node, long atMs, string happened)
    : Exception(FormattableString.Invariant($"{what} (node {node}, virtual time {atMs} ms, after {happened})"))
{
    /// <summary>Number of the node, or -1 for the whole fleet.</summary>
    public int Node { get; } = node;

    /// <summary>Virtual time, milliseconds.</summary>
    public long AtMs { get; } = atMs;
}

/// <summary>What must be true of a node after every event that touches it.</summary>
internal sealed class NodeInvariants
{
    /// <summary>Longest parameter vector that a node takes for a model.</summary>
    private const float LengthMax = 1e6f;

    private NodeCore? core;
    private NodePhase phase;
    private int round;
    private long lastMs;

    /// <summary>Looks at a node.</summary>
    /// <param name="now">Its core, or null while it is down.</param>
    /// <param name="happened">The event that it has just taken.</param>
    /// <exception cref="InvariantException">Something is not so.</exception>
    public void Check(NodeCore? now, in SimulationEvent happened)
    {
        if (happened.Key.AtMs < lastMs)
            throw Broken(FormattableString.Invariant($"Time went back from {lastMs} ms"), happened);
        lastMs = happened.Key.AtMs;
        if (now != core) // It has started anew, from its checkpoint.
            (core, phase, round) = (now, now?.Phase ?? default, now?.Round ?? 0);
        if (now is null)
            return;
        if (!(Vectors.SumOfSquares(now.Parameters) <= LengthMax * LengthMax))
            throw Broken("The model holds a value that is not finite, or is too long", happened);
        if (now.Round < round)
            throw Broken(FormattableString.Invariant($"The round went back from {round} to {now.Round}"), happened);
        if (!IsLegal(phase, now.Phase))
            throw Broken($"The phase went from {phase} to {now.Phase}", happened);
        if (!now.IsWithinBounds)
            throw Broken("The node holds more than its bounds allow", happened);
        (phase, round) = (now.Phase, now.Round);
    }

    /// <summary>Whether a node may go from one phase to another within a start (<see cref="NodePhase"/>).</summary>
    internal static bool IsLegal(NodePhase from, NodePhase to) => to == from || from switch
    {
        NodePhase.Waiting => true,
        NodePhase.Following => to is NodePhase.Training or NodePhase.Done,
        NodePhase.Training => to == NodePhase.Done,
        _ => false,
    };

    /// <summary>Says what is wrong.</summary>
    public static InvariantException Broken(string what, in SimulationEvent happened) =>
        new(what, happened.Key.Node, happened.Key.AtMs, FormattableString.Invariant($"{happened.Kind} of node {happened.Key.Origin}, its number {happened.Key.Sequence}"));
}
