using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

public static partial class Vectors
{
    /// <summary>Virtual lanes of a reduction: element i goes to lane i mod 16 whatever the machine's width.</summary>
    private const int VirtualLanes = 16;

    /// <summary>Σ x·y: 16 chains of fused multiply-adds (element i in chain i mod 16), then a fixed tree.</summary>
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
        var whole = x.Length - x.Length % VirtualLanes;
        if (Lanes.Use512)
            Chains<TTerm, Lanes512, Vector512<float>>(ref rx, ref ry, whole, lanes);
        else if (Lanes.Use256)
            Chains<TTerm, Lanes256, Vector256<float>>(ref rx, ref ry, whole, lanes);
        else if (Lanes.Use128)
            Chains<TTerm, Lanes128, Vector128<float>>(ref rx, ref ry, whole, lanes);
        else
            Chains<TTerm, Lanes1, float>(ref rx, ref ry, whole, lanes);
        for (var i = whole; i < x.Length; i++)
            lanes[i - whole] = TTerm.Add<Lanes1, float>(x[i], y[i], lanes[i - whole]);
        for (var half = VirtualLanes / 2; half > 0; half /= 2)
        {
            for (var l = 0; l < half; l++)
                lanes[l] += lanes[l + half];
        }
        return lanes[0];
    }

    /// <summary>Runs the 16 chains, as many at a time as the width holds; narrow machines pass over the data again, which stays in the
    /// cache.</summary>
    private static void Chains<TTerm, TLanes, TVector>(ref float x, ref float y, int whole, Span<float> lanes)
        where TTerm : struct, ITerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (var first = 0; first < VirtualLanes; first += TLanes.Count)
        {
            var sum = TLanes.Zero;
            for (nint i = first; i < whole; i += VirtualLanes)
                sum = TTerm.Add<TLanes, TVector>(TLanes.Load(ref Unsafe.Add(ref x, i)), TLanes.Load(ref Unsafe.Add(ref y, i)), sum);
            TLanes.Store(sum, ref lanes[first]);
        }
    }
}
