using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>Shape of a convolution over time that keeps channels apart, stride 1, no padding: [T,C] in, [T-K+1,C] out.</summary>
/// <param name="Channels">C, at least 1.</param>
/// <param name="Kernel">K, taps, at least 1.</param>
/// <param name="Length">T, input rows, at least K.</param>
public readonly record struct DepthwiseShape(int Channels, int Kernel, int Length)
{
    /// <summary>Output rows, T-K+1.</summary>
    public int OutputLength => Length - Kernel + 1;

    /// <summary>Weights, C·K.</summary>
    public int WeightCount => checked(Channels * Kernel);
}

/// <summary>
/// Depthwise convolution over time: each channel with its own taps. Weights are packed [K,C], which is PyTorch's [C,1,K] transposed
/// (<see cref="Matrix.Transpose"/>). Vectors run over the channels; each output sums over k, each weight gradient over samples, then time, each input
/// gradient over k.
/// </summary>
public static class DepthwiseConv1d
{
    /// <summary>y[t,c] = bias[c] + Σ_k x[t+k,c]·w[k,c].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">One sample, shape [T,C].</param>
    /// <param name="packed">Shape [K,C].</param>
    /// <param name="bias">Shape [C].</param>
    /// <param name="y">Shape [T-K+1,C]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void Forward(in DepthwiseShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> packed, ReadOnlySpan<float> bias, Span<float> y)
    {
        Check(shape, 1, x.Length, y.Length, packed.Length);
        if (bias.Length != shape.Channels)
            throw new ArgumentException($"{bias.Length} biases do not fit {shape.Channels} channels.", nameof(bias));
        Over<Output>(shape, 1, x, packed, bias, y);
    }

    /// <summary>Gradient of the weights, summed over the batch: dw[k,c] = Σ_b Σ_t x[b,t+k,c]·dy[b,t,c].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">Shape [B,T,C].</param>
    /// <param name="outputGradient">Shape [B,T-K+1,C].</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="packed">Shape [K,C]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void WeightGradient(
        in DepthwiseShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, int batch, Span<float> packed)
    {
        Check(shape, batch, x.Length, outputGradient.Length, packed.Length);
        Over<Weight>(shape, batch, x, outputGradient, [], packed);
    }

    /// <summary>Gradient of one sample's input: dx[t,c] = Σ_k dy[t-k,c]·w[k,c].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="outputGradient">Shape [T-K+1,C].</param>
    /// <param name="packed">Shape [K,C].</param>
    /// <param name="inputGradient">Shape [T,C]; overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit the shape.</exception>
    public static void InputGradient(
        in DepthwiseShape shape, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> inputGradient)
    {
        Check(shape, 1, inputGradient.Length, outputGradient.Length, packed.Length);
        Over<Input>(shape, 1, outputGradient, packed, [], inputGradient);
    }

    /// <summary>One of the three sums, for as many channels as a vector holds.</summary>
    private interface ISum
    {
        static abstract void Channels<TLanes, TVector>(
            in DepthwiseShape shape, int batch, ref float a, ref float b, ref float start, ref float result)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct;
    }

    private readonly struct Output : ISum
    {
        public static void Channels<TLanes, TVector>(
            in DepthwiseShape shape, int batch, ref float a, ref float b, ref float start, ref float result)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            nint row = shape.Channels;
            var first = TLanes.Load(ref start);
            for (var t = 0; t < shape.OutputLength; t++)
            {
                var sum = first;
                for (nint k = 0; k < shape.Kernel; k++)
                    sum = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref a, (t + k) * row)), TLanes.Load(ref Unsafe.Add(ref b, k * row)), sum);
                TLanes.Store(sum, ref Unsafe.Add(ref result, t * row));
            }
        }
    }

    private readonly struct Weight : ISum
    {
        public static void Channels<TLanes, TVector>(
            in DepthwiseShape shape, int batch, ref float a, ref float b, ref float start, ref float result)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            nint row = shape.Channels, output = shape.OutputLength, length = shape.Length;
            for (nint k = 0; k < shape.Kernel; k++)
            {
                var sum = TLanes.Zero;
                for (var sample = 0; sample < batch; sample++)
                {
                    ref var x = ref Unsafe.Add(ref a, (sample * length + k) * row);
                    ref var dy = ref Unsafe.Add(ref b, sample * output * row);
                    for (nint t = 0; t < output; t++)
                        sum = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref x, t * row)), TLanes.Load(ref Unsafe.Add(ref dy, t * row)), sum);
                }
                TLanes.Store(sum, ref Unsafe.Add(ref result, k * row));
            }
        }
    }

    private readonly struct Input : ISum
    {
        public static void Channels<TLanes, TVector>(
            in DepthwiseShape shape, int batch, ref float a, ref float b, ref float start, ref float result)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            nint row = shape.Channels;
            for (var t = 0; t < shape.Length; t++)
            {
                var sum = TLanes.Zero;
                nint last = Math.Min(shape.Kernel - 1, t);
                for (nint k = Math.Max(0, t - shape.OutputLength + 1); k <= last; k++)
                    sum = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref a, (t - k) * row)), TLanes.Load(ref Unsafe.Add(ref b, k * row)), sum);
                TLanes.Store(sum, ref Unsafe.Add(ref result, t * row));
            }
        }
    }

    private static void Over<TSum>(
        in DepthwiseShape shape, int batch, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> start, Span<float> result)
        where TSum : struct, ISum
    {
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rb = ref MemoryMarshal.GetReference(b);
        ref var rs = ref MemoryMarshal.GetReference(start);
        ref var rr = ref MemoryMarshal.GetReference(result);
        var c = 0;
        if (Lanes.Use512)
        {
            for (; c + 16 <= shape.Channels; c += 16)
                At<TSum, Lanes512, Vector512<float>>(shape, batch, ref ra, ref rb, ref rs, ref rr, c);
        }
        if (Lanes.Use256)
        {
            for (; c + 8 <= shape.Channels; c += 8)
                At<TSum, Lanes256, Vector256<float>>(shape, batch, ref ra, ref rb, ref rs, ref rr, c);
        }
        if (Lanes.Use128)
        {
            for (; c + 4 <= shape.Channels; c += 4)
                At<TSum, Lanes128, Vector128<float>>(shape, batch, ref ra, ref rb, ref rs, ref rr, c);
        }
        for (; c < shape.Channels; c++)
            At<TSum, Lanes1, float>(shape, batch, ref ra, ref rb, ref rs, ref rr, c);
    }

    private static void At<TSum, TLanes, TVector>(
        in DepthwiseShape shape, int batch, ref float a, ref float b, ref float start, ref float result, int c)
        where TSum : struct, ISum
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TSum.Channels<TLanes, TVector>(
            shape, batch, ref Unsafe.Add(ref a, c), ref Unsafe.Add(ref b, c), ref Unsafe.Add(ref start, c), ref Unsafe.Add(ref result, c));

    private static void Check(in DepthwiseShape shape, int batch, int input, int output, int weights)
    {
        if (shape.Channels < 1 || shape.Kernel < 1 || shape.Length < shape.Kernel || batch < 1)
            throw new ArgumentException($"A depthwise convolution of {shape}, {batch} samples, has no outputs.");
        if (input != (long)batch * shape.Length * shape.Channels
            || output != (long)batch * shape.OutputLength * shape.Channels
            || weights != shape.WeightCount)
        {
            throw new ArgumentException($"{input} inputs, {output} outputs and {weights} weights do not fit {batch} samples of {shape}.");
        }
    }
}
