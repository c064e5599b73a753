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

    /// <summary>Every output from every input; parameters weight [O,I], bias [O].</summary>
    Dense,

    /// <summary>Mean over windows of rows that do not overlap; rows that do not fill a window are left out.</summary>
    AveragePool1d,

    /// <summary>Each row, or the vector, to mean 0 and variance 1 over its channels; parameters scale [C], shift [C].</summary>
    LayerNorm,

    /// <summary>x·Φ(x), Φ the normal distribution.</summary>
    Gelu,
}

/// <summary>What flows between layers.</summary>
/// <param name="Channels">C; of a vector, its length.</param>
/// <param name="Length">T, rows; of a vector 1.</param>
/// <param name="IsVector">True once time is gone (after flatten, globalaverage, dense).</param>
public readonly record struct ActivationShape(int Channels, int Length, bool IsVector)
{
    /// <summary>Values of one sample.</summary>
    public int Count => checked(Channels * Length);

    /// <summary><c>6x128</c> (channels x rows), or <c>32</c> for a vector.</summary>
    public override string ToString() => IsVector ? $"{Channels}" : $"{Channels}x{Length}";
}

/// <summary>One layer with its shapes worked out.</summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Size">Filters of a conv1d, outputs of a dense layer, window of a maxpool1d or averagepool1d, channels of a layernorm; else 0.</param>
/// <param name="Kernel">Taps of a conv1d; else 0.</param>
/// <param name="Input">Shape that goes in.</param>
/// <param name="Output">Shape that comes out.</param>
/// <param name="ParameterOffset">Where its parameters begin in the model's vector.</param>
/// <param name="ParameterCount">How many there are: weight, then bias.</param>
public sealed record LayerSpec(
    LayerKind Kind, int Size, int Kernel, ActivationShape Input, ActivationShape Output, int ParameterOffset, int ParameterCount);
