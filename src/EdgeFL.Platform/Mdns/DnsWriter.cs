using System.Buffers.Binary;

namespace EdgeFL.Platform.Mdns;

/// <summary>Sections of a message, in the order in which they must be written.</summary>
internal enum DnsSection
{
    Question,
    Answer,
    Authority,
    Additional,
}

/// <summary>
/// Writes one packet into its own buffer, reused from packet to packet. Whatever does not fit is refused and leaves no trace, so the
/// caller can go on in a new packet. Names are compressed against all names already written (RFC 1035, 4.1.4; SRV targets too: RFC 6762, 18.14).
/// </summary>
internal sealed class DnsWriter
{
    /// <summary>Payload bytes in a packet: fits a 1400-byte MTU with room for IPv6 headers and a tunnel.</summary>
    public const int PacketBytesMax = 1300;

    private readonly byte[] buffer = new byte[PacketBytesMax];
    private readonly ushort[] labelAt = new ushort[160];
    private int labels;
    private int length;

    public ReadOnlyMemory<byte> Packet => buffer.AsMemory(0, length);

    /// <summary>Questions and records in the packet.</summary>
    public int Entries { get; private set; }

    public void Begin(ushort id, bool isResponse)
    {
        buffer.AsSpan(0, DnsReader.HeaderBytes).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(buffer, id);
        // Responses carry the authoritative-answer bit (RFC 6762, 18.4).
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(2), (ushort)(isResponse ? 0x8400 : 0));
        length = DnsReader.HeaderBytes;
        labels = 0;
        Entries = 0;
    }

    public void MarkTruncated() => buffer[2] |= 0x02;

    public bool TryWrite(DnsQuestion question)
    {
        var start = (length, labels);
        if (!TryWriteName(question.Name) || !TryWriteUInt16((ushort)question.Type)
            || !TryWriteUInt16((ushort)(DnsReader.ClassIn | (question.UnicastWanted ? DnsReader.TopBit : 0))))
            return Undo(start);
        return Count(DnsSection.Question);
    }

    public bool TryWrite(DnsSection section, DnsRecord record)
    {
        var start = (length, labels);
        if (!TryWriteName(record.Name) || !TryWriteUInt16((ushort)record.Type)
            || !TryWriteUInt16((ushort)(DnsReader.ClassIn | (record.CacheFlush ? DnsReader.TopBit : 0)))
            || !TryWriteUInt16((ushort)(record.TtlSeconds >> 16)) || !TryWriteUInt16((ushort)record.TtlSeconds))
            return Undo(start);
        var lengthAt = length;
        if (!TryWriteUInt16(0) || !TryWriteData(record))
            return Undo(start);
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(lengthAt), (ushort)(length - lengthAt - 2));
        return Count(section);
    }

    private bool TryWriteData(DnsRecord record) => record.Type switch
    {
        DnsType.Ptr => TryWriteName(record.Target!),
        DnsType.Srv => TryWriteBytes(record.SrvFixed) && TryWriteName(record.Target!),
        _ => TryWriteBytes(record.Data.Span),
    };

    private bool TryWriteName(DnsName name)
    {
        var wire = name.Wire;
        for (var at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (TryFind(wire[at..], out var earlier))
                return TryWriteUInt16((ushort)(0xC000 | earlier));
            // Pointers reach 16383 bytes; packets are far shorter.
            if (labels < labelAt.Length)
                labelAt[labels++] = (ushort)length;
            if (!TryWriteBytes(wire.Slice(at, wire[at] + 1)))
                return false;
        }
        return TryWriteBytes([0]);
    }

    private bool TryFind(ReadOnlySpan<byte> suffix, out int earlier)
    {
        for (var i = 0; i < labels; i++)
        {
            earlier = labelAt[i];
            if (earlier < length && Matches(earlier, suffix))
                return true;
        }
        earlier = 0;
        return false;
    }

    private bool Matches(int at, ReadOnlySpan<byte> suffix)
    {
        while (true)
        {
            // A label of the name being written right now has no end yet.
            if (at >= length)
                return false;
            if (buffer[at] >= 0xC0)
            {
                at = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at)) & 0x3FFF;
                continue;
            }
            var bytes = buffer[at] + 1;
            if (bytes > suffix.Length || !buffer.AsSpan(at, bytes).SequenceEqual(suffix[..bytes]))
                return false;
            if (bytes == 1)
                return true;
            at += bytes;
            suffix = suffix[bytes..];
        }
    }

    private bool TryWriteUInt16(ushort value)
    {
        if (PacketBytesMax - length < 2)
            return false;
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(length), value);
        length += 2;
        return true;
    }

    private bool TryWriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.TryCopyTo(buffer.AsSpan(length)))
            return false;
        length += bytes.Length;
        return true;
    }

    private bool Undo((int Length, int Labels) start)
    {
        (length, labels) = start;
        return false;
    }

    private bool Count(DnsSection section)
    {
        var at = buffer.AsSpan(4 + (2 * (int)section));
        BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(at) + 1));
        Entries++;
        return true;
    }
}
