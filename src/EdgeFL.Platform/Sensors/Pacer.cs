namespace EdgeFL.Platform.Sensors;

/// <summary>Turns time stamps of a recording into moments on a clock. Gaps inside a run are kept; a new run follows the last one after one period.</summary>
internal sealed class Pacer(TimeProvider time, double speed, double periodMs)
{
    private readonly long origin = time.GetTimestamp();
    private double runWallMs;
    private long runTimeMs;
    private double lastDueMs;
    private bool started;

    /// <summary>False when samples are handed out as fast as they are taken.</summary>
    public bool Paces => speed > 0;

    /// <summary>The moment, in milliseconds since the pacer was made, at which a row is due.</summary>
    /// <param name="timeMs">The row's time stamp.</param>
    /// <param name="newRun">The time stamp does not continue the one before.</param>
    public double DueMs(long timeMs, bool newRun)
    {
        if (!Paces)
            return 0;
        if (newRun || !started)
        {
            runWallMs = started ? lastDueMs + (periodMs / speed) : time.GetElapsedTime(origin).TotalMilliseconds;
            runTimeMs = timeMs;
            started = true;
        }
        return lastDueMs = runWallMs + ((timeMs - runTimeMs) / speed);
    }

    /// <summary>Waits until the moment has come; returns at once when it has passed.</summary>
    public ValueTask WaitAsync(double dueMs, CancellationToken cancellationToken) =>
        Paces ? DelayAsync(dueMs, cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask DelayAsync(double dueMs, CancellationToken cancellationToken)
    {
        double left;
        while ((left = dueMs - time.GetElapsedTime(origin).TotalMilliseconds) > 0)
        {
            // A wait of at most a day: timers refuse longer ones, and whole milliseconds: timers fire early by a part of one.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(left), 86_400_000)), time, cancellationToken).ConfigureAwait(false);
        }
    }
}
