using EdgeFL.Identity;

namespace EdgeFL.Node.Peers;

/// <summary>The highest (boot epoch, sequence) taken from a sender.</summary>
/// <param name="BootEpoch">Number of the sender's start.</param>
/// <param name="Sequence">Sequence number within that start.</param>
public readonly record struct HighWater(uint BootEpoch, ulong Sequence);

/// <summary>
/// Refuses what was taken before: a frame must lie above its sender's high-water mark in (boot epoch, sequence) order. No clock is used,
/// because the boards have none that survives a power cut. Marks are part of the checkpoint. Bounded: the sender heard longest ago is forgotten.
/// </summary>
public sealed class ReplayGuard
{
    private readonly SortedDictionary<NodeId, (HighWater Mark, long Used)> marks = [];
    private readonly int sendersMax;
    private long uses;

    /// <summary>Makes an empty guard.</summary>
    /// <param name="sendersMax">Senders remembered at once.</param>
    public ReplayGuard(int sendersMax) => this.sendersMax = sendersMax;

    /// <summary>The marks, in order of id.</summary>
    public IEnumerable<KeyValuePair<NodeId, HighWater>> Marks
    {
        get
        {
            foreach ((NodeId from, (HighWater mark, _)) in marks)
                yield return KeyValuePair.Create(from, mark);
        }
    }

    /// <summary>True, and the mark is raised, when the frame is new.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="bootEpoch">Its boot epoch.</param>
    /// <param name="sequence">Its sequence number.</param>
    public bool TryAdvance(NodeId from, uint bootEpoch, ulong sequence)
    {
        if (marks.TryGetValue(from, out (HighWater Mark, long Used) held)
            && (bootEpoch < held.Mark.BootEpoch || (bootEpoch == held.Mark.BootEpoch && sequence <= held.Mark.Sequence)))
            return false;
        Set(from, new HighWater(bootEpoch, sequence));
        return true;
    }

    /// <summary>Puts back a mark from a checkpoint.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="mark">Its mark.</param>
    public void Set(NodeId from, HighWater mark)
    {
        if (!marks.ContainsKey(from) && marks.Count == sendersMax)
            marks.Remove(HeardLongestAgo());
        marks[from] = (mark, ++uses);
    }

    private NodeId HeardLongestAgo()
    {
        NodeId found = default;
        long least = long.MaxValue;
        foreach ((NodeId from, (_, long used)) in marks)
        {
            if (used < least)
                (found, least) = (from, used);
        }

        return found;
    }
}
