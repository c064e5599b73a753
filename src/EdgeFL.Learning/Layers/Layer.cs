using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>
/// One layer at work. Activations are time-major, [B,T,C], so that kernels run over channels. A layer owns the scratch it needs; the
/// network owns
/// activations and gradients.
/// </summary>
internal abstract class Layer(LayerSpec spec)
{
    internal LayerSpec Spec { get; } = spec;

    internal int InputCount { get; } = spec.Input.Count;

    internal int OutputCount { get; } = spec.Output.Count;

    /// <summary>True when y may be the same memory as x, and dx the same as dy.</summary>
    internal virtual bool IsElementwise => false;

    /// <summary>True when <see cref="Backward"/> does not read y, so that an elementwise layer behind this one may overwrite it.</summary>
    internal virtual bool MayLoseOutput => false;

    /// <summary>Draws fresh parameters, unless told otherwise uniform within ±1/√fan-in.</summary>
    /// <param name="parameters">This layer's own; overwritten.</param>
    /// <param name="random">Where the numbers come from.</param>
    internal virtual void Initialise(Span<float> parameters, ref Philox random)
    {
        if (parameters.IsEmpty)
            return;
        var fanIn = parameters.Length / Spec.Size - 1;
        Uniform(parameters, 1f / MathF.Sqrt(fanIn), ref random);
    }

    /// <summary>Says what the next <see cref="Forward"/> is for.</summary>
    /// <param name="training">True when a gradient follows.</param>
    /// <param name="seed">Whose training.</param>
    /// <param name="step">Which step of it.</param>
    internal virtual void Begin(bool training, ulong seed, ulong step)
    {
    }

    /// <summary>Computes y from x.</summary>
    /// <param name="parameters">This layer's own.</param>
    /// <param name="x">Shape [B, input].</param>
    /// <param name="y">Shape [B, output]; overwritten.</param>
    /// <param name="batch">B.</param>
    internal abstract void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch);

    /// <summary>Computes the gradients from that of the output.</summary>
    /// <param name="parameters">This layer's own.</param>
    /// <param name="x">Shape [B, input], as in <see cref="Forward"/>.</param>
    /// <param name="y">Shape [B, output], its result.</param>
    /// <param name="dy">Shape [B, output]; may be consumed.</param>
    /// <param name="dx">Shape [B, input]; overwritten; empty for the lowest layer with parameters, which is the last to be asked.</param>
    /// <param name="gradient">This layer's own; overwritten.</param>
    /// <param name="batch">B.</param>
    internal abstract void Backward(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        Span<float> dy,
        Span<float> dx,
        Span<float> gradient,
        int batch);

    /// <summary>Draws uniformly within ±bound.</summary>
    protected static void Uniform(Span<float> parameters, float bound, ref Philox random)
    {
        foreach (ref var parameter in parameters)
            parameter = (2f * random.NextSingle() - 1f) * bound;
    }

    /// <summary>A normalisation's start: scale 1, shift 0.</summary>
    protected static void Identity(Span<float> parameters)
    {
        parameters[..(parameters.Length / 2)].Fill(1f);
        parameters[(parameters.Length / 2)..].Clear();
    }
}
