namespace EdgeFL.Numerics.Tests;

/// <summary>The normal distribution by its series and its continued fraction: slow, and shares no code with the real one.</summary>
internal static class ErrorFunction
{
    /// <summary>Φ(x), relative error about 1e-14 also far below zero.</summary>
    internal static double Normal(double x)
    {
        if (x > 2.5)
            return 1 - Normal(-x);
        var density = Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
        if (x < -2.5)
        {
            // Mills' ratio, the continued fraction of Laplace: 1/(z + 1/(z + 2/(z + 3/(z + ...)))).
            var fraction = -x;
            for (var k = 300; k >= 1; k--)
                fraction = -x + k / fraction;
            return density / fraction;
        }
        // Φ = ½ + φ·(x + x³/3 + x⁵/(3·5) + ...).
        double sum = 0, term = x;
        for (var k = 3; Math.Abs(term) > 1e-18; k += 2)
        {
            sum += term;
            term *= x * x / k;
        }
        return 0.5 + density * sum;
    }
}
