using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class Conv1dLayer : Layer
{
    private readonly Conv1dShape shape;
    private readonly Memory<float> packed;
    private readonly Memory<float> padded;

    internal Conv1dLayer(LayerSpec spec)
        : base(spec)
    {
        shape = new Conv1dShape(spec.Input.Channels, spec.Size, spec.Kernel, spec.Input.Length);
        packed = AlignedFloats.Allocate(shape.WeightCount);
        padded = AlignedFloats.Allocate(shape.PaddedGradientCount);
    }

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        Conv1d.PackForward(shape, parameters[..shape.WeightCount], packed.Span);
        var bias = parameters[shape.WeightCount..];
        for (var b = 0; b < batch; b++)
            Conv1d.Forward(shape, x.Slice(b * InputCount, InputCount), packed.Span, bias, y.Slice(b * OutputCount, OutputCount));
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
        Conv1d.WeightGradient(shape, x, dy, batch, packed.Span);
        Conv1d.Unpack(shape, packed.Span, gradient[..shape.WeightCount]);
        Matrix.SumRows(dy, batch * shape.OutputLength, shape.Outputs, gradient[shape.WeightCount..]);
        if (dx.IsEmpty)
            return;
        Conv1d.PackBackward(shape, parameters[..shape.WeightCount], packed.Span);
        for (var b = 0; b < batch; b++)
            Conv1d.InputGradient(shape, dy.Slice(b * OutputCount, OutputCount), packed.Span, padded.Span, dx.Slice(b * InputCount, InputCount));
    }
}
