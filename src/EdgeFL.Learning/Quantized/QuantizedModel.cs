using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>How one stage's sums become levels, or at the end outputs: value = sum·factor + offset.</summary>
/// <param name="Weights">Shape [N,K], K time-major: all channels of the first tap, then of the next; empty where nothing is multiplied.</param>
/// <param name="Factor">Shape [N], finite, not negative.</param>
/// <param name="Offset">Shape [N], finite: bias, least value and all else that does not depend on the window.</param>
public sealed record QuantizedLayer(ReadOnlyMemory<sbyte> Weights, ReadOnlyMemory<float> Factor, ReadOnlyMemory<float> Offset);

/// <summary>
/// A model in integers: weights of 8 bits with a scale for each output, activations of 7 bits with a range for each channel. Immutable. Its file is
/// QuantizedModelFile's of EdgeFL.Node.
/// </summary>
public sealed class QuantizedModel
{
    private QuantizedModel(ModelSpec spec, QuantizedStage[] stages, QuantizedLayer input, QuantizedLayer[] layers)
    {
        Spec = spec;
        Stages = stages;
        Input = input;
        Layers = layers;
    }

    /// <summary>The model it is made of.</summary>
    public ModelSpec Spec { get; }

    /// <summary>How a window's values become levels; the model's scale is a part of it. No weights.</summary>
    public QuantizedLayer Input { get; }

    /// <summary>One for each conv1d, dense, averagepool1d and globalaverage; the layers behind them are a part of it.</summary>
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
    /// <param name="input">Shape [C].</param>
    /// <param name="layers">One for each stage.</param>
    /// <param name="model">The model, or null.</param>
    /// <exception cref="NotSupportedException">A layer does not run on integers; the message names it.</exception>
    /// <exception cref="ArgumentException">The model is not resolved.</exception>
    public static bool TryCreate(ModelSpec spec, QuantizedLayer input, IReadOnlyList<QuantizedLayer> layers, out QuantizedModel? model)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(layers);
        model = null;
        var stages = QuantizedStage.Of(spec);
        if (!Fits(input, 0, spec.Channels) || layers.Count != stages.Length)
            return false;
        for (var i = 0; i < stages.Length; i++)
        {
            if (!Fits(layers[i], stages[i].WeightCount, stages[i].Outputs))
                return false;
        }
        model = new QuantizedModel(spec, stages, input, [.. layers]);
        return true;
    }

    private static bool Fits(QuantizedLayer layer, int weights, int outputs)
    {
        if (layer.Weights.Length != weights || layer.Factor.Length != outputs || layer.Offset.Length != outputs)
            return false;
        foreach (var factor in layer.Factor.Span)
        {
            if (!(factor >= 0f))
                return false;
        }
        return Vectors.AllFinite(layer.Factor.Span) && Vectors.AllFinite(layer.Offset.Span);
    }
}
