using System.Runtime.CompilerServices;

namespace EdgeFL.Numerics;

public static partial class Matrix
{
    private const int TileRows = 8, PairRows = 12;

    /// <summary>All rows, from column <paramref name="n"/> on, as many columns as fill vectors of this width; returns the first column left over.</summary>
    /// <param name="p">Shape and strides.</param>
    /// <param name="a">Left factor.</param>
    /// <param name="b">Right factor.</param>
    /// <param name="start">Where sums start, row after row; a null reference for zero.</param>
    /// <param name="startRow">From a row of <paramref name="start"/> to the next; 0 = the same for all rows.</param>
    /// <param name="c">Result; may be <paramref name="start"/> itself, of the same row distance, and is then added to.</param>
    /// <param name="n">First column.</param>
    /// <param name="manyRegisters">Whether there are registers for sixteen sums at a time.</param>
    private static int Sweep<TLanes, TVector>(
        in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c, int n, bool manyRegisters)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var none = Unsafe.IsNullRef(ref start);
        if (p.Depth == 1 && p.Batches == 1 && startRow == 0)
        {
            for (; n + 4 * TLanes.Count <= p.Columns; n += 4 * TLanes.Count)
                Outer4<TLanes, TVector>(p, ref a, ref At(ref b, n), ref none ? ref start : ref At(ref start, n), ref At(ref c, n));
        }
        else if (p.Rows < TileRows)
        {
            for (; n + 4 * TLanes.Count <= p.Columns; n += 4 * TLanes.Count)
            {
                for (var m = 0; m < p.Rows; m++)
                {
                    Row4<TLanes, TVector>(
                        p, ref At(ref a, m, p.ARow), ref At(ref b, n), ref none ? ref start : ref At(ref start, m, startRow, n), ref At(ref c, m, p.CRow, n));
                }
            }
        }
        else if (manyRegisters && (p.Rows % 4 == 0 || (p.Rows > 2 * TileRows && startRow == 0)))
        {
            for (; n + 2 * TLanes.Count <= p.Columns; n += 2 * TLanes.Count)
                Pairs<TLanes, TVector>(p, ref a, ref At(ref b, n), ref none ? ref start : ref At(ref start, n), startRow, ref At(ref c, n));
        }
        for (; n + TLanes.Count <= p.Columns; n += TLanes.Count)
            Tiles<TLanes, TVector>(p, ref a, ref At(ref b, n), ref none ? ref start : ref At(ref start, n), startRow, ref At(ref c, n), manyRegisters);
        return n;
    }

    private static void Tiles<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c, bool manyRegisters)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var none = Unsafe.IsNullRef(ref start);
        var m = 0;
        while (m < p.Rows)
        {
            var rows = manyRegisters && p.Rows - m > TileRows && p.Rows >= 2 * TileRows ? 2 * TileRows : TileRows;
            if (m + rows > p.Rows && startRow == 0 && p.Rows >= rows)
                m = p.Rows - rows;
            else if (m + rows > p.Rows)
                rows = m + TileRows <= p.Rows ? TileRows : 1;
            ref var from = ref none ? ref start : ref At(ref start, m, startRow);
            if (rows == 2 * TileRows)
                Tile16<TLanes, TVector>(p, ref At(ref a, m, p.ARow), ref b, ref from, startRow, ref At(ref c, m, p.CRow));
            else if (rows == TileRows)
                Tile8<TLanes, TVector>(p, ref At(ref a, m, p.ARow), ref b, ref from, startRow, ref At(ref c, m, p.CRow));
            else
                Row<TLanes, TVector>(p, ref At(ref a, m, p.ARow), ref b, ref from, ref At(ref c, m, p.CRow));
            m += rows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float At(ref float origin, int row, int stride, int column = 0) => ref Unsafe.Add(ref origin, (nint)row * stride + column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float At(ref float origin, int column) => ref Unsafe.Add(ref origin, column);

    private static void Row<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth;
        var sum = Unsafe.IsNullRef(ref start) ? TLanes.Zero : TLanes.Load(ref start);
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                sum = TLanes.Fma(TLanes.Broadcast(pa), TLanes.Load(ref pb), sum);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        TLanes.Store(sum, ref c);
    }

    /// <summary>One row by four vectors of columns: four chains hide what one would wait.</summary>
    private static void Row4<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref start);
            s1 = TLanes.Load(ref Unsafe.Add(ref start, TLanes.Count));
            s2 = TLanes.Load(ref Unsafe.Add(ref start, 2 * TLanes.Count));
            s3 = TLanes.Load(ref Unsafe.Add(ref start, 3 * TLanes.Count));
        }
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                var x = TLanes.Broadcast(pa);
                s0 = TLanes.Fma(x, TLanes.Load(ref pb), s0);
                s1 = TLanes.Fma(x, TLanes.Load(ref Unsafe.Add(ref pb, TLanes.Count)), s1);
                s2 = TLanes.Fma(x, TLanes.Load(ref Unsafe.Add(ref pb, 2 * TLanes.Count)), s2);
                s3 = TLanes.Fma(x, TLanes.Load(ref Unsafe.Add(ref pb, 3 * TLanes.Count)), s3);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        StorePair<TLanes, TVector>(s0, s1, ref c);
        StorePair<TLanes, TVector>(s2, s3, ref Unsafe.Add(ref c, 2 * TLanes.Count));
    }

    /// <summary>All rows by four vectors of columns, each sum of one term: what a step with a single sample gives for weights.</summary>
    private static void Outer4<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref start);
            s1 = TLanes.Load(ref Unsafe.Add(ref start, TLanes.Count));
            s2 = TLanes.Load(ref Unsafe.Add(ref start, 2 * TLanes.Count));
            s3 = TLanes.Load(ref Unsafe.Add(ref start, 3 * TLanes.Count));
        }
        TVector b0 = TLanes.Load(ref b), b1 = TLanes.Load(ref Unsafe.Add(ref b, TLanes.Count));
        TVector b2 = TLanes.Load(ref Unsafe.Add(ref b, 2 * TLanes.Count)), b3 = TLanes.Load(ref Unsafe.Add(ref b, 3 * TLanes.Count));
        nint aRow = p.ARow, cRow = p.CRow;
        for (var m = p.Rows; m > 0; m--)
        {
            var x = TLanes.Broadcast(a);
            TLanes.Store(TLanes.Fma(x, b0, s0), ref c);
            TLanes.Store(TLanes.Fma(x, b1, s1), ref Unsafe.Add(ref c, TLanes.Count));
            TLanes.Store(TLanes.Fma(x, b2, s2), ref Unsafe.Add(ref c, 2 * TLanes.Count));
            TLanes.Store(TLanes.Fma(x, b3, s3), ref Unsafe.Add(ref c, 3 * TLanes.Count));
            a = ref Unsafe.Add(ref a, aRow);
            c = ref Unsafe.Add(ref c, cRow);
        }
    }

    private static void Tile8<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref start);
            s1 = TLanes.Load(ref At(ref start, 1, startRow));
            s2 = TLanes.Load(ref At(ref start, 2, startRow));
            s3 = TLanes.Load(ref At(ref start, 3, startRow));
            s4 = TLanes.Load(ref At(ref start, 4, startRow));
            s5 = TLanes.Load(ref At(ref start, 5, startRow));
            s6 = TLanes.Load(ref At(ref start, 6, startRow));
            s7 = TLanes.Load(ref At(ref start, 7, startRow));
        }
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pa4 = ref Unsafe.Add(ref pa, r1 * 4);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                var v = TLanes.Load(ref pb);
                s0 = TLanes.Fma(TLanes.Broadcast(pa), v, s0);
                s1 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r1)), v, s1);
                s2 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r2)), v, s2);
                s3 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r3)), v, s3);
                s4 = TLanes.Fma(TLanes.Broadcast(pa4), v, s4);
                s5 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r1)), v, s5);
                s6 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r2)), v, s6);
                s7 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r3)), v, s7);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pa4 = ref Unsafe.Add(ref pa4, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        nint row = p.CRow;
        TLanes.Store(s0, ref c);
        TLanes.Store(s1, ref Unsafe.Add(ref c, row));
        TLanes.Store(s2, ref Unsafe.Add(ref c, row * 2));
        TLanes.Store(s3, ref Unsafe.Add(ref c, row * 3));
        TLanes.Store(s4, ref Unsafe.Add(ref c, row * 4));
        TLanes.Store(s5, ref Unsafe.Add(ref c, row * 5));
        TLanes.Store(s6, ref Unsafe.Add(ref c, row * 6));
        TLanes.Store(s7, ref Unsafe.Add(ref c, row * 7));
    }

    /// <summary>Sixteen rows by one vector of columns: for results that are narrow.</summary>
    private static void Tile16<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        TVector s8 = s0, s9 = s0, s10 = s0, s11 = s0, s12 = s0, s13 = s0, s14 = s0, s15 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref At(ref start, 0, startRow));
            s1 = TLanes.Load(ref At(ref start, 1, startRow));
            s2 = TLanes.Load(ref At(ref start, 2, startRow));
            s3 = TLanes.Load(ref At(ref start, 3, startRow));
            s4 = TLanes.Load(ref At(ref start, 4, startRow));
            s5 = TLanes.Load(ref At(ref start, 5, startRow));
            s6 = TLanes.Load(ref At(ref start, 6, startRow));
            s7 = TLanes.Load(ref At(ref start, 7, startRow));
            s8 = TLanes.Load(ref At(ref start, 8, startRow));
            s9 = TLanes.Load(ref At(ref start, 9, startRow));
            s10 = TLanes.Load(ref At(ref start, 10, startRow));
            s11 = TLanes.Load(ref At(ref start, 11, startRow));
            s12 = TLanes.Load(ref At(ref start, 12, startRow));
            s13 = TLanes.Load(ref At(ref start, 13, startRow));
            s14 = TLanes.Load(ref At(ref start, 14, startRow));
            s15 = TLanes.Load(ref At(ref start, 15, startRow));
        }
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pa4 = ref Unsafe.Add(ref pa, r1 * 4);
            ref var pa8 = ref Unsafe.Add(ref pa, r1 * 8);
            ref var pa12 = ref Unsafe.Add(ref pa, r1 * 12);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                var v = TLanes.Load(ref pb);
                s0 = TLanes.Fma(TLanes.Broadcast(pa), v, s0);
                s1 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r1)), v, s1);
                s2 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r2)), v, s2);
                s3 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa, r3)), v, s3);
                s4 = TLanes.Fma(TLanes.Broadcast(pa4), v, s4);
                s5 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r1)), v, s5);
                s6 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r2)), v, s6);
                s7 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa4, r3)), v, s7);
                s8 = TLanes.Fma(TLanes.Broadcast(pa8), v, s8);
                s9 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa8, r1)), v, s9);
                s10 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa8, r2)), v, s10);
                s11 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa8, r3)), v, s11);
                s12 = TLanes.Fma(TLanes.Broadcast(pa12), v, s12);
                s13 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa12, r1)), v, s13);
                s14 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa12, r2)), v, s14);
                s15 = TLanes.Fma(TLanes.Broadcast(Unsafe.Add(ref pa12, r3)), v, s15);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pa4 = ref Unsafe.Add(ref pa4, aDepth);
                pa8 = ref Unsafe.Add(ref pa8, aDepth);
                pa12 = ref Unsafe.Add(ref pa12, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        TLanes.Store(s0, ref At(ref c, 0, p.CRow));
        TLanes.Store(s1, ref At(ref c, 1, p.CRow));
        TLanes.Store(s2, ref At(ref c, 2, p.CRow));
        TLanes.Store(s3, ref At(ref c, 3, p.CRow));
        TLanes.Store(s4, ref At(ref c, 4, p.CRow));
        TLanes.Store(s5, ref At(ref c, 5, p.CRow));
        TLanes.Store(s6, ref At(ref c, 6, p.CRow));
        TLanes.Store(s7, ref At(ref c, 7, p.CRow));
        TLanes.Store(s8, ref At(ref c, 8, p.CRow));
        TLanes.Store(s9, ref At(ref c, 9, p.CRow));
        TLanes.Store(s10, ref At(ref c, 10, p.CRow));
        TLanes.Store(s11, ref At(ref c, 11, p.CRow));
        TLanes.Store(s12, ref At(ref c, 12, p.CRow));
        TLanes.Store(s13, ref At(ref c, 13, p.CRow));
        TLanes.Store(s14, ref At(ref c, 14, p.CRow));
        TLanes.Store(s15, ref At(ref c, 15, p.CRow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<TLanes, TVector>(TVector first, TVector second, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TLanes.Store(first, ref c);
        TLanes.Store(second, ref Unsafe.Add(ref c, TLanes.Count));
    }
}
