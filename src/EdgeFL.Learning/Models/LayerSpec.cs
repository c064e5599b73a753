namespace EdgeFL.Learning;

/// <summary>What a layer computes.</summary>
public enum LayerKind
{
    /// <summary>Convolution over time, stride 1, no padding; parameters weight [O,I,K], bias [O].</summary>
    Conv1d,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>1/(1 + e^-x).</summary>
    Sigmoid,

    /// <summary>Maximum over windows of rows that do not overlap; rows that do not fill a window are left out.</summary>
    MaxPool1d,

    /// <summary>Mean over time.</summary>
    GlobalAverage,

    /// <summary>[C,T] as one vector, channel-major.</summary>
    Flatten,

    /// <summary>Every output from every input; parameters weight [I,O], bias [O].</summary>
    Dense,

    /// <summary>Mean over windows of rows that do not overlap; rows that do not fill a window are left out.</summary>
    AveragePool1d,

    /// <summary>Each row, or the vector, to mean 0 and variance 1 over its channels; parameters scale [C], shift [C].</summary>
    LayerNorm,

    /// <summary>x·Φ(x), Φ the normal distribution.</summary>
    Gelu,

    /// <summary>Convolution over time that keeps channels apart, stride 1, no padding; parameters weight [C,1,K], bias [C].</summary>
    DepthwiseConv1d,

    /// <summary>The channels of each group to mean 0 and variance 1 over all rows; parameters scale [C], shift [C].</summary>
    GroupNorm,

    /// <summary>Elements at random to zero, the others enlarged by 1/(1 - rate); in training only.</summary>
    Dropout,

    /// <summary>
    /// Gated recurrent units over the rows, from a state of zeros; parameters input weight [3O,I], state weight [3O,O], input bias [3O], state bias [3O],
    /// each in the order reset, update, candidate.
    /// </summary>
    Gru,

    /// <summary>Statistics and band energies of each channel, [C·(6 + bands)], channel after channel; no parameters; the first layer only.</summary>
    Features,

    /// <summary>√(2/O)·cos(w·x + b) of a projection drawn from <see cref="LayerSpec.Seed"/>; nothing in it is learned.</summary>
    RandomFourier,

    /// <summary>Half the squared distance to each centroid; parameters centroids [O,I], shares of the wins [O] (1 = an equal share); the last layer only.</summary>
    KMeans,

    /// <summary>The sensor's values seen as an image; changes nothing about them; the first layer only.</summary>
    Image,

    /// <summary>Convolution over an image, stride 1, no padding; parameters weight [O,I,K,K], bias [O].</summary>
    Conv2d,

    /// <summary>Maximum over square windows of an image that do not overlap; rows and columns that do not fill a window are left out.</summary>
    MaxPool2d,
}

/// <summary>What flows between layers.</summary>
/// <param name="Channels">C; of a vector, its length.</param>
/// <param name="Length">T, rows; of an image its pixels, H·W, row after row; of a vector 1.</param>
/// <param name="IsVector">True once time is gone (after flatten, globalaverage, features, dense, or a gru that gives its last state).</param>
public readonly record struct ActivationShape(int Channels, int Length, bool IsVector)
{
    /// <summary>W, pixels in a row of an image; 0 if it is none.</summary>
    public int Width { get; init; }

    /// <summary>H, rows of an image; 0 if it is none.</summary>
    public int Height => IsImage ? Length / Width : 0;

    /// <summary>True of an image: rows of channels that are its pixels.</summary>
    public bool IsImage => Width > 0;

    /// <summary>Values of one sample.</summary>
    public int Count => checked(Channels * Length);

    /// <summary><c>6x128</c> (channels x rows), <c>6x24x32</c> (channels x rows x columns) for an image, or <c>32</c> for a vector.</summary>
    public override string ToString() => IsVector ? $"{Channels}" : IsImage ? $"{Channels}x{Height}x{Width}" : $"{Channels}x{Length}";
}

/// <summary>One layer with its shapes worked out.</summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Size">Filters of a conv1d or conv2d, outputs of a dense layer, gru or randomfourier, window of a maxpool1d, averagepool1d or maxpool2d (its
/// side), channels of a layernorm or depthwiseconv1d, groups of a groupnorm, bands of features, clusters of a kmeans; else 0.</param>
/// <param name="Kernel">Taps of a conv1d or depthwiseconv1d, side of a conv2d's kernel, rows of a block of features; else 0.</param>
/// <param name="Input">Shape that goes in.</param>
/// <param name="Output">Shape that comes out.</param>
/// <param name="ParameterOffset">Where its parameters begin in the model's vector.</param>
/// <param name="ParameterCount">How many there are: weights, then biases.</param>
public sealed record LayerSpec(
    LayerKind Kind, int Size, int Kernel, ActivationShape Input, ActivationShape Output, int ParameterOffset, int ParameterCount)
{
    /// <summary>Multiply-adds for one sample forward, those of products and transforms; elementwise work is not counted. Training takes three times as many.</summary>
    public long MultiplyAdds => Kind switch
    {
        LayerKind.Conv1d => (long)Output.Count * Input.Channels * Kernel,
        LayerKind.Conv2d => (long)Output.Count * Input.Channels * Kernel * Kernel,
        LayerKind.DepthwiseConv1d => (long)Output.Count * Kernel,
        LayerKind.Dense or LayerKind.RandomFourier or LayerKind.KMeans => (long)Output.Count * Input.Count,
        LayerKind.Gru => 3L * Size * (Input.Channels + Size) * Input.Length,
        LayerKind.Features => (long)Input.Channels * (Input.Length / Kernel) * 2 * Transform(Kernel),
        _ => 0,
    };

    /// <summary>Share of the elements that a dropout sets to zero, 0 to below 1; else 0.</summary>
    public float Rate { get; init; }

    /// <summary>Standard deviation of a randomfourier's projection, 0.0001 to 1000; else 0.</summary>
    public float Width { get; init; }

    /// <summary>What a randomfourier's projection is drawn from, 0 or more; else 0.</summary>
    public int Seed { get; init; }

    /// <summary>N·log2 N of the power of two that takes this many rows in.</summary>
    private static long Transform(int rows)
    {
        var size = System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows);
        return (long)size * System.Numerics.BitOperations.Log2(size);
    }
}
