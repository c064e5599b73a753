using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class DenseLayer : Layer
{
    private readonly int weightCount;
    private readonly float[] transposed;

    internal DenseLayer(LayerSpec spec)
        : base(spec)
    {
        weightCount = InputCount * OutputCount;
        transposed = new float[weightCount];
    }

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        Matrix.Transpose(parameters[..weightCount], OutputCount, InputCount, transposed);
        var product = new MatrixProduct
        {
            Rows = batch,
            Columns = OutputCount,
            Depth = InputCount,
            ARow = InputCount,
            ADepth = 1,
            BDepth = OutputCount,
            CRow = OutputCount,
        };
        Matrix.Multiply(product, x, transposed, parameters[weightCount..], y);
    }

    internal override void Backward(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        Span<float> dy,
        Span<float> dx,
        Span<float> gradient,
        int batch)
    {
        var weights = new MatrixProduct
        {
            Rows = OutputCount,
            Columns = InputCount,
            Depth = batch,
            ARow = 1,
            ADepth = OutputCount,
            BDepth = InputCount,
            CRow = InputCount,
        };
        Matrix.Multiply(weights, dy, x, [], gradient[..weightCount]);
        Matrix.SumRows(dy, batch, OutputCount, gradient[weightCount..]);
        if (dx.IsEmpty)
            return;
        var inputs = new MatrixProduct
        {
            Rows = batch,
            Columns = InputCount,
            Depth = OutputCount,
            ARow = OutputCount,
            ADepth = 1,
            BDepth = InputCount,
            CRow = InputCount,
        };
        Matrix.Multiply(inputs, dy, parameters[..weightCount], [], dx);
    }
}
