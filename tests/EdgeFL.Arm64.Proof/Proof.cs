namespace EdgeFL.Arm64.Proof;

/// <summary>
/// What must come out the same, bit for bit, on x64 and on arm64. A new kernel of EdgeFL.Numerics gets a case here: until it has one, a test names it.
/// </summary>
public static class Proof
{
    /// <summary>Lengths 0 to 257: past the widest vector, sixteen of them and one.</summary>
    private const int Lengths = 258;

    /// <summary>All cases, in a fixed order.</summary>
    public static ProofCase[] Cases() =>
    [
        new("axpy", Lengths, VectorCases.Axpy),
        new("scale", Lengths, VectorCases.Scale),
        new("divide", Lengths, VectorCases.Divide),
        new("add", Lengths, VectorCases.Add),
        new("subtract", Lengths, VectorCases.Subtract),
        new("lerp", Lengths, VectorCases.Lerp),
        new("dot, sum of squares, squared distance", Lengths, VectorCases.Reductions),
        new("hadamard", Lengths, VectorCases.Hadamard),
        new("all finite", Lengths, VectorCases.AllFinite),
        new("median", Lengths, VectorCases.Median),
        new("trimmed mean", Lengths, VectorCases.TrimmedMean),
        new("sort columns", Lengths, VectorCases.SortColumns),
        new("exp, log, tanh, sigmoid, cosine", Lengths, FunctionCases.Elementary),
        new("exp, log, tanh, sigmoid of all magnitudes", 4, FunctionCases.ElementaryOfAllMagnitudes),
        new("activations and their gradients", Lengths, FunctionCases.Activations),
        new("softmax and cross-entropy", Lengths, FunctionCases.Softmax),
        new("pooling and its gradients, channels", Lengths, FunctionCases.Pooling),
        new("pooling of images and its gradient, channels", Lengths, FunctionCases.PoolingOfImages),
        new("random numbers", Lengths, CodecCases.RandomNumbers),
        new("integer blocks", Lengths, CodecCases.Int),
        new("rotated values at a few bits", Lengths, CodecCases.Rotated),
        new("modulo lattice", Lengths, CodecCases.Lattice),
        new("matrix products, columns", Lengths, ProductCases.MultiplyAnyColumns),
        new("matrix products, layer shapes", ProductCases.ProductShapes, ProductCases.MultiplyLayers),
        new("convolutions, outputs", Lengths, ProductCases.ConvolveAnyOutputs),
        new("convolutions, inputs", Lengths, ProductCases.ConvolveAnyInputs),
        new("convolutions, layer shapes", ProductCases.ConvolutionShapes, ProductCases.ConvolveLayers),
        new("convolutions over images, outputs", Lengths, ProductCases.ConvolveImagesAnyOutputs),
        new("convolutions over images, inputs", Lengths, ProductCases.ConvolveImagesAnyInputs),
        new("convolutions over images, layer shapes", ProductCases.ImageConvolutionShapes, ProductCases.ConvolveImageLayers),
        new("products, shift, sum", Lengths, LayerCases.Products),
        new("gelu, reciprocal root, sine and cosine of turns", Lengths, LayerCases.Functions),
        new("huber loss", Lengths, LayerCases.Losses),
        new("dropout", Lengths, LayerCases.DroppedOut),
        new("layer and group norm, channels", Lengths, LayerCases.Norms),
        new("gru cell, units", Lengths, LayerCases.Gru),
        new("depthwise convolution, channels", Lengths, LayerCases.Depthwise),
        new("random fourier features", Lengths, LayerCases.Fourier),
        new("features of windows, rows of a block", Lengths, LayerCases.Features),
        new("8-bit products and their levels", Lengths, IntegerCases.Products),
        new("levels of windows", Lengths, IntegerCases.OfWindows),
        new("the activity CNN in integers", 1, IntegerCases.ActivityCnn),
        new("training of the activity CNN", 1, TrainingCases.ActivityCnn),
        new("online k-means on features", 1, TrainingCases.Clusters),
        new("learning and mixing in a fleet, aggregation rules", 4, TrainingCases.Mixing),
    ];
}
