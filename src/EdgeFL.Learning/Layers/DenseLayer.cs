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
            BDepth = 1,
            BColumn = InputCount,
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
