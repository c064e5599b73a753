using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>
/// Makes integers of a trained model. Each channel of an activation gets 128 levels from its least to its largest value in calibration windows; the steps are taken
/// into the weights of the layer that reads them, whose outputs each have a scale of their own. What rounding the weights does to an output on average is
/// taken off its bias (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, section 4.2).
/// </summary>
public static class Quantizer
{
    private const float Weights = 127f;

    // What a float32 holds with room to multiply.
    private const double Bound = 1e30;

    /// <summary>Quantizes a model.</summary>
    /// <param name="spec">A resolved model.</param>
    /// <param name="parameters">Shape [P], finite.</param>
    /// <param name="windows">Shape [B,C,T], finite: calibration windows as <see cref="Network.Predict"/> takes them, B at least 1; a hundred of all classes are
    /// enough.</param>
    /// <exception cref="NotSupportedException">A layer does not run on integers; the message names it.</exception>
    /// <exception cref="ArgumentException">The spans do not fit the model or hold a value that is not finite.</exception>
    public static QuantizedModel Quantize(ModelSpec spec, ReadOnlySpan<float> parameters, ReadOnlySpan<float> windows)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var stages = QuantizedStage.Of(spec);
        if (parameters.Length != spec.ParameterCount || windows.IsEmpty || windows.Length % spec.InputCount != 0)
            throw new ArgumentException($"{parameters.Length} parameters and {windows.Length} values do not fit model '{spec.Name}' and its windows of {spec.InputCount}.");
        if (!Vectors.AllFinite(parameters) || !Vectors.AllFinite(windows))
            throw new ArgumentException($"A parameter or a calibration window of model '{spec.Name}' is not finite.");
        var ranges = Calibrate(spec, stages, parameters, windows);
        var layers = new QuantizedLayer[stages.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            var next = i + 1 < stages.Length ? ranges[i + 1] : null;
            layers[i] = stages[i].IsProduct ? Product(stages[i], parameters, ranges[i], next) : Mean(stages[i], ranges[i], next);
        }
        if (!QuantizedModel.TryCreate(spec, Input(spec, ranges[0]), layers, out var model))
            throw new ArgumentException($"Model '{spec.Name}' has values out of all measure.", nameof(parameters));
        return model!;
    }

    /// <summary>The ranges of what goes into each stage.</summary>
    private static ChannelRange[] Calibrate(ModelSpec spec, QuantizedStage[] stages, ReadOnlySpan<float> parameters, ReadOnlySpan<float> windows)
    {
        var count = windows.Length / spec.InputCount;
        var network = new Network(spec, 1);
        var outputs = new float[spec.OutputCount];
        ChannelExtremes[] seen = [.. stages.Select(stage => new ChannelExtremes(stage.Channels))];
        for (var b = 0; b < count; b++)
        {
            var window = windows.Slice(b * spec.InputCount, spec.InputCount);
            network.Predict(parameters, window, 1, outputs);
            seen[0].Observe(window, true);
            for (var i = 1; i < stages.Length; i++)
                seen[i].Observe(network.ActivationsOf(stages[i - 1].Last), stages[i - 1].IsFlatThere);
        }
        return [.. seen.Select((extremes, i) => extremes.Range(i > 0 && stages[i - 1].HasRelu))];
    }

    private static QuantizedLayer Input(ModelSpec spec, ChannelRange range)
    {
        float[] factor = new float[spec.Channels], offset = new float[spec.Channels];
        for (var c = 0; c < spec.Channels; c++)
        {
            factor[c] = Held((spec.Scale.IsEmpty ? 1.0 : spec.Scale[c]) / range.Step[c]);
            offset[c] = Held(-range.Least[c] / range.Step[c]);
        }
        return new QuantizedLayer(default, factor, offset);
    }

    private static QuantizedLayer Product(QuantizedStage stage, ReadOnlySpan<float> parameters, ChannelRange range, ChannelRange? next)
    {
        var biases = stage.Layer.ParameterOffset + stage.WeightCount;
        var weights = new sbyte[stage.WeightCount];
        float[] factor = new float[stage.Outputs], offset = new float[stage.Outputs];
        for (var n = 0; n < stage.Outputs; n++)
        {
            double most = 0, constant = parameters[biases + n];
            for (var k = 0; k < stage.Depth; k++)
                most = Math.Max(most, Math.Abs(parameters[stage.WeightIndex(n, k)] * range.Step[k % stage.Channels]));
            var scale = Math.Max(most / Weights, 1e-30);
            for (var k = 0; k < stage.Depth; k++)
            {
                var c = k % stage.Channels;
                double weight = parameters[stage.WeightIndex(n, k)], exact = weight * range.Step[c];
                var rounded = Math.Round(exact / scale);
                weights[n * stage.Depth + k] = (sbyte)rounded;
                constant += weight * range.Least[c] + (exact - rounded * scale) * range.MeanLevel[c];
            }
            Set(n, scale, constant, next, factor, offset);
        }
        return new QuantizedLayer(weights, factor, offset);
    }

    private static QuantizedLayer Mean(QuantizedStage stage, ChannelRange range, ChannelRange? next)
    {
        float[] factor = new float[stage.Outputs], offset = new float[stage.Outputs];
        for (var c = 0; c < stage.Outputs; c++)
            Set(c, range.Step[c] / stage.Taps, range.Least[c], next, factor, offset);
        return new QuantizedLayer(default, factor, offset);
    }

    /// <summary>value = sum·scale + constant, as the next stage's level of it or, at the end, as it is.</summary>
    private static void Set(int n, double scale, double constant, ChannelRange? next, float[] factor, float[] offset)
    {
        factor[n] = Held(next is null ? scale : scale / next.Step[n]);
        offset[n] = Held(next is null ? constant : (constant - next.Least[n]) / next.Step[n]);
    }

    private static float Held(double value) => (float)Math.Clamp(value, -Bound, Bound);

    /// <summary>value = least + step·level for each channel.</summary>
    private sealed record ChannelRange(double[] Least, double[] Step, double[] MeanLevel);

    /// <summary>Least, largest and mean value of each channel.</summary>
    private sealed class ChannelExtremes(int channels)
    {
        private readonly float[] least = [.. Enumerable.Repeat(float.MaxValue, channels)];
        private readonly float[] most = [.. Enumerable.Repeat(float.MinValue, channels)];
        private readonly double[] sum = new double[channels];
        private long rowsSeen;

        internal void Observe(ReadOnlySpan<float> values, bool isChannelMajor)
        {
            var rows = values.Length / channels;
            for (var i = 0; i < values.Length; i++)
            {
                var c = isChannelMajor ? i / rows : i % channels;
                least[c] = Math.Min(least[c], values[i]);
                most[c] = Math.Max(most[c], values[i]);
                sum[c] += values[i];
            }
            rowsSeen += rows;
        }

        internal ChannelRange Range(bool fromZero)
        {
            double[] low = new double[channels], step = new double[channels], level = new double[channels];
            for (var c = 0; c < channels; c++)
            {
                low[c] = fromZero ? 0 : least[c];
                double high = most[c];
                // A channel that never changes has a step far below its value, so that what it says stays what it said.
                step[c] = Math.Max(Math.Max((high - low[c]) / Levels.Highest, 1e-6 * Math.Max(Math.Abs(low[c]), Math.Abs(high))), 1e-12);
                level[c] = Math.Clamp((sum[c] / rowsSeen - low[c]) / step[c], 0, Levels.Highest);
            }
            return new ChannelRange(low, step, level);
        }
    }
}
