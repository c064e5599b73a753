using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class LayerNormLayer(LayerSpec spec) : Layer(spec)
{
    private readonly int channels = spec.Input.Channels;
    private readonly float[] scratch = new float[spec.Input.Channels];

    internal override bool MayLoseOutput => true;

    internal override void Initialise(Span<float> parameters, ref Philox random) => Identity(parameters);

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch) =>
        LayerNorm.Forward(x, parameters[..channels], parameters[channels..], y);

    internal override void Backward(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        Span<float> dy,
        Span<float> dx,
        Span<float> gradient,
        int batch) =>
        LayerNorm.Backward(x, parameters[..channels], dy, scratch, dx, gradient[..channels], gradient[channels..]);
}
