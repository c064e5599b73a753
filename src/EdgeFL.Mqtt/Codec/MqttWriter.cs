using System.Buffers.Binary;
using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>
/// Bytes on their way out, in one pooled array that grows as needed and goes back on <see cref="Release"/>.
/// Not thread-safe.
/// </summary>
internal sealed class MqttWriter
{
    /// <summary>Largest remaining length that four bytes can say (2.1.4).</summary>
    public const int RemainingLengthMax = 268_435_455;

    private const int HeaderRoom = 5;
    private byte[]? buffer;
    private int packetStart;
    private int lastLength;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> WrittenSpan => buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, Length);

    /// <summary>Gives the array back and starts over, empty.</summary>
    public void Release()
    {
        if (buffer is not null)
            MqttBuffers.Return(buffer);
        buffer = null;
        lastLength = Length;
        Length = 0;
    }

    /// <summary>Takes the last bytes back.</summary>
    public void CutTo(int length) => Length = length;

    public void U8(byte value) => Grow(1)[0] = value;

    public void U16(int value) => BinaryPrimitives.WriteUInt16BigEndian(Grow(2), checked((ushort)value));

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Grow(4), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Grow(value.Length));

    public void Binary(ReadOnlySpan<byte> value)
    {
        U16(value.Length);
        Bytes(value);
    }

    public void Text(string value)
    {
        int count = Encoding.UTF8.GetByteCount(value);
        U16(count);
        Encoding.UTF8.GetBytes(value, Grow(count));
    }

    public void Varint(int value)
    {
        do
        {
            int low = value & 0x7F;
            value >>= 7;
            U8((byte)(value > 0 ? low | 0x80 : low));
        }
        while (value > 0);
    }

    /// <summary>Leaves room for a fixed header; fields follow, then <see cref="EndPacket"/>.</summary>
    public void BeginPacket()
    {
        packetStart = Length;
        Grow(HeaderRoom);
    }

    /// <summary>Puts the fixed header before the fields written since <see cref="BeginPacket"/>.</summary>
    /// <param name="firstByte">Type and flags.</param>
    public void EndPacket(byte firstByte)
    {
        int bodyStart = packetStart + HeaderRoom;
        int bodyLength = Length - bodyStart;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bodyLength, RemainingLengthMax);
        int moved = HeaderRoom - 1 - VarintLength(bodyLength);
        Buffer.BlockCopy(buffer!, bodyStart, buffer!, bodyStart - moved, bodyLength);
        Length = packetStart;
        U8(firstByte);
        Varint(bodyLength);
        Length += bodyLength;
    }

    /// <summary>Starts a length-prefixed block (5.0 properties); one byte is kept for its length.</summary>
    public int BeginBlock()
    {
        U8(0);
        return Length;
    }

    /// <summary>Writes the block's length before it.</summary>
    public void EndBlock(int start)
    {
        int length = Length - start;
        int extra = VarintLength(length) - 1;
        if (extra > 0)
        {
            Grow(extra);
            Buffer.BlockCopy(buffer!, start, buffer!, start + extra, length);
        }
        Length = start - 1;
        Varint(length);
        Length += length;
    }

    public static int VarintLength(int value) => value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;

    /// <summary>Overwrites bytes that are already written: packet identifiers and expiry in a copied head.</summary>
    public Span<byte> Written(int offset, int count) => buffer.AsSpan(0, Length).Slice(offset, count);

    private Span<byte> Grow(int count)
    {
        int needed = checked(Length + count);
        if (buffer is null)
            buffer = MqttBuffers.Rent(Math.Max(256, Math.Max(needed, lastLength)));
        else if (needed > buffer.Length)
        {
            byte[] larger = MqttBuffers.Rent(Math.Max(needed, checked(buffer.Length * 2)));
            buffer.AsSpan(0, Length).CopyTo(larger);
            MqttBuffers.Return(buffer);
            buffer = larger;
        }
        Span<byte> room = buffer.AsSpan(Length, count);
        Length = needed;
        return room;
    }
}
