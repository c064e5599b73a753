using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>Learning rates over a run.</summary>
public static class Schedules
{
    /// <summary>Half a cosine from eta at step 0 to floorShare·eta at the last step and after it.</summary>
    /// <param name="eta">Rate at step 0.</param>
    /// <param name="step">0 or more; what exceeds <paramref name="total"/> counts as the last.</param>
    /// <param name="total">Steps of the run, at least 1.</param>
    /// <param name="floorShare">0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static float Cosine(float eta, int step, int total, float floorShare)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1);
        if (!(floorShare >= 0f && floorShare <= 1f))
            throw new ArgumentOutOfRangeException(nameof(floorShare), floorShare, "The floor is 0 to 1 of the rate.");
        var share = 0.5 + 0.5 * Elementary.CosinePi((double)Math.Min(step, total) / total);
        return (float)(eta * (floorShare + (1.0 - floorShare) * share));
    }
}
