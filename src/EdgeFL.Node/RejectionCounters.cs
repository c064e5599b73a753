using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>How many frames were refused, by reason.</summary>
public sealed class RejectionCounters
{
    private readonly long[] counts = new long[RejectionReasons.Count];

    /// <summary>All together.</summary>
    public long Total { get; private set; }

    /// <summary>Those of one reason.</summary>
    /// <param name="reason">The reason.</param>
    public long Of(RejectionReason reason) => counts[(int)reason];

    /// <summary>Adds one.</summary>
    /// <param name="reason">The reason.</param>
    public void Add(RejectionReason reason)
    {
        counts[(int)reason]++;
        Total++;
    }
}
