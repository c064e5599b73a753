using System.Runtime.CompilerServices;

namespace EdgeFL.Numerics;

// Tiles two vectors wide, for machines with registers for their sums.
public static partial class Matrix
{
    // Twelves and eights make every multiple of four but four itself. Where the rows are none, the last tile is moved back to end with them: what it computes
    // twice comes out the same, unless it is added to what is there.
    private static void Pairs<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var none = Unsafe.IsNullRef(ref start);
        for (var m = 0; m < p.Rows;)
        {
            var left = p.Rows - m;
            var rows = (left % 4 == 0 ? left >= PairRows && left != 2 * TileRows : left > TileRows) ? PairRows : TileRows;
            m = Math.Min(m, p.Rows - rows);
            ref var from = ref none ? ref start : ref At(ref start, m, startRow);
            if (rows == PairRows)
                Tile12Pair<TLanes, TVector>(p, ref At(ref a, m, p.ARow), ref b, ref from, startRow, ref At(ref c, m, p.CRow));
            else
                Tile8Pair<TLanes, TVector>(p, ref At(ref a, m, p.ARow), ref b, ref from, startRow, ref At(ref c, m, p.CRow));
            m += rows;
        }
    }

    /// <summary>Twelve rows by two vectors of columns: with 24 chains of sums and few loads for each, the widest that 32 registers hold.</summary>
    private static void Tile12Pair<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
        TVector t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0, t8 = s0, t9 = s0, t10 = s0, t11 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref At(ref start, 0, startRow));
            t0 = TLanes.Load(ref At(ref start, 0, startRow, TLanes.Count));
            s1 = TLanes.Load(ref At(ref start, 1, startRow));
            t1 = TLanes.Load(ref At(ref start, 1, startRow, TLanes.Count));
            s2 = TLanes.Load(ref At(ref start, 2, startRow));
            t2 = TLanes.Load(ref At(ref start, 2, startRow, TLanes.Count));
            s3 = TLanes.Load(ref At(ref start, 3, startRow));
            t3 = TLanes.Load(ref At(ref start, 3, startRow, TLanes.Count));
            s4 = TLanes.Load(ref At(ref start, 4, startRow));
            t4 = TLanes.Load(ref At(ref start, 4, startRow, TLanes.Count));
            s5 = TLanes.Load(ref At(ref start, 5, startRow));
            t5 = TLanes.Load(ref At(ref start, 5, startRow, TLanes.Count));
            s6 = TLanes.Load(ref At(ref start, 6, startRow));
            t6 = TLanes.Load(ref At(ref start, 6, startRow, TLanes.Count));
            s7 = TLanes.Load(ref At(ref start, 7, startRow));
            t7 = TLanes.Load(ref At(ref start, 7, startRow, TLanes.Count));
            s8 = TLanes.Load(ref At(ref start, 8, startRow));
            t8 = TLanes.Load(ref At(ref start, 8, startRow, TLanes.Count));
            s9 = TLanes.Load(ref At(ref start, 9, startRow));
            t9 = TLanes.Load(ref At(ref start, 9, startRow, TLanes.Count));
            s10 = TLanes.Load(ref At(ref start, 10, startRow));
            t10 = TLanes.Load(ref At(ref start, 10, startRow, TLanes.Count));
            s11 = TLanes.Load(ref At(ref start, 11, startRow));
            t11 = TLanes.Load(ref At(ref start, 11, startRow, TLanes.Count));
        }
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pa4 = ref Unsafe.Add(ref pa, r1 * 4);
            ref var pa8 = ref Unsafe.Add(ref pa, r1 * 8);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                var v = TLanes.Load(ref pb);
                var w = TLanes.Load(ref Unsafe.Add(ref pb, TLanes.Count));
                var x = TLanes.Broadcast(pa);
                s0 = TLanes.Fma(x, v, s0);
                t0 = TLanes.Fma(x, w, t0);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r1));
                s1 = TLanes.Fma(x, v, s1);
                t1 = TLanes.Fma(x, w, t1);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r2));
                s2 = TLanes.Fma(x, v, s2);
                t2 = TLanes.Fma(x, w, t2);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r3));
                s3 = TLanes.Fma(x, v, s3);
                t3 = TLanes.Fma(x, w, t3);
                x = TLanes.Broadcast(pa4);
                s4 = TLanes.Fma(x, v, s4);
                t4 = TLanes.Fma(x, w, t4);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r1));
                s5 = TLanes.Fma(x, v, s5);
                t5 = TLanes.Fma(x, w, t5);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r2));
                s6 = TLanes.Fma(x, v, s6);
                t6 = TLanes.Fma(x, w, t6);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r3));
                s7 = TLanes.Fma(x, v, s7);
                t7 = TLanes.Fma(x, w, t7);
                x = TLanes.Broadcast(pa8);
                s8 = TLanes.Fma(x, v, s8);
                t8 = TLanes.Fma(x, w, t8);
                x = TLanes.Broadcast(Unsafe.Add(ref pa8, r1));
                s9 = TLanes.Fma(x, v, s9);
                t9 = TLanes.Fma(x, w, t9);
                x = TLanes.Broadcast(Unsafe.Add(ref pa8, r2));
                s10 = TLanes.Fma(x, v, s10);
                t10 = TLanes.Fma(x, w, t10);
                x = TLanes.Broadcast(Unsafe.Add(ref pa8, r3));
                s11 = TLanes.Fma(x, v, s11);
                t11 = TLanes.Fma(x, w, t11);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pa4 = ref Unsafe.Add(ref pa4, aDepth);
                pa8 = ref Unsafe.Add(ref pa8, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        StorePair<TLanes, TVector>(s0, t0, ref At(ref c, 0, p.CRow));
        StorePair<TLanes, TVector>(s1, t1, ref At(ref c, 1, p.CRow));
        StorePair<TLanes, TVector>(s2, t2, ref At(ref c, 2, p.CRow));
        StorePair<TLanes, TVector>(s3, t3, ref At(ref c, 3, p.CRow));
        StorePair<TLanes, TVector>(s4, t4, ref At(ref c, 4, p.CRow));
        StorePair<TLanes, TVector>(s5, t5, ref At(ref c, 5, p.CRow));
        StorePair<TLanes, TVector>(s6, t6, ref At(ref c, 6, p.CRow));
        StorePair<TLanes, TVector>(s7, t7, ref At(ref c, 7, p.CRow));
        StorePair<TLanes, TVector>(s8, t8, ref At(ref c, 8, p.CRow));
        StorePair<TLanes, TVector>(s9, t9, ref At(ref c, 9, p.CRow));
        StorePair<TLanes, TVector>(s10, t10, ref At(ref c, 10, p.CRow));
        StorePair<TLanes, TVector>(s11, t11, ref At(ref c, 11, p.CRow));
    }

    /// <summary>Eight rows by two vectors of columns: for what twelves leave.</summary>
    private static void Tile8Pair<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float start, int startRow, ref float c)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        TVector t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0;
        if (!Unsafe.IsNullRef(ref start))
        {
            s0 = TLanes.Load(ref At(ref start, 0, startRow));
            t0 = TLanes.Load(ref At(ref start, 0, startRow, TLanes.Count));
            s1 = TLanes.Load(ref At(ref start, 1, startRow));
            t1 = TLanes.Load(ref At(ref start, 1, startRow, TLanes.Count));
            s2 = TLanes.Load(ref At(ref start, 2, startRow));
            t2 = TLanes.Load(ref At(ref start, 2, startRow, TLanes.Count));
            s3 = TLanes.Load(ref At(ref start, 3, startRow));
            t3 = TLanes.Load(ref At(ref start, 3, startRow, TLanes.Count));
            s4 = TLanes.Load(ref At(ref start, 4, startRow));
            t4 = TLanes.Load(ref At(ref start, 4, startRow, TLanes.Count));
            s5 = TLanes.Load(ref At(ref start, 5, startRow));
            t5 = TLanes.Load(ref At(ref start, 5, startRow, TLanes.Count));
            s6 = TLanes.Load(ref At(ref start, 6, startRow));
            t6 = TLanes.Load(ref At(ref start, 6, startRow, TLanes.Count));
            s7 = TLanes.Load(ref At(ref start, 7, startRow));
            t7 = TLanes.Load(ref At(ref start, 7, startRow, TLanes.Count));
        }
        for (var batch = 0; batch < p.Batches; batch++)
        {
            ref var pa = ref Unsafe.Add(ref a, (nint)batch * p.ABatch);
            ref var pa4 = ref Unsafe.Add(ref pa, r1 * 4);
            ref var pb = ref Unsafe.Add(ref b, (nint)batch * p.BBatch);
            for (var k = p.Depth; k > 0; k--)
            {
                var v = TLanes.Load(ref pb);
                var w = TLanes.Load(ref Unsafe.Add(ref pb, TLanes.Count));
                var x = TLanes.Broadcast(pa);
                s0 = TLanes.Fma(x, v, s0);
                t0 = TLanes.Fma(x, w, t0);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r1));
                s1 = TLanes.Fma(x, v, s1);
                t1 = TLanes.Fma(x, w, t1);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r2));
                s2 = TLanes.Fma(x, v, s2);
                t2 = TLanes.Fma(x, w, t2);
                x = TLanes.Broadcast(Unsafe.Add(ref pa, r3));
                s3 = TLanes.Fma(x, v, s3);
                t3 = TLanes.Fma(x, w, t3);
                x = TLanes.Broadcast(pa4);
                s4 = TLanes.Fma(x, v, s4);
                t4 = TLanes.Fma(x, w, t4);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r1));
                s5 = TLanes.Fma(x, v, s5);
                t5 = TLanes.Fma(x, w, t5);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r2));
                s6 = TLanes.Fma(x, v, s6);
                t6 = TLanes.Fma(x, w, t6);
                x = TLanes.Broadcast(Unsafe.Add(ref pa4, r3));
                s7 = TLanes.Fma(x, v, s7);
                t7 = TLanes.Fma(x, w, t7);
                pa = ref Unsafe.Add(ref pa, aDepth);
                pa4 = ref Unsafe.Add(ref pa4, aDepth);
                pb = ref Unsafe.Add(ref pb, bDepth);
            }
        }
        StorePair<TLanes, TVector>(s0, t0, ref At(ref c, 0, p.CRow));
        StorePair<TLanes, TVector>(s1, t1, ref At(ref c, 1, p.CRow));
        StorePair<TLanes, TVector>(s2, t2, ref At(ref c, 2, p.CRow));
        StorePair<TLanes, TVector>(s3, t3, ref At(ref c, 3, p.CRow));
        StorePair<TLanes, TVector>(s4, t4, ref At(ref c, 4, p.CRow));
        StorePair<TLanes, TVector>(s5, t5, ref At(ref c, 5, p.CRow));
        StorePair<TLanes, TVector>(s6, t6, ref At(ref c, 6, p.CRow));
        StorePair<TLanes, TVector>(s7, t7, ref At(ref c, 7, p.CRow));
    }
}
