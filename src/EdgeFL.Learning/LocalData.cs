using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>How much a device remembers, and what it keeps apart to judge itself by.</summary>
public sealed record LocalDataOptions
{
    /// <summary>Windows to train on, 1 to 65536. Default 1024.</summary>
    public int TrainingWindows { get; init; } = 1024;

    /// <summary>Windows held out, 1 to 65536. Default 256.</summary>
    public int HeldOutWindows { get; init; } = 256;

    /// <summary>Which windows give way where that many are kept. Default <see cref="ReplayPolicy.Oldest"/>.</summary>
    public ReplayPolicy Replay { get; init; }

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
        if (Replay is < ReplayPolicy.Oldest or > ReplayPolicy.Balanced)
            throw new ArgumentOutOfRangeException(nameof(Replay), Replay, "Windows give way by their age, oldest, or by class, balanced.");
        if (!(Rotation is >= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(Rotation), Rotation, "Windows are turned by 0 to 1 rad.");
    }
}

/// <summary>
/// The windows a device learns from and those it judges itself by, in bounded rings. Windows are kept as measured and normalised when read, so a better estimate of
/// the scale serves old windows too. Of a model that begins with features only those are kept, and they are what running statistics are of; windows that are turned
/// at random are kept as rows, and measured each time they are read. Minibatches are drawn without replacement, epoch after epoch.
/// </summary>
public sealed class LocalData
{
    private readonly LocalDataOptions options;
    private readonly WindowRing training;
    private readonly WindowRing heldOut;
    private readonly WindowFeatures? features;
    private readonly float[] measured;
    private readonly float[] normalised;
    private readonly float[] turned;
    private readonly int[] epoch;
    private int epochLength;
    private int epochNext;
    private int blockPosition;
    private long prefersUntil;
    private readonly Comparison<int> newestFirst;
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
        var classes = options.Replay == ReplayPolicy.Balanced && spec.Task == TaskKind.Classify ? spec.Classes.Count : 0;
        training = new WindowRing(options.TrainingWindows, classes);
        heldOut = new WindowRing(options.HeldOutWindows, classes);
        newestFirst = (a, b) => training.Arrival(b).CompareTo(training.Arrival(a));
        features = spec.Features is null ? null : new WindowFeatures(spec);
        measured = new float[features?.Count ?? 0];
        normalised = new float[spec.Channels * spec.Length];
        epoch = new int[options.TrainingWindows];
        Normaliser = spec.Normalise == NormaliseKind.Running ? new ChannelNormaliser(features?.Count ?? spec.Channels) : null;
        if (options.Rotation > 0 && spec.Task != TaskKind.Classify)
            throw new ArgumentException($"Windows are turned for models that classify; '{spec.Name}' does not.", nameof(options));
        if (options.Rotation > 0 && !MayTurn(spec))
            throw new ArgumentException($"Windows of '{spec.Name}' cannot be turned: that needs \"normalise\": \"none\", and one \"scale\" for the three axes of a sensor.", nameof(options));
        rotation = options.Rotation > 0 ? new AxisRotation(spec.Channels, spec.Length, options.Rotation) : null;
        turned = new float[rotation is null ? 0 : spec.Channels * spec.Length];
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

    /// <summary>Epochs begun.</summary>
    public long Epochs { get; private set; }

    /// <summary>Whether as many training windows are kept as may be, so that each new one makes another give way.</summary>
    public bool IsFull => training.Count == options.TrainingWindows;

    /// <summary>Whether epochs are of the newest quarter of the training windows and a third as many of the others, drawn anew each time, rather than of all.</summary>
    public bool PrefersNewest => training.Arrived < prefersUntil;

    /// <summary>What was learned from has changed: begins an epoch, and prefers the newest windows until as many have come as are kept.</summary>
    public void PreferNewest()
    {
        prefersUntil = training.Arrived + options.TrainingWindows;
        epochLength = epochNext = 0;
    }

    /// <summary>Counts the training windows of each class.</summary>
    /// <param name="counts">Shape [K]; overwritten.</param>
    /// <exception cref="ArgumentException">The length is not the number of classes.</exception>
    public void CountClasses(Span<int> counts)
    {
        if (counts.Length != Spec.Classes.Count)
            throw new ArgumentException($"Model '{Spec.Name}' has {Spec.Classes.Count} classes, not {counts.Length}.", nameof(counts));
        counts.Clear();
        for (var slot = 0; slot < training.Count; slot++)
            counts[training.Label(slot)]++;
    }

    private bool KeepsFeatures => features is not null && rotation is null;

    /// <summary>Takes a window; false when it has no label or target the model can use. The running normaliser sees training windows only.</summary>
    /// <param name="window">Finite values, of the model's channels and length.</param>
    /// <exception cref="ArgumentException">The window has another shape, or a value that is not finite.</exception>
    public bool Add(SampleWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        Check(window);
        if (window.IsFeatures && rotation is not null)
            throw new ArgumentException("Features cannot be turned: give the window's rows.", nameof(window));
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
        var kept = window.Values;
        if (KeepsFeatures && !window.IsFeatures)
        {
            features!.Compute(window.Values, measured);
            kept = measured;
        }
        (held ? heldOut : training).Add(kept, window.Label, window.Target);
        if (!held)
            Normaliser?.Observe(kept);
        return true;
    }

    /// <summary>
    /// Reads the next minibatch of the epoch. The last of an epoch may be smaller; 0 when there is nothing to train on. Windows that came
    /// during an
    /// epoch take part from the next one on.
    /// </summary>
    /// <param name="batch">B, most windows wanted, at least 1.</param>
    /// <param name="inputs">Room for [B,C,T], or [B,C,F] of features; the part used is overwritten.</param>
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
            var slot = epoch[epochNext + b];
            var values = training.Values(slot);
            if (rotation is not null)
            {
                values.CopyTo(turned);
                rotation.Apply(turned, ref random);
                values = turned;
            }
            Read(training, slot, values, b, inputs, labels, targets);
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
            Read(heldOut, first + b, heldOut.Values(first + b), b, inputs, labels, targets);
        return count;
    }

    /// <summary>Brings a window to what the network takes, and its target: for inference on windows that are not in the rings.</summary>
    /// <param name="window">As measured; of a regress model without a target its target becomes NaN.</param>
    /// <param name="input">Shape [C,input length], or [C,F] of features; overwritten.</param>
    /// <param name="target">Shape [O]; overwritten; may be empty when the task is to classify.</param>
    /// <exception cref="ArgumentException">The window has another shape, or a span another length.</exception>
    public void Prepare(SampleWindow window, Span<float> input, Span<float> target)
    {
        ArgumentNullException.ThrowIfNull(window);
        Check(window);
        Fill(window.Values, window.IsFeatures, window.Target, input, target);
    }

    private void Fill(ReadOnlySpan<float> window, bool areFeatures, float windowTarget, Span<float> input, Span<float> target)
    {
        if (input.Length != Spec.InputCount)
            throw new ArgumentException($"Model '{Spec.Name}' takes {Spec.InputCount} values, not {input.Length}.", nameof(input));
        if (Spec.TargetCount == 0)
        {
            Normalise(window, areFeatures, input);
            return;
        }
        if (target.Length != Spec.OutputCount)
            throw new ArgumentException($"Model '{Spec.Name}' has {Spec.OutputCount} outputs, not {target.Length}.", nameof(target));
        if (Spec.Task == TaskKind.Reconstruct)
        {
            Normalise(window, areFeatures, input);
            input.CopyTo(target);
            return;
        }
        if (Spec.Target is { } number)
        {
            Normalise(window, areFeatures, input);
            target[0] = number.ToOutput(windowTarget);
            return;
        }
        Normalise(window, areFeatures, normalised);
        SeeFrom(normalised, 0, input);
        for (var c = 0; c < Spec.Channels; c++)
        {
            var channel = normalised.AsSpan(c * Spec.Length, Spec.Length);
            Vectors.Shift(-channel[Spec.InputLength - 1], channel[Spec.InputLength..], target.Slice(c * Spec.Horizon, Spec.Horizon));
        }
    }

    /// <summary>What a forecast model sees of a window from one of its rows on: differences from the last row it sees.</summary>
    private void SeeFrom(ReadOnlySpan<float> window, int firstRow, Span<float> input)
    {
        for (var c = 0; c < Spec.Channels; c++)
        {
            var rows = window.Slice(c * Spec.Length + firstRow, Spec.InputLength);
            Vectors.Shift(-rows[^1], rows, input.Slice(c * Spec.InputLength, Spec.InputLength));
        }
    }

    /// <summary>Brings the last rows of a window to what a forecast model takes: what it then gives are the rows that come next.</summary>
    /// <param name="window">As measured.</param>
    /// <param name="input">Shape [C,input length]; overwritten.</param>
    /// <exception cref="ArgumentException">The model does not forecast, the window has another shape, or the span another length.</exception>
    public void PrepareLatest(SampleWindow window, Span<float> input)
    {
        ArgumentNullException.ThrowIfNull(window);
        Check(window);
        if (Spec.Task != TaskKind.Forecast || input.Length != Spec.InputCount)
            throw new ArgumentException($"{input.Length} values are not the latest rows that model '{Spec.Name}' goes on from.", nameof(input));
        Normalise(window.Values, window.IsFeatures, normalised);
        SeeFrom(normalised, Spec.Horizon, input);
    }

    /// <summary>Brings what a forecast model gave to rows as measured.</summary>
    /// <param name="forecast">Shape [C,h], channel-major; read and written.</param>
    /// <param name="window">The window that was gone on from.</param>
    /// <param name="lastRow">Its last row that the model saw.</param>
    /// <exception cref="ArgumentException">The model does not forecast, the window has another shape, or the span another length.</exception>
    public void ToRows(Span<float> forecast, SampleWindow window, int lastRow)
    {
        ArgumentNullException.ThrowIfNull(window);
        Check(window);
        if (Spec.Task != TaskKind.Forecast || forecast.Length != Spec.OutputCount)
            throw new ArgumentException($"{forecast.Length} values are no forecast of model '{Spec.Name}'.", nameof(forecast));
        for (var c = 0; c < Spec.Channels; c++)
        {
            var unit = Normaliser?.UnitOf(c) ?? (Spec.Scale.IsEmpty ? 1f : 1f / Spec.Scale[c]);
            var last = window.Values[c * Spec.Length + lastRow];
            foreach (ref var value in forecast.Slice(c * Spec.Horizon, Spec.Horizon))
                value = MathF.FusedMultiplyAdd(value, unit, last);
        }
    }

    /// <summary>Brings a window to what a <see cref="Quantized.QuantizedNetwork"/> takes: as <see cref="Prepare"/> does, but for the model's scale, which is a
    /// part of its levels.</summary>
    /// <param name="window">Shape [C,T], channel-major, as measured.</param>
    /// <param name="input">Shape [C,input length]; overwritten.</param>
    /// <param name="firstRow">Row that the model's input begins with, 0 (default) to the horizon.</param>
    /// <exception cref="ArgumentException">A span has another length, or there are too few rows behind the first.</exception>
    public void PrepareUnscaled(ReadOnlySpan<float> window, Span<float> input, int firstRow = 0)
    {
        if (window.Length != normalised.Length || input.Length != Spec.InputCount || firstRow < 0 || firstRow > Spec.Horizon)
            throw new ArgumentException($"{window.Length} values into {input.Length} are no window of model '{Spec.Name}'.");
        if (Normaliser is not null)
        {
            Normaliser.Apply(window, normalised);
            window = normalised;
        }
        if (Spec.Task == TaskKind.Forecast)
            SeeFrom(window, firstRow, input);
        else
            window.CopyTo(input);
    }

    private void Normalise(ReadOnlySpan<float> window, bool areFeatures, Span<float> destination)
    {
        if (features is not null)
        {
            if (areFeatures)
                window.CopyTo(destination);
            else
                features.Compute(window, destination);
            Normaliser?.Apply(destination, destination);
            return;
        }
        if (Normaliser is not null)
        {
            Normaliser.Apply(window, destination);
            return;
        }
        window.CopyTo(destination);
        for (var c = 0; c < Spec.Scale.Length; c++)
            Vectors.Scale(Spec.Scale[c], destination.Slice(c * Spec.Length, Spec.Length));
    }

    private void Check(SampleWindow window)
    {
        var (length, what) = !window.IsFeatures ? (Spec.Length, "") : (features?.PerChannel ?? 0, " features");
        if (window.Channels != Spec.Channels || window.Length != length)
            throw new ArgumentException($"A window of {window.Channels}x{window.Length}{what} does not fit model '{Spec.Name}' of {Spec.Channels}x{length}{what}.", nameof(window));
    }

    private void Read(WindowRing ring, int slot, ReadOnlySpan<float> values, int b, Span<float> inputs, Span<int> labels, Span<float> targets)
    {
        labels[b] = ring.Label(slot);
        var target = Spec.TargetCount == 0 ? [] : targets.Slice(b * Spec.OutputCount, Spec.OutputCount);
        Fill(values, KeepsFeatures, ring.Target(slot), inputs.Slice(b * Spec.InputCount, Spec.InputCount), target);
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
        Epochs++;
        epochLength = training.Count;
        epochNext = 0;
        for (var i = 0; i < epochLength; i++)
            epoch[i] = i;
        if (PrefersNewest)
            epochLength = ChooseNewest(epoch.AsSpan(0, epochLength));
        random.Shuffle(epoch.AsSpan(0, epochLength));
    }

    /// <summary>Brings the slots of the newest quarter to the front, and a third as many of the others, by lot, behind them; returns how many both are.</summary>
    private int ChooseNewest(Span<int> slots)
    {
        slots.Sort(newestFirst);
        var newest = (slots.Length + 3) / 4;
        random.Shuffle(slots[newest..]);
        return Math.Min(slots.Length, newest + newest / 3);
    }
}
