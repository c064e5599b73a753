using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// Images of one channel under few filters: outputs would not fill a vector, so vectors run over the pixels, filter by filter, over the rows' ends too, where the
/// kernel would reach over the edge. The planes of the filters are then brought together, or were taken apart before.
/// </summary>
public static partial class Conv2d
{
    /// <summary>Filters that are summed at a time.</summary>
    private const int GrayFilters = 3;

    private static void ForwardGray(
        in Conv2dShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> scratch, Span<float> y)
    {
        var planes = scratch[..(shape.Outputs * shape.GrayPlane)];
        if (Lanes.Use512 && shape.GrayPixels >= 16)
            Filter<Lanes512, Vector512<float>>(shape, x, weight, bias, planes);
        else if (Lanes.Use256 && shape.GrayPixels >= 8)
            Filter<Lanes256, Vector256<float>>(shape, x, weight, bias, planes);
        else if (Lanes.Use128 && shape.GrayPixels >= 4)
            Filter<Lanes128, Vector128<float>>(shape, x, weight, bias, planes);
        else
            Filter<Lanes1, float>(shape, x, weight, bias, planes);
        Interleave(shape, planes, y);
    }

    private static void Filter<TLanes, TVector>(
        in Conv2dShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> planes)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int last = shape.GrayPixels - TLanes.Count, filters = shape.Outputs;
        for (var o = 0; o < filters; o += GrayFilters)
        {
            int p = Math.Min(o + 1, filters - 1), q = Math.Min(o + 2, filters - 1);
            for (var n = 0; n <= last + TLanes.Count - 1; n += 4 * TLanes.Count)
            {
                // Vectors that would go past the end are moved back, and come out the same twice.
                nint at = Math.Min(n, last), one = Math.Min(n + TLanes.Count, last) - at, two = Math.Min(n + 2 * TLanes.Count, last) - at;
                nint three = Math.Min(n + 3 * TLanes.Count, last) - at;
                ref var image = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), at);
                ref var plane = ref Unsafe.Add(ref MemoryMarshal.GetReference(planes), at);
                TVector a0 = TLanes.Broadcast(bias[o]), a1 = a0, a2 = a0, a3 = a0;
                TVector b0 = TLanes.Broadcast(bias[p]), b1 = b0, b2 = b0, b3 = b0;
                TVector c0 = TLanes.Broadcast(bias[q]), c1 = c0, c2 = c0, c3 = c0;
                ref var wa = ref Unsafe.Add(ref MemoryMarshal.GetReference(weight), o * shape.Taps);
                ref var wb = ref Unsafe.Add(ref MemoryMarshal.GetReference(weight), p * shape.Taps);
                ref var wc = ref Unsafe.Add(ref MemoryMarshal.GetReference(weight), q * shape.Taps);
                for (var j = 0; j < shape.Kernel; j++)
                {
                    ref var from = ref Unsafe.Add(ref image, j * shape.Width);
                    for (var k = 0; k < shape.Kernel; k++)
                    {
                        TVector v0 = TLanes.Load(ref from), v1 = TLanes.Load(ref Unsafe.Add(ref from, one));
                        TVector v2 = TLanes.Load(ref Unsafe.Add(ref from, two)), v3 = TLanes.Load(ref Unsafe.Add(ref from, three));
                        var w = TLanes.Broadcast(wa);
                        a0 = TLanes.Fma(w, v0, a0);
                        a1 = TLanes.Fma(w, v1, a1);
                        a2 = TLanes.Fma(w, v2, a2);
                        a3 = TLanes.Fma(w, v3, a3);
                        w = TLanes.Broadcast(wb);
                        b0 = TLanes.Fma(w, v0, b0);
                        b1 = TLanes.Fma(w, v1, b1);
                        b2 = TLanes.Fma(w, v2, b2);
                        b3 = TLanes.Fma(w, v3, b3);
                        w = TLanes.Broadcast(wc);
                        c0 = TLanes.Fma(w, v0, c0);
                        c1 = TLanes.Fma(w, v1, c1);
                        c2 = TLanes.Fma(w, v2, c2);
                        c3 = TLanes.Fma(w, v3, c3);
                        from = ref Unsafe.Add(ref from, 1);
                        wa = ref Unsafe.Add(ref wa, 1);
                        wb = ref Unsafe.Add(ref wb, 1);
                        wc = ref Unsafe.Add(ref wc, 1);
                    }
                }
                Store(ref Unsafe.Add(ref plane, o * shape.GrayPlane), a0, a1, a2, a3);
                Store(ref Unsafe.Add(ref plane, p * shape.GrayPlane), b0, b1, b2, b3);
                Store(ref Unsafe.Add(ref plane, q * shape.GrayPlane), c0, c1, c2, c3);

                void Store(ref float to, TVector s0, TVector s1, TVector s2, TVector s3)
                {
                    TLanes.Store(s0, ref to);
                    TLanes.Store(s1, ref Unsafe.Add(ref to, one));
                    TLanes.Store(s2, ref Unsafe.Add(ref to, two));
                    TLanes.Store(s3, ref Unsafe.Add(ref to, three));
                }
            }
        }
    }

    /// <summary>
    /// The gradients' terms are summed in sixteen sums each, by the pixel's number in the image modulo sixteen, which are added at the end: there are too few
    /// outputs for the vectors here as well.
    /// </summary>
    private static void ParameterGradientGray(
        in Conv2dShape shape,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> outputGradient,
        int batch,
        Span<float> scratch,
        Span<float> weightGradient,
        Span<float> biasGradient)
    {
        // From the start of a cache line on, vectors of sums and planes touch one each.
        var past = (int)(Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(scratch)) / sizeof(float) % Conv2dShape.Slack);
        scratch = scratch[((Conv2dShape.Slack - past) % Conv2dShape.Slack)..];
        var sums = scratch[..shape.GraySumCount];
        var planes = scratch.Slice(shape.GraySumCount, shape.GrayGroups * GrayFilters * shape.GrayPlane);
        var image = scratch.Slice(sums.Length + planes.Length, shape.InputCount + Conv2dShape.Slack);
        sums.Clear();
        planes.Clear();
        image.Clear();
        for (var b = 0; b < batch; b++)
        {
            x.Slice(b * shape.InputCount, shape.InputCount).CopyTo(image);
            TakeApart(shape, outputGradient.Slice(b * shape.OutputCount, shape.OutputCount), planes);
            if (Lanes.Use512)
                Correlate<Lanes512, Vector512<float>>(shape, image, planes, sums);
            else if (Lanes.Use256)
                Correlate<Lanes256, Vector256<float>>(shape, image, planes, sums);
            else if (Lanes.Use128)
                Correlate<Lanes128, Vector128<float>>(shape, image, planes, sums);
            else
                Correlate<Lanes1, float>(shape, image, planes, sums);
        }
        for (var o = 0; o < shape.Outputs; o++)
        {
            var own = sums.Slice(o * shape.GraySums * Conv2dShape.Slack, shape.GraySums * Conv2dShape.Slack);
            for (var tap = 0; tap < shape.Taps; tap++)
                weightGradient[o * shape.Taps + tap] = Total(own.Slice(tap * Conv2dShape.Slack, Conv2dShape.Slack));
            biasGradient[o] = Total(own[(shape.Taps * Conv2dShape.Slack)..]);
        }
    }

    private static float Total(Span<float> sums)
    {
        for (var half = sums.Length / 2; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
                sums[i] += sums[i + half];
        }
        return sums[0];
    }

    private static void Correlate<TLanes, TVector>(in Conv2dShape shape, ReadOnlySpan<float> image, ReadOnlySpan<float> planes, Span<float> sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint plane = shape.GrayPlane, filter = shape.GraySums * Conv2dShape.Slack;
        int kernel = shape.Kernel, vectors = shape.GrayPlane / Conv2dShape.Slack;
        for (var group = 0; group < shape.GrayGroups; group++)
        {
            for (var part = 0; part < Conv2dShape.Slack; part += TLanes.Count)
            {
                ref var dy = ref Unsafe.Add(ref MemoryMarshal.GetReference(planes), group * GrayFilters * plane + part);
                ref var own = ref Unsafe.Add(ref MemoryMarshal.GetReference(sums), group * GrayFilters * filter + part);
                for (var j = 0; j < kernel; j++)
                {
                    for (var k = 0; k < kernel;)
                    {
                        ref var x = ref Unsafe.Add(ref MemoryMarshal.GetReference(image), j * shape.Width + k + part);
                        ref var sum = ref Unsafe.Add(ref own, (j * kernel + k) * Conv2dShape.Slack);
                        var left = kernel - k;
                        if (left is 3 or > 4)
                        {
                            ThreeTaps<TLanes, TVector>(ref x, ref dy, plane, vectors, ref sum, filter);
                            k += 3;
                        }
                        else if (left > 1)
                        {
                            TwoTaps<TLanes, TVector>(ref x, ref dy, plane, vectors, ref sum, filter);
                            k += 2;
                        }
                        else
                        {
                            OneTap<TLanes, TVector>(ref x, Conv2dShape.Slack, ref dy, plane, vectors, ref sum, filter);
                            k++;
                        }
                    }
                }
                ref var ones = ref MemoryMarshal.GetReference(Lanes.Counting);
                OneTap<TLanes, TVector>(ref ones, 0, ref dy, plane, vectors, ref Unsafe.Add(ref own, shape.Taps * Conv2dShape.Slack), filter);
            }
        }
    }

    private static void ThreeTaps<TLanes, TVector>(ref float x, ref float dy, nint plane, int vectors, ref float sums, nint filter)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref float second = ref Unsafe.Add(ref sums, filter), third = ref Unsafe.Add(ref second, filter);
        ref float dyb = ref Unsafe.Add(ref dy, plane), dyc = ref Unsafe.Add(ref dyb, plane);
        TVector a0 = TLanes.Load(ref sums), a1 = TLanes.Load(ref Unsafe.Add(ref sums, 16)), a2 = TLanes.Load(ref Unsafe.Add(ref sums, 32));
        TVector b0 = TLanes.Load(ref second), b1 = TLanes.Load(ref Unsafe.Add(ref second, 16)), b2 = TLanes.Load(ref Unsafe.Add(ref second, 32));
        TVector c0 = TLanes.Load(ref third), c1 = TLanes.Load(ref Unsafe.Add(ref third, 16)), c2 = TLanes.Load(ref Unsafe.Add(ref third, 32));
        nint end = vectors * 16;
        for (nint n = 0; n < end; n += 16)
        {
            TVector x0 = TLanes.Load(ref Unsafe.Add(ref x, n)), x1 = TLanes.Load(ref Unsafe.Add(ref x, n + 1)), x2 = TLanes.Load(ref Unsafe.Add(ref x, n + 2));
            var d = TLanes.Load(ref Unsafe.Add(ref dy, n));
            a0 = TLanes.Fma(d, x0, a0);
            a1 = TLanes.Fma(d, x1, a1);
            a2 = TLanes.Fma(d, x2, a2);
            d = TLanes.Load(ref Unsafe.Add(ref dyb, n));
            b0 = TLanes.Fma(d, x0, b0);
            b1 = TLanes.Fma(d, x1, b1);
            b2 = TLanes.Fma(d, x2, b2);
            d = TLanes.Load(ref Unsafe.Add(ref dyc, n));
            c0 = TLanes.Fma(d, x0, c0);
            c1 = TLanes.Fma(d, x1, c1);
            c2 = TLanes.Fma(d, x2, c2);
        }
        TLanes.Store(a0, ref sums);
        TLanes.Store(a1, ref Unsafe.Add(ref sums, 16));
        TLanes.Store(a2, ref Unsafe.Add(ref sums, 32));
        TLanes.Store(b0, ref second);
        TLanes.Store(b1, ref Unsafe.Add(ref second, 16));
        TLanes.Store(b2, ref Unsafe.Add(ref second, 32));
        TLanes.Store(c0, ref third);
        TLanes.Store(c1, ref Unsafe.Add(ref third, 16));
        TLanes.Store(c2, ref Unsafe.Add(ref third, 32));
    }

    private static void TwoTaps<TLanes, TVector>(ref float x, ref float dy, nint plane, int vectors, ref float sums, nint filter)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref float second = ref Unsafe.Add(ref sums, filter), third = ref Unsafe.Add(ref second, filter);
        ref float dyb = ref Unsafe.Add(ref dy, plane), dyc = ref Unsafe.Add(ref dyb, plane);
        TVector a0 = TLanes.Load(ref sums), a1 = TLanes.Load(ref Unsafe.Add(ref sums, 16));
        TVector b0 = TLanes.Load(ref second), b1 = TLanes.Load(ref Unsafe.Add(ref second, 16));
        TVector c0 = TLanes.Load(ref third), c1 = TLanes.Load(ref Unsafe.Add(ref third, 16));
        nint end = vectors * 16;
        for (nint n = 0; n < end; n += 16)
        {
            TVector x0 = TLanes.Load(ref Unsafe.Add(ref x, n)), x1 = TLanes.Load(ref Unsafe.Add(ref x, n + 1));
            var d = TLanes.Load(ref Unsafe.Add(ref dy, n));
            a0 = TLanes.Fma(d, x0, a0);
            a1 = TLanes.Fma(d, x1, a1);
            d = TLanes.Load(ref Unsafe.Add(ref dyb, n));
            b0 = TLanes.Fma(d, x0, b0);
            b1 = TLanes.Fma(d, x1, b1);
            d = TLanes.Load(ref Unsafe.Add(ref dyc, n));
            c0 = TLanes.Fma(d, x0, c0);
            c1 = TLanes.Fma(d, x1, c1);
        }
        TLanes.Store(a0, ref sums);
        TLanes.Store(a1, ref Unsafe.Add(ref sums, 16));
        TLanes.Store(b0, ref second);
        TLanes.Store(b1, ref Unsafe.Add(ref second, 16));
        TLanes.Store(c0, ref third);
        TLanes.Store(c1, ref Unsafe.Add(ref third, 16));
    }

    private static void OneTap<TLanes, TVector>(ref float x, nint step, ref float dy, nint plane, int vectors, ref float sums, nint filter)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref float second = ref Unsafe.Add(ref sums, filter), third = ref Unsafe.Add(ref second, filter);
        TVector a = TLanes.Load(ref sums), b = TLanes.Load(ref second), c = TLanes.Load(ref third);
        for (var n = 0; n < vectors; n++)
        {
            var v = TLanes.Load(ref x);
            a = TLanes.Fma(TLanes.Load(ref dy), v, a);
            b = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref dy, plane)), v, b);
            c = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref dy, 2 * plane)), v, c);
            x = ref Unsafe.Add(ref x, step);
            dy = ref Unsafe.Add(ref dy, 16);
        }
        TLanes.Store(a, ref sums);
        TLanes.Store(b, ref second);
        TLanes.Store(c, ref third);
    }

    /// <summary>Pixels of a row that four filters each are moved of at a time: behind the last row there is no room for filters that are not there.</summary>
    private static int InFours(in Conv2dShape shape, int row)
    {
        var tooMany = -shape.Outputs & 3;
        var kept = row + 1 < shape.OutputHeight ? 0 : (tooMany + shape.Outputs - 1) / shape.Outputs;
        return Lanes.Use128 ? Math.Max(0, shape.OutputWidth - kept) & ~3 : 0;
    }

    /// <summary>y[pixel,o] = plane o at the pixel.</summary>
    private static void Interleave(in Conv2dShape shape, ReadOnlySpan<float> planes, Span<float> y)
    {
        int outputs = shape.Outputs, width = shape.OutputWidth;
        nint plane = shape.GrayPlane;
        for (var r = 0; r < shape.OutputHeight; r++)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(planes), r * shape.Width);
            ref var to = ref Unsafe.Add(ref MemoryMarshal.GetReference(y), r * width * outputs);
            // Where filters do not fill up four, the lanes that are too many go to the next pixel, whose own come later: the last four filters go first.
            var whole = InFours(shape, r);
            for (var o = (outputs - 1) & ~3; o >= 0 && whole > 0; o -= 4)
            {
                nint two = Math.Min(o + 1, outputs - 1) * plane, three = Math.Min(o + 2, outputs - 1) * plane, four = Math.Min(o + 3, outputs - 1) * plane;
                for (nint c = 0; c < whole; c += 4)
                {
                    var (p0, p1, p2, p3) = Matrix.Turn(
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref from, o * plane + c)),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref from, two + c)),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref from, three + c)),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref from, four + c)));
                    ref var pixel = ref Unsafe.Add(ref to, c * outputs + o);
                    p0.StoreUnsafe(ref pixel);
                    p1.StoreUnsafe(ref Unsafe.Add(ref pixel, outputs));
                    p2.StoreUnsafe(ref Unsafe.Add(ref pixel, 2 * outputs));
                    p3.StoreUnsafe(ref Unsafe.Add(ref pixel, 3 * outputs));
                }
            }
            for (nint c = whole; c < width; c++)
            {
                for (nint o = 0; o < outputs; o++)
                    Unsafe.Add(ref to, c * outputs + o) = Unsafe.Add(ref from, o * plane + c);
            }
        }
    }

    /// <summary>Plane o at a pixel = dy[pixel,o].</summary>
    private static void TakeApart(in Conv2dShape shape, ReadOnlySpan<float> dy, Span<float> planes)
    {
        int outputs = shape.Outputs, width = shape.OutputWidth;
        nint plane = shape.GrayPlane;
        for (var r = 0; r < shape.OutputHeight; r++)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(dy), r * width * outputs);
            ref var to = ref Unsafe.Add(ref MemoryMarshal.GetReference(planes), r * shape.Width);
            var whole = InFours(shape, r);
            for (var o = 0; o < outputs && whole > 0; o += 4)
            {
                for (nint c = 0; c < whole; c += 4)
                {
                    ref var pixel = ref Unsafe.Add(ref from, c * outputs + o);
                    var (f0, f1, f2, f3) = Matrix.Turn(
                        Vector128.LoadUnsafe(ref pixel),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref pixel, outputs)),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref pixel, 2 * outputs)),
                        Vector128.LoadUnsafe(ref Unsafe.Add(ref pixel, 3 * outputs)));
                    ref var at = ref Unsafe.Add(ref to, o * plane + c);
                    f0.StoreUnsafe(ref at);
                    if (o + 1 < outputs)
                        f1.StoreUnsafe(ref Unsafe.Add(ref at, plane));
                    if (o + 2 < outputs)
                        f2.StoreUnsafe(ref Unsafe.Add(ref at, 2 * plane));
                    if (o + 3 < outputs)
                        f3.StoreUnsafe(ref Unsafe.Add(ref at, 3 * plane));
                }
            }
            for (nint c = whole; c < width; c++)
            {
                for (nint o = 0; o < outputs; o++)
                    Unsafe.Add(ref to, o * plane + c) = Unsafe.Add(ref from, c * outputs + o);
            }
        }
    }
}
