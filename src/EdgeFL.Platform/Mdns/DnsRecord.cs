using System.Buffers.Binary;
using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>Record types that service discovery uses (IANA numbers).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Ptr = 12,
    Txt = 16,
    Aaaa = 28,
    Srv = 33,
    Nsec = 47,
    Any = 255,
}

/// <summary>A question of class IN; <see cref="UnicastWanted"/> is the QU bit (RFC 6762, 5.4).</summary>
internal sealed record DnsQuestion(DnsName Name, DnsType Type, bool UnicastWanted = false);

/// <summary>
/// A resource record of class IN. Its data is canonical: names inside are uncompressed, so data compares as bytes (RFC 6762, 8.2).
/// Equality is name, type and data; time to live and the cache-flush bit say how to keep a record, not which one it is.
/// </summary>
internal sealed class DnsRecord : IEquatable<DnsRecord>
{
    /// <summary>Bytes of SRV data before the target: priority, weight, port.</summary>
    private const int SrvFixedBytes = 6;

    public DnsRecord(DnsName name, DnsType type, bool cacheFlush, uint ttlSeconds, ReadOnlyMemory<byte> data, DnsName? target = null)
    {
        Name = name;
        Type = type;
        CacheFlush = cacheFlush;
        TtlSeconds = ttlSeconds;
        Data = data;
        Target = target;
    }

    public DnsName Name { get; }

    public DnsType Type { get; }

    /// <summary>The record replaces all others of its name and type (RFC 6762, 10.2); always set on unique records, never on shared
    /// ones.</summary>
    public bool CacheFlush { get; }

    public uint TtlSeconds { get; }

    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Where PTR and SRV records point to; null on others.</summary>
    public DnsName? Target { get; }

    /// <summary>The port of an SRV record.</summary>
    public int Port => BinaryPrimitives.ReadUInt16BigEndian(Data.Span[4..]);

    /// <summary>The address of an A or AAAA record.</summary>
    public IPAddress Address => new(Data.Span);

    /// <summary>Priority, weight and port of an SRV record, as written.</summary>
    public ReadOnlySpan<byte> SrvFixed => Data.Span[..SrvFixedBytes];

    public static DnsRecord Ptr(DnsName name, DnsName target, uint ttlSeconds) =>
        new(name, DnsType.Ptr, cacheFlush: false, ttlSeconds, target.WireMemory, target);

    public static DnsRecord Srv(DnsName name, DnsName target, int port, uint ttlSeconds, bool cacheFlush = true)
    {
        Span<byte> head = stackalloc byte[SrvFixedBytes];
        head.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(head[4..], checked((ushort)port));
        return Srv(name, target, head, ttlSeconds, cacheFlush);
    }

    public static DnsRecord Srv(DnsName name, DnsName target, ReadOnlySpan<byte> fixedPart, uint ttlSeconds, bool cacheFlush)
    {
        var data = new byte[SrvFixedBytes + target.Wire.Length];
        fixedPart.CopyTo(data);
        target.Wire.CopyTo(data.AsSpan(SrvFixedBytes));
        return new DnsRecord(name, DnsType.Srv, cacheFlush, ttlSeconds, data, target);
    }

    public static DnsRecord Txt(DnsName name, ReadOnlyMemory<byte> data, uint ttlSeconds) => new(name, DnsType.Txt, true, ttlSeconds, data);

    public static DnsRecord Host(DnsName name, IPAddress address, uint ttlSeconds)
    {
        var bytes = address.GetAddressBytes();
        return new DnsRecord(name, bytes.Length == 4 ? DnsType.A : DnsType.Aaaa, true, ttlSeconds, bytes);
    }

    /// <summary>Says which types the name has, and so which it has not (RFC 6762, 6.1). Types are below 256: one bitmap window.</summary>
    public static DnsRecord Nsec(DnsName name, IEnumerable<DnsType> types, uint ttlSeconds)
    {
        Span<byte> bits = stackalloc byte[32];
        bits.Clear();
        var used = 0;
        foreach (var type in types)
        {
            bits[(int)type / 8] |= (byte)(0x80 >> ((int)type % 8));
            used = Math.Max(used, ((int)type / 8) + 1);
        }
        var data = new byte[name.Wire.Length + 2 + used];
        name.Wire.CopyTo(data);
        data[name.Wire.Length + 1] = (byte)used;
        bits[..used].CopyTo(data.AsSpan(name.Wire.Length + 2));
        return new DnsRecord(name, DnsType.Nsec, true, ttlSeconds, data);
    }

    /// <summary>The same record with another life time: 0 for goodbye (RFC 6762, 10.1), at most 10 s for legacy resolvers (6.7).</summary>
    public DnsRecord With(uint ttlSeconds, bool cacheFlush) => new(Name, Type, cacheFlush, ttlSeconds, Data, Target);

    public bool Equals(DnsRecord? other) => other is not null && Type == other.Type && Name.Equals(other.Name) && SameData(other);

    public override bool Equals(object? obj) => Equals(obj as DnsRecord);

    public override int GetHashCode() => HashCode.Combine(Name, Type, Data.Length);

    public override string ToString() => $"{Name} {Type} {TtlSeconds}s {Target?.ToString() ?? Convert.ToHexString(Data.Span)}";

    private bool SameData(DnsRecord other) => Type switch
    {
        DnsType.Ptr => Target!.Equals(other.Target),
        DnsType.Srv => SrvFixed.SequenceEqual(other.SrvFixed) && Target!.Equals(other.Target),
        _ => Data.Span.SequenceEqual(other.Data.Span),
    };
}
