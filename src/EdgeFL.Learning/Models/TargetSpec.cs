namespace EdgeFL.Learning;

/// <summary>The number that a regress model learns to say about a window, and how it stands at the network's output.</summary>
/// <param name="Name">What it is, e.g. <c>remaining life</c>; 1 to 64 printable characters.</param>
/// <param name="Unit">Its unit, e.g. <c>cycles</c>; 0 to 16 printable characters.</param>
/// <param name="Cap">
/// Value above which the model need not tell one from another, above 0 to 1e9; infinite for none. A machine that has just begun to wear shows nothing of how much longer it
/// will last than another.
/// </param>
/// <param name="Scale">What it is multiplied by, 1e-6 to 1e6, so that the network's output is of the order of 1.</param>
public sealed record TargetSpec(string Name, string Unit, float Cap, float Scale)
{
    /// <summary>What the network is to say: min(value, <see cref="Cap"/>)·<see cref="Scale"/>; NaN for <see cref="SampleBatch.NoTarget"/>.</summary>
    /// <param name="value">In <see cref="Unit"/>.</param>
    public float ToOutput(float value) => MathF.Min(value, Cap) * Scale;

    /// <summary>What the network has said, in <see cref="Unit"/>.</summary>
    /// <param name="output">The network's output.</param>
    public float FromOutput(float output) => output / Scale;
}
