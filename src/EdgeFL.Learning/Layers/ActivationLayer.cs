using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>relu, tanh, sigmoid or gelu. The first three go back from their output alone, so they may overwrite their input; gelu needs it.</summary>
internal sealed class ActivationLayer(LayerSpec spec) : Layer(spec)
{
    internal override bool IsElementwise => Spec.Kind != LayerKind.Gelu;

    internal override bool MayLoseOutput => Spec.Kind == LayerKind.Gelu;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        switch (Spec.Kind)
        {
            case LayerKind.Relu:
                Activations.Relu(x, y);
                break;
            case LayerKind.Tanh:
                Elementary.Tanh(x, y);
                break;
            case LayerKind.Gelu:
                Elementary.Gelu(x, y);
                break;
            default:
                Elementary.Sigmoid(x, y);
                break;
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
        switch (Spec.Kind)
        {
            case LayerKind.Relu:
                Activations.ReluGradient(y, dy, dx);
                break;
            case LayerKind.Tanh:
                Activations.TanhGradient(y, dy, dx);
                break;
            case LayerKind.Gelu:
                Elementary.GeluGradient(x, dy, dx);
                break;
            default:
                Activations.SigmoidGradient(y, dy, dx);
                break;
        }
    }
}
