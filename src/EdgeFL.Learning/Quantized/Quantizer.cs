using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>
/// Makes integers of a trained model. Calibration windows say how far the channels of an activation reach beside each other: a unit of each is taken into the
/// weights of the layer that reads it, whose outputs each have a scale of their own. How far all of them reach together, every window says for itself when the
/// model runs.
/// </summary>
public static class Quantizer
{
    private const float Weights = 127f, UnitsOfSigned = 63f;

    // What a float32 holds with room to multiply.
    private const double Bound = 1e20;

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
        var units = Calibrate(spec, stages, parameters, windows);
        var layers = new QuantizedLayer[stages.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            var next = Wanted(stages, units, i);
            layers[i] = stages[i].IsProduct ? Product(stages[i], parameters, units[i], next) : Mean(stages[i], units[i], next);
        }
        if (!QuantizedModel.TryCreate(spec, Input(spec, stages[0], parameters, units[0], Wanted(stages, units, 0)), layers, out var model))
            throw new ArgumentException($"Model '{spec.Name}' has values out of all measure.", nameof(parameters));
        return model!;
    }

    /// <summary>The unit of each channel of what goes into each stage.</summary>
    private static double[][] Calibrate(ModelSpec spec, QuantizedStage[] stages, ReadOnlySpan<float> parameters, ReadOnlySpan<float> windows)
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
        var units = new double[stages.Length][];
        for (var i = 0; i < units.Length; i++)
            units[i] = i == 0 ? seen[i].OfRange() : seen[i].OfLargest(stages[i].ReadsSigned ? UnitsOfSigned : Levels.Highest);
        return units;
    }

    /// <summary>What one of a stage's outputs is worth: a unit of what reads it, at the end one; as many times as rows are added up to a mean.</summary>
    private static double[] Wanted(QuantizedStage[] stages, double[][] units, int i)
    {
        var wanted = new double[stages[i].Outputs];
        for (var n = 0; n < wanted.Length; n++)
            wanted[n] = (i + 1 < stages.Length ? units[i + 1][n] : 1) * (stages[i].IsAveraged ? stages[i].RowsPooled : 1);
        return wanted;
    }

    private static QuantizedInput Input(ModelSpec spec, QuantizedStage first, ReadOnlySpan<float> parameters, double[] units, double[] next)
    {
        var factor = new float[spec.Channels];
        for (var c = 0; c < factor.Length; c++)
            factor[c] = Held((spec.Scale.IsEmpty ? 1.0 : spec.Scale[c]) / units[c]);
        var reach = new float[first.ReachCount];
        for (var i = 0; i < reach.Length; i++)
        {
            int c = i / first.Outputs, n = i % first.Outputs;
            var sum = 0.0;
            for (var k = c; k < first.Depth; k += first.Channels)
                sum += parameters[first.WeightIndex(n, k)];
            reach[i] = Held(sum * units[c] / next[n]);
        }
        return new QuantizedInput(factor, reach);
    }

    private static QuantizedLayer Product(QuantizedStage stage, ReadOnlySpan<float> parameters, double[] units, double[] next)
    {
        var biases = stage.Layer.ParameterOffset + stage.WeightCount;
        var weights = new sbyte[stage.WeightCount];
        float[] factor = new float[stage.Outputs], offset = new float[stage.Outputs];
        for (var n = 0; n < stage.Outputs; n++)
        {
            double most = 0;
            for (var k = 0; k < stage.Depth; k++)
                most = Math.Max(most, Math.Abs(parameters[stage.WeightIndex(n, k)] * units[k % stage.Channels]));
            var scale = Math.Max(most / Weights, 1e-30);
            for (var k = 0; k < stage.Depth; k++)
                weights[n * stage.Depth + k] = (sbyte)Math.Round(parameters[stage.WeightIndex(n, k)] * units[k % stage.Channels] / scale);
            factor[n] = Held(scale / next[n]);
            offset[n] = Held(parameters[biases + n] / next[n]);
        }
        return new QuantizedLayer(weights, factor, offset);
    }

    private static QuantizedLayer Mean(QuantizedStage stage, double[] units, double[] next)
    {
        var factor = new float[stage.Outputs];
        for (var c = 0; c < factor.Length; c++)
            factor[c] = Held(units[c] / stage.Taps / next[c]);
        return new QuantizedLayer(default, factor, new float[stage.Outputs]);
    }

    private static float Held(double value) => (float)Math.Clamp(value, -Bound, Bound);

    /// <summary>Least and largest value of each channel.</summary>
    private sealed class ChannelExtremes(int channels)
    {
        // A channel that never changes has a unit far below its value, so that what it says stays what it said.
        private const double Still = 1e-6, UnitLeast = 1e-12;

        private readonly float[] least = [.. Enumerable.Repeat(float.MaxValue, channels)];
        private readonly float[] most = [.. Enumerable.Repeat(float.MinValue, channels)];

        internal void Observe(ReadOnlySpan<float> values, bool isChannelMajor)
        {
            var rows = values.Length / channels;
            for (var i = 0; i < values.Length; i++)
            {
                var c = isChannelMajor ? i / rows : i % channels;
                least[c] = Math.Min(least[c], values[i]);
                most[c] = Math.Max(most[c], values[i]);
            }
        }

        /// <summary>Levels begin at the least value.</summary>
        internal double[] OfRange()
        {
            var units = new double[channels];
            for (var c = 0; c < channels; c++)
            {
                double low = least[c], high = most[c];
                units[c] = Math.Max(Math.Max((high - low) / Levels.Highest, Still * Math.Max(Math.Abs(low), Math.Abs(high))), UnitLeast);
            }
            return units;
        }

        /// <summary>Levels begin at zero, or have it in their middle.</summary>
        internal double[] OfLargest(double levels)
        {
            var units = new double[channels];
            for (var c = 0; c < channels; c++)
                units[c] = Math.Max(Math.Max(Math.Abs(least[c]), Math.Abs(most[c])) / levels, UnitLeast);
            return units;
        }
    }
}
