using System.Runtime.CompilerServices;
using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>Plays recordings at the pace they were made, faster, or as fast as the reader takes them. Memory does not grow with the files.</summary>
public sealed class ReplaySensor : ISensor
{
    private readonly ReplayOptions options;
    private readonly string[] files;
    private readonly TimeProvider time;
    private readonly double periodMs;
    private long rows;
    private long skipped;
    private long passes;
    private int readers;

    private ReplaySensor(ReplayOptions options, string[] files, SensorDescription description, TimeProvider time)
    {
        this.options = options;
        this.files = files;
        this.time = time;
        Description = description;
        periodMs = description.RateHz > 0 ? 1000 / description.RateHz : 0;
    }

    /// <inheritdoc/>
    public SensorDescription Description { get; }

    /// <inheritdoc/>
    public SensorCounters Counters => new(Volatile.Read(ref rows), Volatile.Read(ref skipped), 0, Volatile.Read(ref passes));

    /// <summary>Opens recordings: reads preset and headers, finds the columns in every file.</summary>
    /// <param name="options">What to play.</param>
    /// <param name="context">Folders and clock; null takes the defaults.</param>
    /// <param name="name">Name of the sensor; null takes the first file's.</param>
    /// <exception cref="SensorException">An option is wrong, a file cannot be opened or lacks a column.</exception>
    public static ReplaySensor Open(ReplayOptions options, SensorContext? context = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        context ??= new SensorContext();
        if (options.Preset is not null)
            options = options.Over(ReplayPreset.Load(options.Preset, context));
        if (options.Check() is { } wrong)
            throw wrong;
        string baseFolder = Path.GetFullPath(context.BaseFolder);
        string[] files = [.. options.Path.Select(path => Path.GetFullPath(path, baseFolder))];
        // What the first file's header leaves to be found holds for all of them: every file must have the same columns.
        (options, double rate) = ReplayProbe.Read(files[0], options);
        for (int i = 1; i < files.Length; i++)
            ReplayProbe.Read(files[i], options);
        string shown = name ?? Path.GetFileName(files[0]);
        var channels = options.Columns!.Select(column => new ChannelDescription(column.Name, column.Unit));
        var description = new SensorDescription(
            shown, "replay", [.. channels], options.RateHz ?? rate, options.LabelColumn == "" ? [] : options.ClassOrder(), !string.IsNullOrEmpty(options.TargetColumn));
        return new ReplaySensor(options, files, description, context.Time);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The sensor is being read already.</exception>
    public async IAsyncEnumerable<SampleBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref readers, 1) != 0)
            throw new InvalidOperationException("The sensor is being read already.");
        try
        {
            var batch = new SampleBatch(Description.Channels.Count, options.BatchRows);
            var pacer = new Pacer(time, options.Speed, periodMs);
            using var cursor = new ReplayCursor(files, options, pacer, periodMs);
            SensorException? failure = null;
            for (bool more = true; more && failure is null;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                batch.Clear();
                try
                {
                    more = cursor.Fill(batch);
                }
                catch (SensorException e)
                {
                    failure = e;
                }
                Volatile.Write(ref skipped, cursor.SkippedRows);
                Volatile.Write(ref passes, cursor.Passes);
                if (batch.Count > 0)
                {
                    await pacer.WaitAsync(cursor.BatchDueMs, cancellationToken).ConfigureAwait(false);
                    Volatile.Write(ref rows, rows + batch.Count);
                    yield return batch;
                }
            }
            if (failure is not null)
                throw failure;
        }
        finally
        {
            Volatile.Write(ref readers, 0);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
