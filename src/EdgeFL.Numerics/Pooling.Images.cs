using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

public static partial class Pooling
{
    /// <summary>y[r,c,i] = max of the window x[r·size .., c·size .., i]; rows and columns that do not fill a window are left out.</summary>
    /// <param name="x">One image, shape [H·W,C].</param>
    /// <param name="width">W, at least <paramref name="size"/>.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="size">Side of the square windows, at least 1.</param>
    /// <param name="y">Shape [(H/size)·(W/size),C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void MaxOfImage(ReadOnlySpan<float> x, int width, int channels, int size, Span<float> y)
    {
        var windows = new Windows(x.Length, width, channels, size, y.Length);
        OverImage<Greatest>(
            windows, ref MemoryMarshal.GetReference(x), ref MemoryMarshal.GetReference(y), ref Unsafe.NullRef<float>(), ref Unsafe.NullRef<float>());
    }

    /// <summary>Gradient of <see cref="MaxOfImage"/>: goes to the first largest value of each window, row by row.</summary>
    /// <param name="x">One image, shape [H·W,C].</param>
    /// <param name="y">Result of <see cref="MaxOfImage"/>.</param>
    /// <param name="outputGradient">Shape of <paramref name="y"/>.</param>
    /// <param name="width">W, at least <paramref name="size"/>.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="size">Side of the square windows, at least 1.</param>
    /// <param name="inputGradient">Shape [H·W,C]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void MaxOfImageGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> outputGradient, int width, int channels, int size, Span<float> inputGradient)
    {
        var windows = new Windows(x.Length, width, channels, size, y.Length);
        if (outputGradient.Length != y.Length || inputGradient.Length != x.Length)
            throw new ArgumentException("The gradients have other shapes than the activations.");
        if (width % size > 0 || x.Length > windows.Rows * size * width * channels)
            inputGradient.Clear();
        OverImage<FirstGreatest>(
            windows,
            ref MemoryMarshal.GetReference(x),
            ref MemoryMarshal.GetReference(y),
            ref MemoryMarshal.GetReference(outputGradient),
            ref MemoryMarshal.GetReference(inputGradient));
    }

    /// <summary>The windows of one image.</summary>
    private readonly struct Windows
    {
        internal readonly int Rows, Columns, Channels, Size;

        /// <summary>Floats of an image row.</summary>
        internal readonly int Line;

        internal Windows(int length, int width, int channels, int size, int pooled)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(width, size);
            Channels = channels;
            Size = size;
            Line = checked(width * channels);
            Rows = length / Line / size;
            Columns = width / size;
            if (length % Line != 0 || pooled != (long)Rows * Columns * channels || pooled == 0)
                throw new ArgumentException($"{length} values of {channels} channels in rows of {width} do not pool by {size} into {pooled}.");
        }
    }

    private interface IWindow
    {
        /// <summary>One window, as many channels as a vector holds.</summary>
        /// <param name="line">From a pixel to that below it.</param>
        /// <param name="channels">From a pixel to that at its right.</param>
        /// <param name="size">Side of the window.</param>
        /// <param name="x">First value of the window.</param>
        /// <param name="y">Its largest.</param>
        /// <param name="dy">The gradient of that.</param>
        /// <param name="dx">Those of the window's values.</param>
        /// <param name="counts">Above zero in the lanes that are the window's.</param>
        /// <param name="keeps">Whether the values of dx in the other lanes are to stay.</param>
        static abstract void At<TLanes, TVector>(
            nint line, nint channels, int size, ref float x, ref float y, ref float dy, ref float dx, TVector counts, bool keeps)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct;
    }

    private readonly struct Greatest : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<TLanes, TVector>(
            nint line, nint channels, int size, ref float x, ref float y, ref float dy, ref float dx, TVector counts, bool keeps)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            var most = TLanes.Load(ref x);
            if (size == 2)
            {
                // The usual one, without loops.
                ref var below = ref Unsafe.Add(ref x, line);
                most = Greater(most, TLanes.Load(ref Unsafe.Add(ref x, channels)));
                most = Greater(most, TLanes.Load(ref below));
                most = Greater(most, TLanes.Load(ref Unsafe.Add(ref below, channels)));
            }
            else
            {
                for (nint j = 0; j < size; j++)
                {
                    for (nint k = 0; k < size; k++)
                        most = Greater(most, TLanes.Load(ref Unsafe.Add(ref x, j * line + k * channels)));
                }
            }
            TLanes.Store(most, ref y);

            static TVector Greater(TVector most, TVector next) => TLanes.WhereGreater(next, most, next, most);
        }
    }

    private readonly struct FirstGreatest : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<TLanes, TVector>(
            nint line, nint channels, int size, ref float x, ref float y, ref float dy, ref float dx, TVector counts, bool keeps)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            var most = TLanes.Load(ref y);
            var left = TLanes.Load(ref dy);
            if (size == 2)
            {
                ref float xBelow = ref Unsafe.Add(ref x, line), dxBelow = ref Unsafe.Add(ref dx, line);
                left = Give<TLanes, TVector>(ref x, ref dx, most, left, counts, keeps);
                left = Give<TLanes, TVector>(ref Unsafe.Add(ref x, channels), ref Unsafe.Add(ref dx, channels), most, left, counts, keeps);
                left = Give<TLanes, TVector>(ref xBelow, ref dxBelow, most, left, counts, keeps);
                Give<TLanes, TVector>(ref Unsafe.Add(ref xBelow, channels), ref Unsafe.Add(ref dxBelow, channels), most, left, counts, keeps);
                return;
            }
            for (nint j = 0; j < size; j++)
            {
                for (nint k = 0; k < size; k++)
                {
                    var at = j * line + k * channels;
                    left = Give<TLanes, TVector>(ref Unsafe.Add(ref x, at), ref Unsafe.Add(ref dx, at), most, left, counts, keeps);
                }
            }
        }

        /// <summary>Gives the gradient to a value that is the largest, and says what is left of it.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVector Give<TLanes, TVector>(ref float x, ref float dx, TVector most, TVector left, TVector counts, bool keeps)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            var value = TLanes.Load(ref x);
            var taken = TLanes.WhereEqual(value, most, left, TLanes.Zero);
            if (keeps)
                taken = TLanes.WhereGreater(counts, TLanes.Zero, taken, TLanes.Load(ref dx));
            TLanes.Store(taken, ref dx);
            return TLanes.WhereEqual(value, most, TLanes.Zero, left);
        }
    }

    private static void OverImage<TWindow>(in Windows windows, ref float x, ref float y, ref float dy, ref float dx)
        where TWindow : struct, IWindow
    {
        // Nothing is computed that wider vectors would do faster than the values come.
        if (Lanes.Use256 && windows.Channels > 4)
            OverImage<TWindow, Lanes256, Vector256<float>>(windows, ref x, ref y, ref dy, ref dx);
        else if (Lanes.Use128)
            OverImage<TWindow, Lanes128, Vector128<float>>(windows, ref x, ref y, ref dy, ref dx);
        else
            OverImage<TWindow, Lanes1, float>(windows, ref x, ref y, ref dy, ref dx);
    }

    /// <summary>
    /// Whole vectors everywhere: where the channels do not fill the last one, its other lanes are the next pixel's. Most are written over when that comes; those
    /// that reach past the line's last window are kept. Behind the image's last windows there is nothing to read.
    /// </summary>
    private static void OverImage<TWindow, TLanes, TVector>(in Windows windows, ref float x, ref float y, ref float dy, ref float dx)
        where TWindow : struct, IWindow
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int channels = windows.Channels, size = windows.Size, line = windows.Line;
        nint end = (nint)windows.Rows * windows.Columns * channels;
        var whole = channels / TLanes.Count * TLanes.Count;
        var counts = TLanes.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(Lanes.Counting), 16 - (channels - whole)));
        nint at = 0;
        for (var r = 0; r < windows.Rows; r++)
        {
            for (var c = 0; c < windows.Columns; c++)
            {
                nint from = r * size * line + c * size * channels;
                nint i = 0;
                for (; i < channels && (i < whole || at + i + TLanes.Count <= end); i += TLanes.Count)
                {
                    var past = c * size * channels + (size - 1) * channels + TLanes.Count > windows.Columns * size * channels;
                    var keeps = i == whole && (whole > 0 || past);
                    Window<TWindow, TLanes, TVector>(line, channels, size, ref x, ref y, ref dy, ref dx, from + i, at + i, counts, keeps);
                }
                for (; i < channels; i++)
                    Window<TWindow, Lanes1, float>(line, channels, size, ref x, ref y, ref dy, ref dx, from + i, at + i, 1f, false);
                at += channels;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Window<TWindow, TLanes, TVector>(
        nint line, nint channels, int size, ref float x, ref float y, ref float dy, ref float dx, nint from, nint at, TVector counts, bool keeps)
        where TWindow : struct, IWindow
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TWindow.At<TLanes, TVector>(
            line, channels, size, ref Unsafe.Add(ref x, from), ref Unsafe.Add(ref y, at), ref Unsafe.Add(ref dy, at), ref Unsafe.Add(ref dx, from), counts, keeps);
}
