namespace EdgeFL.Platform.Tests.Sensors;

/// <summary>A clock that jumps to the next timer as soon as somebody waits: pacing is tested by what was waited for, not by waiting.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long now;

    /// <summary>Milliseconds that have passed.</summary>
    public double NowMs => Volatile.Read(ref now) / (double)TimeSpan.TicksPerMillisecond;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref now);

    public void Advance(double ms) => Interlocked.Add(ref now, (long)(ms * TimeSpan.TicksPerMillisecond));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero)
            Interlocked.Add(ref now, dueTime.Ticks);
        ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Fired();
    }

    private sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
