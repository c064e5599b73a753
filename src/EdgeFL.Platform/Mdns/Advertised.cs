using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// Where an advertised service stands (RFC 6762, 8 and 9).
/// <code>
/// Probing --3 probes unanswered--> Announcing --announced twice--> Published
///    ^  |                             |                              |
///    |  +--conflict: Rename: next name, again; Report: --> Refused   |
///    +------------------conflict, new link, new address--------------+
/// any --withdrawn--> Withdrawn
/// </code>
/// </summary>
public enum AdvertisementState
{
    /// <summary>Asking whether somebody holds the names; nothing is answered yet.</summary>
    Probing,

    /// <summary>The names are ours and are being made known.</summary>
    Announcing,

    /// <summary>Announced; answering queries.</summary>
    Published,

    /// <summary>Another host holds a name and <see cref="MdnsConflictPolicy.Report"/> is chosen. Final.</summary>
    Refused,

    /// <summary>Taken back with a goodbye. Final.</summary>
    Withdrawn,
}

/// <summary>One service that we advertise: its names, its records on each link, and its progress.</summary>
internal sealed class Advertised
{
    public static readonly DnsName Local = DnsName.Parse("local");
    public static readonly DnsName MetaQuery = DnsName.Parse("_services._dns-sd._udp.local");

    private readonly MdnsOptions options;

    public Advertised(ServiceInstance service, MdnsOptions options)
    {
        this.options = options;
        if (service.Port is < 1 or > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(service), service.Port, "The port of a service must be 1 to 65535.");
        Rename(service);
    }

    public ServiceInstance Service { get; private set; } = null!;

    public DnsName TypeName { get; private set; } = null!;

    public DnsName InstanceName { get; private set; } = null!;

    public DnsName HostName { get; private set; } = null!;

    public List<OwnRecord> Records { get; } = [];

    public AdvertisementState State { get; set; } = AdvertisementState.Probing;

    /// <summary>Probes sent, then announcements sent.</summary>
    public int Steps { get; set; }

    public long NextStepMs { get; set; }

    /// <summary>Conflicts in a row: after many the pace of probing falls (RFC 6762, 8.1).</summary>
    public int Conflicts { get; set; }

    /// <summary>Told when the service is first announced, or cannot be.</summary>
    public Action<MdnsException?>? Settled { get; set; }

    /// <summary>Told when state or names change.</summary>
    public Action? Changed { get; set; }

    public bool IsLive => State is AdvertisementState.Announcing or AdvertisementState.Published;

    /// <summary>Checks the service's parts by building all its names, and takes it.</summary>
    /// <exception cref="ArgumentException">A name or the TXT record is too long or malformed.</exception>
    public void Rename(ServiceInstance service)
    {
        var host = TrimLocal(service.HostName);
        TypeName = DnsName.Parse(service.ServiceType + ".local");
        InstanceName = TypeName.Prepend(service.InstanceName);
        HostName = Local.Prepend(host);
        foreach (var subtype in service.Subtypes)
            SubtypeName(subtype);
        TxtRecord.Encode(service.Txt);
        Service = service with { HostName = host + ".local" };
    }

    public static string TrimLocal(string host)
    {
        var bare = host.TrimEnd('.');
        return bare.EndsWith(".local", StringComparison.OrdinalIgnoreCase) ? bare[..^".local".Length] : bare;
    }

    /// <summary>Makes the records anew for these links. What was sent when is forgotten: new records are announced at once.</summary>
    public void Build(IReadOnlyList<MdnsLink> links)
    {
        Records.Clear();
        var text = TxtRecord.Encode(Service.Txt);
        foreach (var link in links)
        {
            var hostTtl = (uint)options.HostTtlSeconds;
            var serviceTtl = (uint)options.ServiceTtlSeconds;
            var addresses = Service.Addresses.Count > 0 ? Service.Addresses : link.Addresses;
            Add(link, DnsRecord.Ptr(TypeName, InstanceName, serviceTtl));
            foreach (var subtype in Service.Subtypes)
                Add(link, DnsRecord.Ptr(SubtypeName(subtype), InstanceName, serviceTtl));
            Add(link, DnsRecord.Ptr(MetaQuery, TypeName, serviceTtl));
            Add(link, DnsRecord.Srv(InstanceName, HostName, Service.Port, hostTtl));
            Add(link, DnsRecord.Txt(InstanceName, text, serviceTtl));
            var types = new HashSet<DnsType>();
            foreach (var address in addresses)
            {
                var record = DnsRecord.Host(HostName, address, hostTtl);
                types.Add(record.Type);
                Add(link, record);
            }
            Add(link, DnsRecord.Nsec(InstanceName, [DnsType.Txt, DnsType.Srv], hostTtl));
            Add(link, DnsRecord.Nsec(HostName, types, hostTtl));
        }
    }

    /// <summary>Whether a name is one that only we may hold.</summary>
    public bool IsOurs(DnsName name) => name.Equals(InstanceName) || name.Equals(HostName);

    /// <summary>The next name to try: <c>node</c>, <c>node-2</c>, <c>node-3</c>, shortened where it would not fit a label.</summary>
    public static string NextName(string name)
    {
        var dash = name.LastIndexOf('-');
        var number = 2;
        // Long digits are an id, not a number of ours.
        if (dash > 0 && name.Length - dash <= 5 && int.TryParse(name.AsSpan(dash + 1), out var old) && old >= 2 && name[dash + 1] != '0')
            (name, number) = (name[..dash], old + 1);
        var suffix = "-" + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        while (System.Text.Encoding.UTF8.GetByteCount(name) + suffix.Length > DnsName.LabelBytesMax)
            name = name[..^(char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        return name + suffix;
    }

    private DnsName SubtypeName(string subtype) => TypeName.Prepend("_sub").Prepend(subtype);

    private void Add(MdnsLink link, DnsRecord record) => Records.Add(new OwnRecord(record, link.Index));
}
