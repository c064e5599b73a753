namespace EdgeFL.Numerics;

/// <summary>
/// Random Fourier features: a linear model on √(2/O)·cos(w_o·x + b_o), w normal and b uniform, is one with the kernel e^(-σ²·|x-x'|²/2).
/// Source: Rahimi, Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007. Angles are held in turns, so that the cosine needs no reduction by π.
/// </summary>
public static class RandomFourier
{
    private const double TurnsPerRadian = 0.15915494309189535;

    /// <summary>Draws the projection that is never learned.</summary>
    /// <param name="seed">The same seed gives the same projection on every machine.</param>
    /// <param name="width">σ, standard deviation of w in radians: 1/σ is the distance at which inputs become unlike. Above 0.</param>
    /// <param name="projection">w/2π, shape [I,O]; overwritten.</param>
    /// <param name="offset">b/2π, shape [O], 0 to 1; overwritten.</param>
    /// <exception cref="ArgumentException">The projection is no rows of the offset's length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The width is not above 0.</exception>
    public static void Draw(ulong seed, float width, Span<float> projection, Span<float> offset)
    {
        if (offset.IsEmpty || projection.Length % offset.Length != 0)
            throw new ArgumentException($"{projection.Length} weights are no rows of {offset.Length} features.", nameof(projection));
        if (!(width > 0f))
            throw new ArgumentOutOfRangeException(nameof(width), width, "The width is above 0.");
        var random = new Philox(seed, 0xF0F1);
        foreach (ref var weight in projection)
            weight = (float)(width * TurnsPerRadian * random.NextGaussian());
        foreach (ref var turn in offset)
            turn = random.NextSingle();
    }

    /// <summary>y = √(2/O)·cos(2π·turns).</summary>
    /// <param name="turns">x·w + b in turns, shape [B,O].</param>
    /// <param name="features">O, at least 1.</param>
    /// <param name="y">Shape [B,O]; overwritten; may be <paramref name="turns"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Forward(ReadOnlySpan<float> turns, int features, Span<float> y)
    {
        Check(turns.Length, features, y.Length);
        var amplitude = MathF.Sqrt(2f / features);
        for (var i = 0; i < turns.Length; i++)
            y[i] = amplitude * Elementary.CosineOfTurns(turns[i]);
    }

    /// <summary>Gradient of the turns: -2π·√(2/O)·sin(2π·turns)·dy.</summary>
    /// <param name="turns">Shape [B,O], as in <see cref="Forward"/>.</param>
    /// <param name="features">O, at least 1.</param>
    /// <param name="outputGradient">Shape [B,O]; overwritten by the gradient of the turns.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Backward(ReadOnlySpan<float> turns, int features, Span<float> outputGradient)
    {
        Check(turns.Length, features, outputGradient.Length);
        var amplitude = -(float)(2.0 * Math.PI) * MathF.Sqrt(2f / features);
        for (var i = 0; i < turns.Length; i++)
            outputGradient[i] *= amplitude * Elementary.SineOfTurns(turns[i]);
    }

    private static void Check(int length, int features, int other)
    {
        if (features < 1 || length % features != 0 || other != length)
            throw new ArgumentException($"{length} and {other} values are no rows of {features} features.");
    }
}
