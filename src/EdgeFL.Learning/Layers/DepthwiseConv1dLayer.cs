using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

internal sealed class DepthwiseConv1dLayer : Layer
{
    private readonly DepthwiseShape shape;
    private readonly float[] packed;

    internal DepthwiseConv1dLayer(LayerSpec spec)
        : base(spec)
    {
        shape = new DepthwiseShape(spec.Input.Channels, spec.Kernel, spec.Input.Length);
        packed = new float[shape.WeightCount];
    }

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        Matrix.Transpose(parameters[..shape.WeightCount], shape.Channels, shape.Kernel, packed);
        var bias = parameters[shape.WeightCount..];
        for (var b = 0; b < batch; b++)
            DepthwiseConv1d.Forward(shape, x.Slice(b * InputCount, InputCount), packed, bias, y.Slice(b * OutputCount, OutputCount));
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
        DepthwiseConv1d.WeightGradient(shape, x, dy, batch, packed);
        Matrix.Transpose(packed, shape.Kernel, shape.Channels, gradient[..shape.WeightCount]);
        Matrix.SumRows(dy, batch * shape.OutputLength, shape.Channels, gradient[shape.WeightCount..]);
        if (dx.IsEmpty)
            return;
        Matrix.Transpose(parameters[..shape.WeightCount], shape.Channels, shape.Kernel, packed);
        for (var b = 0; b < batch; b++)
            DepthwiseConv1d.InputGradient(shape, dy.Slice(b * OutputCount, OutputCount), packed, dx.Slice(b * InputCount, InputCount));
    }
}
