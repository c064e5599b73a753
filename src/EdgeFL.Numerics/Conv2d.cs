using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>
/// Convolution over images as matrix products. Each output sums over the kernel's rows, then its pixels, then i, from the bias on. Each gradient of a weight or
/// bias sums over samples, then pixels in raster order. The gradient of an input pixel is the sum, over the output pixels that it had a part in, in raster
/// order, of their sums over o. What is otherwise for images of one channel says <see cref="Conv2dShape.IsGray"/>.
/// </summary>
public static partial class Conv2d
{
    /// <summary>Packs PyTorch's weight [O,I,K,K] for <see cref="Forward"/>.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="weight">Shape [O,I,K,K].</param>
    /// <param name="packed"><see cref="Conv2dShape.PackedForwardCount"/> floats; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void PackForward(in Conv2dShape shape, ReadOnlySpan<float> weight, Span<float> packed)
    {
        CheckWeights(shape, weight.Length, packed.Length, shape.PackedForwardCount);
        if (shape.IsGray)
        {
            weight.CopyTo(packed);
            return;
        }
        Matrix.TransposeRows(
            ref MemoryMarshal.GetReference(weight),
            new Matrix.RowOrder(shape.Taps),
            ref MemoryMarshal.GetReference(packed),
            new Matrix.RowOrder(shape.Outputs, shape.Inputs * shape.Outputs, shape.Kernel * shape.Kernel),
            shape.Outputs,
            shape.Taps);
    }

    /// <summary>Packs PyTorch's weight [O,I,K,K] as [O,K,K,I], with gaps, for <see cref="InputGradient"/>.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="weight">Shape [O,I,K,K].</param>
    /// <param name="packed"><see cref="Conv2dShape.PackedBackwardCount"/> floats; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void PackBackward(in Conv2dShape shape, ReadOnlySpan<float> weight, Span<float> packed)
    {
        CheckWeights(shape, weight.Length, packed.Length, shape.PackedBackwardCount);
        for (var o = 0; o < shape.Outputs; o++)
        {
            var filter = packed.Slice(o * shape.PatchStride, shape.PatchStride);
            Matrix.Transpose(weight.Slice(o * shape.Taps, shape.Taps), shape.Inputs, shape.Kernel * shape.Kernel, filter);
            filter[shape.Taps..].Clear();
        }
    }

    /// <summary>y[r,c,o] = bias[o] + Σ_j Σ_k Σ_i x[r+j,c+k,i]·w[o,i,j,k].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">One sample, shape [H·W,I].</param>
    /// <param name="packed">Weights, from <see cref="PackForward"/>.</param>
    /// <param name="bias">Shape [O].</param>
    /// <param name="scratch"><see cref="Conv2dShape.ScratchCount"/> floats.</param>
    /// <param name="y">Shape [(H-K+1)·(W-K+1),O]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void Forward(
        in Conv2dShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> packed, ReadOnlySpan<float> bias, Span<float> scratch, Span<float> y)
    {
        Check(shape, 1, x.Length, y.Length, scratch.Length);
        if (packed.Length != shape.PackedForwardCount || bias.Length != shape.Outputs)
            throw new ArgumentException($"{packed.Length} packed weights and {bias.Length} biases do not fit {shape}.");
        if (shape.IsGray)
        {
            ForwardGray(shape, x, packed, bias, scratch, y);
            return;
        }
        var row = new MatrixProduct
        {
            Rows = shape.OutputWidth,
            Columns = shape.Outputs,
            Depth = shape.RowTaps,
            ARow = shape.Inputs,
            ADepth = 1,
            BDepth = shape.Outputs,
            CRow = shape.Outputs,
            Batches = shape.Kernel,
            ABatch = shape.Line,
            BBatch = shape.RowTaps * shape.Outputs,
        };
        for (var r = 0; r < shape.OutputHeight; r++)
            Matrix.Multiply(row, x[(r * shape.Line)..], packed, bias, y[(r * shape.OutputWidth * shape.Outputs)..]);
    }

    /// <summary>
    /// Gradients of the weights and biases, summed over the batch: dw[o,i,j,k] = Σ_b Σ_r Σ_c x[b,r+j,c+k,i]·dy[b,r,c,o], db[o] = Σ_b Σ_r Σ_c dy[b,r,c,o].
    /// </summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">Shape [B,H·W,I].</param>
    /// <param name="outputGradient">Shape [B,(H-K+1)·(W-K+1),O].</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="scratch"><see cref="Conv2dShape.ScratchCount"/> floats.</param>
    /// <param name="weightGradient">Shape [O,I,K,K]; overwritten.</param>
    /// <param name="biasGradient">Shape [O]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void ParameterGradient(
        in Conv2dShape shape,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> outputGradient,
        int batch,
        Span<float> scratch,
        Span<float> weightGradient,
        Span<float> biasGradient)
    {
        Check(shape, batch, x.Length, outputGradient.Length, scratch.Length);
        CheckWeights(shape, weightGradient.Length, biasGradient.Length, shape.Outputs);
        if (shape.IsGray)
        {
            ParameterGradientGray(shape, x, outputGradient, batch, scratch, weightGradient, biasGradient);
            return;
        }
        var sums = scratch[..shape.SumCount];
        var patches = scratch.Slice(shape.SumCount, shape.PatchCount);
        var copy = scratch[(shape.SumCount + shape.PatchCount)..];
        sums.Clear();
        for (var b = 0; b < batch; b++)
        {
            for (var first = 0; first < shape.OutputHeight; first += shape.RowsAtOnce)
            {
                var rows = Math.Min(shape.RowsAtOnce, shape.OutputHeight - first);
                var product = new MatrixProduct
                {
                    Rows = shape.PaddedOutputs,
                    Columns = shape.PatchStride,
                    Depth = rows * shape.OutputWidth,
                    ARow = 1,
                    ADepth = shape.Outputs,
                    BDepth = shape.PatchStride,
                    CRow = shape.PatchStride,
                };
                Unfold(shape, x[(b * shape.InputCount)..], first, rows, patches);
                var dy = outputGradient[(b * shape.OutputCount + first * shape.OutputWidth * shape.Outputs)..];
                if (dy.Length < product.LengthOfA)
                {
                    // The last pixel of all: filters that are not there would be read behind it.
                    dy.CopyTo(copy);
                    dy = copy;
                }
                Matrix.Accumulate(product, dy, patches, sums);
            }
        }
        for (var o = 0; o < shape.Outputs; o++)
        {
            var filter = sums.Slice(o * shape.PatchStride, shape.PatchStride);
            Matrix.Transpose(filter, shape.Kernel * shape.Kernel, shape.Inputs, weightGradient.Slice(o * shape.Taps, shape.Taps));
            biasGradient[o] = filter[shape.Taps];
        }
    }

    /// <summary>Gradient of one sample's input: dx[r,c,i] = Σ_j Σ_k (Σ_o dy[r-j,c-k,o]·w[o,i,j,k]).</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="outputGradient">Shape [(H-K+1)·(W-K+1),O].</param>
    /// <param name="packed">Weights, from <see cref="PackBackward"/>.</param>
    /// <param name="scratch"><see cref="Conv2dShape.ScratchCount"/> floats.</param>
    /// <param name="inputGradient">Shape [H·W,I]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void InputGradient(
        in Conv2dShape shape, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> scratch, Span<float> inputGradient)
    {
        Check(shape, 1, inputGradient.Length, outputGradient.Length, scratch.Length);
        if (packed.Length != shape.PackedBackwardCount)
            throw new ArgumentException($"{packed.Length} packed weights do not fit {shape}.", nameof(packed));
        var patches = scratch[..shape.PatchCount];
        var image = scratch.Slice(shape.PatchCount, shape.InputCount + Conv2dShape.Slack);
        image.Clear();
        for (var first = 0; first < shape.OutputHeight; first += shape.RowsAtOnce)
        {
            var rows = Math.Min(shape.RowsAtOnce, shape.OutputHeight - first);
            var product = new MatrixProduct
            {
                Rows = rows * shape.OutputWidth,
                Columns = shape.PatchStride,
                Depth = shape.Outputs,
                ARow = shape.Outputs,
                ADepth = 1,
                BDepth = shape.PatchStride,
                CRow = shape.PatchStride,
            };
            Matrix.Multiply(product, outputGradient[(first * shape.OutputWidth * shape.Outputs)..], packed, [], patches);
            Fold(shape, patches, first, rows, image);
        }
        image[..shape.InputCount].CopyTo(inputGradient);
    }

    private static void Check(in Conv2dShape shape, int batch, int input, int output, int scratch)
    {
        if (shape.Inputs < 1 || shape.Outputs < 1 || shape.Kernel < 1 || shape.Height < shape.Kernel || shape.Width < shape.Kernel || batch < 1)
            throw new ArgumentException($"A convolution of {shape}, {batch} samples, has no outputs.");
        if (input != (long)batch * shape.InputCount || output != (long)batch * shape.OutputCount)
            throw new ArgumentException($"{input} inputs and {output} outputs do not fit {batch} samples of {shape}.");
        if (scratch < shape.ScratchCount)
            throw new ArgumentException($"{scratch} floats of scratch are less than the {shape.ScratchCount} of {shape}.");
    }

    private static void CheckWeights(in Conv2dShape shape, int weights, int others, int expected)
    {
        if (weights != shape.WeightCount || others != expected)
            throw new ArgumentException($"{weights} and {others} floats do not fit {shape.WeightCount} weights and {expected} others of {shape}.");
    }
}
