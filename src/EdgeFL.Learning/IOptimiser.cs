namespace EdgeFL.Learning;

/// <summary>Turns a gradient into a change of the parameters.</summary>
public interface IOptimiser
{
    /// <summary>Changes the parameters by one step.</summary>
    /// <param name="x">Parameters, shape [P]; read and written.</param>
    /// <param name="g">Gradient of the loss, shape [P].</param>
    /// <param name="eta">Learning rate, above 0.</param>
    /// <exception cref="ArgumentException">The lengths are not that of the optimiser.</exception>
    void Step(Span<float> x, ReadOnlySpan<float> g, float eta);
}
