using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>A quantized model at work, one window at a time; allocates nothing once made, and gives the same bits on every processor. Not thread-safe.</summary>
public sealed class QuantizedNetwork
{
    // Kernels read and write words at the end of the levels.
    private const int Beyond = 4;

    private readonly QuantizedModel model;
    private readonly sbyte[][] packed;
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
        int widest = model.Spec.InputCount, most = 0;
        for (var i = 0; i < packed.Length; i++)
        {
            var stage = model.Stages[i];
            packed[i] = [];
            if (stage.IsProduct)
            {
                packed[i] = new sbyte[stage.Shape.PackedCount];
                Int8Product.Pack(stage.Shape, model.Layers[i].Weights.Span, packed[i]);
            }
            widest = Math.Max(widest, stage.RowsOut * stage.Outputs);
            most = Math.Max(most, stage.Rows * stage.Outputs);
        }
        sums = new int[most];
        near = new byte[widest + Beyond];
        far = new byte[widest + Beyond];
    }

    /// <summary>The model.</summary>
    public QuantizedModel Model => model;

    /// <summary>Runs the model on one window.</summary>
    /// <param name="window">Shape [C,T], channel-major, of <see cref="ModelSpec.InputLength"/> rows, as the sensor gives it: the model's scale is a part of the
    /// first levels. Of a model with running normalisation, normalised. NaN counts as the least value.</param>
    /// <param name="outputs">Shape [O]: logits, forecast rows or the reconstructed window; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the model.</exception>
    public void Predict(ReadOnlySpan<float> window, Span<float> outputs)
    {
        var spec = model.Spec;
        if (window.Length != spec.InputCount || outputs.Length != spec.OutputCount)
            throw new ArgumentException($"Model '{spec.Name}' makes {spec.OutputCount} values of {spec.InputCount}, not {outputs.Length} of {window.Length}.");
        byte[] from = near, to = far;
        Levels.OfWindow(window, model.Input.Factor.Span, model.Input.Offset.Span, from);
        for (var i = 0; i < packed.Length; i++)
        {
            var stage = model.Stages[i];
            var result = sums.AsSpan(0, stage.Rows * stage.Outputs);
            if (stage.IsProduct)
                Int8Product.Multiply(stage.Shape, from, packed[i], result);
            else
                Int8Product.SumRows(from, stage.Channels, stage.Taps, result);
            ReadOnlySpan<float> factor = model.Layers[i].Factor.Span, offset = model.Layers[i].Offset.Span;
            if (i == packed.Length - 1)
                Finish(result, factor, offset, stage.HasRelu, outputs);
            else
                Levels.OfSums(result, stage.Pool, factor, offset, to);
            (from, to) = (to, from);
        }
    }

    private static void Finish(ReadOnlySpan<int> sums, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, bool hasRelu, Span<float> outputs)
    {
        for (var n = 0; n < outputs.Length; n++)
            outputs[n] = MathF.FusedMultiplyAdd(sums[n], factor[n], offset[n]);
        if (hasRelu)
            Activations.Relu(outputs, outputs);
    }
}
