namespace EdgeFL.Numerics;

/// <summary>
/// Layer normalisation: each row is brought to mean 0 and variance 1 over its channels, then scaled and shifted channel by channel.
/// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016 (arXiv:1607.06450). Mean and variance are sums in the order of
/// <see cref="Vectors.Dot"/>; the variance is that of the differences from the mean, so that a large mean does not cancel it away.
/// </summary>
public static class LayerNorm
{
    /// <summary>Added to the variance, PyTorch's default: a constant row becomes zeros rather than NaN.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>y[n,c] = scale[c]·(x[n,c] - mean[n])/√(variance[n] + ε) + shift[c].</summary>
    /// <param name="x">Shape [N,C].</param>
    /// <param name="scale">Shape [C].</param>
    /// <param name="shift">Shape [C].</param>
    /// <param name="y">Shape [N,C]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> y)
    {
        var channels = scale.Length;
        Check(x.Length, channels, shift.Length, y.Length);
        for (var at = 0; at < x.Length; at += channels)
        {
            var row = y.Slice(at, channels);
            Normalise(x.Slice(at, channels), row);
            Vectors.MultiplyAdd(row, scale, shift, row);
        }
    }

    /// <summary>Gradients of the input, the scale and the shift; the latter two are summed from the first row to the last.</summary>
    /// <param name="x">Shape [N,C], the input of <see cref="Forward"/>.</param>
    /// <param name="scale">Shape [C].</param>
    /// <param name="outputGradient">Shape [N,C].</param>
    /// <param name="scratch">Shape [C]; overwritten.</param>
    /// <param name="inputGradient">Shape [N,C]; overwritten; empty when nobody needs it.</param>
    /// <param name="scaleGradient">Shape [C]; overwritten.</param>
    /// <param name="shiftGradient">Shape [C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Backward(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> outputGradient,
        Span<float> scratch,
        Span<float> inputGradient,
        Span<float> scaleGradient,
        Span<float> shiftGradient)
    {
        var channels = scale.Length;
        Check(x.Length, channels, scratch.Length, outputGradient.Length);
        Check(x.Length, channels, scaleGradient.Length, inputGradient.IsEmpty ? x.Length : inputGradient.Length);
        Check(x.Length, channels, shiftGradient.Length, x.Length);
        scaleGradient.Clear();
        shiftGradient.Clear();
        for (var at = 0; at < x.Length; at += channels)
        {
            var dy = outputGradient.Slice(at, channels);
            var inverse = Normalise(x.Slice(at, channels), scratch);
            Vectors.MultiplyAdd(dy, scratch, scaleGradient, scaleGradient);
            Vectors.Add(shiftGradient, dy, shiftGradient);
            if (inputGradient.IsEmpty)
                continue;
            // dx = (d - mean(d) - x̂·mean(d·x̂))/√(variance + ε) with d = scale·dy.
            var dx = inputGradient.Slice(at, channels);
            Vectors.Multiply(dy, scale, dx);
            var slope = Vectors.Dot(dx, scratch) / channels;
            Vectors.Shift(-(Vectors.Sum(dx) / channels), dx, dx);
            Vectors.Axpy(-slope, scratch, dx);
            Vectors.Scale(inverse, dx);
        }
    }

    /// <summary>y = (x - mean)/√(variance + ε); returns 1/√(variance + ε).</summary>
    private static float Normalise(ReadOnlySpan<float> x, Span<float> y)
    {
        Vectors.Shift(-(Vectors.Sum(x) / x.Length), x, y);
        var inverse = Elementary.ReciprocalSqrt(Vectors.SumOfSquares(y) / x.Length + Epsilon);
        Vectors.Scale(inverse, y);
        return inverse;
    }

    private static void Check(int length, int channels, int others, int result)
    {
        if (channels < 1 || length % channels != 0 || others != channels || result != length)
            throw new ArgumentException($"{length} values do not become {result} by a normalisation of {channels} and {others} channels.");
    }
}
