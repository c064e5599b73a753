using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Shape of a convolution over time with stride 1 and no padding. Activations are time-major: [T,I] in, [T-K+1,O] out.</summary>
/// <param name="Inputs">I, input channels, at least 1.</param>
/// <param name="Outputs">O, filters, at least 1.</param>
/// <param name="Kernel">K, taps, at least 1.</param>
/// <param name="Length">T, input rows, at least K.</param>
public readonly record struct Conv1dShape(int Inputs, int Outputs, int Kernel, int Length)
{
    /// <summary>Output rows, T-K+1.</summary>
    public int OutputLength => Length - Kernel + 1;

    /// <summary>Values under the kernel, I·K.</summary>
    internal int Taps => Inputs * Kernel;

    /// <summary>Weights, O·I·K.</summary>
    public int WeightCount => checked(Outputs * Inputs * Kernel);

    /// <summary>Floats of one sample's padded output gradient: (T-K+1 + 2(K-1))·O.</summary>
    public int PaddedGradientCount => checked((Length + Kernel - 1) * Outputs);
}

/// <summary>
/// Convolution over time as products with overlapping rows: time-major input makes the K·I values under the kernel contiguous, so nothing
/// is
/// unfolded. Each output sums over k, then i; each weight gradient over samples, then time; each input gradient over k descending, then o.
/// </summary>
public static class Conv1d
{
    /// <summary>Packs PyTorch's weight [O,I,K] as [K,I,O] for <see cref="Forward"/>.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="weight">Shape [O,I,K].</param>
    /// <param name="packed">Shape [K,I,O]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length than O·I·K.</exception>
    public static void PackForward(in Conv1dShape shape, ReadOnlySpan<float> weight, Span<float> packed)
    {
        CheckWeights(shape, weight, packed);
        Matrix.TransposeRows(
            ref MemoryMarshal.GetReference(weight), FilterRows(shape), ref MemoryMarshal.GetReference(packed), TapRows(shape), shape.Outputs, shape.Taps);
    }

    /// <summary>Packs PyTorch's weight [O,I,K] as [K,O,I] with the taps reversed, for <see cref="InputGradient"/>.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="weight">Shape [O,I,K].</param>
    /// <param name="packed">Shape [K,O,I]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length than O·I·K.</exception>
    public static void PackBackward(in Conv1dShape shape, ReadOnlySpan<float> weight, Span<float> packed)
    {
        CheckWeights(shape, weight, packed);
        int inputs = shape.Inputs, outputs = shape.Outputs, kernel = shape.Kernel;
        // Tap after tap from the last: each filter is a small matrix [I,K] to be turned.
        ref var last = ref Unsafe.Add(ref MemoryMarshal.GetReference(packed), (kernel - 1) * outputs * inputs);
        for (var o = 0; o < outputs; o++)
        {
            Matrix.TransposeRows(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(weight), o * inputs * kernel),
                new Matrix.RowOrder(kernel),
                ref Unsafe.Add(ref last, o * inputs),
                new Matrix.RowOrder(-outputs * inputs),
                inputs,
                kernel);
        }
    }

    /// <summary>Brings a gradient [K,I,O] back to PyTorch's order [O,I,K].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="packed">Shape [K,I,O].</param>
    /// <param name="weight">Shape [O,I,K]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length than O·I·K.</exception>
    public static void Unpack(in Conv1dShape shape, ReadOnlySpan<float> packed, Span<float> weight)
    {
        CheckWeights(shape, weight, packed);
        Matrix.TransposeRows(
            ref MemoryMarshal.GetReference(packed), TapRows(shape), ref MemoryMarshal.GetReference(weight), FilterRows(shape), shape.Taps, shape.Outputs);
    }

    /// <summary>y[t,o] = bias[o] + Σ_k Σ_i x[t+k,i]·w[k,i,o].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">One sample, shape [T,I].</param>
    /// <param name="packed">Shape [K,I,O], from <see cref="PackForward"/>.</param>
    /// <param name="bias">Shape [O].</param>
    /// <param name="y">Shape [T-K+1,O]; overwritten.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape.</exception>
    public static void Forward(in Conv1dShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> packed, ReadOnlySpan<float> bias, Span<float> y) =>
        Matrix.Multiply(
            new MatrixProduct
            {
                Rows = shape.OutputLength,
                Columns = shape.Outputs,
                Depth = shape.Kernel * shape.Inputs,
                ARow = shape.Inputs,
                ADepth = 1,
                BDepth = shape.Outputs,
                CRow = shape.Outputs,
            },
            x,
            packed,
            bias,
            y);

    /// <summary>Gradient of the weights, summed over the batch: dw[k,i,o] = Σ_b Σ_t x[b,t+k,i]·dy[b,t,o].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">Shape [B,T,I].</param>
    /// <param name="outputGradient">Shape [B,T-K+1,O].</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="packed">Shape [K,I,O]; overwritten.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape.</exception>
    public static void WeightGradient(
        in Conv1dShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, int batch, Span<float> packed) =>
        Matrix.Multiply(
            new MatrixProduct
            {
                Rows = shape.Kernel * shape.Inputs,
                Columns = shape.Outputs,
                Depth = shape.OutputLength,
                ARow = 1,
                ADepth = shape.Inputs,
                BDepth = shape.Outputs,
                CRow = shape.Outputs,
                Batches = batch,
                ABatch = shape.Length * shape.Inputs,
                BBatch = shape.OutputLength * shape.Outputs,
            },
            x,
            outputGradient,
            [],
            packed);

    /// <summary>Gradient of one sample's input: dx[t,i] = Σ_k Σ_o dy[t-k,o]·w[o,i,k].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="outputGradient">Shape [T-K+1,O].</param>
    /// <param name="packed">Shape [K,O,I], from <see cref="PackBackward"/>.</param>
    /// <param name="padded">Scratch of <see cref="Conv1dShape.PaddedGradientCount"/> floats; its first and last (K-1)·O must be zero and
    /// stay so.</param>
    /// <param name="inputGradient">Shape [T,I]; overwritten.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape.</exception>
    public static void InputGradient(
        in Conv1dShape shape, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> padded, Span<float> inputGradient)
    {
        outputGradient[..(shape.OutputLength * shape.Outputs)].CopyTo(padded[((shape.Kernel - 1) * shape.Outputs)..]);
        Matrix.Multiply(
            new MatrixProduct
            {
                Rows = shape.Length,
                Columns = shape.Inputs,
                Depth = shape.Kernel * shape.Outputs,
                ARow = shape.Outputs,
                ADepth = 1,
                BDepth = shape.Inputs,
                CRow = shape.Inputs,
            },
            padded,
            packed,
            [],
            inputGradient);
    }

    /// <summary>Rows of weights [O,I,K].</summary>
    private static Matrix.RowOrder FilterRows(in Conv1dShape shape) => new(shape.Taps);

    /// <summary>Rows of weights [K,I,O], told in the order of (I,K).</summary>
    private static Matrix.RowOrder TapRows(in Conv1dShape shape) => new(shape.Outputs, shape.Inputs * shape.Outputs, shape.Kernel);

    private static void CheckWeights(in Conv1dShape shape, ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != shape.WeightCount || second.Length != shape.WeightCount)
            throw new ArgumentException($"{first.Length} and {second.Length} weights do not fit a kernel of {shape.WeightCount}.");
    }
}
