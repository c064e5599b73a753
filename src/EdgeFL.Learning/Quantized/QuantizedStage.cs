using EdgeFL.Numerics;

namespace EdgeFL.Learning.Quantized;

/// <summary>
/// Layers that run as one on integers: a product or a mean, and the relu and maxpool1d behind it, which keep the order of values and so cost nothing; of a
/// conv1d also the globalaverage behind those, whose mean is taken before anything is rounded.
/// Activations stay time-major, flattened or not; a dense layer's weights are laid to fit.
/// </summary>
/// <param name="Layer">The conv1d, dense, averagepool1d or globalaverage.</param>
/// <param name="Channels">C, channels that come in.</param>
/// <param name="Taps">Rows of them in one sum.</param>
/// <param name="Rows">Sums of each output.</param>
internal sealed record QuantizedStage(LayerSpec Layer, int Channels, int Taps, int Rows)
{
    private const string Supported = "conv1d, dense, relu, maxpool1d, averagepool1d, globalaverage, flatten and dropout";

    /// <summary>True for conv1d and dense.</summary>
    internal bool IsProduct => Layer.Kind is LayerKind.Conv1d or LayerKind.Dense;

    /// <summary>N, outputs.</summary>
    internal int Outputs => IsProduct ? Layer.Size : Channels;

    /// <summary>Levels in a row of the product.</summary>
    internal int Depth => Channels * Taps;

    internal int WeightCount => IsProduct ? Outputs * Depth : 0;

    /// <summary>Where a window begins, channel by channel, in each output; the first stage's.</summary>
    internal int ReachCount => IsProduct ? Outputs * Channels : 0;

    internal Int8Shape Shape => new(Rows, Outputs, Depth, Layer.Kind == LayerKind.Conv1d ? Channels : 0);

    /// <summary>Rows of sums of which the largest is taken.</summary>
    internal int Pool { get; private init; } = 1;

    /// <summary>Whether what is below zero becomes zero, so that nothing below it comes out.</summary>
    internal bool HasRelu { get; private init; }

    /// <summary>Whether the mean of all rows comes out.</summary>
    internal bool IsAveraged { get; private init; }

    /// <summary>Whether what is below zero becomes zero before the mean.</summary>
    internal bool IsRectifiedBefore { get; private init; }

    /// <summary>Whether the levels that come in stand for values of both signs, zero in their middle. Those of a window never do: they begin at its least.</summary>
    internal bool ReadsSigned { get; private init; }

    /// <summary>Rows after pooling.</summary>
    internal int RowsPooled => Rows / Pool;

    /// <summary>Rows that come out.</summary>
    internal int RowsOut => IsAveraged ? 1 : RowsPooled;

    /// <summary>Index of the layer whose activations the stage's levels stand for.</summary>
    internal int Last { get; private init; }

    /// <summary>Whether they lie channel after channel there.</summary>
    internal bool IsFlatThere { get; private init; }

    /// <summary>Where among the model's parameters the weight of level <paramref name="k"/> of output <paramref name="n"/> stands.</summary>
    internal int WeightIndex(int n, int k)
    {
        var input = k % Channels * Taps + k / Channels;
        return Layer.ParameterOffset + (Layer.Kind == LayerKind.Dense ? input * Outputs + n : n * Depth + input);
    }

    /// <summary>The stages of a model.</summary>
    /// <exception cref="NotSupportedException">A layer does not run on integers; the message names it.</exception>
    internal static QuantizedStage[] Of(ModelSpec spec)
    {
        if (!spec.IsResolved)
            throw new ArgumentException($"Model '{spec.Name}' does not yet know its channels: call Resolve first.", nameof(spec));
        var stages = new List<QuantizedStage>();
        int channels = spec.Channels, rows = spec.InputLength;
        var isFlat = false;
        for (var i = 0; i < spec.Layers.Count; i++)
        {
            var layer = spec.Layers[i];
            switch (layer.Kind)
            {
                case LayerKind.Conv1d:
                    stages.Add(new QuantizedStage(layer, channels, layer.Kernel, layer.Output.Length) { Last = i });
                    break;
                case LayerKind.Dense:
                    stages.Add(new QuantizedStage(layer, channels, rows, 1) { Last = i });
                    isFlat = false;
                    break;
                case LayerKind.AveragePool1d:
                    stages.Add(new QuantizedStage(layer, channels, layer.Size, layer.Output.Length) { Last = i });
                    break;
                case LayerKind.GlobalAverage when stages.Count > 0 && stages[^1].Layer.Kind == LayerKind.Conv1d && !stages[^1].IsAveraged:
                    stages[^1] = stages[^1] with { IsAveraged = true, IsRectifiedBefore = stages[^1].HasRelu, Last = i, IsFlatThere = isFlat };
                    break;
                case LayerKind.GlobalAverage:
                    stages.Add(new QuantizedStage(layer, channels, rows, 1) { Last = i });
                    break;
                case LayerKind.Relu or LayerKind.MaxPool1d when stages.Count > 0:
                    stages[^1] = stages[^1] with
                    {
                        HasRelu = stages[^1].HasRelu || layer.Kind == LayerKind.Relu,
                        Pool = stages[^1].Pool * Math.Max(1, layer.Size),
                        Last = i,
                        IsFlatThere = isFlat,
                    };
                    break;
                case LayerKind.Flatten:
                    isFlat = true;
                    continue;
                case LayerKind.Dropout:
                    continue;
                default:
                    throw Unsupported(spec, i, $"{(layer.Kind is LayerKind.Relu or LayerKind.MaxPool1d ? "does not run on integers as the first layer" : "does not run on integers")}; {Supported} do");
            }
            (channels, rows) = (stages[^1].Outputs, stages[^1].RowsOut);
            if (stages[^1].IsProduct && stages[^1].Depth > Int8Shape.DepthMax)
                throw Unsupported(spec, i, $"sums {stages[^1].Depth} values, more than the {Int8Shape.DepthMax} that fit an integer");
        }
        // What is at least zero stays so in a mean.
        for (var i = 1; i < stages.Count; i++)
            stages[i] = stages[i] with { ReadsSigned = !stages[i - 1].HasRelu && (i == 1 || stages[i - 1].IsProduct || stages[i - 1].ReadsSigned) };
        if (rows != 1)
            throw Unsupported(spec, spec.Layers.Count - 1, $"gives {rows} rows at the end; on integers a model ends with dense or globalaverage");
        return [.. stages];
    }

    private static NotSupportedException Unsupported(ModelSpec spec, int layer, string why) =>
        new($"Model '{spec.Name}', layer {layer} ({spec.Layers[layer].Kind.ToString().ToLowerInvariant()}), {why}.");
}
