using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>Mean over windows of rows: each window is to <see cref="Pooling.Average"/> a sample of its own.</summary>
internal sealed class AveragePool1dLayer(LayerSpec spec) : Layer(spec)
{
    private readonly int channels = spec.Input.Channels;
    private readonly int window = spec.Size * spec.Input.Channels;

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        for (var b = 0; b < batch; b++)
        {
            var sample = x.Slice(b * InputCount, InputCount);
            for (var t = 0; t < Spec.Output.Length; t++)
                Pooling.Average(sample.Slice(t * window, window), channels, y.Slice(b * OutputCount + t * channels, channels));
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
            var sample = dx.Slice(b * InputCount, InputCount);
            for (var t = 0; t < Spec.Output.Length; t++)
                Pooling.AverageGradient(dy.Slice(b * OutputCount + t * channels, channels), channels, sample.Slice(t * window, window));
            sample[(Spec.Output.Length * window)..].Clear();
        }
    }
}
