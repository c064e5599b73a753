using EdgeFL.Identity;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>How a node chooses whom it pushes its model to.</summary>
public enum PartnerChoice
{
    /// <summary>Those of the active view that have waited longest, by lot among equals.</summary>
    Turns,

    /// <summary>
    /// One, by the round and the order of ids, so that two nodes that know the same peers choose each other: the exchange keeps the fleet's mean, and each node hears one
    /// neighbour a round. For fleets whose nodes all keep links to each other.
    /// </summary>
    Circle,
}

/// <summary>What a node is told to do. Ranges are checked by <see cref="Validate"/>.</summary>
public sealed record NodeOptions
{
    /// <summary>The fleet the node belongs to.</summary>
    public required FleetId Fleet { get; init; }

    /// <summary>The node itself.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Number of this start of the node, from 1, stored by the platform and larger at every start.</summary>
    public required uint BootEpoch { get; init; }

    /// <summary>Seed of everything the node draws: batches, partners.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Parameters that the node starts from, the same in the whole fleet, finite; empty (default) draws them from the model's own hash.</summary>
    public ReadOnlyMemory<float> InitialParameters { get; init; }

    /// <summary>Rounds to make, 0 to 1,000,000; 0 (default) means no end.</summary>
    public int Rounds { get; init; }

    /// <summary>Minibatch steps in a round (H), 1 to 1000. Default 5.</summary>
    public int StepsPerRound { get; init; } = 5;

    /// <summary>Windows in a minibatch, 1 to 256. Default 16.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Step size at the start (eta), above 0 to 10. Default 1: with quasi-global momentum 0.9 a device by itself then moves as with rate 0.1 and plain momentum 0.9.</summary>
    public float LearningRate { get; init; } = 1f;

    /// <summary>Step size at the last round that trains, as a share of the first, 0 to 1. Default 1: constant. Used when <see cref="Rounds"/> is not 0.</summary>
    public float LearningRateFloor { get; init; } = 1f;

    /// <summary>Share of the rounds that train, at their end, whose models are averaged into the one that is kept, 0 to 1. Default 0.5. Used when <see cref="Rounds"/> is not 0.</summary>
    public float TailAverage { get; init; } = 0.5f;

    /// <summary>Rounds at the end of a run in which the node mixes without training, 0 to 1000, a tenth of <see cref="Rounds"/> at most. Default 16.</summary>
    public int SettleRounds { get; init; } = 16;

    /// <summary>Quasi-global momentum (beta), 0 to 0.999. Default 0.9.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Share of a round's displacement in the renewed momentum (k), above 0 to 1. Default 0.2. Long rounds, of which a run has few, want it larger.</summary>
    public float MomentumRenewal { get; init; } = 0.2f;

    /// <summary>
    /// How far the device's own shares of the classes are taken out of what it learns (τ), 0 (default: not) to 2. With 1 devices that see different classes drift apart less
    /// between two exchanges, and the common model knows no favourites.
    /// </summary>
    public float ClassBalance { get; init; }

    /// <summary>
    /// Whether a node whose loss rises for good says so, and learns from its newest windows more often until those kept from before are gone. Default true. Used when
    /// <see cref="Rounds"/> is 0.
    /// </summary>
    public bool WatchDrift { get; init; } = true;

    /// <summary>Training windows that must be there before the first step, 1 to 100,000. Default 16.</summary>
    public int MinimumWindows { get; init; } = 16;

    /// <summary>
    /// Milliseconds from the start to the first step of a node that has learned nothing yet, 0 (default) to 3,600,000. Steps made before there are links and a
    /// fair share of the data take each node its own way, and what that costs is not made up for later.
    /// </summary>
    public int StartDelayMs { get; init; }

    /// <summary>Peers each round's model is pushed to (s), 1 to 16. Default 4.</summary>
    public int FanOut { get; init; } = 4;

    /// <summary>How those peers are chosen. Default <see cref="PartnerChoice.Turns"/>.</summary>
    public PartnerChoice Partners { get; init; }

    /// <summary>
    /// How models are put into bytes for neighbours that are heard from. Default <see cref="UpdateCodec.Lattice4"/>: half a byte a parameter, and an error that shrinks as
    /// the fleet agrees. Who is not heard from yet, or could not read a lattice, gets <see cref="UpdateCodec.Int8Block64"/>.
    /// </summary>
    public UpdateCodec Codec { get; init; } = UpdateCodec.Lattice4;

    /// <summary>Share of the usual distance to neighbours that the model must have moved since it was last pushed to be pushed again, 0 (default: push each round) to 10.</summary>
    public float PushThreshold { get; init; }

    /// <summary>Rounds after which the model is pushed however little it moved, 1 to 1000. Default 10.</summary>
    public int QuietRoundsMax { get; init; } = 10;

    /// <summary>Bytes of model messages in an hour, each receiver's copy counted, 1000 to 10^12; 0 (default) for any. A round whose push the rest does not cover goes unsent.</summary>
    public long BytesPerHourMax { get; init; }

    /// <summary>Links kept up at once (the active view), 1 to 64. Default 8.</summary>
    public int ActiveViewSize { get; init; } = 8;

    /// <summary>Peers remembered at once, 1 to 4096. Default 256.</summary>
    public int KnownPeersMax { get; init; } = 256;

    /// <summary>Rounds between two exchanges of one link of the active view for another known peer, 0 (never) to 10,000. Default 50.</summary>
    public int ViewShuffleRounds { get; init; } = 50;

    /// <summary>Peer models kept for mixing (m), 1 to 16. Default 8.</summary>
    public int ReplicasMax { get; init; } = 8;

    /// <summary>A peer's model that came more than this many rounds ago, or lies as far behind most, is not mixed in, 1 to 1000. Default 8.</summary>
    public int MaxAgeRounds { get; init; } = 8;

    /// <summary>
    /// Rounds that the node may be ahead of most neighbours, at least those between two turns of a push; further on it waits for them, a while, 0 to 1000.
    /// Default 2: models of one round mix better than models of several, and a device that the others leave behind learns least.
    /// </summary>
    public int LeadRounds { get; init; } = 2;

    /// <summary>
    /// Rounds in which a peer's model is mixed in again, moved on meanwhile as the node itself moved, 0 to 1000. Default 8. With 0 each model is mixed in once, as soon as it
    /// comes: better where models come seldom, as a model of rounds ago then says little.
    /// </summary>
    public int ReuseRounds { get; init; } = 8;

    /// <summary>How neighbours' models are merged. Default <see cref="AggregationRule.GatedClip"/>.</summary>
    public AggregationRule Rule { get; init; } = AggregationRule.GatedClip;

    /// <summary>Attackers among the mixed models that the rule holds out against (b), 0 to 7. Default 3.</summary>
    public int Byzantine { get; init; } = 3;

    /// <summary>Update frames taken from one peer in a second, 1 to 10,000. Default 50; twice that in one burst.</summary>
    public int FramesPerSecondMax { get; init; } = 50;

    /// <summary>Milliseconds between two checkpoints, at least 100. Default 600,000: SD cards wear.</summary>
    public int CheckpointIntervalMs { get; init; } = 600_000;

    /// <summary>Rounds between two checkpoints, 0 (default) for by time only.</summary>
    public int CheckpointRounds { get; init; }

    /// <summary>Milliseconds between two published inferences, 0 to 3,600,000. Default 1000.</summary>
    public int InferenceIntervalMs { get; init; } = 1000;

    /// <summary>Whether the node infers with the model of the last checkpoint in 8-bit integers. Default false.</summary>
    public bool Int8Inference { get; init; }

    /// <summary>Milliseconds between two train reports within a phase, 0 to 3,600,000. Default 1000.</summary>
    public int ReportIntervalMs { get; init; } = 1000;

    /// <summary>Milliseconds after which a node that is done pushes its model once more, 100 to 3,600,000. Default 60,000.</summary>
    public int IdlePushMs { get; init; } = 60_000;

    /// <summary>Milliseconds within which all chunks of an update must come, 100 to 600,000. Default 30,000.</summary>
    public int ChunkTimeoutMs { get; init; } = 30_000;

    /// <summary>Throws when a value lies outside its range.</summary>
    /// <exception cref="ArgumentException">Names the option, the value and the range.</exception>
    public void Validate()
    {
        In(nameof(Rounds), Rounds, 0, 1_000_000);
        In(nameof(StepsPerRound), StepsPerRound, 1, 1000);
        In(nameof(Batch), Batch, 1, 256);
        In(nameof(LearningRate), LearningRate, float.Epsilon, 10);
        In(nameof(LearningRateFloor), LearningRateFloor, 0, 1);
        In(nameof(TailAverage), TailAverage, 0, 1);
        In(nameof(SettleRounds), SettleRounds, 0, 1000);
        In(nameof(Momentum), Momentum, 0, 0.999);
        In(nameof(ClassBalance), ClassBalance, 0, 2);
        In(nameof(MomentumRenewal), MomentumRenewal, float.Epsilon, 1);
        In(nameof(MinimumWindows), MinimumWindows, 1, 100_000);
        In(nameof(StartDelayMs), StartDelayMs, 0, 3_600_000);
        In(nameof(FanOut), FanOut, 1, 16);
        In(nameof(Partners), (int)Partners, 0, (int)PartnerChoice.Circle);
        if (!SnapshotCodec.Is(Codec) && !LatticeCodec.Is(Codec))
            throw new ArgumentException($"{nameof(Codec)} is {Codec}, which is none that models are pushed in.", nameof(Codec));
        In(nameof(PushThreshold), PushThreshold, 0, 10);
        In(nameof(QuietRoundsMax), QuietRoundsMax, 1, 1000);
        if (BytesPerHourMax != 0)
            In(nameof(BytesPerHourMax), BytesPerHourMax, 1000, 1e12);
        In(nameof(ActiveViewSize), ActiveViewSize, 1, 64);
        In(nameof(KnownPeersMax), KnownPeersMax, 1, 4096);
        In(nameof(ViewShuffleRounds), ViewShuffleRounds, 0, 10_000);
        In(nameof(ReplicasMax), ReplicasMax, 1, 16);
        In(nameof(MaxAgeRounds), MaxAgeRounds, 1, 1000);
        In(nameof(ReuseRounds), ReuseRounds, 0, 1000);
        In(nameof(LeadRounds), LeadRounds, 0, 1000);
        In(nameof(Rule), (int)Rule, 0, (int)AggregationRule.Mean);
        In(nameof(Byzantine), Byzantine, 0, 7);
        In(nameof(FramesPerSecondMax), FramesPerSecondMax, 1, 10_000);
        In(nameof(CheckpointIntervalMs), CheckpointIntervalMs, 100, int.MaxValue);
        In(nameof(CheckpointRounds), CheckpointRounds, 0, 1_000_000);
        In(nameof(InferenceIntervalMs), InferenceIntervalMs, 0, 3_600_000);
        In(nameof(ReportIntervalMs), ReportIntervalMs, 0, 3_600_000);
        In(nameof(IdlePushMs), IdlePushMs, 100, 3_600_000);
        In(nameof(ChunkTimeoutMs), ChunkTimeoutMs, 100, 600_000);
    }

    private static void In(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentException(FormattableString.Invariant($"{name} is {value}, but must lie between {least} and {most}."), name);
    }
}
