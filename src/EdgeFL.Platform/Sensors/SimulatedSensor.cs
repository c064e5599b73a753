using System.Runtime.CompilerServices;
using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>A phone's motion sensors on a made-up person; persons differ as people do, and the same seed and device give the same samples.</summary>
public sealed class SimulatedSensor : ISensor
{
    private const double HoldMs = 250;

    private readonly SimulatedOptions options;
    private readonly TimeProvider time;
    private long rows;
    private long passes;
    private int readers;

    /// <summary>Makes the sensor.</summary>
    /// <param name="options">Seed, device and pace.</param>
    /// <param name="context">The clock; null takes the system's.</param>
    /// <param name="name">Name of the sensor; null makes one from the device.</param>
    /// <exception cref="SensorException"><c>sensor-option</c>: an option is out of range.</exception>
    public SimulatedSensor(SimulatedOptions options, SensorContext? context = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Check() is { } wrong)
            throw wrong;
        this.options = options;
        time = (context ?? new SensorContext()).Time;
        Description = new SensorDescription(name ?? $"simulated-{options.Device}", "simulated",
            [new("ax", "g"), new("ay", "g"), new("az", "g"), new("gx", "rad/s"), new("gy", "rad/s"), new("gz", "rad/s")],
            options.RateHz, options.Labelled ? ImuGenerator.Classes : []);
    }

    /// <inheritdoc/>
    public SensorDescription Description { get; }

    /// <inheritdoc/>
    public SensorCounters Counters => new(Volatile.Read(ref rows), 0, 0, Volatile.Read(ref passes));

    /// <inheritdoc/>
    /// <remarks>Each reading starts at the first row. The segment is the number of the pass.</remarks>
    /// <exception cref="InvalidOperationException">The sensor is being read already.</exception>
    public async IAsyncEnumerable<SampleBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref readers, 1) != 0)
            throw new InvalidOperationException("The sensor is being read already.");
        try
        {
            var batch = new SampleBatch(ImuGenerator.Channels, options.BatchRows);
            var generator = new ImuGenerator(options.Seed, options.Device, options.RateHz);
            var pacer = new Pacer(time, options.Speed, 1000 / options.RateHz);
            var values = new float[ImuGenerator.Channels];
            int most = options.Speed == 0 ? options.BatchRows : (int)Math.Clamp(HoldMs / 1000 * options.RateHz * options.Speed, 1, options.BatchRows);
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                batch.Clear();
                double dueMs = 0;
                while (batch.Count < most && !(generator.AtPassEnd && !options.Loop))
                {
                    long timeMs = generator.Next(values, out int label);
                    dueMs = pacer.DueMs(timeMs, newRun: false);
                    batch.TryAdd(timeMs, generator.Pass, options.Labelled ? label : SampleBatch.NoLabel, values);
                }
                Volatile.Write(ref passes, generator.AtPassEnd ? generator.Pass + 1 : generator.Pass);
                if (batch.Count == 0)
                    yield break;
                await pacer.WaitAsync(dueMs, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref rows, rows + batch.Count);
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
