namespace EdgeFL.Numerics;

public static partial class Elementary
{
    private const double RootHalf = 0.70710678118654752;
    private const double DensityAtZero = 0.39894228040143268;

    /// <summary>1/√x, correctly rounded but for one case in 2^28: the worst error is below 0.501 ulp. Zero gives infinity, negative numbers NaN.</summary>
    /// <param name="x">Any float.</param>
    public static float ReciprocalSqrt(float x) => (float)(1.0 / Math.Sqrt(x));

    /// <summary>
    /// Gaussian error linear unit, x·Φ(x) with Φ the normal distribution itself, not its approximation by tanh; worst error below 0.51 ulp.
    /// Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016 (arXiv:1606.08415).
    /// </summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float Gelu(float x)
    {
        if (float.IsNaN(x) || x > 9f)
            return x;
        if (x < -15f)
            return -0f;
        var (distribution, _) = Normal(x);
        return (float)(x * distribution);
    }

    /// <summary>Derivative of <see cref="Gelu(float)"/>, Φ(x) + x·φ(x); worst error below 1e-8, or 0.51 ulp where that is more.</summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float GeluDerivative(float x)
    {
        if (float.IsNaN(x))
            return x;
        if (x > 9f)
            return 1f;
        if (x < -15f)
            return -0f;
        var (distribution, density) = Normal(x);
        return (float)(distribution + x * density);
    }

    /// <summary>y = x·Φ(x) element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Gelu(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x, y);
        for (var i = 0; i < x.Length; i++)
            y[i] = Gelu(x[i]);
    }

    /// <summary>dx = dy·(Φ(x) + x·φ(x)) element by element; unlike its kin it needs the input, for two inputs have one output.</summary>
    /// <param name="x">Input of <see cref="Gelu(ReadOnlySpan{float}, Span{float})"/>, shape [I].</param>
    /// <param name="outputGradient">Shape [I].</param>
    /// <param name="inputGradient">Shape [I]; overwritten; may be <paramref name="outputGradient"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void GeluGradient(ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        Check(x, outputGradient);
        Check(x, inputGradient);
        for (var i = 0; i < x.Length; i++)
            inputGradient[i] = outputGradient[i] * GeluDerivative(x[i]);
    }

    /// <summary>Φ(x) and φ(x), relative error below 1e-9 for |x| up to 15.</summary>
    private static (double Distribution, double Density) Normal(double x)
    {
        var bell = ExpFunction.Within<OneDouble, double>(-0.5 * x * x);
        var upper = 0.5 * bell * ScaledComplement(Math.Abs(x) * RootHalf);
        return (x < 0.0 ? upper : 1.0 - upper, DensityAtZero * bell);
    }

    /// <summary>e^(z²)·erfc(z), z from 0 to 11, relative error below 1e-10.</summary>
    private static double ScaledComplement(double z)
    {
        // A Chebyshev fit of (1 + 2z)·e^(z²)·erfc(z) in t = (z-3)/(z+3), written out in powers of t. The form is that of Shepherd and Laframboise,
        // "Chebyshev approximation of (1+2x)exp(x²)erfc x", Mathematics of Computation 36, 1981.
        var t = (z - 3.0) / (z + 3.0);
        var series = -1.1961259360759868e-07;
        series = Math.FusedMultiplyAdd(series, t, -1.1057232640609982e-05);
        series = Math.FusedMultiplyAdd(series, t, 4.280493577368816e-06);
        series = Math.FusedMultiplyAdd(series, t, 0.00011324624888686685);
        series = Math.FusedMultiplyAdd(series, t, -0.00010470635100290338);
        series = Math.FusedMultiplyAdd(series, t, -0.0007713736883321332);
        series = Math.FusedMultiplyAdd(series, t, 0.0018885053447039724);
        series = Math.FusedMultiplyAdd(series, t, 0.002526068876040899);
        series = Math.FusedMultiplyAdd(series, t, -0.023770472043720403);
        series = Math.FusedMultiplyAdd(series, t, 0.06830870676889517);
        series = Math.FusedMultiplyAdd(series, t, -0.11927366842594656);
        series = Math.FusedMultiplyAdd(series, t, 0.12964509696943222);
        series = Math.FusedMultiplyAdd(series, t, -0.04756229412657341);
        series = Math.FusedMultiplyAdd(series, t, -0.13562110449403977);
        series = Math.FusedMultiplyAdd(series, t, 1.2530080582680254);
        return series / (1.0 + 2.0 * z);
    }
}
