namespace EdgeFL.Numerics;

/// <summary>What schemes that take values for normal numbers do first: rotate a group and divide it by its largest value, so that no square overflows or vanishes.</summary>
internal static class NormalisedGroup
{
    /// <summary>The largest scale that is decoded: what is rotated back from it is finite.</summary>
    internal const float LargestScale = 1267650600228229401496703205376f; // 2^100

    // What is smaller is nothing: its inverse would not be finite.
    private const float Smallest = 1f / 1208925819614629174706176f; // 2^-80

    /// <summary>Rotates and divides.</summary>
    /// <param name="x">Shape [I]; finite and at most 1e28 in magnitude.</param>
    /// <param name="words">Names the rotation.</param>
    /// <param name="group">Names it further.</param>
    /// <param name="z">Shape [I]; the rotated values over the largest magnitude, or zeros.</param>
    /// <param name="rms">Root of z's mean square; 0 when all values are.</param>
    /// <returns>The largest magnitude.</returns>
    /// <exception cref="ArgumentException">A value is not finite or too large.</exception>
    internal static float Rotate(ReadOnlySpan<float> x, RandomWords words, int group, Span<float> z, out float rms)
    {
        RandomRotation.Forward(x, words, group, z);
        var largest = LatticeKernels.Largest(z, out var finite);
        if (!finite || largest > LargestScale)
            throw new ArgumentException($"A value of group {group} is not finite or too large.", nameof(x));
        if (largest < Smallest)
        {
            z.Clear();
            rms = 0f;
            return 0f;
        }
        Vectors.Scale(1f / largest, z);
        rms = MathF.Sqrt(Vectors.SumOfSquares(z) / z.Length);
        return largest;
    }
}
