using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>
/// A quantized model at work, one window at a time. Each window has a scale of its own for what goes into each stage, the smallest that holds it, so that who
/// sits still has as many levels as who runs. Allocates nothing once made, and gives the same bits on every processor. Not thread-safe.
/// </summary>
public sealed class QuantizedNetwork
{
    // Kernels read and write words at the end of the levels.
    private const int Beyond = 4;

    // Levels of both signs: zero and what is left on either side of it.
    private const float Middle = 64f, Half = 63f;

    // The least is below what a float32 of a unit's size tells apart. What calibration never saw change must not take the others' levels away.
    private const float ScaleLeast = 1e-6f, ScaleMost = 2f;

    // Where a window may begin and end, in units; finite, whatever a sensor gives.
    private const float UnitsMost = 1 << 20;

    private readonly QuantizedModel model;
    private readonly sbyte[][] packed;
    private readonly float[] units;
    private readonly float[] reach;
    private readonly float[][] factors;
    private readonly float[][] offsets;
    private readonly float[][] zeros;
    private readonly float[] origin;
    private readonly float[] factor;
    private readonly float[] offset;
    private readonly float[] values;
    private readonly int[] sums;
    private readonly byte[] near;
    private readonly byte[] far;

    /// <summary>Lays out weights and makes the scratch.</summary>
    /// <param name="model">The model.</param>
    public QuantizedNetwork(QuantizedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        packed = new sbyte[model.Stages.Length][];
        (units, reach) = (model.Input.Factor.ToArray(), model.Input.Reach.ToArray());
        factors = new float[packed.Length][];
        offsets = new float[packed.Length][];
        zeros = new float[packed.Length][];
        int widest = model.Spec.InputCount, wide = model.Spec.Channels, many = 0;
        for (var i = 0; i < packed.Length; i++)
        {
            var stage = model.Stages[i];
            packed[i] = [];
            if (stage.IsProduct)
            {
                packed[i] = new sbyte[stage.Shape.PackedCount];
                Int8Product.Pack(stage.Shape, model.Layers[i].Weights.Span, packed[i]);
            }
            factors[i] = model.Layers[i].Factor.ToArray();
            offsets[i] = model.Layers[i].Offset.ToArray();
            zeros[i] = stage.ReadsSigned ? Zeros(stage, model.Layers[i].Weights.Span) : [];
            widest = Math.Max(widest, stage.RowsOut * stage.Outputs);
            wide = Math.Max(wide, stage.Outputs);
            many = Math.Max(many, stage.Rows * stage.Outputs);
        }
        origin = new float[model.Spec.Channels];
        (factor, offset) = (new float[wide], new float[wide]);
        values = new float[2 * wide];
        sums = new int[many];
        near = new byte[widest + Beyond];
        far = new byte[widest + Beyond];
    }

    /// <summary>The model.</summary>
    public QuantizedModel Model => model;

    /// <summary>Runs the model on one window.</summary>
    /// <param name="window">Shape [C,T], channel-major, of <see cref="ModelSpec.InputLength"/> rows, as the sensor gives it: the model's scale is a part of the
    /// first levels. Of a model with running normalisation, normalised. NaN counts as the least value of its channel in the window.</param>
    /// <param name="outputs">Shape [O]: logits, forecast rows or the reconstructed window; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the model.</exception>
    public void Predict(ReadOnlySpan<float> window, Span<float> outputs)
    {
        var spec = model.Spec;
        if (window.Length != spec.InputCount || outputs.Length != spec.OutputCount)
            throw new ArgumentException($"Model '{spec.Name}' makes {spec.OutputCount} values of {spec.InputCount}, not {outputs.Length} of {window.Length}.");
        byte[] from = near, to = far;
        var scale = Begin(window, from);
        for (var i = 0; i < packed.Length; i++)
        {
            var stage = model.Stages[i];
            var result = sums.AsSpan(0, stage.Rows * stage.Outputs);
            if (stage.IsProduct)
                Int8Product.Multiply(stage.Shape, from, packed[i], result);
            else
                Int8Product.SumRows(from, stage.Channels, stage.Taps, result);
            Span<float> times = factor.AsSpan(0, stage.Outputs), plus = offset.AsSpan(0, stage.Outputs);
            Meaning(i, scale, times, plus);
            if (i < packed.Length - 1)
                scale = Round(stage, model.Stages[i + 1].ReadsSigned, result, times, plus, to);
            else
                Finish(stage, result, times, plus, outputs);
            (from, to) = (to, from);
        }
    }

    /// <summary>The window's levels and their scale; where they begin goes into <see cref="origin"/>.</summary>
    private float Begin(ReadOnlySpan<float> window, Span<byte> levels)
    {
        int channels = units.Length, rows = window.Length / channels;
        var widest = 0f;
        for (var c = 0; c < channels; c++)
        {
            Levels.RangeOf(window.Slice(c * rows, rows), out var low, out var high);
            origin[c] = InUnits(low, units[c]);
            widest = Math.Max(widest, InUnits(high, units[c]) - origin[c]);
        }
        var scale = Math.Clamp(widest / Levels.Highest, ScaleLeast, ScaleMost);
        Span<float> times = factor.AsSpan(0, channels), plus = offset.AsSpan(0, channels);
        units.AsSpan().CopyTo(times);
        Vectors.Scale(1f / scale, times);
        origin.AsSpan().CopyTo(plus);
        Vectors.Scale(-1f / scale, plus);
        Levels.OfWindow(window, times, plus, levels);
        return scale;
    }

    private static float InUnits(float value, float factor) => Math.Clamp(Math.Clamp(value, float.MinValue, float.MaxValue) * factor, -UnitsMost, UnitsMost);

    /// <summary>What the sums of stage <paramref name="i"/> stand for in this window: sum·times + plus.</summary>
    private void Meaning(int i, float scale, Span<float> times, Span<float> plus)
    {
        factors[i].AsSpan().CopyTo(times);
        offsets[i].AsSpan().CopyTo(plus);
        if (i == 0)
            AddOrigin(times, plus);
        Vectors.Scale(scale, times);
        if (zeros[i].Length > 0)
            Vectors.MultiplyAdd(zeros[i], times, plus, plus);
    }

    private void AddOrigin(ReadOnlySpan<float> times, Span<float> plus)
    {
        var stage = model.Stages[0];
        for (var c = 0; c < origin.Length; c++)
        {
            if (stage.IsProduct)
                Vectors.Axpy(origin[c], reach.AsSpan(c * plus.Length, plus.Length), plus);
            else
                plus[c] = MathF.FusedMultiplyAdd(origin[c] * stage.Taps, times[c], plus[c]);
        }
    }

    /// <summary>Makes levels of sums; returns their scale, the smallest that holds all.</summary>
    private float Round(QuantizedStage stage, bool isSigned, ReadOnlySpan<int> result, Span<float> times, Span<float> plus, Span<byte> levels)
    {
        var reached = values.AsSpan(0, (stage.IsAveraged ? 1 : 2) * times.Length);
        if (stage.IsAveraged)
            Levels.TotalsOfSums(result, stage.Pool, times, plus, stage.IsRectifiedBefore, reached);
        else
            Levels.EndsOfSums(result[..(stage.RowsOut * stage.Pool * times.Length)], times, plus, reached);
        Levels.RangeOf(reached, out var low, out var high);
        var scale = isSigned
            ? Math.Clamp(Math.Max(high, -low) / Half, ScaleLeast, ScaleMost)
            : Math.Clamp(high / Levels.Highest, ScaleLeast, ScaleMost);
        float share = 1f / scale, zero = isSigned ? Middle : 0f;
        if (stage.IsAveraged)
        {
            Levels.OfValues(reached, share, zero, levels);
            return scale;
        }
        Vectors.Scale(share, times);
        Vectors.Scale(share, plus);
        if (isSigned)
            Vectors.Shift(zero, plus, plus);
        Levels.OfSums(result, stage.Pool, times, plus, levels);
        return scale;
    }

    /// <summary>What the sums of levels are when every one of them is the middle, which stands for zero; with the other sign.</summary>
    private static float[] Zeros(QuantizedStage stage, ReadOnlySpan<sbyte> weights)
    {
        var zeros = new float[stage.Outputs];
        for (var n = 0; n < zeros.Length; n++)
        {
            var sum = stage.Taps;
            if (stage.IsProduct)
            {
                sum = 0;
                foreach (var weight in weights.Slice(n * stage.Depth, stage.Depth))
                    sum += weight;
            }
            zeros[n] = -Middle * sum;
        }
        return zeros;
    }

    private static void Finish(QuantizedStage stage, ReadOnlySpan<int> result, ReadOnlySpan<float> times, ReadOnlySpan<float> plus, Span<float> outputs)
    {
        // A model ends in one row: what adds up its rows is all there is to do.
        Levels.TotalsOfSums(result, stage.Pool, times, plus, stage.IsRectifiedBefore, outputs);
        if (stage.HasRelu)
            Activations.Relu(outputs, outputs);
    }
}
