using System.Threading.Tasks.Sources;

namespace EdgeFL.Mqtt;

/// <summary>Wakes one waiting loop: any number of calls of <see cref="Set"/> while it works make one more turn. Allocates nothing.</summary>
internal sealed class WakeSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int IsSet = 2;
    private ManualResetValueTaskSourceCore<bool> core = new() { RunContinuationsAsynchronously = true };
    private int state;

    public void Set()
    {
        if (Interlocked.Exchange(ref state, IsSet) == Waiting)
            core.SetResult(true);
    }

    /// <summary>Ends once it was set since the last wait. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref state, Idle, IsSet) == IsSet)
            return ValueTask.CompletedTask;
        core.Reset();
        if (Interlocked.CompareExchange(ref state, Waiting, Idle) == IsSet)
        {
            Volatile.Write(ref state, Idle);
            return ValueTask.CompletedTask;
        }
        return new ValueTask(this, core.Version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        core.GetResult(token);
        Interlocked.CompareExchange(ref state, Idle, IsSet);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
