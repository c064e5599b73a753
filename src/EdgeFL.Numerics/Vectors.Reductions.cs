using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

public static partial class Vectors
{
    /// <summary>Virtual lanes of a reduction: element i goes to lane i mod 64 whatever the machine's width. The widest vectors then have four chains of sums
    /// under way, which hides how long one addition takes.</summary>
    private const int VirtualLanes = 64;

    /// <summary>Σ x·y: 64 chains of fused multiply-adds (element i in chain i mod 64), then a fixed tree.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        CheckLengths(x.Length, y.Length);
        return Reduce<Product>(x, y);
    }

    /// <summary>Σ x², in the order of <see cref="Dot"/>.</summary>
    /// <param name="x">Any length.</param>
    public static float SumOfSquares(ReadOnlySpan<float> x) => Reduce<Product>(x, x);

    /// <summary>Σ (x-y)², in the order of <see cref="Dot"/>; each difference is rounded before it is squared.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I].</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static float SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        CheckLengths(x.Length, y.Length);
        return Reduce<SquaredDifference>(x, y);
    }

    private interface ITerm
    {
        static abstract TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct;
    }

    private readonly struct Product : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Fma(x, y, sum);
    }

    private readonly struct SquaredDifference : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            var difference = TLanes.Subtract(x, y);
            return TLanes.Fma(difference, difference, sum);
        }
    }

    private static float Reduce<TTerm>(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
        where TTerm : struct, ITerm
    {
        Span<float> lanes = stackalloc float[VirtualLanes];
        lanes.Clear();
        ref var rx = ref MemoryMarshal.GetReference(x);
        ref var ry = ref MemoryMarshal.GetReference(y);
        if (Lanes.Use512)
            Chains<TTerm, Lanes512, Vector512<float>>(ref rx, ref ry, x.Length, lanes);
        else if (Lanes.Use256)
            Chains<TTerm, Lanes256, Vector256<float>>(ref rx, ref ry, x.Length, lanes);
        else if (Lanes.Use128)
            Chains<TTerm, Lanes128, Vector128<float>>(ref rx, ref ry, x.Length, lanes);
        else
            Chains<TTerm, Lanes1, float>(ref rx, ref ry, x.Length, lanes);
        for (var half = VirtualLanes / 2; half > 0; half /= 2)
        {
            // Lanes that nothing came to hold +0, and no lane holds -0: left out, they change no bit.
            for (var l = 0; l < half && l + half < x.Length; l++)
                lanes[l] += lanes[l + half];
        }
        return lanes[0];
    }

    /// <summary>Runs the chains, as many at a time as four vectors hold; narrow machines pass over the data again, which stays in the cache.</summary>
    private static void Chains<TTerm, TLanes, TVector>(ref float x, ref float y, int length, Span<float> lanes)
        where TTerm : struct, ITerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var whole = length - length % VirtualLanes;
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        for (var first = 0; first < VirtualLanes && whole > 0; first += 4 * TLanes.Count)
        {
            TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (nint i = first; i < whole; i += VirtualLanes)
            {
                s0 = Term<TTerm, TLanes, TVector>(ref x, ref y, i, s0);
                s1 = Term<TTerm, TLanes, TVector>(ref x, ref y, i + TLanes.Count, s1);
                s2 = Term<TTerm, TLanes, TVector>(ref x, ref y, i + 2 * TLanes.Count, s2);
                s3 = Term<TTerm, TLanes, TVector>(ref x, ref y, i + 3 * TLanes.Count, s3);
            }
            TLanes.Store(s0, ref Unsafe.Add(ref lane, first));
            TLanes.Store(s1, ref Unsafe.Add(ref lane, first + TLanes.Count));
            TLanes.Store(s2, ref Unsafe.Add(ref lane, first + 2 * TLanes.Count));
            TLanes.Store(s3, ref Unsafe.Add(ref lane, first + 3 * TLanes.Count));
        }
        var done = whole;
        for (; done + TLanes.Count <= length; done += TLanes.Count)
        {
            ref var sum = ref Unsafe.Add(ref lane, done - whole);
            TLanes.Store(Term<TTerm, TLanes, TVector>(ref x, ref y, done, TLanes.Load(ref sum)), ref sum);
        }
        for (; done < length; done++)
        {
            ref var sum = ref Unsafe.Add(ref lane, done - whole);
            sum = Term<TTerm, Lanes1, float>(ref x, ref y, done, sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Term<TTerm, TLanes, TVector>(ref float x, ref float y, nint i, TVector sum)
        where TTerm : struct, ITerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TTerm.Add<TLanes, TVector>(TLanes.Load(ref Unsafe.Add(ref x, i)), TLanes.Load(ref Unsafe.Add(ref y, i)), sum);
}
