using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace EdgeFL.Mqtt;

/// <summary>
/// Reads the fields of one packet body. The first fault sticks: later reads return defaults, so that a decoder reads
/// straight on and asks for <see cref="Error"/> once.
/// </summary>
internal ref struct MqttReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> rest = source;

    public MqttDecodeError Error { get; private set; }

    public readonly int Remaining => rest.Length;

    public readonly bool Ok => Error == MqttDecodeError.None;

    public void Fail(MqttDecodeError error)
    {
        if (Error == MqttDecodeError.None)
            Error = error;
        rest = default;
    }

    /// <summary>The verdict once every field is read: bytes left over are a fault.</summary>
    public readonly MqttDecodeError End() => Ok && rest.Length > 0 ? MqttDecodeError.TrailingBytes : Error;

    public byte U8()
    {
        ReadOnlySpan<byte> taken = Take(1);
        return taken.IsEmpty ? (byte)0 : taken[0];
    }

    public ushort U16()
    {
        ReadOnlySpan<byte> taken = Take(2);
        return taken.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(taken);
    }

    public uint U32()
    {
        ReadOnlySpan<byte> taken = Take(4);
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(taken);
    }

    /// <summary>A variable byte integer in its shortest form (5.0, section 1.5.5).</summary>
    public int Varint()
    {
        switch (MqttFramer.ReadVarint(rest, out int value, out int used))
        {
            case MqttDecodeError.None:
                rest = rest[used..];
                return value;
            case MqttDecodeError.NeedMore:
                Fail(MqttDecodeError.Truncated);
                return 0;
            default:
                Fail(MqttDecodeError.BadRemainingLength);
                return 0;
        }
    }

    public ushort PacketId()
    {
        ushort id = U16();
        if (Ok && id == 0)
            Fail(MqttDecodeError.BadPacketId);
        return id;
    }

    public string Text() => Encoding.UTF8.GetString(TextBytes());

    /// <summary>A string that is clean text, as it lies in the packet.</summary>
    public ReadOnlySpan<byte> TextBytes()
    {
        ReadOnlySpan<byte> bytes = Take(U16());
        if (IsCleanText(bytes))
            return bytes;
        Fail(MqttDecodeError.BadText);
        return default;
    }

    public byte[] Binary() => Take(U16()).ToArray();

    public ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok || count > rest.Length)
        {
            Fail(MqttDecodeError.Truncated);
            return default;
        }
        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    /// <summary>
    /// UTF-8 without U+0000 (3.1.1 and 5.0, section 1.5.4: MUST), and without control and non-characters, which the
    /// receiver may refuse: as mosquitto does, so that nothing is forwarded which another peer would hang up on.
    /// </summary>
    internal static bool IsCleanText(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
            return true;
        if (!Utf8.IsValid(bytes))
            return false;
        while (!bytes.IsEmpty)
        {
            Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
            int value = rune.Value;
            if (value < 0x20 || value is >= 0x7F and <= 0x9F || value is >= 0xFDD0 and <= 0xFDEF || (value & 0xFFFE) == 0xFFFE)
                return false;
            bytes = bytes[used..];
        }
        return true;
    }
}
