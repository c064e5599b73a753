namespace EdgeFL.Platform.Mdns;

/// <summary>One browse: what it looks for, whom it tells, and what it has found.</summary>
internal sealed class BrowseState
{
    private const string SubMark = "._sub.";

    /// <exception cref="ArgumentException">The type is not a valid name.</exception>
    public BrowseState(string serviceType, Action<ServiceInstance> found, Action<string> lost)
    {
        Question = DnsName.Parse(serviceType + ".local");
        var sub = serviceType.IndexOf(SubMark, StringComparison.Ordinal);
        ServiceType = sub < 0 ? serviceType : serviceType[(sub + SubMark.Length)..];
        Subtypes = sub < 0 ? [] : [serviceType[..sub]];
        TypeName = DnsName.Parse(ServiceType + ".local");
        Found = found;
        Lost = lost;
    }

    /// <summary>The name whose PTR records are asked for; the subtype's when there is one.</summary>
    public DnsName Question { get; }

    public DnsName TypeName { get; }

    public string ServiceType { get; }

    public IReadOnlyList<string> Subtypes { get; }

    public Action<ServiceInstance> Found { get; }

    public Action<string> Lost { get; }

    public Dictionary<DnsName, FoundInstance> Instances { get; } = [];

    public long NextQueryMs { get; set; }

    public int IntervalMs { get; set; }
}

/// <summary>A service that a PTR record points to.</summary>
internal sealed class FoundInstance(DnsName name, long sinceMs)
{
    public DnsName Name { get; } = name;

    public long SinceMs { get; } = sinceMs;

    /// <summary>What was last reported as found; null before that and after it was lost.</summary>
    public ServiceInstance? Reported { get; set; }

    public long NextResolveMs { get; set; }

    public int ResolveIntervalMs { get; set; }
}
