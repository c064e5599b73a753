namespace EdgeFL.Numerics;

/// <summary>
/// Exponential, logarithm and their kin from own polynomials: the platform's differ in their last bits from one C library to the next.
/// They are worked out in double precision from additions, multiplications and divisions, which IEEE 754 rounds the same everywhere, and
/// then
/// rounded to float: the worst error of every one is below 0.51 ulp.
/// </summary>
public static partial class Elementary
{
    private const double Log2E = 1.4426950408889634;

    // ln 2 in two parts: the first has 32 trailing zero bits, so that n·first is exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e^x. Below -103.98 it is 0, above 88.73 infinity; NaN stays NaN.</summary>
    /// <param name="x">Any float.</param>
    public static float Exp(float x)
    {
        if (float.IsNaN(x))
            return x;
        if (x < -104f)
            return 0f;
        if (x > 89f)
            return float.PositiveInfinity;
        var (tail, power) = ReducedExpMinusOne(x);
        return (float)(power + power * tail);
    }

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

    /// <summary>Hyperbolic tangent.</summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float Tanh(float x)
    {
        if (float.IsNaN(x))
            return x;
        if (x > 10f)
            return 1f;
        if (x < -10f)
            return -1f;
        if (x == 0f)
            return x;
        // tanh x = (e^2x - 1)/(e^2x + 1); near zero the reduced exponential already has its 1 taken off, so nothing cancels.
        var (tail, power) = ReducedExpMinusOne(2.0 * x);
        var minusOne = (power - 1.0) + power * tail;
        return (float)(minusOne / (minusOne + 2.0));
    }

    /// <summary>1/(1 + e^-x).</summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float Sigmoid(float x)
    {
        if (float.IsNaN(x))
            return x;
        if (x > 104f)
            return 1f;
        if (x < -104f)
            return 0f;
        var (tail, power) = ReducedExpMinusOne(-(double)x);
        return (float)(1.0 / (1.0 + (power + power * tail)));
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

    /// <summary>y = e^x element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x, y);
        for (var i = 0; i < x.Length; i++)
            y[i] = Exp(x[i]);
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

    /// <summary>y = tanh x element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x, y);
        for (var i = 0; i < x.Length; i++)
            y[i] = Tanh(x[i]);
    }

    /// <summary>y = 1/(1 + e^-x) element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x, y);
        for (var i = 0; i < x.Length; i++)
            y[i] = Sigmoid(x[i]);
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

    /// <summary>e^x = power·(1 + tail), |tail| at most √2 - 1; tail is accurate relative to itself, 1e-10.</summary>
    private static (double Tail, double Power) ReducedExpMinusOne(double x)
    {
        var n = Math.Round(x * Log2E);
        var f = Math.FusedMultiplyAdd(-n, Ln2Low, Math.FusedMultiplyAdd(-n, Ln2High, x));
        // (e^f - 1)/f by Taylor's series; |f| <= 0.3466 leaves 2e-12 after the term in f^9.
        var series = 1.0 / 3628800;
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 362880);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 40320);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 5040);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 720);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 120);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 24);
        series = Math.FusedMultiplyAdd(series, f, 1.0 / 6);
        series = Math.FusedMultiplyAdd(series, f, 0.5);
        series = Math.FusedMultiplyAdd(series, f, 1.0);
        return (f * series, BitConverter.Int64BitsToDouble((long)(n + 1023.0) << 52));
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
