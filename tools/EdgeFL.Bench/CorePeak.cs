using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
            16 => Best(() => sink += (ulong)Fused512(Rounds)),
            8 => Best(() => sink += (ulong)Fused256(Rounds)),
            _ => Best(() => sink += (ulong)Fused128(Rounds)),
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
    private static float Fused512(int rounds)
    {
        Vector512<float> a = Vector512.Create(0.5f), b = Vector512.Create(0.25f);
        Vector512<float> s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b, s12 = b, s13 = b, s14 = b, s15 = b;
        for (int i = 0; i < rounds; i++)
        {
            s0 = Vector512.FusedMultiplyAdd(a, s0, b);
            s1 = Vector512.FusedMultiplyAdd(a, s1, b);
            s2 = Vector512.FusedMultiplyAdd(a, s2, b);
            s3 = Vector512.FusedMultiplyAdd(a, s3, b);
            s4 = Vector512.FusedMultiplyAdd(a, s4, b);
            s5 = Vector512.FusedMultiplyAdd(a, s5, b);
            s6 = Vector512.FusedMultiplyAdd(a, s6, b);
            s7 = Vector512.FusedMultiplyAdd(a, s7, b);
            s8 = Vector512.FusedMultiplyAdd(a, s8, b);
            s9 = Vector512.FusedMultiplyAdd(a, s9, b);
            s10 = Vector512.FusedMultiplyAdd(a, s10, b);
            s11 = Vector512.FusedMultiplyAdd(a, s11, b);
            s12 = Vector512.FusedMultiplyAdd(a, s12, b);
            s13 = Vector512.FusedMultiplyAdd(a, s13, b);
            s14 = Vector512.FusedMultiplyAdd(a, s14, b);
            s15 = Vector512.FusedMultiplyAdd(a, s15, b);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fused256(int rounds)
    {
        Vector256<float> a = Vector256.Create(0.5f), b = Vector256.Create(0.25f);
        Vector256<float> s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b, s12 = b, s13 = b, s14 = b, s15 = b;
        for (int i = 0; i < rounds; i++)
        {
            s0 = Vector256.FusedMultiplyAdd(a, s0, b);
            s1 = Vector256.FusedMultiplyAdd(a, s1, b);
            s2 = Vector256.FusedMultiplyAdd(a, s2, b);
            s3 = Vector256.FusedMultiplyAdd(a, s3, b);
            s4 = Vector256.FusedMultiplyAdd(a, s4, b);
            s5 = Vector256.FusedMultiplyAdd(a, s5, b);
            s6 = Vector256.FusedMultiplyAdd(a, s6, b);
            s7 = Vector256.FusedMultiplyAdd(a, s7, b);
            s8 = Vector256.FusedMultiplyAdd(a, s8, b);
            s9 = Vector256.FusedMultiplyAdd(a, s9, b);
            s10 = Vector256.FusedMultiplyAdd(a, s10, b);
            s11 = Vector256.FusedMultiplyAdd(a, s11, b);
            s12 = Vector256.FusedMultiplyAdd(a, s12, b);
            s13 = Vector256.FusedMultiplyAdd(a, s13, b);
            s14 = Vector256.FusedMultiplyAdd(a, s14, b);
            s15 = Vector256.FusedMultiplyAdd(a, s15, b);
        }

        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fused128(int rounds)
    {
        Vector128<float> a = Vector128.Create(0.5f), b = Vector128.Create(0.25f);
        Vector128<float> s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b, s12 = b, s13 = b, s14 = b, s15 = b;
        for (int i = 0; i < rounds; i++)
        {
            s0 = Vector128.FusedMultiplyAdd(a, s0, b);
            s1 = Vector128.FusedMultiplyAdd(a, s1, b);
            s2 = Vector128.FusedMultiplyAdd(a, s2, b);
            s3 = Vector128.FusedMultiplyAdd(a, s3, b);
            s4 = Vector128.FusedMultiplyAdd(a, s4, b);
            s5 = Vector128.FusedMultiplyAdd(a, s5, b);
            s6 = Vector128.FusedMultiplyAdd(a, s6, b);
            s7 = Vector128.FusedMultiplyAdd(a, s7, b);
            s8 = Vector128.FusedMultiplyAdd(a, s8, b);
            s9 = Vector128.FusedMultiplyAdd(a, s9, b);
            s10 = Vector128.FusedMultiplyAdd(a, s10, b);
            s11 = Vector128.FusedMultiplyAdd(a, s11, b);
            s12 = Vector128.FusedMultiplyAdd(a, s12, b);
            s13 = Vector128.FusedMultiplyAdd(a, s13, b);
            s14 = Vector128.FusedMultiplyAdd(a, s14, b);
            s15 = Vector128.FusedMultiplyAdd(a, s15, b);
        }

        return Vector128.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15);
    }
}
