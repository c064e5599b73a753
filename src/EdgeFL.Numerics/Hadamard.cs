using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// The fast Walsh-Hadamard transform: sums and differences at distances 1, 2, 4 and so on. It spreads what a few values hold over all of them, so that they can be
/// quantised alike. Each stage takes the elements in pairs, whatever the width: the same bits everywhere.
/// </summary>
public static class Hadamard
{
    // For distances 1, 2, 4 and 8 within a vector: lanes whose index has the distance's bit are subtracted.
    private static ReadOnlySpan<float> Signs =>
    [
        1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1,
        1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1,
        1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1,
        1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1,
    ];

    /// <summary>x = H·x, where H[i,j] is 1, or -1 if i and j have an odd number of bits in common. Not scaled: done twice, it multiplies by P.</summary>
    /// <param name="x">Shape [P], P a power of two; read and written.</param>
    /// <exception cref="ArgumentException">The length is no power of two.</exception>
    public static void Transform(Span<float> x)
    {
        if (!BitOperations.IsPow2(x.Length))
            throw new ArgumentException($"The transform takes a power of two of values, not {x.Length}.", nameof(x));
        ref var first = ref MemoryMarshal.GetReference(x);
        if (Lanes.Use512 && x.Length >= Lanes512.Count)
            Stages<Lanes512, Vector512<float>>(ref first, x.Length);
        else if (Lanes.Use256 && x.Length >= Lanes256.Count)
            Stages<Lanes256, Vector256<float>>(ref first, x.Length);
        else if (Lanes.Use128 && x.Length >= Lanes128.Count)
            Stages<Lanes128, Vector128<float>>(ref first, x.Length);
        else
            Stages<Lanes1, float>(ref first, x.Length);
    }

    private static void Stages<TLanes, TVector>(ref float x, int length)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (TLanes.Count > 1)
        {
            for (var i = 0; i < length; i += TLanes.Count)
            {
                ref var place = ref Unsafe.Add(ref x, i);
                var v = Within<TLanes, TVector>(Within<TLanes, TVector>(TLanes.Load(ref place), 1), 2);
                if (TLanes.Count > 4)
                    v = Within<TLanes, TVector>(v, 4);
                if (TLanes.Count > 8)
                    v = Within<TLanes, TVector>(v, 8);
                TLanes.Store(v, ref place);
            }
        }
        var distance = TLanes.Count;
        for (; 4 * distance <= length; distance *= 4)
        {
            for (var block = 0; block < length; block += 4 * distance)
            {
                for (var i = block; i < block + distance; i += TLanes.Count)
                    Four<TLanes, TVector>(ref Unsafe.Add(ref x, i), distance);
            }
        }
        if (distance == length)
            return;
        for (var i = 0; i < distance; i += TLanes.Count)
        {
            ref var place = ref Unsafe.Add(ref x, i);
            ref var other = ref Unsafe.Add(ref place, distance);
            TVector a = TLanes.Load(ref place), b = TLanes.Load(ref other);
            TLanes.Store(TLanes.Add(a, b), ref place);
            TLanes.Store(TLanes.Subtract(a, b), ref other);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Within<TLanes, TVector>(TVector v, int distance)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref var signs = ref Unsafe.Add(ref MemoryMarshal.GetReference(Signs), BitOperations.Log2((uint)distance) * Lanes512.Count);
        return TLanes.Fma(TLanes.Load(ref signs), v, TLanes.Exchange(v, distance));
    }

    /// <summary>Two stages at once, which saves going over the values a second time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four<TLanes, TVector>(ref float x, int distance)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref var second = ref Unsafe.Add(ref x, distance);
        ref var third = ref Unsafe.Add(ref second, distance);
        ref var fourth = ref Unsafe.Add(ref third, distance);
        TVector a = TLanes.Load(ref x), b = TLanes.Load(ref second), c = TLanes.Load(ref third), d = TLanes.Load(ref fourth);
        TVector ab = TLanes.Add(a, b), ba = TLanes.Subtract(a, b), cd = TLanes.Add(c, d), dc = TLanes.Subtract(c, d);
        TLanes.Store(TLanes.Add(ab, cd), ref x);
        TLanes.Store(TLanes.Add(ba, dc), ref second);
        TLanes.Store(TLanes.Subtract(ab, cd), ref third);
        TLanes.Store(TLanes.Subtract(ba, dc), ref fourth);
    }
}
