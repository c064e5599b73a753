using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Says which errors of a model are unusual: those further above what errors have been of late than errors scatter. Median and median absolute deviation
/// of the logarithms are taken over a memory of the last errors: a fifth of them may be unusual and hardly move the threshold, and what lasts for half the memory
/// has become usual. While a model still learns fast, old and new errors scatter far, and only the far out is called unusual.
/// Source of the rule: Iglewicz and Hoaglin, "How to detect and handle outliers", 1993, the modified z-score of 3.5.
/// </summary>
public sealed class UnusualThreshold
{
    /// <summary>Errors that must have been seen before anything is called unusual.</summary>
    public const int Needed = 32;

    // 1.4826 deviations from the median are one standard deviation of a normal distribution.
    private const float Deviations = 3.5f * 1.4826f;

    // Errors that hardly scatter do not make a tenth more unusual; an error of zero has no logarithm.
    private const float LeastSpread = 0.05f, LeastError = 1e-20f;

    private readonly float[] logs;
    private readonly float[] scratch;
    private int count;
    private int next;

    /// <summary>Starts with nothing seen.</summary>
    /// <param name="memory">Errors remembered, at least <see cref="Needed"/>. Default 512.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="memory"/> is below its least.</exception>
    public UnusualThreshold(int memory = 512)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memory, Needed);
        logs = new float[memory];
        scratch = new float[memory];
    }

    /// <summary>Errors above it are unusual; infinite until <see cref="Needed"/> errors have been seen.</summary>
    public float Value { get; private set; } = float.PositiveInfinity;

    /// <summary>Takes an error in. One that is not finite is no error of a model, and is left out.</summary>
    /// <param name="error">0 or more.</param>
    public void Observe(float error)
    {
        if (!float.IsFinite(error))
            return;
        logs[next] = Elementary.Log(Math.Max(error, LeastError));
        next = (next + 1) % logs.Length;
        count = Math.Min(count + 1, logs.Length);
        if (count < Needed)
            return;
        var seen = scratch.AsSpan(0, count);
        logs.AsSpan(0, count).CopyTo(seen);
        var median = OrderStatistics.Median(seen);
        for (var i = 0; i < count; i++)
            seen[i] = MathF.Abs(logs[i] - median);
        Value = Elementary.Exp(MathF.FusedMultiplyAdd(Deviations, Math.Max(OrderStatistics.Median(seen), LeastSpread), median));
    }
}
