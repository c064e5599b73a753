using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class MaxPool2dLayer(LayerSpec spec) : Layer(spec)
{
    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        for (var b = 0; b < batch; b++)
        {
            Pooling.MaxOfImage(
                x.Slice(b * InputCount, InputCount), Spec.Input.Width, Spec.Input.Channels, Spec.Size, y.Slice(b * OutputCount, OutputCount));
        }
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
        {
            Pooling.MaxOfImageGradient(
                x.Slice(b * InputCount, InputCount),
                y.Slice(b * OutputCount, OutputCount),
                dy.Slice(b * OutputCount, OutputCount),
                Spec.Input.Width,
                Spec.Input.Channels,
                Spec.Size,
                dx.Slice(b * InputCount, InputCount));
        }
    }
}
