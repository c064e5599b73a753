using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class GlobalAverageLayer(LayerSpec spec) : Layer(spec)
{
    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        for (var b = 0; b < batch; b++)
            Pooling.Average(x.Slice(b * InputCount, InputCount), OutputCount, y.Slice(b * OutputCount, OutputCount));
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
        for (var b = 0; b < batch; b++)
            Pooling.AverageGradient(dy.Slice(b * OutputCount, OutputCount), OutputCount, dx.Slice(b * InputCount, InputCount));
    }
}
