using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class GroupNormLayer(LayerSpec spec) : Layer(spec)
{
    private readonly int channels = spec.Input.Channels;
    private readonly float[] scratch = new float[3 * spec.Input.Channels];
    private readonly float[] unwanted = new float[spec.Input.Count];

    internal override bool MayLoseOutput => true;

    internal override void Initialise(Span<float> parameters, ref Philox random) => Identity(parameters);

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        for (var at = 0; at < batch * InputCount; at += InputCount)
            GroupNorm.Forward(x.Slice(at, InputCount), Spec.Size, parameters[..channels], parameters[channels..], scratch, y.Slice(at, InputCount));
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
        gradient.Clear();
        for (var at = 0; at < batch * InputCount; at += InputCount)
        {
            GroupNorm.Backward(
                x.Slice(at, InputCount),
                Spec.Size,
                parameters[..channels],
                dy.Slice(at, InputCount),
                scratch,
                dx.IsEmpty ? unwanted : dx.Slice(at, InputCount),
                gradient[..channels],
                gradient[channels..]);
        }
    }
}
