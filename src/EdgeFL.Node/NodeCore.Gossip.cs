using EdgeFL.Identity;
using EdgeFL.Node.Peers;
using EdgeFL.Wire;

namespace EdgeFL.Node;

// What goes out to neighbours and what comes in from them.
public sealed partial class NodeCore
{
    private readonly SortedDictionary<NodeId, TokenBucket> buckets = [];
    private readonly SortedDictionary<NodeId, TokenBucket> chunkBuckets = [];
    private readonly SortedDictionary<string, long> lastRaisedMs = new(StringComparer.Ordinal);

    private readonly List<NodeId> expired = [];

    private const int EventQuietMs = 10_000;
    private const int HelpQuietMs = 500;
    private const int ChunksPerFrame = 4;
    private const uint RoundMax = 1_000_000_000; // No run gets there: a count can be taken over from a neighbour without ever overflowing.

    /// <summary>Model frames taken in.</summary>
    public long Received { get; private set; }

    /// <summary>Sends the model as it is now to the given peers.</summary>
    private void Share(IReadOnlyList<NodeId> to, long nowMs, Outbox outbox)
    {
        lastPushMs = nowMs;
        if (to.Count == 0)
            return;
        byte[] encoded = new byte[SnapshotCodec.EncodedLength(UpdateCodec.Int8Block64, parameters.Length)];
        sequence++;
        SnapshotCodec.Encode(UpdateCodec.Int8Block64, parameters.Span, DitherSeed.Of(options.Node, options.BootEpoch, sequence), encoded);
        UpdateFrame frame = UpdateFrame.Create(
            new UpdateHeader
            {
                ModelHash = modelHash,
                BootEpoch = options.BootEpoch,
                Sequence = sequence,
                Round = Math.Min((uint)round, RoundMax),
                Steps = (uint)options.StepsPerRound,
                Samples = (uint)data.TrainingCount,
                Codec = UpdateCodec.Int8Block64,
                ParameterCount = parameters.Length,
            },
            encoded);
        var parts = new ReadOnlyMemory<byte>[frame.ChunkCount];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = Chunks.Of(encoded, i);
        outbox.Add(new NodeEffect.SendUpdate(to, sequence, frame.ToArray(), parts));
    }

    private void OnLinkUp(NodeId peer, long nowMs, Outbox outbox)
    {
        if (!peers.Up(peer))
            return;
        Raise("link-up", EventSeverity.Info, $"The link to {peer} is up ({peers.UpCount} in all).", "", peer, nowMs, outbox);
        if (round > 0)
            Share([peer], nowMs, outbox); // Who starts late or comes back need not wait for a round.
        Report(nowMs, outbox);
    }

    private void OnLinkDown(NodeId peer, long nowMs, Outbox outbox)
    {
        if (!peers.Down(peer, outbox))
            return;
        Raise("link-down", EventSeverity.Warning, $"The link to {peer} is down ({peers.UpCount} are up); it is tried again.", "", peer, nowMs, outbox);
        Report(nowMs, outbox);
    }

    private void OnUpdate(NodeId from, ReadOnlyMemory<byte> payload, long nowMs, Outbox outbox)
    {
        RejectionReason reason = TakeUpdate(from, payload, nowMs);
        if (reason != RejectionReason.None)
            Refuse(from, reason, nowMs, outbox);
        else
            HelpUp(from, nowMs, outbox);
    }

    /// <summary>A node that is done pushes seldom: who is heard to be far behind gets its model at once, so that one lost message does not leave it alone.</summary>
    private void HelpUp(NodeId from, long nowMs, Outbox outbox)
    {
        if (phase == NodePhase.Done && nowMs - lastPushMs >= HelpQuietMs && peers.StateOf(from) == PeerState.Up && replicas.RoundOf(from) < round - options.MaxAgeRounds)
            Share([from], nowMs, outbox);
    }

    private RejectionReason TakeUpdate(NodeId from, ReadOnlyMemory<byte> payload, long nowMs)
    {
        if (!TakeToken(buckets, options.FramesPerSecondMax, from, nowMs))
            return RejectionReason.RateLimited;
        FrameError error = UpdateFrame.Read(payload, limits, out UpdateFrame? frame);
        if (error != FrameError.None)
            return RejectionReasons.From(error);
        UpdateHeader header = frame!.Header;
        if (header.ModelHash != modelHash || header.ParameterCount != parameters.Length || header.Round > RoundMax)
            return RejectionReason.WrongModel;
        if (!replays.TryAdvance(from, header.BootEpoch, header.Sequence))
            return RejectionReason.Replayed;
        return frame.IsInline ? TakeModel(from, header, frame.Data.Span) : chunks.Begin(from, frame, nowMs);
    }

    private RejectionReason TakeModel(NodeId from, UpdateHeader header, ReadOnlySpan<byte> data)
    {
        // Decoded aside: a frame that turns out bad half-way leaves the model held before it whole.
        RejectionReason reason = SnapshotCodec.Decode(header.Codec, data, DitherSeed.Of(from, header.BootEpoch, header.Sequence), decoded);
        if (reason != RejectionReason.None)
            return reason;
        if (!IsSane(decoded))
            return RejectionReason.NotFinite;
        // Where the run has an end nobody can be past it.
        int theirRound = options.Rounds > 0 ? Math.Min((int)header.Round, options.Rounds) : (int)header.Round;
        decoded.CopyTo(replicas.Take(from, theirRound, round));
        Received++;
        return RejectionReason.None;
    }

    private void OnChunk(NodeInput.ChunkArrived chunk, long nowMs, Outbox outbox)
    {
        // Only a chunk that is awaited costs its sender: on an outside broker anybody may send the others in its name.
        if (chunks.Awaits(chunk.From, chunk.Sequence, chunk.Index) && !TakeToken(chunkBuckets, ChunksPerFrame * options.FramesPerSecondMax, chunk.From, nowMs))
        {
            Refuse(chunk.From, RejectionReason.RateLimited, nowMs, outbox);
            return;
        }

        RejectionReason reason = chunks.Add(chunk.From, chunk.Sequence, chunk.Index, chunk.Data.Span, nowMs, out AssembledUpdate? whole);
        if (whole is not null)
            reason = TakeModel(whole.From, whole.Frame.Header, whole.Data.Span);
        if (reason != RejectionReason.None)
            Refuse(chunk.From, reason, nowMs, outbox);
    }

    private void ExpireChunks(long nowMs, Outbox outbox)
    {
        if (chunks.Count == 0)
            return;
        expired.Clear();
        chunks.Expire(nowMs, expired);
        foreach (NodeId from in expired)
            Refuse(from, RejectionReason.ChunkTimeout, nowMs, outbox);
    }

    private bool TakeToken(SortedDictionary<NodeId, TokenBucket> of, int perSecond, NodeId from, long nowMs)
    {
        if (!of.TryGetValue(from, out TokenBucket bucket))
        {
            if (of.Count >= options.KnownPeersMax)
                of.Clear(); // Full again for all: bounded memory matters more than a burst.
            bucket = new TokenBucket(perSecond, nowMs);
        }

        bool taken = bucket.TryTake(nowMs);
        of[from] = bucket;
        return taken;
    }

    private void Refuse(NodeId? from, RejectionReason reason, long nowMs, Outbox outbox)
    {
        Rejections.Add(reason);
        Raise($"refused-{reason.Text()}", EventSeverity.Warning, $"A frame {(from is { } node ? $"of {node} " : "")}was refused: {reason.Text()} ({Rejections.Of(reason)} so far).",
            reason == RejectionReason.Replayed ? "If that device was set up anew, its boot counter must go on: write a larger number to the file \"boot\" in its state folder." : "", from, nowMs, outbox);
    }

    /// <summary>Raises an event, the same code at most once in ten seconds: an attacker must not fill the log.</summary>
    private void Raise(string code, EventSeverity severity, string message, string fix, NodeId? peer, long nowMs, Outbox outbox)
    {
        string key = peer is { } node && severity == EventSeverity.Info ? $"{code}/{node}" : code;
        if (lastRaisedMs.TryGetValue(key, out long last) && nowMs - last < EventQuietMs)
            return;
        if (lastRaisedMs.Count >= 1024)
            lastRaisedMs.Clear();
        lastRaisedMs[key] = nowMs;
        outbox.Add(new NodeEffect.Raised(new NodeEvent(code, severity, message, fix, peer)));
    }
}
