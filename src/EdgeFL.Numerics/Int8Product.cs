using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>Shape of a product of 7-bit levels with 8-bit weights. A convolution's rows overlap: each begins <paramref name="Stride"/> bytes after the last.</summary>
/// <param name="Rows">M, at least 1.</param>
/// <param name="Outputs">N, at least 1.</param>
/// <param name="Depth">K, levels in a row, 1 to <see cref="DepthMax"/>.</param>
/// <param name="Stride">Bytes from the start of one row to the next, at least 0.</param>
public readonly record struct Int8Shape(int Rows, int Outputs, int Depth, int Stride)
{
    /// <summary>Largest depth: 2^16 products of 127·-128 fit an int32.</summary>
    public const int DepthMax = 1 << 16;

    /// <summary>Fours of levels in a row, the last filled up with weights of zero.</summary>
    internal int Groups => (Depth + 3) / 4;

    /// <summary>Weights as <see cref="Int8Product.Pack"/> lays them: N·K, K rounded up to a multiple of 4.</summary>
    public int PackedCount => checked(Groups * 4 * Outputs);

    /// <summary>Levels that are read: those of all rows, and up to three after the last, whose values do not matter.</summary>
    public int LevelCount => checked((Rows - 1) * Stride + Groups * 4);

    /// <summary>Sums that come out, M·N.</summary>
    public int SumCount => checked(Rows * Outputs);
}

/// <summary>
/// Products of levels (activations as integers of 0 to 127) with signed 8-bit weights, summed in int32. Integers have no rounding, so the order of the sums
/// is free, and every instruction set gives the same.
/// </summary>
public static class Int8Product
{
    private const int TileRows = 6;

    /// <summary>Lays weights so that the four levels that one instruction takes meet theirs: [K/4,N,4].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="weights">Shape [N,K].</param>
    /// <param name="packed"><see cref="Int8Shape.PackedCount"/> weights; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length, or a size is out of range.</exception>
    public static void Pack(in Int8Shape shape, ReadOnlySpan<sbyte> weights, Span<sbyte> packed)
    {
        CheckSizes(shape);
        if (weights.Length != shape.Outputs * shape.Depth || packed.Length != shape.PackedCount)
            throw new ArgumentException($"{weights.Length} weights do not pack into {packed.Length} for {shape}.");
        packed.Clear();
        for (var n = 0; n < shape.Outputs; n++)
        {
            for (var k = 0; k < shape.Depth; k++)
                packed[(k / 4 * shape.Outputs + n) * 4 + k % 4] = weights[n * shape.Depth + k];
        }
    }

    /// <summary>sums[m,n] = Σ_k levels[m·stride + k]·w[n,k].</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="levels">At least <see cref="Int8Shape.LevelCount"/> bytes, each 0 to 127: with larger ones instruction sets would saturate, each in its own
    /// way.</param>
    /// <param name="packed">Weights, from <see cref="Pack"/>.</param>
    /// <param name="sums">Shape [M,N]; overwritten.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape, or a size is out of range.</exception>
    public static void Multiply(in Int8Shape shape, ReadOnlySpan<byte> levels, ReadOnlySpan<sbyte> packed, Span<int> sums)
    {
        CheckSizes(shape);
        if (levels.Length < shape.LevelCount || packed.Length != shape.PackedCount || sums.Length < shape.SumCount)
        {
            throw new ArgumentException(
                $"{shape} needs {shape.LevelCount} levels, {shape.PackedCount} weights and {shape.SumCount} sums, not {levels.Length}, {packed.Length} and {sums.Length}.");
        }
        ref var x = ref MemoryMarshal.GetReference(levels);
        ref var w = ref Unsafe.As<sbyte, int>(ref MemoryMarshal.GetReference(packed));
        ref var y = ref MemoryMarshal.GetReference(sums);
        var n = 0;
        if (LevelLanes.UseVnni)
            n = Sweep<LevelLanesVnni, Vector256<int>>(shape, ref x, ref w, ref y, n);
        if (LevelLanes.Use512)
            n = Sweep<LevelLanes512, Vector512<int>>(shape, ref x, ref w, ref y, n);
        if (LevelLanes.Use256)
            n = Sweep<LevelLanes256, Vector256<int>>(shape, ref x, ref w, ref y, n);
        if (Lanes.Use128)
            n = Sweep<LevelLanes128, Vector128<int>>(shape, ref x, ref w, ref y, n);
        if (n < shape.Outputs)
            Sweep<LevelLanes1, int>(shape, ref x, ref w, ref y, n);
    }

    /// <summary>sums[t,c] = Σ_j levels[t·size + j, c]; rows that do not fill a window are left out.</summary>
    /// <param name="levels">Shape [T,C]; more may follow.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="size">Rows in a window, 1 to 2^24.</param>
    /// <param name="sums">Shape [windows, C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void SumRows(ReadOnlySpan<byte> levels, int channels, int size, Span<int> sums)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1 << 24);
        if (sums.Length % channels != 0 || (long)sums.Length * size > levels.Length)
            throw new ArgumentException($"{levels.Length} levels of {channels} channels do not add up by {size} to {sums.Length} sums.");
        ref var x = ref MemoryMarshal.GetReference(levels);
        ref var y = ref MemoryMarshal.GetReference(sums);
        int rows = sums.Length / channels, c = 0;
        if (Lanes.Use512)
            c = SumColumns<LevelLanes512, Vector512<int>>(ref x, rows, channels, size, ref y, c);
        if (Lanes.Use256)
            c = SumColumns<LevelLanes256, Vector256<int>>(ref x, rows, channels, size, ref y, c);
        if (Lanes.Use128)
            c = SumColumns<LevelLanes128, Vector128<int>>(ref x, rows, channels, size, ref y, c);
        SumColumns<LevelLanes1, int>(ref x, rows, channels, size, ref y, c);
    }

    private static int SumColumns<TLanes, TVector>(ref byte x, int rows, int channels, int size, ref int y, int c)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        for (; c + TLanes.Count <= channels; c += TLanes.Count)
        {
            ref var from = ref Unsafe.Add(ref x, c);
            for (var t = 0; t < rows; t++)
            {
                var sum = TLanes.Zero;
                for (var j = 0; j < size; j++)
                {
                    sum = TLanes.Add(sum, TLanes.Widen(ref from));
                    from = ref Unsafe.Add(ref from, channels);
                }
                TLanes.Store(sum, ref Unsafe.Add(ref y, (nint)t * channels + c));
            }
        }
        return c;
    }

    /// <summary>All rows, from output <paramref name="n"/> on, as many outputs as fill vectors of this width; returns the first output left over.</summary>
    private static int Sweep<TLanes, TVector>(in Int8Shape shape, ref byte x, ref int w, ref int y, int n)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        if (shape.Rows >= TileRows)
        {
            for (; n + 2 * TLanes.Count <= shape.Outputs; n += 2 * TLanes.Count)
            {
                // A last tile is moved back to end with the rows: what it computes twice comes out the same.
                for (var m = 0; m < shape.Rows; m += TileRows)
                {
                    m = Math.Min(m, shape.Rows - TileRows);
                    TilePair<TLanes, TVector>(shape, ref Unsafe.Add(ref x, (nint)m * shape.Stride), ref Unsafe.Add(ref w, n), ref Unsafe.Add(ref y, (nint)m * shape.Outputs + n));
                }
            }
        }
        for (; n + TLanes.Count <= shape.Outputs; n += TLanes.Count)
        {
            for (var m = 0; m < shape.Rows; m++)
                Row<TLanes, TVector>(shape, ref Unsafe.Add(ref x, (nint)m * shape.Stride), ref Unsafe.Add(ref w, n), ref Unsafe.Add(ref y, (nint)m * shape.Outputs + n));
        }
        return n;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Spread<TLanes, TVector>(ref byte four)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct => TLanes.Broadcast(Unsafe.ReadUnaligned<int>(ref four));

    /// <summary>Six rows by two vectors of outputs: twelve sums at a time, as many as sixteen registers hold beside what they are made of.</summary>
    private static void TilePair<TLanes, TVector>(in Int8Shape shape, ref byte x, ref int w, ref int y)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        nint row = shape.Stride, next = shape.Outputs;
        ref var x3 = ref Unsafe.Add(ref x, 3 * row);
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
        TVector t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0;
        for (var group = shape.Groups; group > 0; group--)
        {
            var u = TLanes.Load(ref w);
            var v = TLanes.Load(ref Unsafe.Add(ref w, TLanes.Count));
            var four = Spread<TLanes, TVector>(ref x);
            s0 = TLanes.MultiplyAdd(four, u, s0);
            t0 = TLanes.MultiplyAdd(four, v, t0);
            four = Spread<TLanes, TVector>(ref Unsafe.Add(ref x, row));
            s1 = TLanes.MultiplyAdd(four, u, s1);
            t1 = TLanes.MultiplyAdd(four, v, t1);
            four = Spread<TLanes, TVector>(ref Unsafe.Add(ref x, 2 * row));
            s2 = TLanes.MultiplyAdd(four, u, s2);
            t2 = TLanes.MultiplyAdd(four, v, t2);
            four = Spread<TLanes, TVector>(ref x3);
            s3 = TLanes.MultiplyAdd(four, u, s3);
            t3 = TLanes.MultiplyAdd(four, v, t3);
            four = Spread<TLanes, TVector>(ref Unsafe.Add(ref x3, row));
            s4 = TLanes.MultiplyAdd(four, u, s4);
            t4 = TLanes.MultiplyAdd(four, v, t4);
            four = Spread<TLanes, TVector>(ref Unsafe.Add(ref x3, 2 * row));
            s5 = TLanes.MultiplyAdd(four, u, s5);
            t5 = TLanes.MultiplyAdd(four, v, t5);
            x = ref Unsafe.Add(ref x, 4);
            x3 = ref Unsafe.Add(ref x3, 4);
            w = ref Unsafe.Add(ref w, next);
        }
        StorePair<TLanes, TVector>(s0, t0, ref y);
        StorePair<TLanes, TVector>(s1, t1, ref Unsafe.Add(ref y, next));
        StorePair<TLanes, TVector>(s2, t2, ref Unsafe.Add(ref y, 2 * next));
        StorePair<TLanes, TVector>(s3, t3, ref Unsafe.Add(ref y, 3 * next));
        StorePair<TLanes, TVector>(s4, t4, ref Unsafe.Add(ref y, 4 * next));
        StorePair<TLanes, TVector>(s5, t5, ref Unsafe.Add(ref y, 5 * next));
    }

    /// <summary>One row by one vector of outputs; four sums over every fourth group hide what one would wait.</summary>
    private static void Row<TLanes, TVector>(in Int8Shape shape, ref byte x, ref int w, ref int y)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        nint next = shape.Outputs;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        var group = shape.Groups;
        for (; group >= 4; group -= 4)
        {
            s0 = TLanes.MultiplyAdd(Spread<TLanes, TVector>(ref x), TLanes.Load(ref w), s0);
            s1 = TLanes.MultiplyAdd(Spread<TLanes, TVector>(ref Unsafe.Add(ref x, 4)), TLanes.Load(ref Unsafe.Add(ref w, next)), s1);
            s2 = TLanes.MultiplyAdd(Spread<TLanes, TVector>(ref Unsafe.Add(ref x, 8)), TLanes.Load(ref Unsafe.Add(ref w, 2 * next)), s2);
            s3 = TLanes.MultiplyAdd(Spread<TLanes, TVector>(ref Unsafe.Add(ref x, 12)), TLanes.Load(ref Unsafe.Add(ref w, 3 * next)), s3);
            x = ref Unsafe.Add(ref x, 16);
            w = ref Unsafe.Add(ref w, 4 * next);
        }
        for (; group > 0; group--)
        {
            s0 = TLanes.MultiplyAdd(Spread<TLanes, TVector>(ref x), TLanes.Load(ref w), s0);
            x = ref Unsafe.Add(ref x, 4);
            w = ref Unsafe.Add(ref w, next);
        }
        TLanes.Store(TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)), ref y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<TLanes, TVector>(TVector first, TVector second, ref int y)
        where TLanes : struct, ILevelLanes<TVector>
        where TVector : struct
    {
        TLanes.Store(first, ref y);
        TLanes.Store(second, ref Unsafe.Add(ref y, TLanes.Count));
    }

    private static void CheckSizes(in Int8Shape shape)
    {
        if (shape.Rows < 1 || shape.Outputs < 1 || shape.Depth is < 1 or > Int8Shape.DepthMax || shape.Stride < 0)
            throw new ArgumentException($"{shape} has no elements, or is deeper than {Int8Shape.DepthMax}.");
    }
}
