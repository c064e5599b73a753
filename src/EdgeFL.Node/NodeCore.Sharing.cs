using EdgeFL.Identity;
using EdgeFL.Node.Peers;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node;

// To whom the model goes, when, and in which bytes: a lattice to those that are near, the whole model to those that are not.
public sealed partial class NodeCore
{
    private const int RequestsPerSecond = 4;
    private const int AnswersPerSecond = 8; // Twice as many: requests that a lost packet held up come bunched.
    private const int FurtherBits = 2;
    private const int WholeEveryRounds = 16;
    private const int CodecHeaderMax = 64; // of a model of a few parameters: steps, checks, tables

    private readonly SortedDictionary<NodeId, TokenBucket> asked = [];
    private readonly SortedDictionary<NodeId, TokenBucket> answered = [];
    private readonly SortedSet<NodeId> unanswered = [];
    private readonly float[] codecScratch;
    private float[] lastPushed = [];
    private int quietRounds;

    /// <summary>Updates that could not be read because the sender's model was too far from the own one.</summary>
    public long Unread { get; private set; }

    /// <summary>Models asked for in more bits.</summary>
    public long Requested { get; private set; }

    /// <summary>Times that the bytes of the hour did not reach for all copies of a model.</summary>
    public long OverBudget { get; private set; }

    /// <summary>Sends the model to the round's partners, unless it hardly moved.</summary>
    private void Push(long nowMs, Outbox outbox)
    {
        lastPushMs = nowMs;
        if (!HasMoved())
            return;
        IReadOnlyList<NodeId> to = Partners();
        bool sent;
        if (UsesLattice && distance.IsKnown && round % WholeEveryRounds == 0)
        {
            // Links carry models one way only: who never sends here may be too far to read what comes, and cannot ask.
            var heard = new List<NodeId>();
            var silent = new List<NodeId>();
            foreach (NodeId peer in to)
                (distance.Knows(peer) ? heard : silent).Add(peer);
            sent = Share(heard, options.Codec, nowMs, outbox) | Share(silent, Whole, nowMs, outbox);
        }
        else
        {
            sent = Share(to, CodecNow(), nowMs, outbox);
        }

        if (sent && options.PushThreshold > 0)
        {
            lastPushed = Shared.ToArray();
            quietRounds = 0;
        }
    }

    private IReadOnlyList<NodeId> Partners()
    {
        // Who is done has no more rounds to turn the circle by.
        if (options.Partners == PartnerChoice.Turns || phase == NodePhase.Done)
            return peers.Draw(options.FanOut, ref random);
        // The turns follow from the round alone, and so are the same for all nodes of the fleet.
        var turns = new Philox(modelHash, Stream.Circle + (ulong)round);
        var chosen = new SortedSet<NodeId>();
        for (int i = 0; i < options.FanOut; i++)
            chosen.UnionWith(peers.Pair(turns.NextUInt32()));
        return [.. chosen];
    }

    /// <summary>Whether the model has moved by the asked share of the neighbours' usual distance since it was pushed, or has not been pushed for long.</summary>
    private bool HasMoved() => options.PushThreshold <= 0 || lastPushed.Length == 0 || ++quietRounds >= options.QuietRoundsMax
        || MathF.Sqrt(Vectors.SquaredDistance(Shared, lastPushed)) >= options.PushThreshold * distance.Median;

    private bool UsesLattice => LatticeCodec.Is(options.Codec);

    private UpdateCodec Whole => UsesLattice ? UpdateCodec.Int8Block64 : options.Codec;

    private UpdateCodec CodecNow() => distance.IsKnown ? options.Codec : Whole;

    /// <summary>What to answer who could not read an update: a lattice of steps as fine that reaches four times as far, and the whole model if not even that was read.</summary>
    private UpdateCodec CodecBeyond(UpdateCodec unread)
    {
        int bits = UsesLattice ? LatticeCodec.BitsOf(options.Codec) + FurtherBits : 0;
        return unread == options.Codec && bits is > 0 and <= ModuloLattice.BitsMax ? LatticeCodec.Of(bits) : Whole;
    }

    /// <summary>Sends the model as it is now to the given peers, as many of them as the hour's bytes reach for; false when to none.</summary>
    private bool Share(IReadOnlyList<NodeId> to, UpdateCodec codec, long nowMs, Outbox outbox)
    {
        if (to.Count == 0)
            return false;
        sequence++;
        ReadOnlyMemory<byte> encoded = Encode(codec, DitherSeed.Of(options.Node, options.BootEpoch, sequence));
        UpdateFrame frame = UpdateFrame.Create(
            new UpdateHeader
            {
                ModelHash = modelHash,
                BootEpoch = options.BootEpoch,
                Sequence = sequence,
                Round = Math.Min((uint)round, RoundMax),
                Steps = (uint)options.StepsPerRound,
                Samples = (uint)data.TrainingCount,
                Codec = codec,
                ParameterCount = shared,
            },
            encoded);
        int copies = budget.Take(to.Count, encoded.Length + UpdateFrame.InlineOverheadMax, nowMs);
        if (copies < to.Count)
        {
            OverBudget++;
            if (copies == 0)
                return false;
            to = [.. to.Take(copies)];
        }

        var parts = new ReadOnlyMemory<byte>[frame.ChunkCount];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = Chunks.Of(encoded, i);
        outbox.Add(new NodeEffect.SendUpdate(to, sequence, frame.ToArray(), parts));
        return true;
    }

    private int EncodedLength(UpdateCodec codec) =>
        LatticeCodec.Is(codec) ? LatticeCodec.EncodedLength(codec, shared) : SnapshotCodec.EncodedLength(codec, shared);

    private ReadOnlyMemory<byte> Encode(UpdateCodec codec, DitherSeed dither)
    {
        byte[] encoded = new byte[EncodedLength(codec)];
        if (!LatticeCodec.Is(codec))
            return encoded.AsMemory(0, SnapshotCodec.Encode(codec, Shared, dither, encoded));
        LatticeCodec.Encode(codec, Shared, distance.Expected(codec == options.Codec ? 1 : 1 << FurtherBits), dither, codecScratch, encoded);
        return encoded;
    }

    private RejectionReason Decode(NodeId from, UpdateHeader header, ReadOnlySpan<byte> source)
    {
        var dither = DitherSeed.Of(from, header.BootEpoch, header.Sequence);
        if (SnapshotCodec.Is(header.Codec))
            return SnapshotCodec.Decode(header.Codec, source, dither, decoded);
        // A node that was set up without lattices asks for what it reads.
        return UsesLattice ? LatticeCodec.Decode(header.Codec, source, Shared, distance.StepMax, dither, codecScratch, decoded) : RejectionReason.TooFar;
    }

    private void AskForMore(NodeId from, UpdateCodec unread, long nowMs, Outbox outbox)
    {
        Unread++;
        if (peers.StateOf(from) != PeerState.Up || !TakeToken(asked, RequestsPerSecond, from, nowMs))
            return;
        Requested++;
        distance.Widen(); // As far as its sender is from here, so far is this one from there.
        if (unanswered.Count >= options.KnownPeersMax)
            unanswered.Clear();
        // Who asked before, and could read nothing since, is too far for the answer that reaches a little further as well.
        if (!unanswered.Add(from))
            unread = CodecBeyond(unread);
        sequence++;
        outbox.Add(new NodeEffect.SendUpdate([from], sequence, new ModelRequest(modelHash, options.BootEpoch, sequence, from, unread).ToArray(), []));
    }

    private RejectionReason TakeRequest(NodeId from, ReadOnlySpan<byte> payload, long nowMs, Outbox outbox)
    {
        if (!TakeToken(buckets, options.FramesPerSecondMax, from, nowMs))
            return RejectionReason.RateLimited;
        FrameError error = ModelRequest.Read(payload, out ModelRequest? request);
        if (error != FrameError.None)
            return RejectionReasons.From(error);
        if (request!.ModelHash != modelHash)
            return RejectionReason.WrongModel;
        if (!replays.TryAdvance(from, request.BootEpoch, request.Sequence))
            return RejectionReason.Replayed;
        if (request.Of != options.Node || peers.StateOf(from) != PeerState.Up)
            return RejectionReason.None; // On a broker that all share everybody hears it.
        if (!TakeToken(answered, AnswersPerSecond, from, nowMs))
            return RejectionReason.RateLimited;
        if (request.Unread == options.Codec)
            distance.Widen();
        Share([from], CodecBeyond(request.Unread), nowMs, outbox);
        return RejectionReason.None;
    }
}
