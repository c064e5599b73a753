using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <content>Exponential, hyperbolic tangent and sigmoid, written once for one double and for a vector of them.</content>
public static partial class Elementary
{
    private const double Log2E = 1.4426950408889634;

    // ln 2 in two parts: the first has 32 trailing zero bits, so that n·first is exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e^x. Below -103.98 it is 0, above 88.73 infinity; NaN stays NaN.</summary>
    /// <param name="x">Any float.</param>
    public static float Exp(float x) => Of<ExpFunction>(x);

    /// <summary>Hyperbolic tangent.</summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float Tanh(float x) => Of<TanhFunction>(x);

    /// <summary>1/(1 + e^-x).</summary>
    /// <param name="x">Any float; NaN stays NaN.</param>
    public static float Sigmoid(float x) => Of<SigmoidFunction>(x);

    /// <summary>y = e^x element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y) => Of<ExpFunction>(x, y);

    /// <summary>y = tanh x element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y) => Of<TanhFunction>(x, y);

    /// <summary>y = 1/(1 + e^-x) element by element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y) => Of<SigmoidFunction>(x, y);

    private static float Of<TFunction>(float x)
        where TFunction : struct, IFunction
    {
        if (float.IsNaN(x) || (TFunction.KeepsZero && x == 0f))
            return x;
        if (x < TFunction.Low)
            return TFunction.Below;
        if (x > TFunction.High)
            return TFunction.Above;
        return (float)TFunction.Within<OneDouble, double>(x);
    }

    private static void Of<TFunction>(ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IFunction
    {
        Check(x, y);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            for (var j = 0; j < vx.Length; j++)
            {
                var value = vx[j];
                Vector.Widen(value, out var low, out var high);
                var result = Vector.Narrow(
                    TFunction.Within<ManyDoubles, Vector<double>>(low), TFunction.Within<ManyDoubles, Vector<double>>(high));
                // What lies outside, or is NaN, came out as nonsense and is replaced.
                result = Vector.ConditionalSelect(Vector.LessThan(value, new Vector<float>(TFunction.Low)), new Vector<float>(TFunction.Below), result);
                result = Vector.ConditionalSelect(Vector.GreaterThan(value, new Vector<float>(TFunction.High)), new Vector<float>(TFunction.Above), result);
                var kept = TFunction.KeepsZero ? Vector.Equals(value, Vector<float>.Zero) | ~Vector.Equals(value, value) : ~Vector.Equals(value, value);
                vy[j] = Vector.ConditionalSelect(kept, value, result);
            }
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            y[i] = Of<TFunction>(x[i]);
    }

    /// <summary>e^x = power·(1 + tail), |tail| at most √2 - 1; tail is accurate relative to itself, 1e-10.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReducedExpMinusOne<TDoubles, T>(T x, out T tail, out T power)
        where TDoubles : struct, IDoubles<T>
    {
        var n = TDoubles.Round(TDoubles.Multiply(x, TDoubles.Create(Log2E)));
        var f = TDoubles.Fma(n, TDoubles.Create(-Ln2Low), TDoubles.Fma(n, TDoubles.Create(-Ln2High), x));
        // (e^f - 1)/f by Taylor's series; |f| <= 0.3466 leaves 2e-12 after the term in f^9.
        var series = TDoubles.Create(1.0 / 3628800);
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 362880));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 40320));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 5040));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 720));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 120));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 24));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0 / 6));
        series = TDoubles.Fma(series, f, TDoubles.Create(0.5));
        series = TDoubles.Fma(series, f, TDoubles.Create(1.0));
        tail = TDoubles.Multiply(f, series);
        power = TDoubles.PowerOfTwo(n);
    }

    /// <summary>A function of floats by way of doubles, and what it is outside the range where its formula holds.</summary>
    private interface IFunction
    {
        static abstract float Low { get; }

        static abstract float Below { get; }

        static abstract float High { get; }

        static abstract float Above { get; }

        /// <summary>True when f(±0) = ±0, which the formula would give without its sign.</summary>
        static abstract bool KeepsZero { get; }

        static abstract T Within<TDoubles, T>(T x)
            where TDoubles : struct, IDoubles<T>;
    }

    private readonly struct ExpFunction : IFunction
    {
        public static float Low => -104f;

        public static float Below => 0f;

        public static float High => 89f;

        public static float Above => float.PositiveInfinity;

        public static bool KeepsZero => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Within<TDoubles, T>(T x)
            where TDoubles : struct, IDoubles<T>
        {
            ReducedExpMinusOne<TDoubles, T>(x, out var tail, out var power);
            return TDoubles.Add(power, TDoubles.Multiply(power, tail));
        }
    }

    private readonly struct TanhFunction : IFunction
    {
        public static float Low => -10f;

        public static float Below => -1f;

        public static float High => 10f;

        public static float Above => 1f;

        public static bool KeepsZero => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Within<TDoubles, T>(T x)
            where TDoubles : struct, IDoubles<T>
        {
            // tanh x = (e^2x - 1)/(e^2x + 1); near zero the reduced exponential already has its 1 taken off, so nothing cancels.
            ReducedExpMinusOne<TDoubles, T>(TDoubles.Add(x, x), out var tail, out var power);
            var minusOne = TDoubles.Add(TDoubles.Add(power, TDoubles.Create(-1.0)), TDoubles.Multiply(power, tail));
            return TDoubles.Divide(minusOne, TDoubles.Add(minusOne, TDoubles.Create(2.0)));
        }
    }

    private readonly struct SigmoidFunction : IFunction
    {
        public static float Low => -104f;

        public static float Below => 0f;

        public static float High => 104f;

        public static float Above => 1f;

        public static bool KeepsZero => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Within<TDoubles, T>(T x)
            where TDoubles : struct, IDoubles<T>
        {
            ReducedExpMinusOne<TDoubles, T>(TDoubles.Multiply(x, TDoubles.Create(-1.0)), out var tail, out var power);
            var exponential = TDoubles.Add(power, TDoubles.Multiply(power, tail));
            return TDoubles.Divide(TDoubles.Create(1.0), TDoubles.Add(TDoubles.Create(1.0), exponential));
        }
    }

    /// <summary>The few operations on doubles that the formulas are written in; IEEE 754 rounds each the same everywhere.</summary>
    private interface IDoubles<T>
    {
        static abstract T Create(double value);

        static abstract T Add(T a, T b);

        static abstract T Multiply(T a, T b);

        static abstract T Divide(T a, T b);

        /// <summary>a·b + c rounded once.</summary>
        static abstract T Fma(T a, T b, T c);

        /// <summary>To the nearest whole number, of two the even one.</summary>
        static abstract T Round(T a);

        /// <summary>2^n of a whole number from -1022 to 1023.</summary>
        static abstract T PowerOfTwo(T n);
    }

    // Adding it leaves a whole number n in the low bits, n + 1023: the exponent of 2^n, once shifted to its place.
    private const double ExponentBias = 4503599627370496.0 + 1023.0;

    private readonly struct OneDouble : IDoubles<double>
    {
        public static double Create(double value) => value;

        public static double Add(double a, double b) => a + b;

        public static double Multiply(double a, double b) => a * b;

        public static double Divide(double a, double b) => a / b;

        public static double Fma(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

        public static double Round(double a) => Math.Round(a);

        public static double PowerOfTwo(double n) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(n + ExponentBias) << 52);
    }

    private readonly struct ManyDoubles : IDoubles<Vector<double>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Create(double value) => new(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Add(Vector<double> a, Vector<double> b) => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Multiply(Vector<double> a, Vector<double> b) => a * b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Divide(Vector<double> a, Vector<double> b) => a / b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Fma(Vector<double> a, Vector<double> b, Vector<double> c) => Vector.FusedMultiplyAdd(a, b, c);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Round(Vector<double> a) => Vector.Round(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> PowerOfTwo(Vector<double> n) =>
            Vector.AsVectorDouble(Vector.ShiftLeft(Vector.AsVectorInt64(n + new Vector<double>(ExponentBias)), 52));
    }
}
