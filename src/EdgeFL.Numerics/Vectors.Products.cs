using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

public static partial class Vectors
{
    /// <summary>z = x·y.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <param name="z">Shape [I]; overwritten; may be <paramref name="x"/> or <paramref name="y"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Multiply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z) => Pairwise<Times>(x, y, z);

    /// <summary>z = x·y + start, one fused multiply-add per element.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <param name="start">Shape [I].</param>
    /// <param name="z">Shape [I]; overwritten; may be any of the others itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void MultiplyAdd(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> start, Span<float> z)
    {
        CheckLengths(x.Length, y.Length);
        CheckLengths(x.Length, start.Length);
        CheckLengths(x.Length, z.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var vs = MemoryMarshal.Cast<float, Vector<float>>(start);
            var vz = MemoryMarshal.Cast<float, Vector<float>>(z);
            for (var j = 0; j < vx.Length; j++)
                vz[j] = Vector.FusedMultiplyAdd(vx[j], vy[j], vs[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            z[i] = MathF.FusedMultiplyAdd(x[i], y[i], start[i]);
    }

    /// <summary>y = x + a.</summary>
    /// <param name="a">What is added to each element.</param>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Shift(float a, ReadOnlySpan<float> x, Span<float> y)
    {
        CheckLengths(x.Length, y.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var va = new Vector<float>(a);
            for (var j = 0; j < vx.Length; j++)
                vy[j] = vx[j] + va;
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            y[i] = x[i] + a;
    }

    /// <summary>Σ x, in the order of <see cref="Dot"/>.</summary>
    /// <param name="x">Any length.</param>
    public static float Sum(ReadOnlySpan<float> x) => Reduce<First>(x, x);

    private readonly struct First : ITerm
    {
        // 1·x + s rounds as x + s does.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Fma(TLanes.Broadcast(1f), x, sum);
    }
}
