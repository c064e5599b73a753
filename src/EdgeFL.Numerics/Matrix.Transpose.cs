using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeFL.Numerics;

/// <summary>Turning rows into columns, in blocks of 4x4 that are turned within registers. Values are moved, never changed.</summary>
public static partial class Matrix
{
    // Source rows taken together: they fill whole cache lines of the destination before those leave the cache.
    private const int Strip = 16;

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
        TransposeRows(
            ref MemoryMarshal.GetReference(source), new RowOrder(columns), ref MemoryMarshal.GetReference(destination), new RowOrder(rows), rows, columns);
    }

    /// <summary>Where each row of a matrix begins, in floats: runs of rows one way, the runs another. Convolutions keep taps and channels in two orders.</summary>
    /// <param name="outer">From the first row of a run to that of the next.</param>
    /// <param name="inner">From a row of a run to the next.</param>
    /// <param name="run">Rows in a run, at least 1.</param>
    internal readonly struct RowOrder(int outer, int inner, int run)
    {
        internal RowOrder(int stride)
            : this(stride, 0, 1)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal nint Offset(int row) => run == 1 ? (nint)row * outer : (nint)(row / run) * outer + (nint)(row % run) * inner;
    }

    /// <summary>destination[j,i] = source[i,j], rows of either side in any order.</summary>
    internal static void TransposeRows(ref float source, RowOrder from, ref float destination, RowOrder to, int rows, int columns)
    {
        var wholeRows = Lanes.Use128 ? rows & ~3 : 0;
        var wholeColumns = Lanes.Use128 ? columns & ~3 : 0;
        Span<nint> rowsOfStrip = stackalloc nint[Strip];
        for (var first = 0; first < wholeRows; first += Strip)
        {
            var count = Math.Min(Strip, wholeRows - first);
            for (var i = 0; i < count; i++)
                rowsOfStrip[i] = from.Offset(first + i);
            for (var j = 0; j < wholeColumns; j += 4)
            {
                ref var d0 = ref Unsafe.Add(ref destination, to.Offset(j) + first);
                ref var d1 = ref Unsafe.Add(ref destination, to.Offset(j + 1) + first);
                ref var d2 = ref Unsafe.Add(ref destination, to.Offset(j + 2) + first);
                ref var d3 = ref Unsafe.Add(ref destination, to.Offset(j + 3) + first);
                ref var column = ref Unsafe.Add(ref source, j);
                if (count == Strip && Lanes.Use512 && Avx512F.IsSupported)
                {
                    var (c0, c1, c2, c3) = Turn(
                        Gather(ref column, rowsOfStrip[0], rowsOfStrip[4], rowsOfStrip[8], rowsOfStrip[12]),
                        Gather(ref column, rowsOfStrip[1], rowsOfStrip[5], rowsOfStrip[9], rowsOfStrip[13]),
                        Gather(ref column, rowsOfStrip[2], rowsOfStrip[6], rowsOfStrip[10], rowsOfStrip[14]),
                        Gather(ref column, rowsOfStrip[3], rowsOfStrip[7], rowsOfStrip[11], rowsOfStrip[15]));
                    c0.StoreUnsafe(ref d0);
                    c1.StoreUnsafe(ref d1);
                    c2.StoreUnsafe(ref d2);
                    c3.StoreUnsafe(ref d3);
                    continue;
                }
                for (var i = 0; i < count; i += 4)
                {
                    var (r0, r1, r2, r3) = Turn(
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref column, rowsOfStrip[i])),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref column, rowsOfStrip[i + 1])),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref column, rowsOfStrip[i + 2])),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref column, rowsOfStrip[i + 3])));
                    r0.StoreUnsafe(ref Unsafe.Add(ref d0, i));
                    r1.StoreUnsafe(ref Unsafe.Add(ref d1, i));
                    r2.StoreUnsafe(ref Unsafe.Add(ref d2, i));
                    r3.StoreUnsafe(ref Unsafe.Add(ref d3, i));
                }
            }
        }
        One(ref source, from, ref destination, to, 0, wholeRows, wholeColumns, columns);
        One(ref source, from, ref destination, to, wholeRows, rows, 0, columns);
    }

    private static void One(
        ref float source, RowOrder from, ref float destination, RowOrder to, int firstRow, int lastRow, int firstColumn, int lastColumn)
    {
        for (var j = firstColumn; j < lastColumn; j++)
        {
            ref var row = ref Unsafe.Add(ref destination, to.Offset(j));
            for (var i = firstRow; i < lastRow; i++)
                Unsafe.Add(ref row, i) = Unsafe.Add(ref source, from.Offset(i) + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>) Turn(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        Vector128<float> ac = Low(a, c), ca = High(a, c), bd = Low(b, d), db = High(b, d);
        return (Low(ac, bd), High(ac, bd), Low(ca, db), High(ca, db));
    }

    /// <summary>Four blocks of 4x4 at once, one in each quarter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>) Turn(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<float> ac = Avx512F.UnpackLow(a, c), ca = Avx512F.UnpackHigh(a, c), bd = Avx512F.UnpackLow(b, d), db = Avx512F.UnpackHigh(b, d);
        return (Avx512F.UnpackLow(ac, bd), Avx512F.UnpackHigh(ac, bd), Avx512F.UnpackLow(ca, db), Avx512F.UnpackHigh(ca, db));
    }

    /// <summary>Four values from each of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Gather(ref float column, nint first, nint second, nint third, nint fourth) => Vector512.Create(
        Vector256.Create(Vector128.LoadUnsafe(ref Unsafe.Add(ref column, first)), Vector128.LoadUnsafe(ref Unsafe.Add(ref column, second))),
        Vector256.Create(Vector128.LoadUnsafe(ref Unsafe.Add(ref column, third)), Vector128.LoadUnsafe(ref Unsafe.Add(ref column, fourth))));

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : Mix(Vector128.Create(0, 0, 1, 1), a, b);

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : Mix(Vector128.Create(2, 2, 3, 3), a, b);

    /// <summary>Lanes of a and b in turn, taken from where the order says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Mix(Vector128<int> order, Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.Create(-1, 0, -1, 0).AsSingle(), Vector128.Shuffle(a, order), Vector128.Shuffle(b, order));
}
