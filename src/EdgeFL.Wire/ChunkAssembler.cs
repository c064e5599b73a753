using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>Bounds of a <see cref="ChunkAssembler"/>. Immutable; checks itself when made.</summary>
public sealed record ChunkOptions
{
    private readonly int bytesPerPeerMax = 8 << 20;
    private readonly long bytesMax = 32L << 20;
    private readonly long timeoutMs = 60_000;

    /// <summary>Bytes held for one peer, 1 to 2^28. Default 8 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BytesPerPeerMax
    {
        get => bytesPerPeerMax;
        init => bytesPerPeerMax = value is >= 1 and <= 1 << 28 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 2^28.");
    }

    /// <summary>Bytes held for all peers, 1 to 2^32. Default 32 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public long BytesMax
    {
        get => bytesMax;
        init => bytesMax = value is >= 1 and <= 1L << 32 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 2^32.");
    }

    /// <summary>Milliseconds from a frame to its last chunk, 1 to 3,600,000. Default 60,000. Chunks that arrive do not prolong it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public long TimeoutMs
    {
        get => timeoutMs;
        init => timeoutMs = value is >= 1 and <= 3_600_000 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 3,600,000.");
    }
}

/// <summary>Data whose chunks have all arrived and been held against the frame's hashes.</summary>
/// <param name="From">The sender.</param>
/// <param name="Frame">The verified frame that listed them.</param>
/// <param name="Data">The encoded model, <see cref="UpdateFrame.DataLength"/> bytes.</param>
public sealed record AssembledUpdate(NodeId From, UpdateFrame Frame, ReadOnlyMemory<byte> Data);

/// <summary>
/// Puts chunks together. A verified frame opens an assembly, and only chunks it lists are taken; each peer has one assembly at a time, a newer frame
/// replaces an older one, and memory is reserved when the frame comes, within a bound for the peer and one for all. Every refusal has a reason
/// and is counted. No clock of its own; not safe for several threads.
/// </summary>
public sealed class ChunkAssembler
{
    private readonly ChunkOptions options;
    private readonly SortedDictionary<NodeId, Assembly> assemblies = [];
    private readonly long[] rejected = new long[RejectionReasons.Count];

    /// <summary>Makes an assembler that holds nothing.</summary>
    /// <param name="options">Its bounds.</param>
    public ChunkAssembler(ChunkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
    }

    /// <summary>Bytes reserved now; at most <see cref="ChunkOptions.BytesMax"/>.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>Peers whose chunks are awaited.</summary>
    public int Count => assemblies.Count;

    /// <summary>How often something was refused or given up for a reason, since the start.</summary>
    /// <param name="reason">A defined reason.</param>
    public long Rejected(RejectionReason reason) => rejected[(int)reason];

    /// <summary>Whether a chunk would still be of use: who may cheaply be told apart from a flood of others.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="sequence">The frame's sequence number.</param>
    /// <param name="index">Position of the chunk.</param>
    public bool Awaits(NodeId from, ulong sequence, int index) =>
        assemblies.TryGetValue(from, out Assembly? assembly) && assembly.Frame.Header.Sequence == sequence && (uint)index < (uint)assembly.Has.Length && !assembly.Has[index];

    /// <summary>Opens an assembly for a verified frame.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="frame">A frame that comes in chunks.</param>
    /// <param name="nowMs">The time it is.</param>
    /// <returns><see cref="RejectionReason.None"/>, <see cref="RejectionReason.Replayed"/> (the open one is as new or newer), <see cref="RejectionReason.Oversized"/> (more than one peer may have) or <see cref="RejectionReason.OverBudget"/> (all peers together have too much).</returns>
    /// <exception cref="ArgumentException">No sender, or the frame's data is inline.</exception>
    public RejectionReason Begin(NodeId from, UpdateFrame frame, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (from.IsEmpty || frame.IsInline)
            throw new ArgumentException(from.IsEmpty ? "A sender is needed." : "The frame has no chunks.", from.IsEmpty ? nameof(from) : nameof(frame));
        bool replaces = assemblies.TryGetValue(from, out Assembly? open);
        if (replaces && !frame.Header.IsAfter(open!.Frame.Header.BootEpoch, open.Frame.Header.Sequence))
            return Reject(RejectionReason.Replayed);
        if (frame.DataLength > options.BytesPerPeerMax)
            return Reject(RejectionReason.Oversized);
        if (BytesHeld - (replaces ? open!.Frame.DataLength : 0) + frame.DataLength > options.BytesMax)
            return Reject(RejectionReason.OverBudget);
        if (replaces)
        {
            Drop(from);
            Reject(RejectionReason.ChunkSuperseded);
        }
        assemblies.Add(from, new Assembly(frame, nowMs));
        BytesHeld += frame.DataLength;
        return RejectionReason.None;
    }

    /// <summary>Takes a chunk.</summary>
    /// <param name="from">The sender, known from the link, not from the topic alone.</param>
    /// <param name="sequence">From the topic.</param>
    /// <param name="index">From the topic.</param>
    /// <param name="chunk">Bytes from outside; copied.</param>
    /// <param name="nowMs">The time it is.</param>
    /// <param name="complete">All of it, when this was the last one missing; else null.</param>
    /// <returns><see cref="RejectionReason.None"/>, <see cref="RejectionReason.ChunkUnexpected"/> (no such assembly, or no such index), <see cref="RejectionReason.ChunkDuplicate"/>, <see cref="RejectionReason.ChunkMismatch"/> (other length or hash) or <see cref="RejectionReason.ChunkTimeout"/> (too late: given up).</returns>
    public RejectionReason Add(NodeId from, ulong sequence, int index, ReadOnlySpan<byte> chunk, long nowMs, out AssembledUpdate? complete)
    {
        complete = null;
        if (!assemblies.TryGetValue(from, out Assembly? assembly) || assembly.Frame.Header.Sequence != sequence)
            return Reject(RejectionReason.ChunkUnexpected);
        if (IsLate(assembly, nowMs))
        {
            Drop(from);
            return Reject(RejectionReason.ChunkTimeout);
        }
        UpdateFrame frame = assembly.Frame;
        if ((uint)index >= (uint)frame.ChunkCount)
            return Reject(RejectionReason.ChunkUnexpected);
        if (assembly.Has[index])
            return Reject(RejectionReason.ChunkDuplicate);
        if (chunk.Length != Chunks.LengthOf(frame.DataLength, index))
            return Reject(RejectionReason.ChunkMismatch);
        Span<byte> hash = stackalloc byte[Chunks.HashLength];
        Chunks.Hash(chunk, hash);
        if (!hash.SequenceEqual(frame.ChunkHash(index)))
            return Reject(RejectionReason.ChunkMismatch);
        chunk.CopyTo(assembly.Data.AsSpan(index * Chunks.BytesEach));
        assembly.Has[index] = true;
        if (--assembly.Missing == 0)
        {
            Drop(from);
            complete = new AssembledUpdate(from, frame, assembly.Data);
        }
        return RejectionReason.None;
    }

    /// <summary>Which chunks of a peer are missing, to ask for them; nothing when none is awaited.</summary>
    /// <param name="from">The peer.</param>
    /// <param name="sequence">The frame they belong to; 0 when none is awaited.</param>
    public IReadOnlyList<int> Missing(NodeId from, out ulong sequence)
    {
        sequence = 0;
        if (!assemblies.TryGetValue(from, out Assembly? assembly))
            return [];
        sequence = assembly.Frame.Header.Sequence;
        var missing = new List<int>(assembly.Missing);
        for (int i = 0; i < assembly.Has.Length; i++)
            if (!assembly.Has[i])
                missing.Add(i);
        return missing;
    }

    /// <summary>Gives up what has waited too long, and counts it as <see cref="RejectionReason.ChunkTimeout"/>.</summary>
    /// <param name="nowMs">The time it is.</param>
    /// <param name="expired">Gets the peers concerned in order of their ids; null when nobody wants to know.</param>
    /// <returns>How many were given up.</returns>
    public int Expire(long nowMs, ICollection<NodeId>? expired = null)
    {
        List<NodeId>? late = null;
        foreach ((NodeId from, Assembly assembly) in assemblies)
            if (IsLate(assembly, nowMs))
                (late ??= []).Add(from);
        if (late is null)
            return 0;
        foreach (NodeId from in late)
        {
            Drop(from);
            Reject(RejectionReason.ChunkTimeout);
            expired?.Add(from);
        }
        return late.Count;
    }

    /// <summary>Forgets a peer; false when nothing of it was awaited.</summary>
    /// <param name="from">The peer.</param>
    public bool Drop(NodeId from)
    {
        if (!assemblies.Remove(from, out Assembly? assembly))
            return false;
        BytesHeld -= assembly.Frame.DataLength;
        return true;
    }

    private bool IsLate(Assembly assembly, long nowMs) => nowMs - assembly.BeganMs >= options.TimeoutMs;

    private RejectionReason Reject(RejectionReason reason)
    {
        rejected[(int)reason]++;
        return reason;
    }

    private sealed class Assembly(UpdateFrame frame, long beganMs)
    {
        public UpdateFrame Frame { get; } = frame;

        public long BeganMs { get; } = beganMs;

        public byte[] Data { get; } = new byte[frame.DataLength];

        public bool[] Has { get; } = new bool[frame.ChunkCount];

        public int Missing { get; set; } = frame.ChunkCount;
    }
}
