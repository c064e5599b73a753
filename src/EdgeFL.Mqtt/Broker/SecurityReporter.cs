namespace EdgeFL.Mqtt;

/// <summary>Hands security events to the host, ten a second at most with a burst of fifty: an attacker does not get to fill a log.</summary>
internal sealed class SecurityReporter(Action<MqttSecurityEvent>? target, MqttClock clock, MqttTally tally)
{
    private const int BurstMax = 50;
    private const long MsPerEvent = 100;
    private readonly Lock gate = new();
    private long paidUntilMs = long.MinValue / 2;
    private long suppressed;

    public void Report(MqttSecurityEventKind kind, string? principal, string address, string detail)
    {
        if (target is null)
            return;
        long left;
        lock (gate)
        {
            long now = clock.NowMs;
            paidUntilMs = Math.Max(paidUntilMs, now - (BurstMax * MsPerEvent));
            if (paidUntilMs + MsPerEvent > now)
            {
                suppressed++;
                return;
            }
            paidUntilMs += MsPerEvent;
            left = suppressed;
            suppressed = 0;
        }
        try
        {
            target(new MqttSecurityEvent(kind, principal, address, detail, left));
        }
        catch (Exception)
        {
            // The listener's fault must not end what reports to it: the sweep least of all.
            MqttTally.Add(ref tally.HandlerFaults);
        }
    }
}
