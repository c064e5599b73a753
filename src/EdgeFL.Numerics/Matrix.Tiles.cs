using System.Runtime.CompilerServices;

namespace EdgeFL.Numerics;

public static partial class Matrix
{
    private const int TileRows = 8;

    private static void Columns<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float initial, ref float c, int n)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref var bn = ref Unsafe.Add(ref b, n);
        ref var cn = ref Unsafe.Add(ref c, n);
        var start = Unsafe.IsNullRef(ref initial) ? TLanes.Zero : TLanes.Load(ref Unsafe.Add(ref initial, n));
        if (p.Rows < TileRows)
        {
            for (var m = 0; m < p.Rows; m++)
                Tile1<TLanes, TVector>(p, ref Unsafe.Add(ref a, (nint)m * p.ARow), ref bn, ref Unsafe.Add(ref cn, (nint)m * p.CRow), start);
            return;
        }
        // The last tile is moved back to end with the rows: what it computes twice comes out the same.
        for (var m = 0; ; m = Math.Min(m + TileRows, p.Rows - TileRows))
        {
            Tile8<TLanes, TVector>(p, ref Unsafe.Add(ref a, (nint)m * p.ARow), ref bn, ref Unsafe.Add(ref cn, (nint)m * p.CRow), start);
            if (m + TileRows >= p.Rows)
                return;
        }
    }

    /// <summary>Two vectors of columns at a time, for instruction sets with 32 registers.</summary>
    private static void Pairs<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float initial, ref float c, int n)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (p.Rows < TileRows)
        {
            Columns<TLanes, TVector>(p, ref a, ref b, ref initial, ref c, n);
            Columns<TLanes, TVector>(p, ref a, ref b, ref initial, ref c, n + TLanes.Count);
            return;
        }
        ref var bn = ref Unsafe.Add(ref b, n);
        ref var cn = ref Unsafe.Add(ref c, n);
        var none = Unsafe.IsNullRef(ref initial);
        var start = none ? TLanes.Zero : TLanes.Load(ref Unsafe.Add(ref initial, n));
        var next = none ? TLanes.Zero : TLanes.Load(ref Unsafe.Add(ref initial, n + TLanes.Count));
        for (var m = 0; ; m = Math.Min(m + TileRows, p.Rows - TileRows))
        {
            Tile8Pair<TLanes, TVector>(p, ref Unsafe.Add(ref a, (nint)m * p.ARow), ref bn, ref Unsafe.Add(ref cn, (nint)m * p.CRow), start, next);
            if (m + TileRows >= p.Rows)
                return;
        }
    }

    private static void Tile1<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float c, TVector start)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth;
        var sum = start;
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

    private static void Tile8<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float c, TVector start)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start, s7 = start;
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

    private static void Tile8Pair<TLanes, TVector>(in MatrixProduct p, ref float a, ref float b, ref float c, TVector start, TVector next)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint aDepth = p.ADepth, bDepth = p.BDepth, r1 = p.ARow, r2 = r1 * 2, r3 = r1 * 3;
        TVector s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start, s7 = start;
        TVector t0 = next, t1 = next, t2 = next, t3 = next, t4 = next, t5 = next, t6 = next, t7 = next;
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
        StorePair<TLanes, TVector>(s0, t0, ref c);
        StorePair<TLanes, TVector>(s1, t1, ref Unsafe.Add(ref c, (nint)p.CRow));
        StorePair<TLanes, TVector>(s2, t2, ref Unsafe.Add(ref c, (nint)p.CRow * 2));
        StorePair<TLanes, TVector>(s3, t3, ref Unsafe.Add(ref c, (nint)p.CRow * 3));
        StorePair<TLanes, TVector>(s4, t4, ref Unsafe.Add(ref c, (nint)p.CRow * 4));
        StorePair<TLanes, TVector>(s5, t5, ref Unsafe.Add(ref c, (nint)p.CRow * 5));
        StorePair<TLanes, TVector>(s6, t6, ref Unsafe.Add(ref c, (nint)p.CRow * 6));
        StorePair<TLanes, TVector>(s7, t7, ref Unsafe.Add(ref c, (nint)p.CRow * 7));
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
