using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Elementwise operations on float32 vectors, and reductions in one fixed lane order. No allocation; the same bits on every
/// instruction set.</summary>
public static partial class Vectors
{
    /// <summary>y += a·x, one fused multiply-add per element.</summary>
    /// <param name="a">Scalar factor.</param>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; read and written.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Axpy(float a, ReadOnlySpan<float> x, Span<float> y)
    {
        CheckLengths(x.Length, y.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var va = new Vector<float>(a);
            for (var j = 0; j < vx.Length; j++)
                vy[j] = Vector.FusedMultiplyAdd(va, vx[j], vy[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            y[i] = MathF.FusedMultiplyAdd(a, x[i], y[i]);
    }

    /// <summary>x *= a.</summary>
    /// <param name="a">Scalar factor.</param>
    /// <param name="x">Any length; read and written.</param>
    public static void Scale(float a, Span<float> x)
    {
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var va = new Vector<float>(a);
            for (var j = 0; j < vx.Length; j++)
                vx[j] *= va;
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            x[i] *= a;
    }

    /// <summary>x /= a, correctly rounded.</summary>
    /// <param name="a">Divisor.</param>
    /// <param name="x">Any length; read and written.</param>
    public static void Divide(float a, Span<float> x)
    {
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var va = new Vector<float>(a);
            for (var j = 0; j < vx.Length; j++)
                vx[j] /= va;
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            x[i] /= a;
    }

    /// <summary>z = x + y.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <param name="z">Shape [I]; overwritten; may be <paramref name="x"/> or <paramref name="y"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z) => Pairwise<Plus>(x, y, z);

    /// <summary>z = x - y.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <param name="z">Shape [I]; overwritten; may be <paramref name="x"/> or <paramref name="y"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Subtract(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z) => Pairwise<Minus>(x, y, z);

    /// <summary>x += share·(y - x): the subtraction is rounded, then one fused multiply-add.</summary>
    /// <param name="x">Shape [I]; read and written.</param>
    /// <param name="y">Shape [I].</param>
    /// <param name="share">How far to go from x (0) to y (1).</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Lerp(Span<float> x, ReadOnlySpan<float> y, float share)
    {
        CheckLengths(x.Length, y.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var va = new Vector<float>(share);
            for (var j = 0; j < vx.Length; j++)
                vx[j] = Vector.FusedMultiplyAdd(va, vy[j] - vx[j], vx[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            x[i] = MathF.FusedMultiplyAdd(share, y[i] - x[i], x[i]);
    }

    /// <summary>True when no element is NaN or infinite.</summary>
    /// <param name="x">Any length.</param>
    public static bool AllFinite(ReadOnlySpan<float> x)
    {
        // An exponent of all ones says NaN or infinity; the sign is shifted out. Bits, not floats, so that no comparison is in doubt.
        const uint Limit = 0xFF000000;
        var bits = MemoryMarshal.Cast<float, uint>(x);
        var done = 0;
        if (Lanes.UseVector)
        {
            var blocks = MemoryMarshal.Cast<uint, Vector<uint>>(bits);
            var limit = new Vector<uint>(Limit);
            foreach (var block in blocks)
            {
                if (Vector.GreaterThanOrEqualAny(block << 1, limit))
                    return false;
            }
            done = blocks.Length * Vector<uint>.Count;
        }
        foreach (var word in bits[done..])
        {
            if (word << 1 >= Limit)
                return false;
        }
        return true;
    }

    private static void CheckLengths(int first, int second)
    {
        if (first != second)
            throw new ArgumentException($"Vectors of {first} and {second} elements do not fit together.");
    }
}
