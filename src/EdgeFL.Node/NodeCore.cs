using System.Buffers.Binary;
using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Learning.Quantized;
using EdgeFL.Node.Peers;
using EdgeFL.Node.Rounds;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>
/// What a node does next. Synchronous and deterministic: inputs come in with the time, effects go out through the outbox, and nothing else is
/// read or changed: no clock, file, socket or hidden randomness. The agent pumps it from one queue; the simulator pumps the very same code.
/// </summary>
/// <remarks>Not thread-safe: one caller at a time.</remarks>
public sealed partial class NodeCore
{
    private readonly NodeOptions options;
    private readonly ModelSpec model;
    private readonly ulong modelHash;
    private readonly Network network;
    private readonly Trainer trainer;
    private readonly WindowBuilder windows;
    private readonly LocalData data;
    private readonly QuasiGlobalMomentum optimiser;
    private readonly Memory<float> parameters;
    private readonly int shared; // parameters that neighbours exchange, S: the first ones
    private readonly float[] merged;
    private readonly float[] decoded;
    private readonly float[] roundStart;
    private readonly float[] input;
    private readonly float[] output;
    private readonly UnusualThreshold unusual = new();
    private readonly float[] target;
    private readonly PeerTable peers;
    private readonly ReplicaCache replicas;
    private readonly PeerDistance distance;
    private readonly ByteBudget budget;
    private readonly ReplayGuard replays;
    private readonly ChunkAssembler chunks;
    private readonly UpdateLimits limits;
    private readonly IAggregationRule rule;
    private readonly RunPlan plan;
    private readonly ModelAverage average;
    private readonly List<SampleWindow> made = [];
    private Philox random;

    private NodePhase phase;
    private int round;
    private long steps;
    private int stepInRound;
    private float loss = float.NaN;
    private int mergedModels;
    private ulong sequence;
    private long refusedSteps;

    /// <summary>Makes a node that has learned nothing yet: every node of a fleet starts from the same parameters, drawn from the model's own hash unless they are given.</summary>
    /// <param name="options">What it is told to do.</param>
    /// <param name="model">The model it learns, resolved for the sensor's channels.</param>
    /// <param name="windowing">How windows are cut.</param>
    /// <param name="dataOptions">How many windows are kept.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public NodeCore(NodeOptions options, ModelSpec model, WindowOptions windowing, LocalDataOptions dataOptions)
    {
        options.Validate();
        if (options.Int8Inference && !QuantizedModel.IsSupported(model, out string why))
            throw new ArgumentException($"{nameof(NodeOptions.Int8Inference)} is true, but cannot be. {why}", nameof(options));
        this.options = options;
        this.model = model;
        modelHash = BinaryPrimitives.ReadUInt64BigEndian(model.Hash.Span);
        network = new Network(model, options.Batch) { DropoutSeed = options.Seed };
        // Windows that are turned at random are measured each time they are read, so their rows are needed.
        windows = dataOptions.Rotation > 0 ? new WindowBuilder(windowing, model.Channels) : new WindowBuilder(windowing, model);
        data = new LocalData(model, dataOptions, options.Seed);
        trainer = new Trainer(network, data, options.Batch, options.ClassBalance);
        shared = SharedCount(model, options.PersonalLayers);
        parameters = AlignedFloats.Allocate(model.ParameterCount);
        merged = new float[shared];
        decoded = new float[shared];
        roundStart = new float[model.ParameterCount];
        input = new float[model.InputCount];
        output = new float[model.OutputCount];
        target = new float[model.TargetCount];
        if (options.InitialParameters.IsEmpty)
            network.Initialise(parameters.Span, InitialSeed(model));
        else if (options.InitialParameters.Length == model.ParameterCount && IsSane(options.InitialParameters.Span))
            options.InitialParameters.CopyTo(parameters);
        else
            throw new ArgumentException($"{nameof(NodeOptions.InitialParameters)} are {options.InitialParameters.Length} values, but model '{model.Name}' has {model.ParameterCount} parameters, all finite.", nameof(options));
        optimiser = new QuasiGlobalMomentum(model.ParameterCount, options.Momentum, options.MomentumRenewal);
        optimiser.Anchor(parameters.Span);
        peers = new PeerTable(options.Node, options.KnownPeersMax, options.ActiveViewSize);
        replicas = new ReplicaCache(shared, options.ReplicasMax);
        distance = new PeerDistance(shared, options.Codec);
        codecScratch = new float[UsesLattice ? ModuloLattice.ScratchLength(shared) : 0];
        budget = new ByteBudget(options.BytesPerHourMax);
        replays = new ReplayGuard(options.KnownPeersMax);
        limits = new UpdateLimits { ParametersMax = model.ParameterCount, DataBytesMax = (4 * model.ParameterCount) + CodecHeaderMax };
        chunks = new ChunkAssembler(new ChunkOptions { TimeoutMs = options.ChunkTimeoutMs });
        rule = ByPeerCount.Create(options.Rule, shared, options.ReplicasMax, options.Byzantine);
        plan = new RunPlan(options);
        average = new ModelAverage(model.ParameterCount);
        random = new Philox(options.Seed, Stream.Partners);
    }

    /// <summary>Philox streams of the node, so that one more draw for one purpose never shifts another's.</summary>
    private static class Stream
    {
        public const ulong Partners = 0x70617274;
        public const ulong Circle = 0x63697263_00000000; // and the round
    }

    /// <summary>The model's parameters as they are now, shape [P].</summary>
    public ReadOnlySpan<float> Parameters => parameters.Span;

    /// <summary>What of them neighbours exchange, shape [S].</summary>
    private Span<float> Shared => parameters.Span[..shared];

    /// <summary>Where the node stands.</summary>
    public NodePhase Phase => phase;

    /// <summary>Rounds made.</summary>
    public int Round => round;

    /// <summary>Frames refused and events dropped, by reason.</summary>
    public RejectionCounters Rejections { get; } = new();

    /// <summary>The seed of the parameters that all nodes of a model start from: its hash, so that they agree without a word.</summary>
    /// <param name="model">The model.</param>
    public static ulong InitialSeed(ModelSpec model) => BinaryPrimitives.ReadUInt64BigEndian(model.Hash.Span);

    private static int SharedCount(ModelSpec model, int personalLayers)
    {
        LayerSpec[] learning = [.. model.Layers.Where(layer => layer.ParameterCount > 0)];
        if (personalLayers >= learning.Length)
            throw new ArgumentException($"{nameof(NodeOptions.PersonalLayers)} is {personalLayers}, but model '{model.Name}' has {learning.Length} layers that learn, of which one at least is shared.", nameof(personalLayers));
        return personalLayers == 0 ? model.ParameterCount : learning[^personalLayers].ParameterOffset;
    }

    /// <summary>Takes one input and appends what is to be done about it.</summary>
    /// <param name="input">What happened.</param>
    /// <param name="nowMs">Milliseconds on a clock that never runs backwards.</param>
    /// <param name="outbox">Receives the effects.</param>
    public void Handle(NodeInput input, long nowMs, Outbox outbox)
    {
        switch (input)
        {
            case NodeInput.Tick:
                OnTick(nowMs, outbox);
                break;
            case NodeInput.SamplesRead samples:
                OnSamples(samples.Batch, nowMs, outbox);
                break;
            case NodeInput.UpdateArrived update:
                OnPayload(update.From, update.Payload, nowMs, outbox);
                break;
            case NodeInput.ChunkArrived chunk:
                OnChunk(chunk, nowMs, outbox);
                break;
            case NodeInput.FrameRefused refused:
                Refuse(refused.From, refused.Reason, nowMs, outbox);
                break;
            case NodeInput.PeerSeen seen:
                peers.Seen(seen.Peer, outbox, ref random);
                break;
            case NodeInput.PeerGone gone:
                peers.Gone(gone.Peer, outbox);
                break;
            case NodeInput.LinkUp up:
                OnLinkUp(up.Peer, nowMs, outbox);
                break;
            case NodeInput.LinkDown down:
                OnLinkDown(down.Peer, nowMs, outbox);
                break;
            case NodeInput.SensorEnded:
                outbox.Add(new NodeEffect.Raised(new NodeEvent(
                    "sensor-ended", EventSeverity.Info, $"The sensor's recording has ended: {data.TrainingCount} windows to train on, {data.HeldOutCount} held out.", "")));
                break;
            case NodeInput.Shutdown:
                Persist(nowMs, outbox);
                Report(nowMs, outbox);
                break;
            default:
                throw new ArgumentException($"Unknown input {input.GetType().Name}.", nameof(input));
        }
    }

    /// <summary>What training has come to; evaluates the held-out part.</summary>
    public TrainReport Describe()
    {
        Evaluation evaluation = trainer.Evaluate(parameters.Span);
        return new TrainReport(
            phase, round, options.Rounds, steps, loss, evaluation.Loss, evaluation.Accuracy, data.TrainingCount, data.HeldOutCount,
            peers.UpCount, mergedModels, Received, Rejections.Total);
    }
}
