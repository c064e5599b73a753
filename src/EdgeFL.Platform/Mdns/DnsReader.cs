using System.Buffers.Binary;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// Reads DNS messages that came from the network. Nothing is allocated before its length is known to be there; what a message of n bytes
/// makes us allocate is bounded by a small multiple of n (names can grow through pointers, but only to 255 bytes each).
/// </summary>
internal static class DnsReader
{
    /// <summary>The largest message multicast DNS allows (RFC 6762, 17).</summary>
    public const int MessageBytesMax = 9000;

    /// <summary>Questions and records in one message.</summary>
    public const int EntriesMax = 512;

    /// <summary>Pointers followed in one name. Writers need one for each name; chains of more than a few are attacks.</summary>
    public const int PointersMax = 32;

    internal const int HeaderBytes = 12;
    internal const ushort ClassIn = 1;
    internal const ushort ClassAny = 255;
    internal const ushort TopBit = 0x8000;

    private const int QuestionBytesMin = 5;
    private const int RecordBytesMin = 11;

    /// <summary>Reads one message. Entries of other classes than IN (and ANY in questions) are skipped; bytes after the last record are ignored.</summary>
    public static DnsError Read(ReadOnlySpan<byte> source, out DnsMessage? message)
    {
        message = null;
        if (source.Length > MessageBytesMax)
            return DnsError.Oversized;
        if (source.Length < HeaderBytes)
            return DnsError.Truncated;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(source[2..]);
        if ((flags & 0x780F) != 0)
            return DnsError.Unsupported;
        var questions = BinaryPrimitives.ReadUInt16BigEndian(source[4..]);
        var answers = BinaryPrimitives.ReadUInt16BigEndian(source[6..]);
        var authorities = BinaryPrimitives.ReadUInt16BigEndian(source[8..]);
        var additionals = BinaryPrimitives.ReadUInt16BigEndian(source[10..]);
        var records = answers + authorities + additionals;
        if (questions + records > EntriesMax)
            return DnsError.TooManyEntries;
        if ((questions * QuestionBytesMin) + (records * RecordBytesMin) > source.Length - HeaderBytes)
            return DnsError.Truncated;

        var result = new DnsMessage
        {
            Id = BinaryPrimitives.ReadUInt16BigEndian(source),
            IsResponse = (flags & 0x8000) != 0,
            Truncated = (flags & 0x0200) != 0,
        };
        var offset = HeaderBytes;
        var error = ReadQuestions(source, ref offset, questions, result.Questions);
        if (error == DnsError.None)
            error = ReadRecords(source, ref offset, answers, result.Answers);
        if (error == DnsError.None)
            error = ReadRecords(source, ref offset, authorities, result.Authorities);
        if (error == DnsError.None)
            error = ReadRecords(source, ref offset, additionals, result.Additionals);
        if (error == DnsError.None)
            message = result;
        return error;
    }

    private static DnsError ReadQuestions(ReadOnlySpan<byte> source, ref int offset, int count, List<DnsQuestion> into)
    {
        Span<byte> scratch = stackalloc byte[DnsName.WireBytesMax];
        for (; count > 0; count--)
        {
            var error = ReadName(source, ref offset, scratch, out var length);
            if (error != DnsError.None)
                return error;
            if (source.Length - offset < 4)
                return DnsError.Truncated;
            var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(source[offset..]);
            var @class = BinaryPrimitives.ReadUInt16BigEndian(source[(offset + 2)..]);
            offset += 4;
            if ((@class & ~TopBit) is ClassIn or ClassAny)
                into.Add(new DnsQuestion(DnsName.FromWire(scratch[..length]), type, (@class & TopBit) != 0));
        }
        return DnsError.None;
    }

    private static DnsError ReadRecords(ReadOnlySpan<byte> source, ref int offset, int count, List<DnsRecord> into)
    {
        Span<byte> scratch = stackalloc byte[DnsName.WireBytesMax];
        for (; count > 0; count--)
        {
            var error = ReadName(source, ref offset, scratch, out var length);
            if (error != DnsError.None)
                return error;
            if (source.Length - offset < 10)
                return DnsError.Truncated;
            var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(source[offset..]);
            var @class = BinaryPrimitives.ReadUInt16BigEndian(source[(offset + 2)..]);
            var ttl = BinaryPrimitives.ReadUInt32BigEndian(source[(offset + 4)..]);
            var dataBytes = BinaryPrimitives.ReadUInt16BigEndian(source[(offset + 8)..]);
            offset += 10;
            if (source.Length - offset < dataBytes)
                return DnsError.Truncated;
            if ((@class & ~TopBit) == ClassIn)
            {
                var name = DnsName.FromWire(scratch[..length]);
                error = ReadData(source[..(offset + dataBytes)], offset, name, type, (@class & TopBit) != 0, ttl, out var record);
                if (error != DnsError.None)
                    return error;
                into.Add(record!);
            }
            offset += dataBytes;
        }
        return DnsError.None;
    }

    // The source ends with this record's data, so that nothing can be read past it.
    private static DnsError ReadData(
        ReadOnlySpan<byte> source, int offset, DnsName name, DnsType type, bool flush, uint ttl, out DnsRecord? record)
    {
        record = null;
        var data = source[offset..];
        switch (type)
        {
            case DnsType.A when data.Length != 4:
            case DnsType.Aaaa when data.Length != 16:
            case DnsType.Txt when !TxtRecord.IsWellFormed(data):
            case DnsType.Srv when data.Length < 7:
                return DnsError.BadRecord;
            case DnsType.Ptr or DnsType.Srv:
                var at = type == DnsType.Srv ? offset + 6 : offset;
                Span<byte> scratch = stackalloc byte[DnsName.WireBytesMax];
                var error = ReadName(source, ref at, scratch, out var length);
                if (error != DnsError.None)
                    return error;
                if (at != source.Length)
                    return DnsError.BadRecord;
                var target = DnsName.FromWire(scratch[..length]);
                record = type == DnsType.Srv
                    ? DnsRecord.Srv(name, target, data[..6], ttl, flush)
                    : new DnsRecord(name, type, flush, ttl, target.WireMemory, target);
                return DnsError.None;
            default:
                record = new DnsRecord(name, type, flush, ttl, data.ToArray());
                return DnsError.None;
        }
    }

    /// <summary>
    /// Expands a name into <paramref name="scratch"/>. Each pointer must lead before the start of the piece it ends, so offsets fall
    /// strictly and a loop cannot be written; their number is capped as well, since long chains cost time.
    /// </summary>
    internal static DnsError ReadName(ReadOnlySpan<byte> source, ref int offset, Span<byte> scratch, out int length)
    {
        length = 0;
        var at = offset;
        var pieceStart = offset;
        var pointers = 0;
        while (true)
        {
            if (at >= source.Length)
                return DnsError.Truncated;
            var head = source[at];
            if (head >= 0xC0)
            {
                if (at + 1 >= source.Length)
                    return DnsError.Truncated;
                var target = ((head & 0x3F) << 8) | source[at + 1];
                if (pointers == 0)
                    offset = at + 2;
                if (target >= pieceStart || target < HeaderBytes || ++pointers > PointersMax)
                    return DnsError.BadPointer;
                at = pieceStart = target;
                continue;
            }
            if (head > DnsName.LabelBytesMax)
                return DnsError.BadLabel;
            if (length + head + 1 > DnsName.WireBytesMax - (head == 0 ? 0 : 1))
                return DnsError.NameTooLong;
            if (at + 1 + head > source.Length)
                return DnsError.Truncated;
            source.Slice(at, head + 1).CopyTo(scratch[length..]);
            length += head + 1;
            at += head + 1;
            if (head == 0)
            {
                if (pointers == 0)
                    offset = at;
                return DnsError.None;
            }
        }
    }
}
