namespace EdgeFL.Learning;

/// <summary>One measured quantity of a sensor.</summary>
/// <param name="Name">Short name, unique within the sensor, e.g. <c>ax</c>.</param>
/// <param name="Unit">Unit of the values after scaling, e.g. <c>g</c>, <c>rad/s</c>, <c>%</c>.</param>
public sealed record ChannelDescription(string Name, string Unit);

/// <summary>Rows read from a sensor in one go: the currency between <c>ISensor</c> and the windows. Bounded, reusable, owned by one holder at a time.</summary>
public sealed class SampleBatch
{
    /// <summary>The label of a row that has none.</summary>
    public const int NoLabel = -1;

    /// <summary>The target of a row that has none.</summary>
    public const float NoTarget = float.NaN;

    private readonly float[] values;
    private readonly long[] timeMs;
    private readonly int[] segment;
    private readonly int[] label;
    private readonly float[] target;

    /// <summary>Makes an empty batch.</summary>
    /// <param name="channels">Values in a row, at least 1.</param>
    /// <param name="capacity">Rows it can hold, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is below 1.</exception>
    public SampleBatch(int channels, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Channels = channels;
        Capacity = capacity;
        values = new float[channels * capacity];
        timeMs = new long[capacity];
        segment = new int[capacity];
        label = new int[capacity];
        target = new float[capacity];
    }

    /// <summary>Values in a row.</summary>
    public int Channels { get; }

    /// <summary>Rows it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Rows it holds now.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a row; false when the batch is full.</summary>
    /// <param name="rowTimeMs">Milliseconds on the sensor's own clock.</param>
    /// <param name="rowSegment">Number of the unbroken recording the row belongs to.</param>
    /// <param name="rowLabel">Class index, or <see cref="NoLabel"/>.</param>
    /// <param name="row">Shape [C], in the units of the channel descriptions.</param>
    /// <param name="rowTarget">The number to be learned, in its own unit, or <see cref="NoTarget"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="row"/> has another length than <see cref="Channels"/>.</exception>
    public bool TryAdd(long rowTimeMs, int rowSegment, int rowLabel, ReadOnlySpan<float> row, float rowTarget = NoTarget)
    {
        if (row.Length != Channels)
            throw new ArgumentException($"A row of {row.Length} values does not fit {Channels} channels.", nameof(row));
        if (Count == Capacity)
            return false;
        row.CopyTo(values.AsSpan(Count * Channels));
        timeMs[Count] = rowTimeMs;
        segment[Count] = rowSegment;
        label[Count] = rowLabel;
        target[Count] = rowTarget;
        Count++;
        return true;
    }

    /// <summary>Milliseconds on the sensor's own clock.</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public long TimeMs(int row) => timeMs.AsSpan(0, Count)[row];

    /// <summary>Number of the unbroken recording.</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public int Segment(int row) => segment.AsSpan(0, Count)[row];

    /// <summary>Class index, or <see cref="NoLabel"/>.</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public int Label(int row) => label.AsSpan(0, Count)[row];

    /// <summary>The number to be learned, or <see cref="NoTarget"/>.</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public float Target(int row) => target.AsSpan(0, Count)[row];

    /// <summary>Shape [C].</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<float> Values(int row) => values.AsSpan(0, Count * Channels).Slice(row * Channels, Channels);

    /// <summary>The rows it holds now, in a batch of their own: a sensor fills the same batch again and again.</summary>
    public SampleBatch Copy()
    {
        var copy = new SampleBatch(Channels, Math.Max(1, Count)) { Count = Count };
        values.AsSpan(0, Count * Channels).CopyTo(copy.values);
        timeMs.AsSpan(0, Count).CopyTo(copy.timeMs);
        segment.AsSpan(0, Count).CopyTo(copy.segment);
        label.AsSpan(0, Count).CopyTo(copy.label);
        target.AsSpan(0, Count).CopyTo(copy.target);
        return copy;
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear() => Count = 0;
}
