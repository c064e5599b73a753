namespace EdgeFL.Numerics;

/// <summary>
/// Exponential, logarithm and their kin from own polynomials: the platform's differ in their last bits from one C library to the next.
/// They are worked out in double precision from additions, multiplications, divisions and roots, which IEEE 754 rounds the same everywhere, and then
/// rounded to float: the worst error of every one is below 0.51 ulp.
/// </summary>
public static partial class Elementary
{
    /// <summary>Natural logarithm. Zero gives minus infinity, negative numbers NaN.</summary>
    /// <param name="x">Any float.</param>
    public static float Log(float x)
    {
        if (float.IsNaN(x) || x < 0f)
            return float.NaN;
        if (x == 0f)
            return float.NegativeInfinity;
        if (float.IsPositiveInfinity(x))
            return x;
        return (float)LogOfPositive(x);
    }

    /// <summary>cos(π·u), for schedules.</summary>
    /// <param name="u">0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="u"/> is outside 0 to 1 or NaN.</exception>
    public static double CosinePi(double u)
    {
        if (!(u >= 0.0 && u <= 1.0))
            throw new ArgumentOutOfRangeException(nameof(u), u, "The half-turn must be within 0 to 1.");
        if (u <= 0.25)
            return CosineSeries(Math.PI * u);
        return u < 0.75 ? SineSeries(Math.PI * (0.5 - u)) : -CosineSeries(Math.PI * (1.0 - u));
    }

    /// <summary>y = ln x element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Log(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x, y);
        for (var i = 0; i < x.Length; i++)
            y[i] = Log(x[i]);
    }

    /// <summary>ln x in double precision, relative error below 1e-11.</summary>
    internal static double LogOfPositive(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }
        // ln m = 2·artanh(s), s = (m-1)/(m+1), |s| <= 0.1716.
        var s = (mantissa - 1.0) / (mantissa + 1.0);
        var z = s * s;
        var series = 1.0 / 15;
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 13);
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 11);
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 9);
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 7);
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 5);
        series = Math.FusedMultiplyAdd(series, z, 1.0 / 3);
        series = Math.FusedMultiplyAdd(series, z, 1.0);
        return Math.FusedMultiplyAdd(exponent, Ln2High, Math.FusedMultiplyAdd(exponent, Ln2Low, 2.0 * s * series));
    }

    private static double CosineSeries(double r)
    {
        var z = -r * r;
        var sum = 1.0;
        var term = 1.0;
        for (var k = 2; k <= 18; k += 2)
        {
            term = term * z / ((k - 1) * k);
            sum += term;
        }
        return sum;
    }

    private static double SineSeries(double r)
    {
        var z = -r * r;
        var sum = r;
        var term = r;
        for (var k = 3; k <= 19; k += 2)
        {
            term = term * z / ((k - 1) * k);
            sum += term;
        }
        return sum;
    }

    private static void Check(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"Vectors of {x.Length} and {y.Length} elements do not fit together.");
    }
}
