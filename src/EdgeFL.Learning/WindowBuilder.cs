using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>What a window's label is.</summary>
public enum WindowLabel
{
    /// <summary>That of all its rows: a change of label ends a run.</summary>
    AllRows,

    /// <summary>That of its last row: the rows before are what led there.</summary>
    LastRow,
}

/// <summary>How windows are cut from a stream of rows.</summary>
public sealed record WindowOptions
{
    /// <summary>Rows in a window, 1 to 65536. Default 128.</summary>
    public int Length { get; init; } = 128;

    /// <summary>Rows from the start of one window to the start of the next, 1 to 65536. Default 64.</summary>
    public int Step { get; init; } = 64;

    /// <summary>Time between rows in milliseconds; 0 = unknown, gaps are then not looked for. A gap of more than 1.5 periods ends a run.
    /// Default 0.</summary>
    public double PeriodMs { get; init; }

    /// <summary>What a window's label is. Default: that of all its rows.</summary>
    public WindowLabel Label { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        if (Length is < 1 or > 65536)
            throw new ArgumentOutOfRangeException(nameof(Length), Length, "A window has 1 to 65536 rows.");
        if (Step is < 1 or > 65536)
            throw new ArgumentOutOfRangeException(nameof(Step), Step, "Windows start 1 to 65536 rows apart.");
        if (!(PeriodMs >= 0 && PeriodMs <= 1e9))
            throw new ArgumentOutOfRangeException(nameof(PeriodMs), PeriodMs, "The sample period is 0 to 1e9 milliseconds.");
    }
}

/// <summary>
/// Cuts windows out of rows. A window lies inside one run: rows of one segment (and one label, unless the last row's counts), without a gap, time never going back, every
/// value
/// finite. A row with a NaN or infinity is refused, counted, and ends the run. A window's target is that of its last row.
/// </summary>
public sealed class WindowBuilder
{
    private readonly WindowOptions options;
    private readonly int channels;
    private readonly float[] rows;
    private readonly FeatureStream? stream;
    private int filled;
    private int skip;
    private bool running;
    private long lastTimeMs;
    private int segment;
    private int label;
    private float target;

    /// <summary>Makes a builder with an empty run.</summary>
    /// <param name="options">Length, step and period.</param>
    /// <param name="channels">Values in a row, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public WindowBuilder(WindowOptions options, int channels)
        : this(options, channels, null)
    {
    }

    /// <summary>Makes a builder of what a model learns from: where it begins with features and windows start a whole number of blocks apart, windows of features, each
    /// row read once; else windows of rows.</summary>
    /// <param name="options">Length, step and period.</param>
    /// <param name="model">A resolved model.</param>
    /// <exception cref="ArgumentException">The model is not resolved, or takes windows of another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public WindowBuilder(WindowOptions options, ModelSpec model)
        : this(options, model.Channels, model.Features is { } features && options.Step % features.Kernel == 0 ? new FeatureStream(new WindowFeatures(model)) : null)
    {
        if (options.Length != model.Length)
            throw new ArgumentException($"Windows of {options.Length} rows are none for model '{model.Name}', which takes {model.Length}.", nameof(options));
    }

    private WindowBuilder(WindowOptions options, int channels, FeatureStream? stream)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        options.Validate();
        this.options = options;
        this.channels = channels;
        this.stream = stream;
        rows = stream is null ? new float[checked(options.Length * channels)] : [];
    }

    /// <summary>Rows refused because a value was not finite.</summary>
    public long RefusedRows { get; private set; }

    /// <summary>Runs begun: the first row, and every row that did not continue the one before.</summary>
    public long Runs { get; private set; }

    /// <summary>Takes rows and appends the windows that became complete, oldest first.</summary>
    /// <param name="batch">Rows, oldest first; not kept.</param>
    /// <param name="output">Where windows go.</param>
    /// <returns>How many windows were appended.</returns>
    /// <exception cref="ArgumentException">The batch has another number of channels.</exception>
    public int Add(SampleBatch batch, ICollection<SampleWindow> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(output);
        if (batch.Channels != channels)
            throw new ArgumentException($"A batch of {batch.Channels} channels does not fit windows of {channels}.", nameof(batch));
        var made = 0;
        for (var row = 0; row < batch.Count; row++)
        {
            var values = batch.Values(row);
            if (!Vectors.AllFinite(values))
            {
                RefusedRows++;
                running = false;
                continue;
            }
            Continue(batch.TimeMs(row), batch.Segment(row), batch.Label(row));
            target = batch.Target(row);
            if (skip > 0)
            {
                skip--;
                continue;
            }
            if (!(stream?.Add(values) ?? Keep(values)))
                continue;
            output.Add(Cut());
            made++;
        }
        return made;
    }

    /// <summary>Ends the run: the next row starts afresh. For a sensor that was restarted.</summary>
    public void Break() => running = false;

    private void Continue(long timeMs, int rowSegment, int rowLabel)
    {
        var continues = running && rowSegment == segment && (rowLabel == label || options.Label == WindowLabel.LastRow) && timeMs >= lastTimeMs
            && (options.PeriodMs == 0 || timeMs - lastTimeMs <= 1.5 * options.PeriodMs);
        if (!continues)
        {
            running = true;
            filled = 0;
            stream?.Clear();
            skip = 0;
            segment = rowSegment;
            Runs++;
        }
        label = rowLabel;
        lastTimeMs = timeMs;
    }

    /// <summary>True when a window is complete.</summary>
    private bool Keep(ReadOnlySpan<float> row)
    {
        row.CopyTo(rows.AsSpan(filled * channels));
        return ++filled == options.Length;
    }

    private SampleWindow Cut()
    {
        skip = Math.Max(0, options.Step - options.Length);
        return new SampleWindow(stream?.Cut(options.Step) ?? CutRows(), channels, label, lastTimeMs) { Target = target, Segment = segment, IsFeatures = stream is not null };
    }

    private float[] CutRows()
    {
        var values = new float[rows.Length];
        Matrix.Transpose(rows, options.Length, channels, values);
        var kept = Math.Max(0, options.Length - options.Step);
        rows.AsSpan((options.Length - kept) * channels).CopyTo(rows);
        filled = kept;
        return values;
    }
}
