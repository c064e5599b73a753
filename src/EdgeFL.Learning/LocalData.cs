using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>How much a device remembers, and what it keeps apart to judge itself by.</summary>
public sealed record LocalDataOptions
{
    /// <summary>Windows to train on, 1 to 65536; the oldest give way. Default 1024.</summary>
    public int TrainingWindows { get; init; } = 1024;

    /// <summary>Windows held out, 1 to 65536; the oldest give way. Default 256.</summary>
    public int HeldOutWindows { get; init; } = 256;

    /// <summary>Consecutive windows of the stream that are divided together, 2 to 65536. Default 20.</summary>
    public int BlockWindows { get; init; } = 20;

    /// <summary>
    /// Windows at the end of each block that are held out, 0 to BlockWindows-1. Default 4. They are neighbours in time: windows held out
    /// at random
    /// would overlap those trained on, and flatter the model. At the two ends of a held-out stretch overlapping windows still share rows.
    /// </summary>
    public int HeldOutPerBlock { get; init; } = 4;

    /// <summary>
    /// Standard deviation, in rad, of the random rotation that each window is read with for training (<see cref="AxisRotation"/>), 0 (default: none) to 1. For
    /// models that classify what three-axis sensors measure.
    /// </summary>
    public float Rotation { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        if (TrainingWindows is < 1 or > 65536)
            throw new ArgumentOutOfRangeException(nameof(TrainingWindows), TrainingWindows, "1 to 65536 windows are trained on.");
        if (HeldOutWindows is < 1 or > 65536)
            throw new ArgumentOutOfRangeException(nameof(HeldOutWindows), HeldOutWindows, "1 to 65536 windows are held out.");
        if (BlockWindows is < 2 or > 65536)
            throw new ArgumentOutOfRangeException(nameof(BlockWindows), BlockWindows, "A block has 2 to 65536 windows.");
        if (HeldOutPerBlock < 0 || HeldOutPerBlock >= BlockWindows)
            throw new ArgumentOutOfRangeException(nameof(HeldOutPerBlock), HeldOutPerBlock, "0 to BlockWindows-1 of a block are held out.");
        if (!(Rotation is >= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(Rotation), Rotation, "Windows are turned by 0 to 1 rad.");
    }
}

/// <summary>
/// The windows a device learns from and those it judges itself by, in bounded rings. Windows are kept as measured and normalised when
/// read, so a
/// better estimate of the scale serves old windows too. Minibatches are drawn without replacement, epoch after epoch.
/// </summary>
public sealed class LocalData
{
    private readonly LocalDataOptions options;
    private readonly WindowRing training;
    private readonly WindowRing heldOut;
    private readonly float[] normalised;
    private readonly int[] epoch;
    private int epochLength;
    private int epochNext;
    private int blockPosition;
    private readonly AxisRotation? rotation;
    private Philox random;

    /// <summary>Makes empty rings; they grow up to their bounds.</summary>
    /// <param name="spec">A resolved model.</param>
    /// <param name="options">Bounds and division.</param>
    /// <param name="seed">Decides the order of the minibatches.</param>
    /// <exception cref="ArgumentException">The model is not resolved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public LocalData(ModelSpec spec, LocalDataOptions options, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!spec.IsResolved)
            throw new ArgumentException($"Model '{spec.Name}' does not yet know its channels: call Resolve first.", nameof(spec));
        Spec = spec;
        this.options = options;
        training = new WindowRing(spec.Channels * spec.Length, options.TrainingWindows);
        heldOut = new WindowRing(spec.Channels * spec.Length, options.HeldOutWindows);
        normalised = new float[spec.Channels * spec.Length];
        epoch = new int[options.TrainingWindows];
        Normaliser = spec.Normalise == NormaliseKind.Running ? new ChannelNormaliser(spec.Channels) : null;
        if (options.Rotation > 0 && spec.Task != TaskKind.Classify)
            throw new ArgumentException($"Windows are turned for models that classify; '{spec.Name}' does not.", nameof(options));
        if (options.Rotation > 0 && !MayTurn(spec))
            throw new ArgumentException($"Windows of '{spec.Name}' cannot be turned: that needs \"normalise\": \"none\", and one \"scale\" for the three axes of a sensor.", nameof(options));
        rotation = options.Rotation > 0 ? new AxisRotation(spec.Channels, spec.Length, options.Rotation) : null;
        random = new Philox(seed, 0xDA7A);
    }

    /// <summary>The model the windows are for.</summary>
    public ModelSpec Spec { get; }

    /// <summary>The running normaliser, for checkpoints and inference; null when the model takes windows as they are.</summary>
    public ChannelNormaliser? Normaliser { get; }

    /// <summary>Windows to train on.</summary>
    public int TrainingCount => training.Count;

    /// <summary>Windows held out.</summary>
    public int HeldOutCount => heldOut.Count;

    /// <summary>Windows taken since the start, those that have given way included.</summary>
    public long TakenWindows { get; private set; }

    /// <summary>Windows not used because they have no label, or one the model does not know, in a classify task, or no finite target in a regress task.</summary>
    public long UnlabelledWindows { get; private set; }

    /// <summary>Windows that gave way to newer ones.</summary>
    public long DroppedWindows => training.Dropped + heldOut.Dropped;

    /// <summary>Takes a window; false when it has no label or target the model can use. The running normaliser sees training windows only.</summary>
    /// <param name="window">Finite values, of the model's channels and length.</param>
    /// <exception cref="ArgumentException">The window has another shape, or a value that is not finite.</exception>
    public bool Add(SampleWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (window.Channels != Spec.Channels || window.Length != Spec.Length)
        {
            throw new ArgumentException(
                $"A window of {window.Channels}x{window.Length} does not fit model '{Spec.Name}' of {Spec.Channels}x{Spec.Length}.", nameof(window));
        }
        if (!Vectors.AllFinite(window.Values))
            throw new ArgumentException("The window holds a value that is not finite.", nameof(window));
        if (!Spec.CanLearn(window))
        {
            UnlabelledWindows++;
            return false;
        }
        var held = blockPosition >= options.BlockWindows - options.HeldOutPerBlock;
        blockPosition = (blockPosition + 1) % options.BlockWindows;
        TakenWindows++;
        (held ? heldOut : training).Add(window);
        if (!held)
            Normaliser?.Observe(window);
        return true;
    }

    /// <summary>
    /// Reads the next minibatch of the epoch. The last of an epoch may be smaller; 0 when there is nothing to train on. Windows that came
    /// during an
    /// epoch take part from the next one on.
    /// </summary>
    /// <param name="batch">B, most windows wanted, at least 1.</param>
    /// <param name="inputs">Room for [B,C,T]; the part used is overwritten.</param>
    /// <param name="labels">Room for [B].</param>
    /// <param name="targets">Room for [B,O]; may be empty when the task is to classify.</param>
    /// <returns>Windows read.</returns>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public int NextBatch(int batch, Span<float> inputs, Span<int> labels, Span<float> targets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (epochNext == epochLength)
            BeginEpoch();
        var count = Math.Min(batch, epochLength - epochNext);
        for (var b = 0; b < count; b++)
        {
            Read(training, epoch[epochNext + b], b, inputs, labels, targets);
            rotation?.Apply(inputs.Slice(b * Spec.InputCount, Spec.InputCount), ref random);
        }
        epochNext += count;
        return count;
    }

    /// <summary>Reads held-out windows, oldest slot first.</summary>
    /// <param name="first">First window, 0 to <see cref="HeldOutCount"/>.</param>
    /// <param name="batch">B, most windows wanted, at least 1.</param>
    /// <param name="inputs">Room for [B,C,T].</param>
    /// <param name="labels">Room for [B].</param>
    /// <param name="targets">Room for [B,O]; may be empty when the task is to classify.</param>
    /// <returns>Windows read; 0 at the end.</returns>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public int HeldOutBatch(int first, int batch, Span<float> inputs, Span<int> labels, Span<float> targets)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        var count = Math.Clamp(heldOut.Count - first, 0, batch);
        for (var b = 0; b < count; b++)
            Read(heldOut, first + b, b, inputs, labels, targets);
        return count;
    }

    /// <summary>Brings a window to what the network takes, and its target: for inference on windows that are not in the rings.</summary>
    /// <param name="window">Shape [C,T], channel-major, as measured.</param>
    /// <param name="input">Shape [C,input length]; overwritten.</param>
    /// <param name="target">Shape [O]; overwritten; may be empty when the task is to classify.</param>
    /// <param name="windowTarget"><see cref="SampleWindow.Target"/>, for regress models; without one their target becomes NaN.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Prepare(ReadOnlySpan<float> window, Span<float> input, Span<float> target, float windowTarget = SampleBatch.NoTarget)
    {
        if (window.Length != normalised.Length || input.Length != Spec.InputCount)
            throw new ArgumentException($"{window.Length} values into {input.Length} are no window of model '{Spec.Name}'.");
        if (Spec.Task == TaskKind.Classify)
        {
            Normalise(window, input);
            return;
        }
        if (target.Length != Spec.OutputCount)
            throw new ArgumentException($"Model '{Spec.Name}' has {Spec.OutputCount} outputs, not {target.Length}.", nameof(target));
        if (Spec.Task == TaskKind.Reconstruct)
        {
            Normalise(window, input);
            input.CopyTo(target);
            return;
        }
        if (Spec.Target is { } number)
        {
            Normalise(window, input);
            target[0] = number.ToOutput(windowTarget);
            return;
        }
        Normalise(window, normalised);
        for (var c = 0; c < Spec.Channels; c++)
        {
            var channel = normalised.AsSpan(c * Spec.Length, Spec.Length);
            channel[..Spec.InputLength].CopyTo(input[(c * Spec.InputLength)..]);
            channel[Spec.InputLength..].CopyTo(target[(c * Spec.Horizon)..]);
        }
    }

    /// <summary>Brings the last rows of a window to what a forecast model takes: what it then gives are the rows that come next.</summary>
    /// <param name="window">Shape [C,T], channel-major, as measured.</param>
    /// <param name="input">Shape [C,input length]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void PrepareLatest(ReadOnlySpan<float> window, Span<float> input)
    {
        if (window.Length != normalised.Length || input.Length != Spec.InputCount)
            throw new ArgumentException($"{window.Length} values into {input.Length} are no window of model '{Spec.Name}'.");
        Normalise(window, normalised);
        for (var c = 0; c < Spec.Channels; c++)
            normalised.AsSpan(c * Spec.Length + Spec.Horizon, Spec.InputLength).CopyTo(input[(c * Spec.InputLength)..]);
    }

    /// <summary>Takes back how values were brought to the model's scale.</summary>
    /// <param name="values">Shape [C,T] for any T, channel-major: rows that the model gave; as measured on return.</param>
    /// <exception cref="ArgumentException">The length is no multiple of C.</exception>
    public void Unprepare(Span<float> values)
    {
        if (values.Length % Spec.Channels != 0)
            throw new ArgumentException($"{values.Length} values do not fit the {Spec.Channels} channels of model '{Spec.Name}'.");
        if (Normaliser is not null)
        {
            Normaliser.Undo(values);
            return;
        }
        var rows = values.Length / Spec.Channels;
        for (var c = 0; c < Spec.Scale.Length; c++)
            Vectors.Divide(Spec.Scale[c], values.Slice(c * rows, rows));
    }

    /// <summary>Brings a window to what a <see cref="Quantized.QuantizedNetwork"/> takes: as <see cref="Prepare"/> does, but for the model's scale, which is a
    /// part of its levels.</summary>
    /// <param name="window">Shape [C,T], channel-major, as measured.</param>
    /// <param name="input">Shape [C,input length]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void PrepareUnscaled(ReadOnlySpan<float> window, Span<float> input)
    {
        if (window.Length != normalised.Length || input.Length != Spec.InputCount)
            throw new ArgumentException($"{window.Length} values into {input.Length} are no window of model '{Spec.Name}'.");
        if (Normaliser is not null)
        {
            Normaliser.Apply(window, normalised);
            window = normalised;
        }
        for (var c = 0; c < Spec.Channels; c++)
            window.Slice(c * Spec.Length, Spec.InputLength).CopyTo(input[(c * Spec.InputLength)..]);
    }

    private void Normalise(ReadOnlySpan<float> window, Span<float> destination)
    {
        if (Normaliser is not null)
        {
            Normaliser.Apply(window, destination);
            return;
        }
        window.CopyTo(destination);
        for (var c = 0; c < Spec.Scale.Length; c++)
            Vectors.Scale(Spec.Scale[c], destination.Slice(c * Spec.Length, Spec.Length));
    }

    private void Read(WindowRing ring, int slot, int b, Span<float> inputs, Span<int> labels, Span<float> targets)
    {
        labels[b] = ring.Label(slot);
        var target = Spec.Task == TaskKind.Classify ? [] : targets.Slice(b * Spec.OutputCount, Spec.OutputCount);
        Prepare(ring.Values(slot), inputs.Slice(b * Spec.InputCount, Spec.InputCount), target, ring.Target(slot));
    }

    /// <summary>Statistics and factors of an axis of its own would make of a rotation something else.</summary>
    private static bool MayTurn(ModelSpec spec)
    {
        for (var c = 0; c < spec.Scale.Length; c++)
        {
            if (spec.Scale[c] != spec.Scale[c / 3 * 3])
                return false;
        }
        return spec.Normalise == NormaliseKind.None;
    }

    private void BeginEpoch()
    {
        epochLength = training.Count;
        epochNext = 0;
        for (var i = 0; i < epochLength; i++)
            epoch[i] = i;
        random.Shuffle(epoch.AsSpan(0, epochLength));
    }
}
