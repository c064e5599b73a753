using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>A projection drawn once and never learned, and a cosine of it; the dense layer behind it learns.</summary>
internal sealed class RandomFourierLayer : Layer
{
    private readonly float[] projection;
    private readonly float[] offset;
    private readonly float[] turns;

    internal RandomFourierLayer(LayerSpec spec, int maxBatch)
        : base(spec)
    {
        projection = new float[InputCount * OutputCount];
        offset = new float[OutputCount];
        turns = new float[checked(maxBatch * OutputCount)];
        RandomFourier.Draw((ulong)spec.Seed, spec.Width, projection, offset);
    }

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
        Matrix.Multiply(product, x, projection, offset, turns);
        RandomFourier.Forward(turns.AsSpan(0, batch * OutputCount), OutputCount, y);
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
        RandomFourier.Backward(turns.AsSpan(0, batch * OutputCount), OutputCount, dy);
        var product = new MatrixProduct
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
        Matrix.Multiply(product, dy, projection, [], dx);
    }
}
