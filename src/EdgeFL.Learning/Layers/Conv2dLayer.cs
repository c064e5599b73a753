using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class Conv2dLayer : Layer
{
    private readonly Conv2dShape shape;
    private readonly float[] packedForward;
    private readonly float[] packedBackward;
    private readonly float[] scratch;

    internal Conv2dLayer(LayerSpec spec)
        : base(spec)
    {
        shape = new Conv2dShape(spec.Input.Channels, spec.Size, spec.Kernel, spec.Input.Height, spec.Input.Width);
        packedForward = new float[shape.PackedForwardCount];
        packedBackward = new float[shape.PackedBackwardCount];
        scratch = new float[shape.ScratchCount];
    }

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        Conv2d.PackForward(shape, parameters[..shape.WeightCount], packedForward);
        var bias = parameters[shape.WeightCount..];
        for (var b = 0; b < batch; b++)
            Conv2d.Forward(shape, x.Slice(b * InputCount, InputCount), packedForward, bias, scratch, y.Slice(b * OutputCount, OutputCount));
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
        Conv2d.ParameterGradient(shape, x, dy, batch, scratch, gradient[..shape.WeightCount], gradient[shape.WeightCount..]);
        if (dx.IsEmpty)
            return;
        Conv2d.PackBackward(shape, parameters[..shape.WeightCount], packedBackward);
        for (var b = 0; b < batch; b++)
            Conv2d.InputGradient(shape, dy.Slice(b * OutputCount, OutputCount), packedBackward, scratch, dx.Slice(b * InputCount, InputCount));
    }
}
