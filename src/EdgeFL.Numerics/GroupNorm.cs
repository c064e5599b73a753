namespace EdgeFL.Numerics;

/// <summary>
/// Group normalisation of one sample [T,C]: the channels of a group are brought to mean 0 and variance 1 over all rows and channels of the group, then
/// scaled and shifted channel by channel. One group normalises the whole sample; as many groups as channels, each channel over time.
/// Source: Wu, He, "Group Normalization", ECCV 2018 (arXiv:1803.08494). Sums run over time channel by channel, then over the group's channels, from the first
/// to the last; the variance is that of the differences from the mean.
/// </summary>
public static class GroupNorm
{
    /// <summary>y[t,c] = scale[c]·(x[t,c] - mean[g])/√(variance[g] + ε) + shift[c], g the group of c; ε is <see cref="LayerNorm.Epsilon"/>.</summary>
    /// <param name="x">Shape [T,C].</param>
    /// <param name="groups">1 to C, a divisor of C.</param>
    /// <param name="scale">Shape [C].</param>
    /// <param name="shift">Shape [C].</param>
    /// <param name="scratch">Shape [3,C]; overwritten.</param>
    /// <param name="y">Shape [T,C]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, int groups, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> scratch, Span<float> y)
    {
        var channels = scale.Length;
        Check(x.Length, channels, groups, shift.Length, scratch.Length, y.Length);
        Normalise(x, groups, scratch[..channels], scratch.Slice(channels, channels), y);
        for (var at = 0; at < y.Length; at += channels)
        {
            var row = y.Slice(at, channels);
            Vectors.MultiplyAdd(row, scale, shift, row);
        }
    }

    /// <summary>Gradients of the input, the scale and the shift; the latter two are added to what is there, for a batch sums them.</summary>
    /// <param name="x">Shape [T,C], the input of <see cref="Forward"/>.</param>
    /// <param name="groups">1 to C, a divisor of C.</param>
    /// <param name="scale">Shape [C].</param>
    /// <param name="outputGradient">Shape [T,C]; consumed.</param>
    /// <param name="scratch">Shape [3,C]; overwritten.</param>
    /// <param name="inputGradient">Shape [T,C]; overwritten.</param>
    /// <param name="scaleGradient">Shape [C]; read and written.</param>
    /// <param name="shiftGradient">Shape [C]; read and written.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Backward(
        ReadOnlySpan<float> x,
        int groups,
        ReadOnlySpan<float> scale,
        Span<float> outputGradient,
        Span<float> scratch,
        Span<float> inputGradient,
        Span<float> scaleGradient,
        Span<float> shiftGradient)
    {
        var channels = scale.Length;
        Check(x.Length, channels, groups, scaleGradient.Length, scratch.Length, outputGradient.Length);
        Check(x.Length, channels, groups, shiftGradient.Length, scratch.Length, inputGradient.Length);
        Span<float> mean = scratch[..channels], inverse = scratch.Slice(channels, channels);
        Normalise(x, groups, mean, inverse, inputGradient);
        // dx = (d - mean(d) - x̂·mean(d·x̂))/√(variance + ε) with d = scale·dy and the means over the group.
        var slope = scratch.Slice(2 * channels, channels);
        mean.Clear();
        slope.Clear();
        for (var at = 0; at < x.Length; at += channels)
        {
            Span<float> d = outputGradient.Slice(at, channels), normal = inputGradient.Slice(at, channels);
            Vectors.MultiplyAdd(d, normal, scaleGradient, scaleGradient);
            Vectors.Add(shiftGradient, d, shiftGradient);
            Vectors.Multiply(d, scale, d);
            Vectors.MultiplyAdd(d, normal, slope, slope);
            Vectors.Add(mean, d, mean);
        }
        for (var first = 0; first < channels; first += channels / groups)
        {
            FillWithNegativeMean(mean.Slice(first, channels / groups), x.Length / groups);
            FillWithNegativeMean(slope.Slice(first, channels / groups), x.Length / groups);
        }
        for (var at = 0; at < x.Length; at += channels)
        {
            Span<float> d = outputGradient.Slice(at, channels), dx = inputGradient.Slice(at, channels);
            Vectors.Add(d, mean, d);
            Vectors.MultiplyAdd(slope, dx, d, dx);
            Vectors.Multiply(dx, inverse, dx);
        }
    }

    /// <summary>y = (x - mean)/√(variance + ε); leaves that inverse deviation with each channel.</summary>
    private static void Normalise(ReadOnlySpan<float> x, int groups, Span<float> mean, Span<float> inverse, Span<float> y)
    {
        var channels = mean.Length;
        mean.Clear();
        inverse.Clear();
        for (var at = 0; at < x.Length; at += channels)
            Vectors.Add(mean, x.Slice(at, channels), mean);
        for (var first = 0; first < channels; first += channels / groups)
            FillWithNegativeMean(mean.Slice(first, channels / groups), x.Length / groups);
        for (var at = 0; at < x.Length; at += channels)
        {
            var row = y.Slice(at, channels);
            Vectors.Add(x.Slice(at, channels), mean, row);
            Vectors.MultiplyAdd(row, row, inverse, inverse);
        }
        for (var first = 0; first < channels; first += channels / groups)
        {
            var group = inverse.Slice(first, channels / groups);
            FillWithNegativeMean(group, x.Length / groups);
            group.Fill(Elementary.ReciprocalSqrt(LayerNorm.Epsilon - group[0]));
        }
        for (var at = 0; at < y.Length; at += channels)
        {
            var row = y.Slice(at, channels);
            Vectors.Multiply(row, inverse, row);
        }
    }

    private static void FillWithNegativeMean(Span<float> sums, int count)
    {
        var total = 0f;
        foreach (var sum in sums)
            total += sum;
        sums.Fill(-(total / count));
    }

    private static void Check(int length, int channels, int groups, int others, int scratch, int result)
    {
        if (channels < 1 || length < channels || length % channels != 0 || others != channels || scratch != 3 * channels || result != length)
            throw new ArgumentException($"{length} values do not become {result} by a normalisation of {channels} and {others} channels.");
        if (groups < 1 || channels % groups != 0)
            throw new ArgumentException($"{channels} channels do not make {groups} groups of one size.", nameof(groups));
    }
}
