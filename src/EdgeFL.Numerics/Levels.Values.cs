using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

// What values and sums reach, and what sums add up to: what has to be known before they can become levels.
public static partial class Levels
{
    /// <summary>The least and the largest of some values, NaN left out; of none, positive and negative infinity.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="least">The least; of zeros the positive one.</param>
    /// <param name="most">The largest; of zeros the positive one.</param>
    public static void RangeOf(ReadOnlySpan<float> x, out float least, out float most)
    {
        (least, most) = (float.PositiveInfinity, float.NegativeInfinity);
        var i = 0;
        if (Lanes.Use512)
            i = Range<Lanes512, Vector512<float>>(x, i, ref least, ref most);
        if (Lanes.Use256)
            i = Range<Lanes256, Vector256<float>>(x, i, ref least, ref most);
        if (Lanes.Use128)
            i = Range<Lanes128, Vector128<float>>(x, i, ref least, ref most);
        for (; i < x.Length; i++)
        {
            least = x[i] < least ? x[i] : least;
            most = x[i] > most ? x[i] : most;
        }
        // Which of two zeros is met first depends on the width.
        least += 0f;
        most += 0f;
    }

    /// <summary>The least and the largest value of each output: what the least and the largest of sums[t,n] over t times factor[n] plus offset[n] are, each
    /// rounded once.</summary>
    /// <param name="sums">Shape [T,N], T at least 1.</param>
    /// <param name="factor">Shape [N], none negative.</param>
    /// <param name="offset">Shape [N].</param>
    /// <param name="ends">Shape [2,N]: the least, then the largest; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void EndsOfSums(ReadOnlySpan<int> sums, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, Span<float> ends)
    {
        var columns = factor.Length;
        if (columns == 0 || offset.Length != columns || ends.Length != 2 * columns || sums.IsEmpty || sums.Length % columns != 0)
            throw new ArgumentException($"{sums.Length} sums of {factor.Length} and {offset.Length} outputs do not have {ends.Length} ends.");
        var n = 0;
        if (Lanes.Use512)
            n = EndsOfColumns<LevelLanes512, Vector512<int>>(sums, factor, offset, ends, n);
        if (Lanes.Use256)
            n = EndsOfColumns<LevelLanes256, Vector256<int>>(sums, factor, offset, ends, n);
        if (Lanes.Use128)
            n = EndsOfColumns<LevelLanes128, Vector128<int>>(sums, factor, offset, ends, n);
        EndsOfColumns<LevelLanes1, int>(sums, factor, offset, ends, n);
    }

    /// <summary>
    /// totals[n] = Σ_t (max_j sums[t·pool + j, n] times factor[n] plus offset[n], each rounded once, and zero instead if it is rectified and less), in float32:
    /// even and odd t each in their order, then both together.
    /// </summary>
    /// <param name="sums">Shape [T,N].</param>
    /// <param name="pool">Rows in a window, at least 1; rows that do not fill one are left out.</param>
    /// <param name="factor">Shape [N], none negative.</param>
    /// <param name="offset">Shape [N].</param>
    /// <param name="isRectified">Whether what is below zero counts as zero.</param>
    /// <param name="totals">Shape [N]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void TotalsOfSums(ReadOnlySpan<int> sums, int pool, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, bool isRectified, Span<float> totals)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pool, 1);
        var columns = factor.Length;
        if (columns == 0 || offset.Length != columns || totals.Length != columns || sums.Length % columns != 0)
            throw new ArgumentException($"{sums.Length} sums of {factor.Length} and {offset.Length} outputs do not have {totals.Length} totals.");
        // Floats that are not negative are ordered as their bits are.
        var floor = isRectified ? 0 : int.MinValue;
        var n = 0;
        if (Lanes.Use512)
            n = TotalsOfColumns<LevelLanes512, Vector512<int>>(sums, pool, factor, offset, floor, totals, n);
        if (Lanes.Use256)
            n = TotalsOfColumns<LevelLanes256, Vector256<int>>(sums, pool, factor, offset, floor, totals, n);
        if (Lanes.Use128)
            n = TotalsOfColumns<LevelLanes128, Vector128<int>>(sums, pool, factor, offset, floor, totals, n);
        TotalsOfColumns<LevelLanes1, int>(sums, pool, factor, offset, floor, totals, n);
    }

    private static int Range<TLanes, TVector>(ReadOnlySpan<float> x, int i, ref float least, ref float most)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (i + TLanes.Count > x.Length)
            return i;
        ref var from = ref MemoryMarshal.GetReference(x);
        TVector low = TLanes.Broadcast(least), high = TLanes.Broadcast(most);
        for (; i + TLanes.Count <= x.Length; i += TLanes.Count)
        {
            var next = TLanes.Load(ref Unsafe.Add(ref from, i));
            low = TLanes.WhereGreater(low, next, next, low);
            high = TLanes.WhereGreater(next, high, next, high);
        }
        Span<float> lanes = stackalloc float[32];
        TLanes.Store(low, ref lanes[0]);
        TLanes.Store(high, ref lanes[16]);
        // Four lanes at a time, then the four: none of them is NaN.
        Vector128<float> lows = Vector128.LoadUnsafe(ref lanes[0]), highs = Vector128.LoadUnsafe(ref lanes[16]);
        for (var lane = 4; lane < TLanes.Count; lane += 4)
        {
            lows = Vector128.MinNative(lows, Vector128.LoadUnsafe(ref lanes[lane]));
            highs = Vector128.MaxNative(highs, Vector128.LoadUnsafe(ref lanes[16 + lane]));
        }
        lows = Vector128.MinNative(lows, Vector128.Shuffle(lows, Vector128.Create(2, 3, 0, 1)));
        highs = Vector128.MaxNative(highs, Vector128.Shuffle(highs, Vector128.Create(2, 3, 0, 1)));
        least = Vector128.MinNative(lows, Vector128.Shuffle(lows, Vector128.Create(1, 0, 3, 2))).ToScalar();
        most = Vector128.MaxNative(highs, Vector128.Shuffle(highs, Vector128.Create(1, 0, 3, 2))).ToScalar();
        return i;
    }

    private static int EndsOfColumns<TLanes, TVector>(ReadOnlySpan<int> sums, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, Span<float> ends, int n)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        nint columns = factor.Length;
        for (; n + TLanes.Count <= columns; n += TLanes.Count)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(sums), n);
            TVector low = TLanes.Load(ref from), high = low;
            for (var t = sums.Length / factor.Length - 1; t > 0; t--)
            {
                from = ref Unsafe.Add(ref from, columns);
                var next = TLanes.Load(ref from);
                low = TLanes.Min(low, next);
                high = TLanes.Max(high, next);
            }
            var times = LoadSingles<TLanes, TVector>(factor, n);
            var plus = LoadSingles<TLanes, TVector>(offset, n);
            TLanes.Store(TLanes.Fma(TLanes.ToSingle(low), times, plus), ref Unsafe.As<float, int>(ref ends[n]));
            TLanes.Store(TLanes.Fma(TLanes.ToSingle(high), times, plus), ref Unsafe.As<float, int>(ref ends[factor.Length + n]));
        }
        return n;
    }

    private static int TotalsOfColumns<TLanes, TVector>(
        ReadOnlySpan<int> sums, int pool, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, int floor, Span<float> totals, int n)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        nint columns = factor.Length;
        var least = TLanes.Broadcast(floor);
        for (; n + TLanes.Count <= columns; n += TLanes.Count)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(sums), n);
            var times = LoadSingles<TLanes, TVector>(factor, n);
            var plus = LoadSingles<TLanes, TVector>(offset, n);
            TVector even = TLanes.Zero, odd = even;
            for (var t = sums.Length / factor.Length / pool; t > 0; t--)
            {
                var most = TLanes.Load(ref from);
                from = ref Unsafe.Add(ref from, columns);
                for (var j = 1; j < pool; j++)
                {
                    most = TLanes.Max(most, TLanes.Load(ref from));
                    from = ref Unsafe.Add(ref from, columns);
                }
                // The two change places with every row.
                (even, odd) = (odd, TLanes.AddSingles(even, TLanes.Max(TLanes.Fma(TLanes.ToSingle(most), times, plus), least)));
            }
            TLanes.Store(TLanes.AddSingles(even, odd), ref Unsafe.As<float, int>(ref totals[n]));
        }
        return n;
    }
}
