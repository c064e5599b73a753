namespace EdgeFL.Learning;

/// <summary>
/// Says when a loss has risen for good: Page-Hinkley's test, the sum by which losses exceed their mean by more than they are allowed to, held against a multiple
/// of their standard deviation.
/// <code>
/// s = max(0, s + min(x - mean, 5·deviation) - (δ + deviation/10));  alarm when s > 50·deviation
/// </code>
/// Source: Page, "Continuous inspection schemes", Biometrika 41, 1954; Hinkley, "Inference about the change-point from cumulative sum tests", Biometrika 58, 1971;
/// δ = .005 as Gama, Sebastião, Rodrigues, "On evaluating stream learning algorithms", Machine Learning 90, 2013.
/// </summary>
/// <remarks>
/// Mean and deviation fade, as a model that learns on has losses that fall. Of δ alone the sum of losses that only scatter would exceed any bound now and then: its
/// chance to stand above 50 deviations is about exp(-100·allowance/deviation), which a tenth of a deviation more makes one in 20,000. One wild minibatch is no drift: it counts
/// five deviations at most, for mean and deviation too, so an alarm takes at least ten losses.
/// </remarks>
public sealed class PageHinkley
{
    /// <summary>Losses that must have been seen before there can be an alarm.</summary>
    public const int Needed = 200;

    // Losses of four hundred minibatches ago count for a third of those of now.
    private const float Memory = 400f;
    private const float Delta = 0.005f, DeltaShare = 0.1f, Lambda = 50f, LargestShare = 5f;

    // A loss that hardly scatters is one of a model that is right about nearly all: a few windows that it is not right about are no drift.
    private const float LeastDeviation = 0.01f;

    private float count;
    private float variance;
    private float sum;

    /// <summary>Running mean of the losses: what is usual. After an alarm that of before it, until the next loss.</summary>
    public float Mean { get; private set; }

    /// <summary>Takes a loss in; true when losses have risen: all is then learned anew, from the next one on. One that is not finite is left out.</summary>
    /// <param name="loss">Mean loss of a minibatch.</param>
    public bool Observe(float loss)
    {
        if (!float.IsFinite(loss))
            return false;
        var step = loss - Mean;
        if (count >= Needed)
        {
            var deviation = MathF.Max(MathF.Sqrt(variance), LeastDeviation);
            step = MathF.Min(step, LargestShare * deviation);
            sum = MathF.Max(0f, sum + step - (Delta + DeltaShare * deviation));
            if (sum > Lambda * deviation)
            {
                count = variance = sum = 0f;
                return true;
            }
        }
        count = MathF.Min(count + 1f, Memory);
        Mean = count == 1f ? loss : Mean + step / count;
        variance = count == 1f ? 0f : (1f - 1f / count) * (variance + step * step / count);
        return false;
    }
}
