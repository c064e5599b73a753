using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>Time-major rows to one channel-major vector, PyTorch's order. As the first layer the network leaves it out: windows come so.</summary>
internal sealed class FlattenLayer(LayerSpec spec) : Layer(spec)
{
    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        for (var b = 0; b < batch; b++)
        {
            Matrix.Transpose(
                x.Slice(b * InputCount, InputCount), Spec.Input.Length, Spec.Input.Channels, y.Slice(b * OutputCount, OutputCount));
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
            Matrix.Transpose(
                dy.Slice(b * OutputCount, OutputCount), Spec.Input.Channels, Spec.Input.Length, dx.Slice(b * InputCount, InputCount));
        }
    }
}
