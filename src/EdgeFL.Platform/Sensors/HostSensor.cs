using System.Runtime.CompilerServices;
using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>Load, memory, network, disks, pressure and temperatures of the machine it runs on. Which channels there are is found when it is opened.</summary>
public sealed class HostSensor : ISensor
{
    private readonly HostOptions options;
    private readonly TimeProvider time;
    private readonly HostChannels channels;
    private long rows;
    private int readers;

    private HostSensor(HostOptions options, TimeProvider time, HostChannels channels, SensorDescription description)
    {
        this.options = options;
        this.time = time;
        this.channels = channels;
        Description = description;
    }

    /// <inheritdoc/>
    public SensorDescription Description { get; }

    /// <inheritdoc/>
    public SensorCounters Counters => new(Volatile.Read(ref rows), 0, channels.StaleReads, 0);

    /// <summary>Finds the channels.</summary>
    /// <param name="options">Interval, root folder, channels wanted.</param>
    /// <param name="context">The clock; null takes the system's.</param>
    /// <param name="name">Name of the sensor; null is <c>host</c>.</param>
    /// <exception cref="SensorException">Nothing can be measured, or a channel that was named is not there.</exception>
    public static HostSensor Open(HostOptions options, SensorContext? context = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Check() is { } wrong)
            throw wrong;
        context ??= new SensorContext();
        var channels = HostChannels.Find(options.Root, options.Channels);
        var description = new SensorDescription(name ?? "host", "host", channels.Descriptions, 1000.0 / options.IntervalMs, []);
        return new HostSensor(options, context.Time, channels, description);
    }

    /// <inheritdoc/>
    /// <remarks>One row a batch, the first one interval after the start: rates need two readings. Segment 0, no labels.
    /// A row that the reader could not take in time is left out, so that time stamps keep to the interval.</remarks>
    /// <exception cref="InvalidOperationException">The sensor is being read already.</exception>
    public async IAsyncEnumerable<SampleBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref readers, 1) != 0)
            throw new InvalidOperationException("The sensor is being read already.");
        try
        {
            var batch = new SampleBatch(Description.Channels.Count, 1);
            var values = new float[Description.Channels.Count];
            long origin = time.GetTimestamp();
            long last = origin;
            channels.Sample(0, values);
            for (long tick = 1; ; tick++)
            {
                double left;
                while ((left = (tick * (double)options.IntervalMs) - time.GetElapsedTime(origin).TotalMilliseconds) > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left)), time, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (-left > options.IntervalMs)
                    tick += (long)(-left / options.IntervalMs);
                long now = time.GetTimestamp();
                channels.Sample(time.GetElapsedTime(last, now).TotalSeconds, values);
                last = now;
                batch.Clear();
                batch.TryAdd(tick * options.IntervalMs, 0, SampleBatch.NoLabel, values);
                Volatile.Write(ref rows, rows + 1);
                yield return batch;
            }
        }
        finally
        {
            Volatile.Write(ref readers, 0);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
