using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>Draws in training only; the gradient goes through the same places.</summary>
internal sealed class DropoutLayer(LayerSpec spec, int index) : Layer(spec)
{
    private ulong seed;
    private ulong step;
    private bool draws;

    internal override bool IsElementwise => true;

    internal override bool MayLoseOutput => true;

    internal override void Begin(bool training, ulong seed, ulong step)
    {
        draws = training;
        this.seed = seed;
        this.step = step;
    }

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        if (draws)
            Dropout.Apply(seed, step, index, Spec.Rate, x, y);
        else
            x.CopyTo(y);
    }

    internal override void Backward(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        Span<float> dy,
        Span<float> dx,
        Span<float> gradient,
        int batch) => Dropout.Apply(seed, step, index, Spec.Rate, dy, dx);
}
