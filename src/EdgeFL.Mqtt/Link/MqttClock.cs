namespace EdgeFL.Mqtt;

/// <summary>Milliseconds of a monotonic clock since it was made, starting at 1 so that 0 can mean never.</summary>
internal sealed class MqttClock(TimeProvider time)
{
    private readonly long origin = time.GetTimestamp();

    public TimeProvider Provider => time;

    public long NowMs => 1 + (long)time.GetElapsedTime(origin).TotalMilliseconds;
}
