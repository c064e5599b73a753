using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Pooling over time, activations time-major [T,C]. Vectors run over the channels.</summary>
public static class Pooling
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
        for (var t = 0; t * channels < y.Length; t++)
        {
            var output = y.Slice(t * channels, channels);
            x.Slice(t * size * channels, channels).CopyTo(output);
            for (var j = 1; j < size; j++)
                Raise(x.Slice((t * size + j) * channels, channels), output);
        }
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
        var used = y.Length * size;
        for (var t = 0; t * channels < y.Length; t++)
        {
            var output = y.Slice(t * channels, channels);
            var left = outputGradient.Slice(t * channels, channels);
            for (var j = 0; j < size; j++)
            {
                var at = (t * size + j) * channels;
                Take(x.Slice(at, channels), output, left, inputGradient.Slice(at, channels));
            }
        }
        inputGradient[used..].Clear();
    }

    /// <summary>y[c] = mean over time of x[t,c], summed from the first row to the last.</summary>
    /// <param name="x">Shape [T,C], T at least 1.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="y">Shape [C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Average(ReadOnlySpan<float> x, int channels, Span<float> y)
    {
        CheckAverage(x.Length, channels, y.Length);
        x[..channels].CopyTo(y);
        for (var at = channels; at < x.Length; at += channels)
            Vectors.Add(x.Slice(at, channels), y, y);
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

    private static void Raise(ReadOnlySpan<float> x, Span<float> y)
    {
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            for (var j = 0; j < vx.Length; j++)
                vy[j] = Vector.ConditionalSelect(Vector.GreaterThan(vx[j], vy[j]), vx[j], vy[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            y[i] = x[i] > y[i] ? x[i] : y[i];
    }

    private static void Take(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> left, Span<float> taken)
    {
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var vl = MemoryMarshal.Cast<float, Vector<float>>(left);
            var vt = MemoryMarshal.Cast<float, Vector<float>>(taken);
            for (var j = 0; j < vx.Length; j++)
            {
                var here = Vector.Equals(vx[j], vy[j]);
                vt[j] = Vector.ConditionalSelect(here, vl[j], Vector<float>.Zero);
                vl[j] = Vector.ConditionalSelect(here, Vector<float>.Zero, vl[j]);
            }
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
        {
            var here = x[i] == y[i];
            taken[i] = here ? left[i] : 0f;
            left[i] = here ? 0f : left[i];
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
