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
    private const int WelcomesMax = 5;
    private const int ChunksPerFrame = 4;
    private const uint RoundMax = 1_000_000_000; // No run gets there: a count can be taken over from a neighbour without ever overflowing.

    /// <summary>Model frames taken in.</summary>
    public long Received { get; private set; }

    private void OnLinkUp(NodeId peer, long nowMs, Outbox outbox)
    {
        if (!peers.Up(peer))
            return;
        Raise("link-up", EventSeverity.Info, $"The link to {peer} is up ({peers.UpCount} in all).", "", peer, nowMs, outbox);
        // Who starts late or comes back need not wait for a round: it hears a few at once, whole, to hold against each other. All would be a flood.
        if (round > 0 && random.NextInt32(peers.UpCount) < WelcomesMax)
            Share([peer], Whole, nowMs, outbox);
        Report(nowMs, outbox);
    }

    private void OnLinkDown(NodeId peer, long nowMs, Outbox outbox)
    {
        if (!peers.Down(peer, outbox))
            return;
        Raise("link-down", EventSeverity.Warning, $"The link to {peer} is down ({peers.UpCount} are up); it is tried again.", "", peer, nowMs, outbox);
        Report(nowMs, outbox);
    }

    private void OnPayload(NodeId from, ReadOnlyMemory<byte> payload, long nowMs, Outbox outbox)
    {
        RejectionReason reason = ModelRequest.IsOne(payload.Span) ? TakeRequest(from, payload.Span, nowMs, outbox) : TakeUpdate(from, payload, nowMs, outbox);
        if (reason != RejectionReason.None)
            Refuse(from, reason, nowMs, outbox);
    }

    /// <summary>A node that is done pushes seldom: who is heard to be on the way still gets its model in answer, so that the last do not end alone.</summary>
    private void HelpUp(NodeId from, long nowMs, Outbox outbox)
    {
        int theirRound = replicas.RoundOf(from);
        if (phase == NodePhase.Done && theirRound < round && peers.StateOf(from) == PeerState.Up && TakeToken(answered, AnswersPerSecond, from, nowMs))
            Share([from], round - theirRound > options.MaxAgeRounds ? Whole : CodecNow(), nowMs, outbox);
    }

    private RejectionReason TakeUpdate(NodeId from, ReadOnlyMemory<byte> payload, long nowMs, Outbox outbox)
    {
        if (!TakeToken(buckets, options.FramesPerSecondMax, from, nowMs))
            return RejectionReason.RateLimited;
        FrameError error = UpdateFrame.Read(payload, limits, out UpdateFrame? frame);
        if (error != FrameError.None)
            return RejectionReasons.From(error);
        UpdateHeader header = frame!.Header;
        if (header.ModelHash != modelHash || header.ParameterCount != shared || header.Round > RoundMax)
            return RejectionReason.WrongModel;
        if (!replays.TryAdvance(from, header.BootEpoch, header.Sequence))
            return RejectionReason.Replayed;
        if (!frame.IsInline)
            return chunks.Begin(from, frame, nowMs);
        RejectionReason reason = TakeModel(from, header, frame.Data.Span, nowMs, outbox);
        if (reason == RejectionReason.None)
            HelpUp(from, nowMs, outbox);
        return reason;
    }

    private RejectionReason TakeModel(NodeId from, UpdateHeader header, ReadOnlySpan<byte> data, long nowMs, Outbox outbox)
    {
        // Decoded aside: a frame that turns out bad half-way leaves the model held before it whole.
        RejectionReason reason = Decode(from, header, data);
        bool isTooFar = reason is RejectionReason.TooFar or RejectionReason.TooCoarse;
        if (reason != RejectionReason.None && !isTooFar)
            return reason;
        // Where the run has an end nobody can be past it.
        int theirRound = options.Rounds > 0 ? Math.Min((int)header.Round, options.Rounds) : (int)header.Round;
        if (isTooFar)
        {
            replicas.Hear(from, theirRound, round);
            AskForMore(from, header.Codec, nowMs, outbox);
            return RejectionReason.None;
        }

        if (!IsSane(decoded))
            return RejectionReason.NotFinite;
        unanswered.Remove(from);
        distance.Observe(from, Shared, decoded);
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
        {
            reason = TakeModel(whole.From, whole.Frame.Header, whole.Data.Span, nowMs, outbox);
            if (reason == RejectionReason.None)
                HelpUp(whole.From, nowMs, outbox);
        }
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
