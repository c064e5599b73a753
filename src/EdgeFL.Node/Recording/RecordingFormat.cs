using System.Buffers.Binary;
using System.Numerics;

namespace EdgeFL.Node.Recording;

/// <summary>Why a recording of a node's inputs cannot be read on.</summary>
public enum RecordingError
{
    /// <summary>It can.</summary>
    None,

    /// <summary>It begins with something else.</summary>
    NotARecording,

    /// <summary>Of a version that this program does not read.</summary>
    UnknownVersion,

    /// <summary>It ends within a record, or without the record that ends it: all before that is good.</summary>
    Truncated,

    /// <summary>A record's checksum does not fit its content.</summary>
    Damaged,

    /// <summary>A record holds something that no recorder writes.</summary>
    Malformed,
}

/// <summary>
/// How a recording stands in a file: <see cref="Magic"/>, then records one after the other, each a <see cref="PrefixBytes"/> prefix (length and CRC-32C of what follows, 4 bytes
/// each, little-endian) and one item of deterministic CBOR. First the node that it was recorded from (<see cref="RecordedNode"/>), then its inputs (<see cref="RecordedInput"/>), last
/// what it came to (<see cref="RecordingEnd"/>). What lies before a cut can be read.
/// </summary>
public static class RecordingFormat
{
    /// <summary>Version of the encoding, the first member of the first record.</summary>
    public const uint Version = 1;

    /// <summary>Bytes before each record.</summary>
    public const int PrefixBytes = 8;

    /// <summary>Most bytes of a record: a checkpoint of the largest model fits.</summary>
    public const int RecordBytesMax = 1 << 27;

    /// <summary>The first 8 bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "EFLinput"u8;

    /// <summary>Reads a prefix.</summary>
    /// <param name="prefix">Shape [<see cref="PrefixBytes"/>].</param>
    /// <param name="length">Bytes of the record, 1 to <see cref="RecordBytesMax"/>.</param>
    /// <param name="checksum">What <see cref="Checksum"/> must give.</param>
    public static RecordingError ReadPrefix(ReadOnlySpan<byte> prefix, out int length, out uint checksum)
    {
        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]);
        length = stated is > 0 and <= RecordBytesMax ? (int)stated : 0;
        return length > 0 ? RecordingError.None : RecordingError.Malformed;
    }

    /// <summary>Writes the prefix of a record.</summary>
    /// <param name="record">Its bytes.</param>
    /// <param name="prefix">Shape [<see cref="PrefixBytes"/>]; overwritten.</param>
    public static void WritePrefix(ReadOnlySpan<byte> record, Span<byte> prefix)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, (uint)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix[4..], Checksum(record));
    }

    /// <summary>CRC-32C (RFC 3720 appendix B.4): it finds cards that fail, not people who forge.</summary>
    /// <param name="record">A record's bytes.</param>
    public static uint Checksum(ReadOnlySpan<byte> record)
    {
        uint sum = uint.MaxValue;
        for (; record.Length >= 8; record = record[8..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(record));
        foreach (byte rest in record)
            sum = BitOperations.Crc32C(sum, rest);
        return ~sum;
    }
}
