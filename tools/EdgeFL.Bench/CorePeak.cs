using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>What the core can do at best: its clock by a chain of multiplications, and fused multiply-adds from registers alone.</summary>
/// <param name="GigaHertz">Cycles in a nanosecond.</param>
/// <param name="GigaFlops">10^9 operations a second, a fused multiply-add counted as two.</param>
/// <param name="FlopPerCycle">What the widest vectors give with two units.</param>
internal readonly record struct CorePeak(double GigaHertz, double GigaFlops, int FlopPerCycle)
{
    private const int Rounds = 2000;

    public static CorePeak Measure()
    {
        // A 64-bit multiplication takes three cycles on every x64 processor since 2008 and on Arm's cores in a Pi.
        const double CyclesOfMultiplication = 3;
        double chain = Best(() => sink += Chain(Rounds)) / (Rounds * 16 * CyclesOfMultiplication);
        int lanes = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;
        double fused = lanes switch
        {
            16 => Best(() => sink += (ulong)Fused<Lanes512, Vector512<float>>(Rounds)),
            8 => Best(() => sink += (ulong)Fused<Lanes256, Vector256<float>>(Rounds)),
            _ => Best(() => sink += (ulong)Fused<Lanes128, Vector128<float>>(Rounds)),
        };
        return new CorePeak(1 / chain, Rounds * 16.0 * lanes * 2 / fused, lanes * 4);
    }

    /// <summary>The peak, held against clock times operations a cycle.</summary>
    public BenchRow Row(string bench) => new($"{bench}/fma-peak", "GFLOP/s", Math.Round(GigaFlops, 1), Math.Round(GigaHertz * FlopPerCycle, 1), Math.Round(GigaFlops / (GigaHertz * FlopPerCycle), 3), "higher", null);

    private static ulong sink;

    // The least, not the median: a peak is what happens when nothing disturbs.
    private static double Best(Action work) => Duel.Readings(work, 400, 1).Skip(200).Min();

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static ulong Chain(int rounds)
    {
        ulong x = (ulong)rounds | 1, k = x + 2;
        for (int i = 0; i < rounds; i++)
        {
            x *= k; x *= k; x *= k; x *= k; x *= k; x *= k; x *= k; x *= k;
            x *= k; x *= k; x *= k; x *= k; x *= k; x *= k; x *= k; x *= k;
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fused<TLanes, TVector>(int rounds)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a = TLanes.Broadcast(0.5f), b = TLanes.Broadcast(0.25f);
        TVector s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b, s12 = b, s13 = b, s14 = b, s15 = b;
        for (int i = 0; i < rounds; i++)
        {
            s0 = TLanes.Fma(a, s0, b);
            s1 = TLanes.Fma(a, s1, b);
            s2 = TLanes.Fma(a, s2, b);
            s3 = TLanes.Fma(a, s3, b);
            s4 = TLanes.Fma(a, s4, b);
            s5 = TLanes.Fma(a, s5, b);
            s6 = TLanes.Fma(a, s6, b);
            s7 = TLanes.Fma(a, s7, b);
            s8 = TLanes.Fma(a, s8, b);
            s9 = TLanes.Fma(a, s9, b);
            s10 = TLanes.Fma(a, s10, b);
            s11 = TLanes.Fma(a, s11, b);
            s12 = TLanes.Fma(a, s12, b);
            s13 = TLanes.Fma(a, s13, b);
            s14 = TLanes.Fma(a, s14, b);
            s15 = TLanes.Fma(a, s15, b);
        }

        // Every chain counts, or the compiler would leave it out. One by one: in an array the chains would be kept in memory within the loop too.
        TVector sum = TLanes.Fma(a, s0, s1);
        sum = TLanes.Fma(a, sum, s2);
        sum = TLanes.Fma(a, sum, s3);
        sum = TLanes.Fma(a, sum, s4);
        sum = TLanes.Fma(a, sum, s5);
        sum = TLanes.Fma(a, sum, s6);
        sum = TLanes.Fma(a, sum, s7);
        sum = TLanes.Fma(a, sum, s8);
        sum = TLanes.Fma(a, sum, s9);
        sum = TLanes.Fma(a, sum, s10);
        sum = TLanes.Fma(a, sum, s11);
        sum = TLanes.Fma(a, sum, s12);
        sum = TLanes.Fma(a, sum, s13);
        sum = TLanes.Fma(a, sum, s14);
        sum = TLanes.Fma(a, sum, s15);
        Span<float> lanes = stackalloc float[TLanes.Count];
        TLanes.Store(sum, ref MemoryMarshal.GetReference(lanes));
        return lanes[0];
    }
}
