namespace EdgeFL.Numerics;

/// <summary>
/// Huber's loss: squared near the target, linear beyond a distance δ, so that single wild targets pull no harder than those at δ.
/// Source: Huber, "Robust Estimation of a Location Parameter", 1964; PyTorch's HuberLoss.
/// </summary>
public static class Huber
{
    /// <summary>Σ of ½·d² where |d| is at most δ, else δ·(|d| - ½·δ), d = output - target; summed from the first output to the last.</summary>
    /// <param name="outputs">Shape [I].</param>
    /// <param name="targets">Shape [I].</param>
    /// <param name="delta">δ, above 0.</param>
    /// <param name="share">What the gradient is multiplied by: 1/I for a mean.</param>
    /// <param name="gradient">Of the outputs, shape [I]; overwritten by share·clamp(d, -δ, δ).</param>
    /// <returns>The sum, at least 0; NaN if an output or a target is.</returns>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">δ is not above 0.</exception>
    public static float Sum(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, float delta, float share, Span<float> gradient)
    {
        if (!(delta > 0f))
            throw new ArgumentOutOfRangeException(nameof(delta), delta, "Huber's loss turns linear at a distance above 0.");
        Vectors.Subtract(outputs, targets, gradient);
        var sum = 0f;
        foreach (ref var value in gradient)
        {
            // With c = clamp(d) both branches are c·(d - ½·c).
            var difference = value;
            var clamped = difference > delta ? delta : difference < -delta ? -delta : difference;
            sum = MathF.FusedMultiplyAdd(clamped, MathF.FusedMultiplyAdd(-0.5f, clamped, difference), sum);
            value = share * clamped;
        }
        return sum;
    }
}
