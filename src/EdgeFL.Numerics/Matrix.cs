using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// Float32 matrix products. Each element of C is one sequential chain of fused multiply-adds: initial value, then batch after batch, term after
/// term. Vectors run over the columns only, so every instruction set gives the same bits.
/// </summary>
public static partial class Matrix
{
    /// <summary>C[m,n] = initial[n] + Σ_batch Σ_k A[m,k]·B[k,n].</summary>
    /// <param name="product">Shape and strides.</param>
    /// <param name="a">Left factor, strided.</param>
    /// <param name="b">Right factor, columns contiguous.</param>
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
        var n = 0;
        if (Lanes.Use512)
        {
            for (; n + 32 <= product.Columns; n += 32)
                Pairs<Lanes512, Vector512<float>>(product, ref ra, ref rb, ref start, ref rc, n);
            for (; n + 16 <= product.Columns; n += 16)
                Columns<Lanes512, Vector512<float>>(product, ref ra, ref rb, ref start, ref rc, n);
        }
        if (Lanes.Use256)
        {
            for (; n + 8 <= product.Columns; n += 8)
                Columns<Lanes256, Vector256<float>>(product, ref ra, ref rb, ref start, ref rc, n);
        }
        if (Lanes.Use128)
        {
            for (; n + 4 <= product.Columns; n += 4)
                Columns<Lanes128, Vector128<float>>(product, ref ra, ref rb, ref start, ref rc, n);
        }
        for (; n < product.Columns; n++)
            Columns<Lanes1, float>(product, ref ra, ref rb, ref start, ref rc, n);
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
        ReadOnlySpan<float> one = [1f];
        Multiply(
            new MatrixProduct { Rows = 1, Columns = columns, Depth = rows, ARow = 0, ADepth = 0, BDepth = columns, CRow = columns },
            one,
            x,
            [],
            sum);
    }

    /// <summary>destination[j,i] = source[i,j].</summary>
    /// <param name="source">Shape [rows, columns].</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="destination">Shape [columns, rows]; overwritten; must not overlap the source.</param>
    /// <exception cref="ArgumentException">A span is shorter than the shape.</exception>
    public static void Transpose(ReadOnlySpan<float> source, int rows, int columns, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        var length = checked(rows * columns);
        if (source.Length < length || destination.Length < length)
            throw new ArgumentException($"A transpose of {rows}x{columns} needs {length} floats, not {source.Length} and {destination.Length}.");
        source = source[..length];
        destination = destination[..length];
        // Blocks of 8 rows keep both sides within a few cache lines.
        for (var first = 0; first < rows; first += 8)
        {
            var last = Math.Min(first + 8, rows);
            for (var j = 0; j < columns; j++)
            {
                for (var i = first; i < last; i++)
                    destination[j * rows + i] = source[i * columns + j];
            }
        }
    }

    private static void Check(in MatrixProduct p, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> initial, ReadOnlySpan<float> c)
    {
        if (p.Rows < 1 || p.Columns < 1 || p.Depth < 1 || p.Batches < 1)
            throw new ArgumentException($"A product of {p.Rows}x{p.Depth}x{p.Columns}, {p.Batches} batches, has no elements.");
        if (p.ARow < 0 || p.ADepth < 0 || p.BDepth < 0 || p.ABatch < 0 || p.BBatch < 0 || p.CRow < (p.Rows == 1 ? 0 : p.Columns))
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
