using EdgeFL.Learning.Layers;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// A model at work: owns the scratch for a batch and allocates nothing once made. Holds no parameters, so one network serves any number of
/// parameter
/// vectors, one after the other. Not thread-safe.
/// </summary>
public sealed class Network
{
    private float[] logitOffsets = [];
    private readonly Layer[] layers;
    private readonly Memory<float> input;
    private readonly Memory<float>[] activations;
    private readonly Memory<float> near;
    private readonly Memory<float> far;
    private readonly bool transposeInput;
    private readonly int start;
    private readonly int lowest;

    /// <summary>Makes the scratch.</summary>
    /// <param name="spec">A resolved model.</param>
    /// <param name="maxBatch">Most windows at once, 1 to 4096.</param>
    /// <exception cref="ArgumentException">The model is not resolved.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is outside its range.</exception>
    public Network(ModelSpec spec, int maxBatch)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (!spec.IsResolved)
            throw new ArgumentException($"Model '{spec.Name}' does not yet know its channels: call Resolve first.", nameof(spec));
        if (maxBatch is < 1 or > 4096)
            throw new ArgumentOutOfRangeException(nameof(maxBatch), maxBatch, "A batch has 1 to 4096 windows.");
        Spec = spec;
        MaxBatch = maxBatch;
        // Features are made where windows are: what goes in here is what they give. An image is a way to see what lies there, no work to be done.
        var first = spec.Features is not null || spec.Layers[0].Kind == LayerKind.Image ? 1 : 0;
        layers = [.. spec.Layers.Skip(first).Select((layer, index) => Make(layer, first + index, maxBatch))];
        start = layers[0].Spec.Kind == LayerKind.Flatten ? 1 : 0; // Windows come channel-major: flat as they are.
        // One row, or one channel, lies the same either way.
        transposeInput = spec.Features is null && start == 0 && spec.Channels > 1 && spec.InputLength > 1;
        input = AlignedFloats.Allocate(transposeInput ? checked(maxBatch * spec.InputCount) : 0);
        activations = new Memory<float>[layers.Length];
        var widest = 0;
        for (var i = start; i < layers.Length; i++)
        {
            var reuses = i > start && layers[i].IsElementwise && layers[i - 1].MayLoseOutput;
            activations[i] = reuses ? activations[i - 1] : AlignedFloats.Allocate(checked(maxBatch * layers[i].OutputCount));
            widest = Math.Max(widest, layers[i].OutputCount);
        }
        lowest = Array.FindIndex(layers, layer => layer.Spec.ParameterCount > 0); // Nothing below it learns.
        near = AlignedFloats.Allocate(checked(maxBatch * widest));
        far = AlignedFloats.Allocate(checked(maxBatch * widest));
    }

    /// <summary>The model.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Most windows at once.</summary>
    public int MaxBatch { get; }

    /// <summary>Bytes of inputs, activations and their gradients that the network holds for a full batch; layers' own scratch is not counted.</summary>
    public long ActivationBytes => sizeof(float) * ((long)input.Length + near.Length + far.Length + activations.Distinct().Sum(a => (long)a.Length));

    /// <summary>Whose training this is, for dropout. Default 0.</summary>
    public ulong DropoutSeed { get; set; }

    /// <summary>Which step comes next, for dropout: with the seed it says which elements <see cref="Gradient"/> drops. Default 0.</summary>
    public ulong DropoutStep { get; set; }

    /// <summary>Fresh parameters: weights and biases uniform within ±1/√fan-in, as PyTorch draws them (from another generator); normalisations start as the
    /// identity, recurrent layers within ±1/√units.</summary>
    /// <param name="parameters">Shape [P]; overwritten.</param>
    /// <param name="seed">The same seed gives the same parameters on every machine.</param>
    /// <exception cref="ArgumentException">The length is not P.</exception>
    public void Initialise(Span<float> parameters, ulong seed)
    {
        CheckLength(parameters.Length, Spec.ParameterCount, "parameters");
        var random = new Philox(seed, 0x1417);
        foreach (var layer in layers)
            layer.Initialise(parameters.Slice(layer.Spec.ParameterOffset, layer.Spec.ParameterCount), ref random);
    }

    /// <summary>Mean loss over a batch and its gradient.</summary>
    /// <param name="parameters">Shape [P].</param>
    /// <param name="inputs">Shape [B,C,T], channel-major windows of <see cref="ModelSpec.InputLength"/> rows, or [B,C,F] of features.</param>
    /// <param name="labels">Shape [B], class indices; ignored unless the task is to classify.</param>
    /// <param name="targets">Shape [B,<see cref="ModelSpec.TargetCount"/>]; ignored when the task is to classify.</param>
    /// <param name="batch">B, 1 to <see cref="MaxBatch"/>.</param>
    /// <param name="gradient">Shape [P]; overwritten.</param>
    /// <returns>The mean loss.</returns>
    /// <exception cref="ArgumentException">A span does not fit the model and batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch is outside its range, or a label is no class.</exception>
    public float Gradient(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> inputs,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<float> targets,
        int batch,
        Span<float> gradient)
    {
        CheckLength(gradient.Length, Spec.ParameterCount, "gradient values");
        CheckTargets(labels.Length, targets.Length, batch);
        var first = Forward(parameters, inputs, batch, true);
        Span<float> dy = near.Span, dx = far.Span;
        var outputs = activations[^1].Span[..(batch * layers[^1].OutputCount)];
        var loss = LossAndGradient(Adjusted(outputs, dy), labels, targets, batch, dy);
        for (var i = layers.Length - 1; i >= lowest; i--)
        {
            var layer = layers[i];
            var own = layer.Spec;
            var x = i == start ? first : activations[i - 1].Span[..(batch * layer.InputCount)];
            var into = i == lowest ? [] : (layer.IsElementwise ? dy : dx)[..(batch * layer.InputCount)];
            layer.Backward(
                parameters.Slice(own.ParameterOffset, own.ParameterCount),
                x,
                activations[i].Span[..(batch * layer.OutputCount)],
                dy[..(batch * layer.OutputCount)],
                into,
                gradient.Slice(own.ParameterOffset, own.ParameterCount),
                batch);
            if (!layer.IsElementwise)
            {
                var swap = dy;
                dy = dx;
                dx = swap;
            }
        }
        return loss;
    }

    /// <summary>
    /// What is added to the logits while a gradient is made, and at no other time: with τ·ln(share of each class) in the device's own data the model learns what tells classes
    /// apart rather than which of them this device happens to see, and devices that see different ones drift apart less.
    /// Source: Menon et al., "Long-tail learning via logit adjustment", ICLR 2021 (arXiv:2007.07314).
    /// </summary>
    /// <param name="offsets">Shape [K], finite; empty for none.</param>
    /// <exception cref="ArgumentException">The task is not to classify, or the length is not K.</exception>
    public void AdjustLogits(ReadOnlySpan<float> offsets)
    {
        if (!offsets.IsEmpty)
        {
            if (Spec.Task != TaskKind.Classify)
                throw new ArgumentException($"Model '{Spec.Name}' does not classify: it has no logits to adjust.", nameof(offsets));
            CheckLength(offsets.Length, Spec.OutputCount, "offsets");
        }
        logitOffsets = offsets.ToArray();
    }

    /// <summary>Runs the model.</summary>
    /// <param name="parameters">Shape [P].</param>
    /// <param name="inputs">Shape [B,C,T], channel-major windows of <see cref="ModelSpec.InputLength"/> rows, or [B,C,F] of features.</param>
    /// <param name="batch">B, 1 to <see cref="MaxBatch"/>.</param>
    /// <param name="outputs">Shape [B,O]: logits, forecast rows [C,h] channel-major, the reconstructed window [C,T], half the squared distances to the
    /// centroids, or the target as <see cref="TargetSpec.FromOutput"/> takes it; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the model and batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch is outside its range.</exception>
    public void Predict(ReadOnlySpan<float> parameters, ReadOnlySpan<float> inputs, int batch, Span<float> outputs)
    {
        Forward(parameters, inputs, batch, false);
        CheckLength(outputs.Length, batch * Spec.OutputCount, "outputs");
        activations[^1].Span[..outputs.Length].CopyTo(outputs);
    }

    /// <summary>What a layer gave for the first window of the last <see cref="Predict"/>, time-major; of a layer that the next one overwrites, what that made
    /// of it.</summary>
    internal ReadOnlySpan<float> ActivationsOf(int layer) => activations[layer].Span[..layers[layer].OutputCount];

    /// <summary>Mean loss over a batch, without its gradient, and how many windows are classified rightly.</summary>
    /// <param name="parameters">Shape [P].</param>
    /// <param name="inputs">Shape [B,C,T].</param>
    /// <param name="labels">Shape [B]; ignored unless the task is to classify.</param>
    /// <param name="targets">Shape [B,<see cref="ModelSpec.TargetCount"/>]; ignored when the task is to classify.</param>
    /// <param name="batch">B, 1 to <see cref="MaxBatch"/>.</param>
    /// <param name="right">Windows whose largest logit is the label's; 0 in other tasks.</param>
    /// <returns>The mean loss.</returns>
    /// <exception cref="ArgumentException">A span does not fit the model and batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch is outside its range, or a label is no class.</exception>
    public float Loss(
        ReadOnlySpan<float> parameters, ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels, ReadOnlySpan<float> targets, int batch, out int right)
    {
        CheckTargets(labels.Length, targets.Length, batch);
        Forward(parameters, inputs, batch, false);
        var count = Spec.OutputCount;
        var outputs = activations[^1].Span[..(batch * count)];
        right = 0;
        if (Spec.Task == TaskKind.Classify)
        {
            for (var b = 0; b < batch; b++)
                right += LargestOf(outputs.Slice(b * count, count)) == labels[b] ? 1 : 0;
        }
        return LossAndGradient(outputs, labels, targets, batch, near.Span);
    }

    /// <summary>Mean loss of outputs that <see cref="Predict"/> has given, without running the model again.</summary>
    /// <param name="outputs">Shape [B,O].</param>
    /// <param name="labels">Shape [B]; ignored unless the task is to classify.</param>
    /// <param name="targets">Shape [B,<see cref="ModelSpec.TargetCount"/>]; ignored when the task is to classify.</param>
    /// <param name="batch">B, 1 to <see cref="MaxBatch"/>.</param>
    /// <exception cref="ArgumentException">A span does not fit the model and batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch is outside its range, or a label is no class.</exception>
    public float LossOf(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels, ReadOnlySpan<float> targets, int batch)
    {
        CheckBatch(batch);
        CheckLength(outputs.Length, batch * Spec.OutputCount, "outputs");
        CheckTargets(labels.Length, targets.Length, batch);
        return LossAndGradient(outputs, labels, targets, batch, near.Span);
    }

    /// <summary>Index of the largest value, the first of equals.</summary>
    /// <param name="values">At least one value.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> is empty.</exception>
    public static int LargestOf(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("Nothing has no largest value.", nameof(values));
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            best = values[i] > values[best] ? i : best;
        return best;
    }

    /// <summary>Index of the least value, the first of equals.</summary>
    /// <param name="values">At least one value.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> is empty.</exception>
    public static int LeastOf(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("Nothing has no least value.", nameof(values));
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            best = values[i] < values[best] ? i : best;
        return best;
    }

    private static Layer Make(LayerSpec spec, int index, int maxBatch) => spec.Kind switch
    {
        LayerKind.Conv1d => new Conv1dLayer(spec),
        LayerKind.Dense => new DenseLayer(spec),
        LayerKind.MaxPool1d => new MaxPool1dLayer(spec),
        LayerKind.GlobalAverage => new GlobalAverageLayer(spec),
        LayerKind.Flatten => new FlattenLayer(spec),
        LayerKind.AveragePool1d => new AveragePool1dLayer(spec),
        LayerKind.LayerNorm => new LayerNormLayer(spec),
        LayerKind.GroupNorm => new GroupNormLayer(spec),
        LayerKind.DepthwiseConv1d => new DepthwiseConv1dLayer(spec),
        LayerKind.Dropout => new DropoutLayer(spec, index),
        LayerKind.Gru => new GruLayer(spec, maxBatch),
        LayerKind.RandomFourier => new RandomFourierLayer(spec, maxBatch),
        LayerKind.KMeans => new KMeansLayer(spec),
        LayerKind.Conv2d => new Conv2dLayer(spec),
        LayerKind.MaxPool2d => new MaxPool2dLayer(spec),
        _ => new ActivationLayer(spec),
    };

    private ReadOnlySpan<float> Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> inputs, int batch, bool training)
    {
        CheckBatch(batch);
        CheckLength(parameters.Length, Spec.ParameterCount, "parameters");
        CheckLength(inputs.Length, batch * Spec.InputCount, "inputs");
        var first = inputs;
        if (transposeInput)
        {
            for (var b = 0; b < batch; b++)
            {
                var window = b * Spec.InputCount;
                Matrix.Transpose(
                    inputs.Slice(window, Spec.InputCount), Spec.Channels, Spec.InputLength, input.Span.Slice(window, Spec.InputCount));
            }
            first = input.Span[..inputs.Length];
        }
        var x = first;
        for (var i = start; i < layers.Length; i++)
        {
            var y = activations[i].Span[..(batch * layers[i].OutputCount)];
            layers[i].Begin(training, DropoutSeed, DropoutStep);
            layers[i].Forward(parameters.Slice(layers[i].Spec.ParameterOffset, layers[i].Spec.ParameterCount), x, y, batch);
            x = y;
        }
        return first;
    }

    private ReadOnlySpan<float> Adjusted(ReadOnlySpan<float> logits, Span<float> adjusted)
    {
        if (logitOffsets.Length == 0)
            return logits;
        for (var first = 0; first < logits.Length; first += logitOffsets.Length)
            Vectors.Add(logits.Slice(first, logitOffsets.Length), logitOffsets, adjusted.Slice(first, logitOffsets.Length));
        return adjusted[..logits.Length];
    }

    private float LossAndGradient(
        ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels, ReadOnlySpan<float> targets, int batch, Span<float> gradient)
    {
        var count = Spec.OutputCount;
        if (Spec.Loss == LossKind.CrossEntropy)
            return Softmax.CrossEntropy(outputs, labels, 1f / batch, gradient[..outputs.Length]) / batch;
        if (Spec.Loss == LossKind.Nearest)
        {
            gradient[..outputs.Length].Clear();
            var sum = 0f;
            for (var b = 0; b < batch; b++)
            {
                var nearest = b * count + LeastOf(outputs.Slice(b * count, count));
                sum += outputs[nearest];
                gradient[nearest] = 1f / batch;
            }
            return sum / batch;
        }
        var difference = gradient[..outputs.Length];
        if (Spec.Loss == LossKind.Huber)
            return Huber.Sum(outputs, targets, Spec.HuberDelta, 1f / outputs.Length, difference) / outputs.Length;
        Vectors.Subtract(outputs, targets, difference);
        var loss = Vectors.SumOfSquares(difference) / outputs.Length;
        Vectors.Scale(2f / outputs.Length, difference);
        return loss;
    }

    private void CheckBatch(int batch)
    {
        if (batch < 1 || batch > MaxBatch)
            throw new ArgumentOutOfRangeException(nameof(batch), batch, $"This network takes batches of 1 to {MaxBatch}.");
    }

    private void CheckTargets(int labels, int targets, int batch)
    {
        if (Spec.Task == TaskKind.Classify)
            CheckLength(labels, batch, "labels");
        else
            CheckLength(targets, batch * Spec.TargetCount, "targets");
    }

    private void CheckLength(int given, int needed, string what)
    {
        if (given != needed)
            throw new ArgumentException($"Model '{Spec.Name}' needs {needed} {what}, not {given}.");
    }
}
