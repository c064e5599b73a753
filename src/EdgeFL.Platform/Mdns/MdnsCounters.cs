namespace EdgeFL.Platform.Mdns;

/// <summary>What a <see cref="MdnsService"/> has done and dropped since it was made. Safe to read from any thread.</summary>
public sealed class MdnsCounters
{
    private readonly long[] values = new long[Enum.GetValues<MdnsCount>().Length];

    /// <summary>Packets received on the chosen interfaces.</summary>
    public long PacketsReceived => this[MdnsCount.Received];

    /// <summary>Packets sent.</summary>
    public long PacketsSent => this[MdnsCount.Sent];

    /// <summary>Packets that the kernel did not take.</summary>
    public long SendFailures => this[MdnsCount.SendFailed];

    /// <summary>Received packets that are not well-formed DNS messages.</summary>
    public long Malformed => this[MdnsCount.Malformed];

    /// <summary>Well-formed packets that the rules say to ignore: from another link, from another interface than their socket's, or
    /// responses from another port than 5353 (RFC 6762, 6 and 11).</summary>
    public long Ignored => this[MdnsCount.Ignored];

    /// <summary>Received packets dropped because <see cref="MdnsOptions.PacketQueueMax"/> were waiting.</summary>
    public long QueueDrops => this[MdnsCount.QueueDropped];

    /// <summary>Response packets not sent because of <see cref="MdnsOptions.ResponsesPerSecondMax"/>.</summary>
    public long RateLimited => this[MdnsCount.RateLimited];

    /// <summary>Answers left out because the asker said that it knows them (RFC 6762, 7.1) or another host just gave them (7.4).</summary>
    public long SuppressedAnswers => this[MdnsCount.Suppressed];

    /// <summary>Names of ours that turned out to be taken by another host.</summary>
    public long Conflicts => this[MdnsCount.Conflict];

    /// <summary>Records not kept because a bound of the cache was reached.</summary>
    public long CacheRefusals => this[MdnsCount.CacheRefused];

    /// <summary>Unresolved services that were dropped because <see cref="MdnsOptions.InstancesMax"/> was reached.</summary>
    public long InstanceDrops => this[MdnsCount.InstanceDropped];

    /// <summary>Callbacks that threw. Discovery goes on without them.</summary>
    public long CallbackFailures => this[MdnsCount.CallbackFailed];

    private long this[MdnsCount count] => Interlocked.Read(ref values[(int)count]);

    internal void Add(MdnsCount count, long by = 1) => Interlocked.Add(ref values[(int)count], by);
}

internal enum MdnsCount
{
    Received,
    Sent,
    SendFailed,
    Malformed,
    Ignored,
    QueueDropped,
    RateLimited,
    Suppressed,
    Conflict,
    CacheRefused,
    InstanceDropped,
    CallbackFailed,
}
