using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>Pooling over time, activations time-major [T,C], and over images, [H·W,C]. Vectors run over the channels.</summary>
public static partial class Pooling
{
    /// <summary>y[t,c] = max of x[t·size .. t·size+size-1, c]; rows that do not fill a window are left out.</summary>
    /// <param name="x">Shape [T,C].</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="size">Rows in a window, at least 1.</param>
    /// <param name="y">Shape [T/size,C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Max(ReadOnlySpan<float> x, int channels, int size, Span<float> y)
    {
        Check(x.Length, channels, size, y.Length);
        ref var rx = ref MemoryMarshal.GetReference(x);
        ref var ry = ref MemoryMarshal.GetReference(y);
        var c = 0;
        if (Lanes.Use512)
        {
            for (; c + 16 <= channels; c += 16)
                MaxColumns<Lanes512, Vector512<float>>(ref Unsafe.Add(ref rx, c), channels, size, y.Length / channels, ref Unsafe.Add(ref ry, c));
        }
        if (Lanes.Use256)
        {
            for (; c + 8 <= channels; c += 8)
                MaxColumns<Lanes256, Vector256<float>>(ref Unsafe.Add(ref rx, c), channels, size, y.Length / channels, ref Unsafe.Add(ref ry, c));
        }
        if (Lanes.Use128)
        {
            for (; c + 4 <= channels; c += 4)
                MaxColumns<Lanes128, Vector128<float>>(ref Unsafe.Add(ref rx, c), channels, size, y.Length / channels, ref Unsafe.Add(ref ry, c));
        }
        for (; c < channels; c++)
            MaxColumns<Lanes1, float>(ref Unsafe.Add(ref rx, c), channels, size, y.Length / channels, ref Unsafe.Add(ref ry, c));
    }

    /// <summary>The gradient goes to the first row of each window that holds the maximum, as in PyTorch.</summary>
    /// <param name="x">Shape [T,C], the input of <see cref="Max"/>.</param>
    /// <param name="y">Shape [T/size,C], its output.</param>
    /// <param name="outputGradient">Shape [T/size,C]; consumed: what has been handed on is set to zero.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="size">Rows in a window, at least 1.</param>
    /// <param name="inputGradient">Shape [T,C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void MaxGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> outputGradient, int channels, int size, Span<float> inputGradient)
    {
        Check(x.Length, channels, size, y.Length);
        if (outputGradient.Length != y.Length || inputGradient.Length != x.Length)
            throw new ArgumentException("The gradients have other shapes than the activations.");
        ref var rx = ref MemoryMarshal.GetReference(x);
        ref var ry = ref MemoryMarshal.GetReference(y);
        ref var left = ref MemoryMarshal.GetReference(outputGradient);
        ref var taken = ref MemoryMarshal.GetReference(inputGradient);
        var rows = y.Length / channels;
        var c = 0;
        if (Lanes.Use512)
        {
            for (; c + 16 <= channels; c += 16)
                GradientColumns<Lanes512, Vector512<float>>(ref rx, ref ry, ref left, channels, size, rows, ref taken, c);
        }
        if (Lanes.Use256)
        {
            for (; c + 8 <= channels; c += 8)
                GradientColumns<Lanes256, Vector256<float>>(ref rx, ref ry, ref left, channels, size, rows, ref taken, c);
        }
        if (Lanes.Use128)
        {
            for (; c + 4 <= channels; c += 4)
                GradientColumns<Lanes128, Vector128<float>>(ref rx, ref ry, ref left, channels, size, rows, ref taken, c);
        }
        for (; c < channels; c++)
            GradientColumns<Lanes1, float>(ref rx, ref ry, ref left, channels, size, rows, ref taken, c);
        // Rows that did not fill a window had no part in the output.
        inputGradient[(y.Length * size)..].Clear();
    }

    /// <summary>y[c] = mean over time of x[t,c], summed from the first row to the last.</summary>
    /// <param name="x">Shape [T,C], T at least 1.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="y">Shape [C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Average(ReadOnlySpan<float> x, int channels, Span<float> y)
    {
        CheckAverage(x.Length, channels, y.Length);
        Matrix.SumRows(x, x.Length / channels, channels, y);
        Vectors.Divide(x.Length / channels, y);
    }

    /// <summary>dx[t,c] = dy[c]/T.</summary>
    /// <param name="outputGradient">Shape [C]; divided by T on return.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="inputGradient">Shape [T,C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void AverageGradient(Span<float> outputGradient, int channels, Span<float> inputGradient)
    {
        CheckAverage(inputGradient.Length, channels, outputGradient.Length);
        Vectors.Divide(inputGradient.Length / channels, outputGradient);
        for (var at = 0; at < inputGradient.Length; at += channels)
            outputGradient.CopyTo(inputGradient[at..]);
    }

    private static void MaxColumns<TLanes, TVector>(ref float x, int channels, int size, int rows, ref float y)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (var t = 0; t < rows; t++)
        {
            var most = TLanes.Load(ref x);
            x = ref Unsafe.Add(ref x, channels);
            for (var j = 1; j < size; j++)
            {
                var next = TLanes.Load(ref x);
                most = TLanes.WhereGreater(next, most, next, most);
                x = ref Unsafe.Add(ref x, channels);
            }
            TLanes.Store(most, ref y);
            y = ref Unsafe.Add(ref y, channels);
        }
    }

    private static void GradientColumns<TLanes, TVector>(
        ref float x, ref float y, ref float left, int channels, int size, int rows, ref float taken, int column)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint to = column;
        for (nint at = column; rows > 0; rows--)
        {
            var most = TLanes.Load(ref Unsafe.Add(ref y, at));
            var gradient = TLanes.Load(ref Unsafe.Add(ref left, at));
            for (var j = 0; j < size; j++)
            {
                var value = TLanes.Load(ref Unsafe.Add(ref x, to));
                TLanes.Store(TLanes.WhereEqual(value, most, gradient, TLanes.Zero), ref Unsafe.Add(ref taken, to));
                gradient = TLanes.WhereEqual(value, most, TLanes.Zero, gradient);
                to += channels;
            }
            TLanes.Store(gradient, ref Unsafe.Add(ref left, at));
            at += channels;
        }
    }

    private static void Check(int length, int channels, int size, int pooled)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (length % channels != 0 || pooled != length / channels / size * channels)
            throw new ArgumentException($"{length} values of {channels} channels do not pool by {size} into {pooled}.");
    }

    private static void CheckAverage(int length, int channels, int averaged)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (length < channels || length % channels != 0 || averaged != channels)
            throw new ArgumentException($"{length} values of {channels} channels do not average into {averaged}.");
    }
}
