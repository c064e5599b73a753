namespace EdgeFL.Platform.Mdns;

/// <summary>A record that we answer with on one link, and when it was and will be sent there.</summary>
internal sealed class OwnRecord(DnsRecord record, int linkIndex)
{
    public const long Never = long.MinValue / 4;
    public const long NotPending = long.MaxValue;

    public DnsRecord Record { get; } = record;

    public int LinkIndex { get; } = linkIndex;

    /// <summary>Only we may hold this name and type; such records are sent with the cache-flush bit (RFC 6762, 2 and 10.2).</summary>
    public bool IsUnique => Record.CacheFlush;

    /// <summary>When it was last multicast on the link: at most once a second (RFC 6762, 6).</summary>
    public long SentMs { get; set; } = Never;

    /// <summary>When it is due as an answer.</summary>
    public long DueMs { get; set; } = NotPending;

    public void Schedule(long dueMs, long pauseMs) => DueMs = Math.Min(DueMs, Math.Max(dueMs, SentMs + pauseMs));
}
