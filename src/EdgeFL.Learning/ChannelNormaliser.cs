using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>How the values of a window are brought to a common scale before a model sees them.</summary>
public enum NormaliseKind
{
    /// <summary>As the sensor gives them.</summary>
    None,

    /// <summary>By the device's own running mean and deviation of each channel; nothing about other devices is needed.</summary>
    Running,
}

/// <summary>
/// Mean and variance of each channel over the windows this device has seen (Chan's pairwise update), forgetting slowly once
/// <see cref="MemoryWindows"/> have been seen, so that it follows a sensor that drifts.
/// </summary>
public sealed class ChannelNormaliser
{
    /// <summary>Windows after which a new one weighs 1/4096 rather than 1/count.</summary>
    public const int MemoryWindows = 4096;

    /// <summary>Normalised values are held within this many deviations, so that one wild sample cannot throw a model off.</summary>
    public const float Limit = 10f;

    // A deviation below this share of the mean's magnitude is rounding noise: the channel is constant and says nothing.
    private const float ConstantShare = 1e-5f;

    private readonly float[] mean;
    private readonly float[] variance;
    private float count;

    /// <summary>Starts with nothing observed.</summary>
    /// <param name="channels">C, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is below 1.</exception>
    public ChannelNormaliser(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        mean = new float[channels];
        variance = new float[channels];
    }

    /// <summary>C.</summary>
    public int Channels => mean.Length;

    /// <summary>Floats of <see cref="ExportState"/>: 2·C + 1.</summary>
    public int StateLength => 2 * mean.Length + 1;

    /// <summary>Takes a window into the statistics.</summary>
    /// <param name="window">Shape [C,T], channel-major.</param>
    /// <exception cref="ArgumentException">The length is no multiple of C, or 0.</exception>
    public void Observe(ReadOnlySpan<float> window)
    {
        if (window.IsEmpty || window.Length % Channels != 0)
            throw new ArgumentException($"A window of {window.Length} values does not fit {Channels} channels.", nameof(window));
        var length = window.Length / Channels;
        for (var c = 0; c < Channels; c++)
            Observe(c, window.Slice(c * length, length));
        count = Math.Min(count + 1f, MemoryWindows);
    }

    /// <summary>What was observed so far counts as no more than 64 windows from now on: the statistics then follow what comes.</summary>
    public void Forget() => count = Math.Min(count, 64f);

    /// <summary>destination = (source - mean)/deviation, held within ±<see cref="Limit"/>; a constant channel gives 0. Before the first
    /// window, a copy.</summary>
    /// <param name="source">Shape [C,T], channel-major.</param>
    /// <param name="destination">Shape [C,T]; overwritten; may be <paramref name="source"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of C.</exception>
    public void Apply(ReadOnlySpan<float> source, Span<float> destination)
    {
        if (source.Length != destination.Length || source.Length % Channels != 0)
            throw new ArgumentException($"{source.Length} and {destination.Length} values do not fit {Channels} channels.");
        if (count == 0f)
        {
            source.CopyTo(destination);
            return;
        }
        var length = source.Length / Channels;
        for (var c = 0; c < Channels; c++)
        {
            var factor = IsConstant(c, out var deviation) ? 0f : 1f / deviation;
            var from = source.Slice(c * length, length);
            var to = destination.Slice(c * length, length);
            for (var t = 0; t < length; t++)
                to[t] = Math.Clamp((from[t] - mean[c]) * factor, -Limit, Limit);
        }
    }

    /// <summary>What one unit of a normalised channel is as measured: its deviation; 0 of a constant channel; 1 before the first window.</summary>
    /// <param name="channel">0 to C-1.</param>
    public float UnitOf(int channel) => count == 0f ? 1f : IsConstant(channel, out var deviation) ? 0f : deviation;

    /// <summary>Writes the statistics for a checkpoint.</summary>
    /// <param name="state">Shape [2C+1]: means, variances, windows seen; overwritten.</param>
    /// <exception cref="ArgumentException">The length is not <see cref="StateLength"/>.</exception>
    public void ExportState(Span<float> state)
    {
        if (state.Length != StateLength)
            throw new ArgumentException($"The state takes {StateLength} floats, not {state.Length}.", nameof(state));
        mean.CopyTo(state);
        variance.CopyTo(state[Channels..]);
        state[^1] = count;
    }

    /// <summary>Takes statistics back from a checkpoint; false, changing nothing, when they are not what <see cref="ExportState"/>
    /// writes.</summary>
    /// <param name="state">Floats from a file, of any length and value.</param>
    public bool TryImportState(ReadOnlySpan<float> state)
    {
        if (state.Length != StateLength || !Vectors.AllFinite(state) || !(state[^1] >= 0f && state[^1] <= MemoryWindows))
            return false;
        foreach (var value in state.Slice(Channels, Channels))
        {
            if (value < 0f)
                return false;
        }
        state[..Channels].CopyTo(mean);
        state.Slice(Channels, Channels).CopyTo(variance);
        count = state[^1];
        return true;
    }

    private bool IsConstant(int channel, out float deviation)
    {
        deviation = MathF.Sqrt(variance[channel]);
        return deviation <= ConstantShare * Math.Abs(mean[channel]) || deviation < 1e-18f;
    }

    private void Observe(int channel, ReadOnlySpan<float> values)
    {
        // Double precision: only additions, multiplications and divisions, in row order, so the same bits everywhere.
        double sum = 0;
        foreach (var value in values)
            sum += value;
        var windowMean = sum / values.Length;
        double squares = 0;
        foreach (var value in values)
            squares += (value - windowMean) * (value - windowMean);
        var windowVariance = squares / values.Length;
        double before = Math.Min(count, MemoryWindows - 1f);
        var total = before + 1.0;
        var step = windowMean - mean[channel];
        var pooled = (before * variance[channel] + windowVariance) / total + step * step * before / (total * total);
        mean[channel] = (float)(mean[channel] + step / total);
        variance[channel] = (float)Math.Min(pooled, float.MaxValue);
    }
}
