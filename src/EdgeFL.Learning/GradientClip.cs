using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Shortens a gradient that is far longer than long ones have been: one strange minibatch must not throw a model so far that the next gradients are longer
/// still. What is long is the running 90th percentile of the lengths, at least 1: the scale of a mean loss over normalised values, for which learning rates
/// are chosen. So a device that has met nothing new for days still learns from what it meets then.
/// Source of the idea: Seetharaman, Wichern, Pardo, Le Roux, "AutoClip", MLSP 2020 (arXiv:2007.14469).
/// </summary>
public sealed class GradientClip
{
    private const float Reach = 1.5f;
    private const float Least = 1f;

    // At 9 to 1 the percentile comes to rest where one length of ten is above it.
    private const float Up = 1.009f, Down = 1f / 1.001f;

    /// <summary>Running 90th percentile of the lengths, at least 1.</summary>
    public float Long { get; private set; } = Least;

    /// <summary>Takes the gradient's length in, and shortens it to one and a half times <see cref="Long"/> if it is longer.</summary>
    /// <param name="gradient">Any length; read and written.</param>
    /// <returns>False, and nothing changed, when the length is not finite.</returns>
    public bool TryApply(Span<float> gradient)
    {
        float length = MathF.Sqrt(Vectors.SumOfSquares(gradient));
        if (!float.IsFinite(length))
            return false;
        if (length > Reach * Long)
            Vectors.Scale(Reach * Long / length, gradient);
        Long = length > Long ? Long * Up : MathF.Max(Least, Long * Down);
        return true;
    }
}
