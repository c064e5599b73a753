using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>
/// How a window becomes levels. A channel's unit is the 127th part of what calibration saw it change by in all. The window's least value of each channel is
/// kept, in units; its levels count from there, in steps of scale units, the scale being as small as the window allows.
/// </summary>
/// <param name="Factor">Shape [C], finite, not negative: units in one of what the sensor gives; the model's scale is a part of it.</param>
/// <param name="Reach">Shape [C,N], finite: what one unit of a channel, all over the window, adds to each output of the first layer; empty where that is a mean.</param>
public sealed record QuantizedInput(ReadOnlyMemory<float> Factor, ReadOnlyMemory<float> Reach);

/// <summary>
/// What one stage's sums stand for, in units of the levels that come of them (the 127th part, of values of both signs the 63rd, of the largest that calibration
/// saw) or at the end as they are: sum·scale·factor + offset, the scale being the window's. Of a stage that ends in a mean, divided by its rows.
/// </summary>
/// <param name="Weights">Shape [N,K], K time-major: all channels of the first tap, then of the next; empty where nothing is multiplied.</param>
/// <param name="Factor">Shape [N], finite, not negative.</param>
/// <param name="Offset">Shape [N], finite.</param>
public sealed record QuantizedLayer(ReadOnlyMemory<sbyte> Weights, ReadOnlyMemory<float> Factor, ReadOnlyMemory<float> Offset);

/// <summary>
/// A model in integers: weights of 8 bits with a scale for each output, activations of 7 bits with a unit for each channel and a scale for each window. Immutable. Its file is
/// QuantizedModelFile's of EdgeFL.Node.
/// </summary>
public sealed class QuantizedModel
{
    private QuantizedModel(ModelSpec spec, QuantizedStage[] stages, QuantizedInput input, QuantizedLayer[] layers)
    {
        Spec = spec;
        Stages = stages;
        Input = input;
        Layers = layers;
    }

    /// <summary>The model it is made of.</summary>
    public ModelSpec Spec { get; }

    /// <summary>How a window's values become levels.</summary>
    public QuantizedInput Input { get; }

    /// <summary>One for each conv1d, dense, averagepool1d, and globalaverage that does not come after a conv1d; the layers behind them are a part of it.</summary>
    public IReadOnlyList<QuantizedLayer> Layers { get; }

    internal QuantizedStage[] Stages { get; }

    /// <summary>Says whether all layers of a model run on integers.</summary>
    /// <param name="spec">A resolved model.</param>
    /// <param name="why">Names the first layer that does not; empty if all do.</param>
    /// <exception cref="ArgumentException">The model is not resolved.</exception>
    public static bool IsSupported(ModelSpec spec, out string why)
    {
        ArgumentNullException.ThrowIfNull(spec);
        try
        {
            QuantizedStage.Of(spec);
            why = "";
            return true;
        }
        catch (NotSupportedException unsupported)
        {
            why = unsupported.Message;
            return false;
        }
    }

    /// <summary>Puts a model together from its parts, which may come from a file; false when they do not fit it.</summary>
    /// <param name="spec">A resolved model whose layers all run on integers.</param>
    /// <param name="input">What the window's values become.</param>
    /// <param name="layers">One for each stage.</param>
    /// <param name="model">The model, or null.</param>
    /// <exception cref="NotSupportedException">A layer does not run on integers; the message names it.</exception>
    /// <exception cref="ArgumentException">The model is not resolved.</exception>
    public static bool TryCreate(ModelSpec spec, QuantizedInput input, IReadOnlyList<QuantizedLayer> layers, out QuantizedModel? model)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(layers);
        model = null;
        var stages = QuantizedStage.Of(spec);
        if (!Fits(input, stages[0]) || layers.Count != stages.Length)
            return false;
        for (var i = 0; i < stages.Length; i++)
        {
            if (!Fits(layers[i], stages[i].WeightCount, stages[i].Outputs))
                return false;
        }
        model = new QuantizedModel(spec, stages, input, [.. layers]);
        return true;
    }

    private static bool Fits(QuantizedInput input, QuantizedStage first) =>
        input.Factor.Length == first.Channels && input.Reach.Length == first.ReachCount && AreFactors(input.Factor.Span) && Vectors.AllFinite(input.Reach.Span);

    private static bool Fits(QuantizedLayer layer, int weights, int outputs) =>
        layer.Weights.Length == weights && layer.Factor.Length == outputs && layer.Offset.Length == outputs
        && AreFactors(layer.Factor.Span) && Vectors.AllFinite(layer.Offset.Span);

    private static bool AreFactors(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!(value >= 0f))
                return false;
        }
        return Vectors.AllFinite(values);
    }
}
