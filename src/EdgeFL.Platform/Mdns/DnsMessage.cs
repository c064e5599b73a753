namespace EdgeFL.Platform.Mdns;

/// <summary>A DNS message (RFC 1035, 4.1) as multicast DNS uses it: opcode 0, response code 0, class IN.</summary>
internal sealed class DnsMessage
{
    public ushort Id { get; init; }

    public bool IsResponse { get; init; }

    /// <summary>In a query: more known answers follow in another packet (RFC 6762, 7.2).</summary>
    public bool Truncated { get; init; }

    public List<DnsQuestion> Questions { get; init; } = [];

    public List<DnsRecord> Answers { get; init; } = [];

    public List<DnsRecord> Authorities { get; init; } = [];

    public List<DnsRecord> Additionals { get; init; } = [];
}
