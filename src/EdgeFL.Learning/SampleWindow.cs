namespace EdgeFL.Learning;

/// <summary>A stretch of samples that a model sees at once. Immutable by agreement: who holds one does not write into it.</summary>
public sealed class SampleWindow
{
    /// <summary>Wraps values.</summary>
    /// <param name="values">Shape [C,T], channel-major, or [C,F] of features; kept, not copied.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="label">Class index, or <see cref="SampleBatch.NoLabel"/>.</param>
    /// <param name="timeMs">Milliseconds of the last row on the sensor's clock.</param>
    /// <exception cref="ArgumentException">The values are no whole number of rows.</exception>
    public SampleWindow(float[] values, int channels, int label, long timeMs)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (values.Length == 0 || values.Length % channels != 0)
            throw new ArgumentException($"{values.Length} values are no window of {channels} channels.", nameof(values));
        Values = values;
        Channels = channels;
        Label = label;
        TimeMs = timeMs;
    }

    /// <summary>Shape [C,T], channel-major: all of the first channel, then all of the second; of features [C,F].</summary>
    public float[] Values { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>T, rows; or F, features of a channel.</summary>
    public int Length => Values.Length / Channels;

    /// <summary>Class index, or <see cref="SampleBatch.NoLabel"/>.</summary>
    public int Label { get; }

    /// <summary>The number to be learned, that of the last row, in its own unit; or <see cref="SampleBatch.NoTarget"/>. Default none.</summary>
    public float Target { get; init; } = SampleBatch.NoTarget;

    /// <summary>True when the values are the <see cref="WindowFeatures"/> of the rows instead of the rows. Default false.</summary>
    public bool IsFeatures { get; init; }

    /// <summary>Number of the unbroken recording that the rows belong to. Default 0.</summary>
    public int Segment { get; init; }

    /// <summary>Milliseconds of the last row on the sensor's clock: when the window was complete.</summary>
    public long TimeMs { get; }
}
