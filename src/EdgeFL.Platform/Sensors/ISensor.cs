using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>What a sensor measures; fixed from the moment the sensor is open.</summary>
/// <param name="Name">Short name of this sensor, e.g. a file name or <c>host</c>.</param>
/// <param name="Kind"><c>replay</c>, <c>host</c> or <c>simulated</c>.</param>
/// <param name="Channels">Shape [C]: the quantities of a row, in the order of its values.</param>
/// <param name="RateHz">Nominal rows a second; 0 when unknown.</param>
/// <param name="Classes">Class index to class name; empty when rows carry no labels.</param>
/// <param name="HasTarget">True when rows carry a number for a regress model to learn.</param>
public sealed record SensorDescription(
    string Name, string Kind, IReadOnlyList<ChannelDescription> Channels, double RateHz, IReadOnlyList<string> Classes, bool HasTarget = false);

/// <summary>What a sensor has counted since it was opened.</summary>
/// <param name="Rows">Rows handed out.</param>
/// <param name="SkippedRows">Rows that could not be read and were left out because the options say so.</param>
/// <param name="StaleReads">Values repeated because their source had vanished or could not be read.</param>
/// <param name="Passes">Full passes over the recording or the schedule.</param>
public readonly record struct SensorCounters(long Rows, long SkippedRows, long StaleReads, long Passes);

/// <summary>A source of samples. One reader at a time; the reader sets the pace when the sensor has no clock of its own.</summary>
public interface ISensor : IAsyncDisposable
{
    /// <summary>What is measured; does not change while the sensor is open.</summary>
    SensorDescription Description { get; }

    /// <summary>Counts so far; may be read from any thread.</summary>
    SensorCounters Counters { get; }

    /// <summary>The samples, until the source ends or <paramref name="cancellationToken"/> asks to stop.</summary>
    /// <param name="cancellationToken">Ends the sequence with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Batches of 1 or more rows. The batch object is reused: take the rows out before asking for the next one.</returns>
    /// <exception cref="SensorException">The source cannot be read any further; all rows before the fault have been handed out.</exception>
    IAsyncEnumerable<SampleBatch> ReadAsync(CancellationToken cancellationToken = default);
}
