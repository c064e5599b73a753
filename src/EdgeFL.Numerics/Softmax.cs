namespace EdgeFL.Numerics;

/// <summary>Softmax and the cross-entropy over it.</summary>
public static class Softmax
{
    /// <summary>y = e^(x - max x), divided by its sum; summed from the first class to the last.</summary>
    /// <param name="x">Shape [O], at least one value.</param>
    /// <param name="y">Shape [O]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ or are 0.</exception>
    public static void Normalise(ReadOnlySpan<float> x, Span<float> y)
    {
        var sum = ShiftedExponentials(x, y, out _);
        Vectors.Divide(sum, y);
    }

    /// <summary>Loss -ln softmax(x)[label], and its gradient softmax(x) - onehot(label), times a share.</summary>
    /// <param name="logits">x, shape [O].</param>
    /// <param name="label">0 to O-1.</param>
    /// <param name="share">What the gradient is multiplied by: 1/B for a mean over a batch.</param>
    /// <param name="gradient">Shape [O]; overwritten.</param>
    /// <returns>The loss, at least 0, in nats.</returns>
    /// <exception cref="ArgumentException">Lengths differ or are 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The label is no class.</exception>
    public static float CrossEntropy(ReadOnlySpan<float> logits, int label, float share, Span<float> gradient)
    {
        if ((uint)label >= (uint)logits.Length)
            throw new ArgumentOutOfRangeException(nameof(label), label, $"There are {logits.Length} classes.");
        var sum = ShiftedExponentials(logits, gradient, out var largest);
        Vectors.Divide(sum, gradient);
        gradient[label] -= 1f;
        Vectors.Scale(share, gradient);
        return Elementary.Log(sum) - (logits[label] - largest);
    }

    private static float ShiftedExponentials(ReadOnlySpan<float> x, Span<float> y, out float largest)
    {
        if (x.IsEmpty || x.Length != y.Length)
            throw new ArgumentException($"A softmax of {x.Length} values into {y.Length} is none.");
        largest = x[0];
        foreach (var value in x)
            largest = value > largest ? value : largest;
        var sum = 0f;
        for (var i = 0; i < x.Length; i++)
        {
            y[i] = Elementary.Exp(x[i] - largest);
            sum += y[i];
        }
        return sum;
    }
}
