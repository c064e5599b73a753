namespace EdgeFL.Platform.Mdns;

/// <summary>What happens when another host already holds a name that we want to advertise (RFC 6762, 9).</summary>
public enum MdnsConflictPolicy
{
    /// <summary>Take the next free name: <c>node</c>, <c>node-2</c>, <c>node-3</c> and so on.</summary>
    Rename,

    /// <summary>Advertise nothing and say so with an <see cref="MdnsException"/> of code <c>mdns-name-conflict</c>.</summary>
    Report,
}

/// <summary>Options of <see cref="MdnsService"/>. They check themselves when the service is made.</summary>
public sealed record MdnsOptions
{
    /// <summary>Names of the interfaces to join and send on, e.g. <c>["lo"]</c>. Null, the default: all that are up, can do multicast and
    /// have an IPv4 address, except loopback. Interfaces that appear later are joined then.</summary>
    public IReadOnlyList<string>? Interfaces { get; init; }

    /// <summary>Life time of address and SRV records in seconds, 1 to 86400. Default 120 (RFC 6762, 10). A device that vanishes without
    /// goodbye is lost after this time.</summary>
    public int HostTtlSeconds { get; init; } = 120;

    /// <summary>Life time of PTR and TXT records in seconds, 1 to 86400. Default 4500 (RFC 6762, 10).</summary>
    public int ServiceTtlSeconds { get; init; } = 4500;

    /// <summary>What to do about a name that is taken. Default <see cref="MdnsConflictPolicy.Rename"/>.</summary>
    public MdnsConflictPolicy ConflictPolicy { get; init; } = MdnsConflictPolicy.Rename;

    /// <summary>Longest pause between two queries of a browser in milliseconds, 1000 to 3600000. Default 60000: devices come and go, and a
    /// query that carries its known answers costs little.</summary>
    public int BrowseIntervalMsMax { get; init; } = 60_000;

    /// <summary>Pause between two looks at the machine's interfaces in milliseconds, 100 to 3600000. Default 10000.</summary>
    public int InterfaceRescanMs { get; init; } = 10_000;

    /// <summary>Services that one browse keeps, 1 to 65536. Default 256. When full, the oldest one that was never resolved makes room.</summary>
    public int InstancesMax { get; init; } = 256;

    /// <summary>Records that all browses together keep, 16 to 1048576. Default 2048.</summary>
    public int CacheRecordsMax { get; init; } = 2048;

    /// <summary>Services advertised at once, 1 to 1024. Default 16.</summary>
    public int AdvertisementsMax { get; init; } = 16;

    /// <summary>Browses at once, 1 to 1024. Default 16.</summary>
    public int BrowsesMax { get; init; } = 16;

    /// <summary>Response packets a second on one interface, 1 to 10000. Default 50. What is above is dropped and counted.</summary>
    public int ResponsesPerSecondMax { get; init; } = 50;

    /// <summary>Received packets that wait to be handled, 1 to 4096. Default 128. What is above is dropped and counted.</summary>
    public int PacketQueueMax { get; init; } = 128;

    internal void Check()
    {
        Range(HostTtlSeconds, 1, 86_400, nameof(HostTtlSeconds));
        Range(ServiceTtlSeconds, 1, 86_400, nameof(ServiceTtlSeconds));
        Range(BrowseIntervalMsMax, 1_000, 3_600_000, nameof(BrowseIntervalMsMax));
        Range(InterfaceRescanMs, 100, 3_600_000, nameof(InterfaceRescanMs));
        Range(InstancesMax, 1, 65_536, nameof(InstancesMax));
        Range(CacheRecordsMax, 16, 1_048_576, nameof(CacheRecordsMax));
        Range(AdvertisementsMax, 1, 1024, nameof(AdvertisementsMax));
        Range(BrowsesMax, 1, 1024, nameof(BrowsesMax));
        Range(ResponsesPerSecondMax, 1, 10_000, nameof(ResponsesPerSecondMax));
        Range(PacketQueueMax, 1, 4096, nameof(PacketQueueMax));
        if (Interfaces is not null && (Interfaces.Count == 0 || Interfaces.Any(string.IsNullOrWhiteSpace)))
            throw new ArgumentException("Interfaces must be null (all) or name at least one interface.", nameof(Interfaces));
    }

    private static void Range(int value, int min, int max, string name)
    {
        if (value < min || value > max)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {min} to {max}.");
    }
}
