namespace EdgeFL.Numerics;

/// <summary>
/// Shape of a convolution over images with stride 1 and no padding. Activations lie row after row, the channels of a pixel together: [H·W,I] in,
/// [(H-K+1)·(W-K+1),O] out.
/// </summary>
/// <param name="Inputs">I, input channels, at least 1.</param>
/// <param name="Outputs">O, filters, at least 1.</param>
/// <param name="Kernel">K, side of the square kernel, at least 1.</param>
/// <param name="Height">H, rows of the image, at least K.</param>
/// <param name="Width">W, pixels in a row, at least K.</param>
public readonly record struct Conv2dShape(int Inputs, int Outputs, int Kernel, int Height, int Width)
{
    // Floats of patches that are made at a time: they and what they are multiplied with stay in the first level of a large core's cache.
    private const int PatchFloats = 6 * 1024;

    // A vector at the end of a buffer may be stored whole.
    internal const int Slack = 16;

    /// <summary>Output rows, H-K+1.</summary>
    public int OutputHeight => Height - Kernel + 1;

    /// <summary>Pixels in an output row, W-K+1.</summary>
    public int OutputWidth => Width - Kernel + 1;

    /// <summary>Floats of one sample, H·W·I.</summary>
    public int InputCount => checked(Height * Width * Inputs);

    /// <summary>Floats of one sample's result, (H-K+1)·(W-K+1)·O.</summary>
    public int OutputCount => checked(OutputHeight * OutputWidth * Outputs);

    /// <summary>Weights, O·I·K·K.</summary>
    public int WeightCount => checked(Outputs * Taps);

    /// <summary>Floats of weights packed for <see cref="Conv2d.Forward"/>.</summary>
    public int PackedForwardCount => WeightCount;

    /// <summary>Floats of weights packed for <see cref="Conv2d.InputGradient"/>.</summary>
    public int PackedBackwardCount => checked(Outputs * PatchStride);

    /// <summary>Floats of scratch that any of the kernels needs.</summary>
    public int ScratchCount
    {
        get
        {
            var weights = IsGray
                ? checked(Slack + GraySumCount + GrayGroups * 3 * GrayPlane + InputCount + Slack)
                : checked(SumCount + PatchCount + RowsAtOnce * OutputWidth * Outputs + Slack);
            return Math.Max(weights, checked(PatchCount + InputCount + Slack));
        }
    }

    /// <summary>Values under the kernel, K·K·I.</summary>
    internal int Taps => checked(Inputs * Kernel * Kernel);

    /// <summary>Values under one row of the kernel, which lie together.</summary>
    internal int RowTaps => Inputs * Kernel;

    /// <summary>Floats of an image row.</summary>
    internal int Line => Width * Inputs;

    /// <summary>From one pixel's patch to the next: its values, a one, and what fills up whole vectors.</summary>
    internal int PatchStride => (Taps + Slack) & ~(Slack - 1);

    /// <summary>Filters filled up to whole tiles of the matrix product.</summary>
    internal int PaddedOutputs => (Outputs + 7) & ~7;

    /// <summary>Output rows whose patches are made together.</summary>
    internal int RowsAtOnce => Math.Clamp(PatchFloats / (OutputWidth * PatchStride), 1, OutputHeight);

    internal int PatchCount => checked(RowsAtOnce * OutputWidth * PatchStride + Slack);

    /// <summary>Sums of weight gradients, and of the bias gradient in the column behind them.</summary>
    internal int SumCount => checked(PaddedOutputs * PatchStride);

    /// <summary>
    /// One channel and few filters: then vectors run over the pixels, and a gradient of a weight or bias has sixteen sums, each of the pixels whose place in the
    /// image, counted without the rows and columns that the kernel takes away, is the same modulo sixteen.
    /// </summary>
    internal bool IsGray => Inputs == 1 && Outputs < 16;

    /// <summary>Pixels in raster order from the first to the last that has an output, those at the ends of rows that have none among them.</summary>
    internal int GrayPixels => (OutputHeight - 1) * Width + OutputWidth;

    /// <summary>Floats of one filter's plane.</summary>
    internal int GrayPlane => (GrayPixels + Slack - 1) & ~(Slack - 1);

    /// <summary>Threes of filters.</summary>
    internal int GrayGroups => (Outputs + 2) / 3;

    /// <summary>Sums of a filter: its weights', and its bias's.</summary>
    internal int GraySums => Taps + 1;

    internal int GraySumCount => checked(GrayGroups * 3 * GraySums * Slack);
}
