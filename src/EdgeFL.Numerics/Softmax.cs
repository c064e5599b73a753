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
        var sum = ShiftedExponentials(x, y);
        Vectors.Divide(sum, y);
    }

    /// <summary>Losses -ln softmax(x)[label] of a batch, and their gradients softmax(x) - onehot(label), times a share.</summary>
    /// <param name="logits">x, shape [B,O].</param>
    /// <param name="labels">Shape [B], each 0 to O-1.</param>
    /// <param name="share">What the gradients are multiplied by: 1/B for a mean over the batch.</param>
    /// <param name="gradient">Shape [B,O]; overwritten; may be <paramref name="logits"/> itself.</param>
    /// <returns>The sum of the losses from the first to the last, each at least 0, in nats.</returns>
    /// <exception cref="ArgumentException">Lengths do not fit or are 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is no class.</exception>
    public static float CrossEntropy(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, float share, Span<float> gradient)
    {
        if (labels.IsEmpty || logits.IsEmpty || logits.Length % labels.Length != 0 || gradient.Length != logits.Length)
            throw new ArgumentException($"A cross-entropy of {logits.Length} values and {labels.Length} labels into {gradient.Length} is none.");
        var classes = logits.Length / labels.Length;
        var loss = 0f;
        for (var b = 0; b < labels.Length; b++)
        {
            var label = labels[b];
            if ((uint)label >= (uint)classes)
                throw new ArgumentOutOfRangeException(nameof(labels), label, $"There are {classes} classes.");
            var x = logits.Slice(b * classes, classes);
            var largest = Largest(x);
            loss -= x[label] - largest;
            for (var c = 0; c < classes; c++)
                gradient[b * classes + c] = x[c] - largest;
        }
        Elementary.Exp(gradient, gradient); // Of all rows at once, because a row by itself fills no vector.
        for (var b = 0; b < labels.Length; b++)
        {
            var row = gradient.Slice(b * classes, classes);
            var sum = 0f;
            foreach (var value in row)
                sum += value;
            Vectors.Divide(sum, row);
            row[labels[b]] -= 1f;
            loss += Elementary.Log(sum);
        }
        Vectors.Scale(share, gradient);
        return loss;
    }

    private static float ShiftedExponentials(ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.IsEmpty || x.Length != y.Length)
            throw new ArgumentException($"A softmax of {x.Length} values into {y.Length} is none.");
        var largest = Largest(x);
        var sum = 0f;
        for (var i = 0; i < x.Length; i++)
        {
            y[i] = Elementary.Exp(x[i] - largest);
            sum += y[i];
        }
        return sum;
    }

    private static float Largest(ReadOnlySpan<float> x)
    {
        var largest = x[0];
        foreach (var value in x)
            largest = value > largest ? value : largest;
        return largest;
    }
}
