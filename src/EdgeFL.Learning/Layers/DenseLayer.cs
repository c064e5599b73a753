using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class DenseLayer(LayerSpec spec) : Layer(spec)
{
    private readonly int weightCount = spec.Input.Count * spec.Output.Count;

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
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
        Matrix.Multiply(product, x, parameters[..weightCount], parameters[weightCount..], y);
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
            Rows = InputCount,
            Columns = OutputCount,
            Depth = batch,
            ARow = 1,
            ADepth = InputCount,
            BDepth = OutputCount,
            CRow = OutputCount,
        };
        Matrix.Multiply(weights, x, dy, [], gradient[..weightCount]);
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
            BDepth = 1,
            BColumn = OutputCount,
            CRow = InputCount,
        };
        Matrix.Multiply(inputs, dy, parameters[..weightCount], [], dx);
    }
}
