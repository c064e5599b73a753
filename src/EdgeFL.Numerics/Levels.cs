using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// Activations as levels: integers of 0 to 127, each a step above the least value. Seven bits, because a level is then the same as a signed and as an
/// unsigned byte, and the byte products of no instruction set saturate.
/// </summary>
public static partial class Levels
{
    /// <summary>Highest level.</summary>
    public const int Highest = 127;

    /// <summary>
    /// levels[t,c] = x[c,t]·factor[c] + offset[c] rounded once, held within 0 to 127 (NaN gives 0), rounded half to even.
    /// </summary>
    /// <param name="x">Shape [C,T], channel-major.</param>
    /// <param name="factor">Shape [C].</param>
    /// <param name="offset">Shape [C].</param>
    /// <param name="levels">Shape [T,C] and at least 3 bytes more, for what is written a word at a time; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void OfWindow(ReadOnlySpan<float> x, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, Span<byte> levels)
    {
        if (factor.IsEmpty || offset.Length != factor.Length || x.Length % factor.Length != 0 || levels.Length < x.Length + 3)
            throw new ArgumentException($"{x.Length} values of {factor.Length} and {offset.Length} channels do not fit {levels.Length} levels.");
        var channels = factor.Length;
        // From the last four channels to the first: what a word of fewer than four spills into the next row is overwritten there.
        for (var first = (channels - 1) / 4 * 4; first >= 0; first -= 4)
        {
            var some = new Four(x, factor, offset, first);
            var t = 0;
            if (Lanes.Use512)
                t = Interleave<LevelLanes512, Vector512<int>>(some, t, levels);
            if (Lanes.Use256)
                t = Interleave<LevelLanes256, Vector256<int>>(some, t, levels);
            if (Lanes.Use128)
                t = Interleave<LevelLanes128, Vector128<int>>(some, t, levels);
            Interleave<LevelLanes1, int>(some, t, levels);
        }
    }

    /// <summary>
    /// levels[t,n] = max_j sums[t·pool + j, n] times factor[n] plus offset[n], rounded once, held within 0 to 127, rounded half to even. As no factor is
    /// negative, that is the maximum of the levels: max pooling costs no pass of its own.
    /// </summary>
    /// <param name="sums">Shape [T,N].</param>
    /// <param name="pool">Rows in a window, at least 1; rows that do not fill one are left out.</param>
    /// <param name="factor">Shape [N], none negative.</param>
    /// <param name="offset">Shape [N].</param>
    /// <param name="levels">Shape [T/pool,N], and whatever follows; overwritten but for that.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void OfSums(ReadOnlySpan<int> sums, int pool, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, Span<byte> levels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pool, 1);
        var columns = factor.Length;
        if (columns == 0 || offset.Length != columns || sums.Length % columns != 0 || levels.Length < sums.Length / columns / pool * columns)
            throw new ArgumentException($"{sums.Length} sums of {factor.Length} and {offset.Length} outputs do not pool by {pool} into {levels.Length} levels.");
        var n = 0;
        if (Lanes.Use512)
            n = OfColumns<LevelLanes512, Vector512<int>>(sums, pool, factor, offset, levels, n);
        if (Lanes.Use256)
            n = OfColumns<LevelLanes256, Vector256<int>>(sums, pool, factor, offset, levels, n);
        if (Lanes.Use128)
            n = OfColumns<LevelLanes128, Vector128<int>>(sums, pool, factor, offset, levels, n);
        OfColumns<LevelLanes1, int>(sums, pool, factor, offset, levels, n);
    }

    /// <summary>levels[n] = x[n]·factor + offset rounded once, held within 0 to 127 (NaN gives 0), rounded half to even.</summary>
    /// <param name="x">Shape [N].</param>
    /// <param name="factor">Of all.</param>
    /// <param name="offset">Of all.</param>
    /// <param name="levels">Shape [N], and whatever follows; overwritten but for that.</param>
    /// <exception cref="ArgumentException">There is less room than values.</exception>
    public static void OfValues(ReadOnlySpan<float> x, float factor, float offset, Span<byte> levels)
    {
        if (levels.Length < x.Length)
            throw new ArgumentException($"{x.Length} values do not fit {levels.Length} levels.");
        var n = 0;
        if (Lanes.Use512)
            n = OfEach<LevelLanes512, Vector512<int>>(x, factor, offset, levels, n);
        if (Lanes.Use256)
            n = OfEach<LevelLanes256, Vector256<int>>(x, factor, offset, levels, n);
        if (Lanes.Use128)
            n = OfEach<LevelLanes128, Vector128<int>>(x, factor, offset, levels, n);
        OfEach<LevelLanes1, int>(x, factor, offset, levels, n);
    }

    private static int OfEach<TLanes, TVector>(ReadOnlySpan<float> x, float factor, float offset, Span<byte> levels, int n)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        TVector times = TLanes.Broadcast(BitConverter.SingleToInt32Bits(factor)), plus = TLanes.Broadcast(BitConverter.SingleToInt32Bits(offset));
        for (; n + TLanes.Count <= x.Length; n += TLanes.Count)
            TLanes.StoreLowest(TLanes.ToLevel(LoadSingles<TLanes, TVector>(x, n), times, plus), ref Unsafe.Add(ref MemoryMarshal.GetReference(levels), n));
        return n;
    }

    private static int OfColumns<TLanes, TVector>(
        ReadOnlySpan<int> sums, int pool, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, Span<byte> levels, int n)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        nint columns = factor.Length;
        var rows = sums.Length / factor.Length / pool;
        for (; n + TLanes.Count <= columns; n += TLanes.Count)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(sums), n);
            ref var to = ref Unsafe.Add(ref MemoryMarshal.GetReference(levels), n);
            var times = LoadSingles<TLanes, TVector>(factor, n);
            var plus = LoadSingles<TLanes, TVector>(offset, n);
            for (var t = rows; t > 0; t--)
            {
                var most = TLanes.Load(ref from);
                from = ref Unsafe.Add(ref from, columns);
                for (var j = 1; j < pool; j++)
                {
                    most = TLanes.Max(most, TLanes.Load(ref from));
                    from = ref Unsafe.Add(ref from, columns);
                }
                TLanes.StoreLowest(TLanes.ToLevel(TLanes.ToSingle(most), times, plus), ref to);
                to = ref Unsafe.Add(ref to, columns);
            }
        }
        return n;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LoadSingles<TLanes, TVector>(ReadOnlySpan<float> values, int at)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct => TLanes.Load(ref Unsafe.As<float, int>(ref Unsafe.Add(ref MemoryMarshal.GetReference(values), at)));

    /// <summary>Up to four neighbouring channels of a window.</summary>
    private readonly ref struct Four(ReadOnlySpan<float> x, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, int first)
    {
        private readonly ReadOnlySpan<float> factor = factor;
        private readonly ReadOnlySpan<float> offset = offset;

        internal ReadOnlySpan<float> X { get; } = x;

        internal int First { get; } = first;

        internal int Channels => factor.Length;

        internal int Count { get; } = Math.Min(4, factor.Length - first);

        internal int Length { get; } = x.Length / factor.Length;

        internal int Factor(int i) => BitConverter.SingleToInt32Bits(i < Count ? factor[First + i] : 0f);

        internal int Offset(int i) => BitConverter.SingleToInt32Bits(i < Count ? offset[First + i] : 0f);

        /// <summary>Values of a channel; of the first where there is none.</summary>
        internal ref float Row(int i) => ref Unsafe.Add(ref MemoryMarshal.GetReference(X), (nint)(First + (i < Count ? i : 0)) * Length);
    }

    /// <summary>Rows from <paramref name="t"/> on, as many as fill vectors of this width; returns the first left over.</summary>
    private static int Interleave<TLanes, TVector>(in Four some, int t, Span<byte> levels)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        Span<int> words = stackalloc int[16];
        nint stride = some.Channels;
        ref var word = ref MemoryMarshal.GetReference(words);
        ref var to = ref Unsafe.Add(ref MemoryMarshal.GetReference(levels), t * stride + some.First);
        TVector f0 = TLanes.Broadcast(some.Factor(0)), f1 = TLanes.Broadcast(some.Factor(1)), f2 = TLanes.Broadcast(some.Factor(2)), f3 = TLanes.Broadcast(some.Factor(3));
        TVector o0 = TLanes.Broadcast(some.Offset(0)), o1 = TLanes.Broadcast(some.Offset(1)), o2 = TLanes.Broadcast(some.Offset(2)), o3 = TLanes.Broadcast(some.Offset(3));
        ref var x0 = ref Unsafe.As<float, int>(ref some.Row(0));
        ref var x1 = ref Unsafe.As<float, int>(ref some.Row(1));
        ref var x2 = ref Unsafe.As<float, int>(ref some.Row(2));
        ref var x3 = ref Unsafe.As<float, int>(ref some.Row(3));
        for (; t + TLanes.Count <= some.Length; t += TLanes.Count)
        {
            var low = TLanes.Or(
                TLanes.ToLevel(TLanes.Load(ref Unsafe.Add(ref x0, t)), f0, o0),
                TLanes.ShiftLeft(TLanes.ToLevel(TLanes.Load(ref Unsafe.Add(ref x1, t)), f1, o1), 8));
            if (some.Count > 2)
            {
                var high = TLanes.Or(
                    TLanes.ToLevel(TLanes.Load(ref Unsafe.Add(ref x2, t)), f2, o2),
                    TLanes.ShiftLeft(TLanes.ToLevel(TLanes.Load(ref Unsafe.Add(ref x3, t)), f3, o3), 8));
                low = TLanes.Or(low, TLanes.ShiftLeft(high, 16));
            }
            TLanes.Store(low, ref word);
            for (var i = 0; i < TLanes.Count; i++)
            {
                Unsafe.WriteUnaligned(ref to, Unsafe.Add(ref word, i));
                to = ref Unsafe.Add(ref to, stride);
            }
        }
        return t;
    }
}
