using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

public static partial class Conv2d
{
    /// <summary>What lies under the kernel at each output pixel of some rows, kernel row after kernel row, and a one behind it.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="x">From the sample's beginning on; what follows it may be read, and does not count.</param>
    /// <param name="first">First output row.</param>
    /// <param name="rows">Output rows.</param>
    /// <param name="patches">A patch each <see cref="Conv2dShape.PatchStride"/>, and room for a vector; overwritten.</param>
    private static void Unfold(in Conv2dShape shape, ReadOnlySpan<float> x, int first, int rows, Span<float> patches)
    {
        ref var to = ref MemoryMarshal.GetReference(patches);
        if (Lanes.Use512 && Fits(shape, 16))
            Unfold<Lanes512, Vector512<float>>(shape, x, first, rows, ref to);
        else if (Lanes.Use256 && Fits(shape, 8))
            Unfold<Lanes256, Vector256<float>>(shape, x, first, rows, ref to);
        else if (Lanes.Use128 && Fits(shape, 4))
            Unfold<Lanes128, Vector128<float>>(shape, x, first, rows, ref to);
        else
            Unfold<Lanes1, float>(shape, x, first, rows, ref to);
        for (var p = 0; p < rows * shape.OutputWidth; p++)
            Unsafe.Add(ref to, p * shape.PatchStride + shape.Taps) = 1f;
    }

    /// <summary>Whether whole vectors, the last of a patch too, stay within it, and are not mostly in vain.</summary>
    private static bool Fits(in Conv2dShape shape, int lanes)
    {
        var whole = (shape.RowTaps + lanes - 1) / lanes * lanes;
        return (shape.Kernel - 1) * shape.RowTaps + whole <= shape.PatchStride && (shape.RowTaps > lanes / 2 || lanes == 4);
    }

    private static void Unfold<TLanes, TVector>(in Conv2dShape shape, ReadOnlySpan<float> x, int first, int rows, ref float patches)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        nint inputs = shape.Inputs, stride = shape.PatchStride, taps = shape.RowTaps;
        var width = shape.OutputWidth;
        var whole = (shape.RowTaps + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        ref var origin = ref MemoryMarshal.GetReference(x);
        for (var r = 0; r < rows; r++)
        {
            ref var to = ref Unsafe.Add(ref patches, r * width * stride);
            for (var j = 0; j < shape.Kernel; j++)
            {
                var start = (first + r + j) * shape.Line;
                // Pixels for which whole vectors may be read; the others are the last of the last sample.
                var free = Math.Clamp((x.Length - start - whole) / shape.Inputs + 1, 0, width);
                if (start + whole > x.Length)
                    free = 0;
                ref var from = ref Unsafe.Add(ref origin, start);
                for (nint t = 0; t < whole; t += TLanes.Count)
                {
                    ref var source = ref Unsafe.Add(ref from, t);
                    ref var target = ref Unsafe.Add(ref to, j * taps + t);
                    for (var c = 0; c < free; c++)
                    {
                        TLanes.Store(TLanes.Load(ref source), ref target);
                        source = ref Unsafe.Add(ref source, inputs);
                        target = ref Unsafe.Add(ref target, stride);
                    }
                }
                for (nint c = free; c < width; c++)
                {
                    for (nint t = 0; t < taps; t++)
                        Unsafe.Add(ref to, c * stride + j * taps + t) = Unsafe.Add(ref from, c * inputs + t);
                }
            }
        }
    }

    /// <summary>Adds the patches of some rows to the pixels under them, one output pixel after the other.</summary>
    /// <param name="shape">Shape.</param>
    /// <param name="patches">As <see cref="Unfold(in Conv2dShape, ReadOnlySpan{float}, int, int, Span{float})"/> lays them; the ones are not there.</param>
    /// <param name="first">First output row.</param>
    /// <param name="rows">Output rows.</param>
    /// <param name="image">Shape [H·W,I], and room for a vector; added to.</param>
    private static void Fold(in Conv2dShape shape, ReadOnlySpan<float> patches, int first, int rows, Span<float> image)
    {
        ref var from = ref MemoryMarshal.GetReference(patches);
        ref var to = ref image[first * shape.Line];
        if (Lanes.Use512 && shape.RowTaps > 8)
            Fold<Lanes512, Vector512<float>>(shape, ref from, rows, ref to);
        else if (Lanes.Use256 && shape.RowTaps > 4)
            Fold<Lanes256, Vector256<float>>(shape, ref from, rows, ref to);
        else if (Lanes.Use128)
            Fold<Lanes128, Vector128<float>>(shape, ref from, rows, ref to);
        else
            Fold<Lanes1, float>(shape, ref from, rows, ref to);
    }

    private static void Fold<TLanes, TVector>(in Conv2dShape shape, ref float patches, int rows, ref float image)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int taps = shape.RowTaps, kernel = shape.Kernel, width = shape.OutputWidth;
        nint line = shape.Line, inputs = shape.Inputs, stride = shape.PatchStride;
        var end = taps / TLanes.Count * TLanes.Count;
        TVector one = TLanes.Broadcast(1f), zero = TLanes.Zero;
        var counts = TLanes.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(Lanes.Counting), 16 - (taps - end)));
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < width; c++)
            {
                ref var from = ref Unsafe.Add(ref patches, (r * width + c) * stride);
                ref var to = ref Unsafe.Add(ref image, r * line + c * inputs);
                for (var j = 0; j < kernel; j++)
                {
                    nint t = 0;
                    for (; t < end; t += TLanes.Count)
                        TLanes.Store(TLanes.Fma(one, TLanes.Load(ref Unsafe.Add(ref from, t)), TLanes.Load(ref Unsafe.Add(ref to, t))), ref Unsafe.Add(ref to, t));
                    if (t < taps)
                    {
                        // The lanes behind belong to the next pixel, and stay as they are.
                        var before = TLanes.Load(ref Unsafe.Add(ref to, t));
                        var after = TLanes.Fma(one, TLanes.Load(ref Unsafe.Add(ref from, t)), before);
                        TLanes.Store(TLanes.WhereGreater(counts, zero, after, before), ref Unsafe.Add(ref to, t));
                    }
                    from = ref Unsafe.Add(ref from, taps);
                    to = ref Unsafe.Add(ref to, line);
                }
            }
        }
    }
}
