using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Matrix products and convolutions: columns of every number, and the shapes of real layers.</summary>
internal static class ProductCases
{
    /// <summary>Rows, columns, depth: dense layers of the shipped models and MLP 561-64-6, and the shapes that the benchmarks measure.</summary>
    private static ReadOnlySpan<int> Products =>
    [
        1, 6, 32, 16, 6, 32, 16, 32, 768, 16, 64, 561, 32, 64, 561, 32, 6, 64, 48, 64, 576, 48, 64, 64, 240, 256, 256,
    ];

    /// <summary>Inputs, outputs, kernel, length: activity CNN of six and of nine channels, and what is narrower than a vector.</summary>
    private static ReadOnlySpan<int> Convolutions =>
    [
        6, 16, 5, 128, 16, 32, 5, 62, 9, 16, 5, 128, 1, 1, 1, 1, 1, 8, 9, 28, 3, 19, 3, 20, 19, 35, 4, 9,
    ];

    /// <summary>Inputs, outputs, kernel, height, width: the small LeNet, a thermal camera's frame, colours, and what is narrower than a vector.</summary>
    private static ReadOnlySpan<int> ImageConvolutions =>
    [
        1, 6, 5, 28, 28, 6, 16, 5, 12, 12, 1, 8, 3, 24, 32, 3, 16, 3, 16, 16, 1, 1, 1, 1, 1, 5, 19, 2, 7, 6,
    ];

    internal static int ProductShapes => Products.Length / 3;

    internal static int ConvolutionShapes => Convolutions.Length / 4;

    internal static int ImageConvolutionShapes => ImageConvolutions.Length / 5;

    internal static void MultiplyAnyColumns(int columns, Words answer)
    {
        if (columns == 0)
            return;
        Multiply(1 + columns % 19, columns, 1 + columns % 23, answer);
    }

    internal static void MultiplyLayers(int shape, Words answer) =>
        Multiply(Products[3 * shape], Products[3 * shape + 1], Products[3 * shape + 2], answer);

    internal static void ConvolveAnyOutputs(int outputs, Words answer)
    {
        if (outputs > 0)
            Convolve(new Conv1dShape(1 + outputs % 5, outputs, 1 + outputs % 4, 8 + outputs % 7), 2, answer);
    }

    internal static void ConvolveAnyInputs(int inputs, Words answer)
    {
        if (inputs > 0)
            Convolve(new Conv1dShape(inputs, 1 + inputs % 5, 1 + inputs % 4, 8 + inputs % 7), 2, answer);
    }

    internal static void ConvolveLayers(int shape, Words answer) =>
        Convolve(
            new Conv1dShape(Convolutions[4 * shape], Convolutions[4 * shape + 1], Convolutions[4 * shape + 2], Convolutions[4 * shape + 3]),
            4,
            answer);

    internal static void ConvolveImagesAnyOutputs(int outputs, Words answer)
    {
        if (outputs > 0)
            Convolve(new Conv2dShape(1 + outputs % 3, outputs, 1 + outputs % 4, 4 + outputs % 3, 5 + outputs % 2), answer);
    }

    internal static void ConvolveImagesAnyInputs(int inputs, Words answer)
    {
        if (inputs > 0)
            Convolve(new Conv2dShape(inputs, 1 + inputs % 5, 1 + inputs % 3, 4 + inputs % 3, 3 + inputs % 4), answer);
    }

    internal static void ConvolveImageLayers(int shape, Words answer)
    {
        var sizes = ImageConvolutions[(5 * shape)..];
        Convolve(new Conv2dShape(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]), answer);
    }

    /// <summary>A·B as a layer forward, A'·B as its weights' gradient over a batch in three parts, sums of rows, transpose.</summary>
    private static void Multiply(int rows, int columns, int depth, Words answer)
    {
        float[] a = Inputs.Wild(3 * rows * depth, 1), b = Inputs.Wild(3 * depth * columns, 2), c = new float[rows * columns];
        var forward = new MatrixProduct
        {
            Rows = rows,
            Columns = columns,
            Depth = depth,
            ARow = depth,
            ADepth = 1,
            BDepth = columns,
            CRow = columns,
        };
        Matrix.Multiply(forward, a, b, Inputs.Wild(columns, 3), c);
        answer.Add(c);
        var weights = forward with { ARow = 1, ADepth = rows, Batches = 3, ABatch = rows * depth, BBatch = depth * columns };
        Matrix.Multiply(weights, a, b, [], c);
        answer.Add(c);
        var sum = new float[columns];
        Matrix.SumRows(b, 3 * depth, columns, sum);
        answer.Add(sum);
        var transposed = new float[rows * columns];
        Matrix.Transpose(c, rows, columns, transposed);
        answer.Add(transposed);
    }

    private static void Convolve(in Conv1dShape shape, int batch, Words answer)
    {
        float[] x = Inputs.Wild(batch * shape.Length * shape.Inputs, 1), weight = Inputs.Wild(shape.WeightCount, 2);
        var outputs = shape.OutputLength * shape.Outputs;
        var dy = Inputs.Wild(batch * outputs, 3);
        float[] packed = new float[shape.WeightCount], y = new float[outputs];
        Conv1d.PackForward(shape, weight, packed);
        Conv1d.Forward(shape, x, packed, Inputs.Wild(shape.Outputs, 4), y);
        answer.Add(y);
        Conv1d.WeightGradient(shape, x, dy, batch, packed);
        Conv1d.Unpack(shape, packed, weight);
        answer.Add(weight);
        Conv1d.PackBackward(shape, weight, packed);
        var dx = new float[shape.Length * shape.Inputs];
        Conv1d.InputGradient(shape, dy, packed, new float[shape.PaddedGradientCount], dx);
        answer.Add(dx);
    }

    private static void Convolve(in Conv2dShape shape, Words answer)
    {
        const int Batch = 2;
        float[] x = Inputs.Wild(Batch * shape.InputCount, 1), weight = Inputs.Wild(shape.WeightCount, 2), bias = Inputs.Wild(shape.Outputs, 3);
        float[] dy = Inputs.Wild(Batch * shape.OutputCount, 4), scratch = new float[shape.ScratchCount];
        float[] forward = new float[shape.PackedForwardCount], backward = new float[shape.PackedBackwardCount];
        float[] y = new float[shape.OutputCount], dx = new float[shape.InputCount];
        Conv2d.PackForward(shape, weight, forward);
        Conv2d.Forward(shape, x.AsSpan(0, dx.Length), forward, bias, scratch, y);
        answer.Add(y);
        Conv2d.PackBackward(shape, weight, backward);
        Conv2d.InputGradient(shape, dy.AsSpan(0, y.Length), backward, scratch, dx);
        answer.Add(dx);
        Conv2d.ParameterGradient(shape, x, dy, Batch, scratch, weight, bias);
        answer.Add(weight);
        answer.Add(bias);
    }
}
