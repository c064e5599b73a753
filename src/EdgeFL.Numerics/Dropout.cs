namespace EdgeFL.Numerics;

/// <summary>
/// Dropout: elements are set to zero at random and the others enlarged, so that the mean stays. Source: Srivastava et al., "Dropout", JMLR 15, 2014. Which
/// elements is a function of seed, step, layer and place alone (<see cref="Philox"/>'s counter), so backward draws the same again, and so does who re-executes.
/// </summary>
public static class Dropout
{
    // The fourth word of the counter, above all that streams of the generator use.
    private const uint Purpose = 0x44524F50;

    /// <summary>y = x/(1 - rate) where the element is kept, else 0; the same for a gradient.</summary>
    /// <param name="seed">Whose training.</param>
    /// <param name="step">Which step of it.</param>
    /// <param name="layer">Which dropout of the model, 0 to 65535.</param>
    /// <param name="rate">Share set to zero, 0 to below 1.</param>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate or the layer is outside its range.</exception>
    public static void Apply(ulong seed, ulong step, int layer, float rate, ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"Vectors of {x.Length} and {y.Length} elements do not fit together.");
        if (!(rate >= 0f && rate < 1f))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "A dropout rate is 0 to below 1.");
        if (layer is < 0 or > 65535)
            throw new ArgumentOutOfRangeException(nameof(layer), layer, "The layer is 0 to 65535.");
        // A word below the limit drops: rate·2^32 is exact in double.
        var limit = (uint)(rate * 4294967296.0);
        var enlarged = 1f / (1f - rate);
        Span<uint> words = stackalloc uint[4];
        for (var i = 0; i < x.Length; i += 4)
        {
            (words[0], words[1], words[2], words[3]) =
                Philox.Block((uint)i >> 2, (uint)step, (uint)(step >> 32), Purpose + (uint)layer, (uint)seed, (uint)(seed >> 32));
            for (var j = i; j < Math.Min(i + 4, x.Length); j++)
                y[j] = words[j - i] < limit ? 0f : x[j] * enlarged;
        }
    }
}
