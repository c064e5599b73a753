using System.Buffers.Binary;
using System.Text;

namespace EdgeFL.Wire;

/// <summary>
/// Writes deterministic CBOR, RFC 8949 section 4.2: shortest lengths and integers, definite lengths, keys in bytewise order. Whoever writes keys
/// out of order, or another count than announced, has made a mistake and gets an exception. Floats are always float32, as the frames say
/// (section 4.2.2 leaves that to the protocol). Grows as needed and can be used again after <see cref="Reset"/>; not safe for several threads.
/// </summary>
public sealed class CborWriter
{
    private byte[] buffer;
    private CborLevels levels;
    private int depth;

    /// <summary>Makes an empty writer.</summary>
    /// <param name="capacity">Bytes it can take before it grows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public CborWriter(int capacity = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        buffer = new byte[capacity];
    }

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written; good until the next write or <see cref="Reset"/>.</summary>
    /// <exception cref="InvalidOperationException">An array or map is still open.</exception>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            if (depth != 0)
                throw new InvalidOperationException("An array, map or tag is still open.");
            return buffer.AsSpan(0, Length);
        }
    }

    /// <summary>A copy of what has been written.</summary>
    /// <exception cref="InvalidOperationException">An array or map is still open.</exception>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>Forgets everything and keeps the buffer.</summary>
    public void Reset()
    {
        Length = 0;
        depth = 0;
    }

    /// <summary>Writes an unsigned integer.</summary>
    /// <param name="value">Any.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteUnsigned(ulong value)
    {
        int start = Begin();
        WriteHead(0, value);
        Finish(start);
    }

    /// <summary>Writes an integer of either sign.</summary>
    /// <param name="value">Any.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteSigned(long value)
    {
        int start = Begin();
        if (value < 0)
            WriteHead(1, (ulong)(-1 - value));
        else
            WriteHead(0, (ulong)value);
        Finish(start);
    }

    /// <summary>Writes a byte string.</summary>
    /// <param name="value">Any.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        int start = Begin();
        WriteHead(2, (ulong)value.Length);
        value.CopyTo(Take(value.Length));
        Finish(start);
    }

    /// <summary>Writes a text string.</summary>
    /// <param name="value">Any whole text: no lone surrogates.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    /// <exception cref="EncoderFallbackException">The text has a lone surrogate.</exception>
    public void WriteText(ReadOnlySpan<char> value)
    {
        int start = Begin();
        int length = StrictUtf8.GetByteCount(value);
        WriteHead(3, (ulong)length);
        StrictUtf8.GetBytes(value, Take(length));
        Finish(start);
    }

    /// <summary>Writes true or false.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteBoolean(bool value)
    {
        int start = Begin();
        Take(1)[0] = value ? (byte)0xF5 : (byte)0xF4;
        Finish(start);
    }

    /// <summary>Writes null.</summary>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteNull()
    {
        int start = Begin();
        Take(1)[0] = 0xF6;
        Finish(start);
    }

    /// <summary>Writes a float32.</summary>
    /// <param name="value">A finite number: no reader of ours takes another.</param>
    /// <exception cref="ArgumentOutOfRangeException">NaN or infinite.</exception>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is out of order.</exception>
    public void WriteSingle(float value)
    {
        if (!float.IsFinite(value))
            throw new ArgumentOutOfRangeException(nameof(value), value, "Only finite numbers go on the wire.");
        int start = Begin();
        Span<byte> bytes = Take(5);
        bytes[0] = 0xFA;
        BinaryPrimitives.WriteSingleBigEndian(bytes[1..], value);
        Finish(start);
    }

    /// <summary>Writes a tag; the tagged item must follow.</summary>
    /// <param name="tag">Its number.</param>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is (a tag is no key here), or it nests too deep.</exception>
    public void WriteTag(ulong tag)
    {
        Open(new CborLevel { IsTag = true, Remaining = 1 });
        WriteHead(6, tag);
    }

    /// <summary>Begins an array; that many items and <see cref="End"/> must follow.</summary>
    /// <param name="count">Items, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.</exception>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is (an array is no key here), or it nests too deep.</exception>
    public void StartArray(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Open(new CborLevel { Remaining = count });
        WriteHead(4, (ulong)count);
    }

    /// <summary>Begins a map; that many pairs with rising keys and <see cref="End"/> must follow.</summary>
    /// <param name="pairs">Pairs, 0 to 2^30.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    /// <exception cref="InvalidOperationException">No item is due here, or a key is (a map is no key here), or it nests too deep.</exception>
    public void StartMap(int pairs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pairs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pairs, 1 << 30);
        Open(new CborLevel { IsMap = true, Remaining = checked(2 * pairs) });
        WriteHead(5, (ulong)pairs);
    }

    /// <summary>Ends the innermost array or map.</summary>
    /// <exception cref="InvalidOperationException">None is open, or items are missing.</exception>
    public void End()
    {
        if (depth == 0)
            throw new InvalidOperationException("No array or map is open.");
        if (levels[depth - 1].Remaining != 0)
            throw new InvalidOperationException($"{levels[depth - 1].Remaining} items are missing.");
        depth--;
        CloseTags();
    }

    private static UTF8Encoding StrictUtf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int Begin()
    {
        if (depth == 0 ? Length != 0 : levels[depth - 1].Remaining == 0)
            throw new InvalidOperationException("No further item is due here.");
        return Length;
    }

    private void Open(CborLevel level)
    {
        Begin();
        if (depth == CborReader.DepthMax)
            throw new InvalidOperationException($"Nested deeper than {CborReader.DepthMax}.");
        if (depth > 0)
        {
            ref CborLevel holder = ref levels[depth - 1];
            if (holder.IsKeyNext)
                throw new InvalidOperationException("A map key is due here: a number or a string.");
            holder.Remaining--;
        }
        levels[depth++] = level;
    }

    private void Finish(int start)
    {
        if (depth == 0)
            return;
        ref CborLevel holder = ref levels[depth - 1];
        if (holder.IsKeyNext)
        {
            ReadOnlySpan<byte> key = buffer.AsSpan(start, Length - start);
            if (holder.PreviousKeyLength > 0
                && buffer.AsSpan(holder.PreviousKeyStart, holder.PreviousKeyLength).SequenceCompareTo(key) >= 0)
                throw new InvalidOperationException("Map keys must rise in bytewise order.");
            holder.PreviousKeyStart = start;
            holder.PreviousKeyLength = key.Length;
        }
        holder.Remaining--;
        CloseTags();
    }

    private void CloseTags()
    {
        while (depth > 0 && levels[depth - 1] is { IsTag: true, Remaining: 0 })
            depth--;
    }

    private void WriteHead(int major, ulong argument)
    {
        byte type = (byte)(major << 5);
        switch (argument)
        {
            case < 24:
                Take(1)[0] = (byte)(type | (int)argument);
                break;
            case <= byte.MaxValue:
                Span<byte> two = Take(2);
                two[0] = (byte)(type | 24);
                two[1] = (byte)argument;
                break;
            case <= ushort.MaxValue:
                Span<byte> three = Take(3);
                three[0] = (byte)(type | 25);
                BinaryPrimitives.WriteUInt16BigEndian(three[1..], (ushort)argument);
                break;
            case <= uint.MaxValue:
                Span<byte> five = Take(5);
                five[0] = (byte)(type | 26);
                BinaryPrimitives.WriteUInt32BigEndian(five[1..], (uint)argument);
                break;
            default:
                Span<byte> nine = Take(9);
                nine[0] = (byte)(type | 27);
                BinaryPrimitives.WriteUInt64BigEndian(nine[1..], argument);
                break;
        }
    }

    private Span<byte> Take(int count)
    {
        int needed = checked(Length + count);
        if (needed > buffer.Length)
            Array.Resize(ref buffer, (int)Math.Min(Math.Max(2L * buffer.Length, needed), Array.MaxLength));
        Span<byte> taken = buffer.AsSpan(Length, count);
        Length = needed;
        return taken;
    }
}
