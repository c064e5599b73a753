using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// Float32 matrix products. Each element of C is one sequential chain of fused multiply-adds: initial value, then batch after batch, term
/// after
/// term. Vectors run over the columns only, so every instruction set gives the same bits.
/// </summary>
public static partial class Matrix
{
    // Where B is gone over so often that copying it pays; 32 KB lie in the first-level cache of a large core.
    private const int PackedRows = 96, FarRows = 128, PackedColumns = 32, PackedDepth = 256;

    // 16 KB: half the first-level cache of the smallest core.
    private const int TurnedDepth = 64, TurnedColumns = 64;

    /// <summary>C[m,n] = initial[n] + Σ_batch Σ_k A[m,k]·B[k,n].</summary>
    /// <param name="product">Shape and strides.</param>
    /// <param name="a">Left factor, strided.</param>
    /// <param name="b">Right factor, rows or columns contiguous.</param>
    /// <param name="initial">Shape [N], where each sum starts; empty = zero.</param>
    /// <param name="c">Result, columns contiguous; overwritten; must not overlap the factors.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape, or a size is below 1, or a stride negative.</exception>
    public static void Multiply(in MatrixProduct product, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> initial, Span<float> c)
    {
        Check(product, a, b, initial, c);
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rb = ref MemoryMarshal.GetReference(b);
        ref var rc = ref MemoryMarshal.GetReference(c);
        ref var start = ref initial.IsEmpty ? ref Unsafe.NullRef<float>() : ref MemoryMarshal.GetReference(initial);
        if (product.BColumn != 1)
            MultiplyInBlocks(product, Math.Min(product.Columns, TurnedColumns), TurnedDepth, ref ra, ref rb, ref start, ref rc);
        else if (product.Rows >= PackedRows && product.Depth >= PackedRows && product.BDepth >= FarRows)
            MultiplyInBlocks(product, PackedColumns, PackedDepth, ref ra, ref rb, ref start, ref rc);
        else
            Multiply(product, ref ra, ref rb, ref start, 0, ref rc);
    }

    private static void Multiply(in MatrixProduct product, ref float a, ref float b, ref float start, int startRow, ref float c)
    {
        var n = 0;
        if (Lanes.Use512)
            n = Sweep<Lanes512, Vector512<float>>(product, ref a, ref b, ref start, startRow, ref c, n, true);
        if (Lanes.Use256)
            n = Sweep<Lanes256, Vector256<float>>(product, ref a, ref b, ref start, startRow, ref c, n, false);
        if (Lanes.Use128)
            n = Sweep<Lanes128, Vector128<float>>(product, ref a, ref b, ref start, startRow, ref c, n, false);
        if (n < product.Columns)
            Sweep<Lanes1, float>(product, ref a, ref b, ref start, startRow, ref c, n, false);
    }

    /// <summary>
    /// Blocks of B are brought together, from the start of a cache line, before all rows of A go over them: strips of its rows copied, or, where its columns are
    /// contiguous, blocks that fit the first-level cache turned. Each block's terms are added to the sums in C.
    /// </summary>
    private static void MultiplyInBlocks(in MatrixProduct p, int widest, int deepest, ref float a, ref float b, ref float initial, ref float c)
    {
        const int Line = 16;
        Span<float> room = stackalloc float[Math.Min(p.Depth, deepest) * widest + Line];
        var block = room[AlignedFloats.ToLine(room)..];
        for (var n = 0; n < p.Columns; n += widest)
        {
            var columns = Math.Min(widest, p.Columns - n);
            ref var result = ref Unsafe.Add(ref c, n);
            ref var start = ref Unsafe.IsNullRef(ref initial) ? ref initial : ref Unsafe.Add(ref initial, n);
            var startRow = 0;
            for (var batch = 0; batch < p.Batches; batch++)
            {
                for (var k = 0; k < p.Depth; k += deepest)
                {
                    var depth = Math.Min(deepest, p.Depth - k);
                    ref var source = ref Unsafe.Add(ref b, (nint)batch * p.BBatch + (nint)k * p.BDepth + (nint)n * p.BColumn);
                    if (p.BColumn == 1)
                        CopyRows(ref source, p.BDepth, depth, columns, block);
                    else
                        TransposeRows(ref source, new RowOrder(p.BColumn), ref MemoryMarshal.GetReference(block), new RowOrder(columns), columns, depth);
                    ref var left = ref Unsafe.Add(ref a, (nint)batch * p.ABatch + (nint)k * p.ADepth);
                    var part = p with { Columns = columns, Depth = depth, BDepth = columns, BColumn = 1, Batches = 1 };
                    Multiply(part, ref left, ref MemoryMarshal.GetReference(block), ref start, startRow, ref result);
                    start = ref result;
                    startRow = p.CRow;
                }
            }
        }
    }

    private static void CopyRows(ref float source, int stride, int rows, int columns, Span<float> strip)
    {
        if (columns < PackedColumns || !Lanes.Use512)
        {
            for (var row = 0; row < rows; row++)
                MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref source, (nint)row * stride), columns).CopyTo(strip[(row * columns)..]);
            return;
        }
        ref var to = ref MemoryMarshal.GetReference(strip);
        for (var row = 0; row < rows; row++)
        {
            Vector512.LoadUnsafe(ref source).StoreUnsafe(ref to);
            Vector512.LoadUnsafe(ref source, 16).StoreUnsafe(ref to, 16);
            source = ref Unsafe.Add(ref source, stride);
            to = ref Unsafe.Add(ref to, PackedColumns);
        }
    }

    /// <summary>sum[n] = Σ_m x[m,n], from the first row to the last.</summary>
    /// <param name="x">Shape [rows, columns].</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="columns">At least 1.</param>
    /// <param name="sum">Shape [columns]; overwritten.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape, or a size is below 1.</exception>
    public static void SumRows(ReadOnlySpan<float> x, int rows, int columns, Span<float> sum)
    {
        // A product with ones: 1·x + s rounds as x + s does.
        var one = 1f;
        Multiply(
            new MatrixProduct { Rows = 1, Columns = columns, Depth = rows, ARow = 0, ADepth = 0, BDepth = columns, CRow = columns },
            new ReadOnlySpan<float>(in one),
            x,
            [],
            sum);
    }

    private static void Check(in MatrixProduct p, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> initial, ReadOnlySpan<float> c)
    {
        if (p.Rows < 1 || p.Columns < 1 || p.Depth < 1 || p.Batches < 1)
            throw new ArgumentException($"A product of {p.Rows}x{p.Depth}x{p.Columns}, {p.Batches} batches, has no elements.");
        if (p.BColumn != 1 && p.BDepth != 1)
            throw new ArgumentException("Either the rows or the columns of B are contiguous.");
        if (p.BColumn < 1 || p.ARow < 0 || p.ADepth < 0 || p.BDepth < 0 || p.ABatch < 0 || p.BBatch < 0 || p.CRow < (p.Rows == 1 ? 0 : p.Columns))
            throw new ArgumentException("A stride is negative, or rows of C overlap.");
        if (p.LengthOfA > a.Length || p.LengthOfB > b.Length || p.LengthOfC > c.Length)
        {
            throw new ArgumentException(
                $"A product needs {p.LengthOfA}, {p.LengthOfB} and {p.LengthOfC} floats, not {a.Length}, {b.Length} and {c.Length}.");
        }
        if (!initial.IsEmpty && initial.Length < p.Columns)
            throw new ArgumentException($"{initial.Length} initial values do not fit {p.Columns} columns.", nameof(initial));
    }
}
