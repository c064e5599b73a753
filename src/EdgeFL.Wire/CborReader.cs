using System.Buffers.Binary;
using System.Text.Unicode;

namespace EdgeFL.Wire;

/// <summary>
/// Reads deterministic CBOR (RFC 8949 section 4.2) that came from outside. Allocates nothing and throws nothing on any bytes: each call says
/// whether it read, the first error stays in <see cref="Error"/>, and every call after it fails too.
/// Lengths are held against the bytes that are there and against the caller's limit before anything is made of them.
/// </summary>
public ref struct CborReader
{
    /// <summary>Arrays, maps and tags within one another, at most.</summary>
    public const int DepthMax = 8;

    private readonly ReadOnlySpan<byte> source;
    private CborLevels levels;
    private int depth;

    /// <summary>Begins at the first byte.</summary>
    /// <param name="source">Any bytes.</param>
    public CborReader(ReadOnlySpan<byte> source) => this.source = source;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The first thing that was wrong.</summary>
    public CborError Error { get; private set; }

    /// <summary>What comes next, judged by its first byte; <see cref="CborType.None"/> at the end or after an error.</summary>
    public readonly CborType Peek()
    {
        if (Error != CborError.None || Position >= source.Length)
            return CborType.None;
        byte initial = source[Position];
        return (initial >> 5) switch
        {
            0 => CborType.UnsignedInteger,
            1 => CborType.NegativeInteger,
            2 => CborType.Bytes,
            3 => CborType.Text,
            4 => CborType.Array,
            5 => CborType.Map,
            6 => CborType.Tag,
            _ => initial switch
            {
                0xF4 or 0xF5 => CborType.Boolean,
                0xF6 => CborType.Null,
                0xFA => CborType.Single,
                _ => CborType.None,
            },
        };
    }

    /// <summary>Reads an unsigned integer.</summary>
    /// <param name="value">The number.</param>
    /// <param name="max">Largest number allowed.</param>
    public bool TryReadUnsigned(out ulong value, ulong max = ulong.MaxValue)
    {
        int start = Position;
        if (!TryReadHead(0, out value))
            return false;
        return value <= max ? Finish(start) : Fail(CborError.OutOfRange);
    }

    /// <summary>Reads an integer of either sign.</summary>
    /// <param name="value">The number; CBOR can say smaller and larger ones, and they are out of range.</param>
    public bool TryReadSigned(out long value)
    {
        int start = Position;
        bool negative = Peek() == CborType.NegativeInteger;
        value = 0;
        if (!TryReadHead(negative ? 1 : 0, out ulong magnitude))
            return false;
        if (magnitude > long.MaxValue)
            return Fail(CborError.OutOfRange);
        value = negative ? -1 - (long)magnitude : (long)magnitude;
        return Finish(start);
    }

    /// <summary>Reads a byte string; what comes out points into the source.</summary>
    /// <param name="lengthMax">Most bytes allowed.</param>
    /// <param name="value">The bytes.</param>
    public bool TryReadBytes(int lengthMax, out ReadOnlySpan<byte> value) => TryReadString(2, lengthMax, out value);

    /// <summary>Reads a byte string of exactly one length.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="value">The bytes.</param>
    public bool TryReadFixedBytes(int length, out ReadOnlySpan<byte> value) =>
        TryReadString(2, length, out value) && (value.Length == length || Fail(CborError.WrongCount));

    /// <summary>Reads a text string as UTF-8; what comes out points into the source.</summary>
    /// <param name="lengthMax">Most bytes allowed.</param>
    /// <param name="utf8">Valid UTF-8.</param>
    public bool TryReadText(int lengthMax, out ReadOnlySpan<byte> utf8) => TryReadString(3, lengthMax, out utf8);

    /// <summary>Reads true or false.</summary>
    /// <param name="value">The value.</param>
    public bool TryReadBoolean(out bool value)
    {
        int start = Position;
        value = false;
        if (!TryReadHead(7, out ulong simple))
            return false;
        value = simple == 21;
        return source[start] is 0xF4 or 0xF5 ? Finish(start) : Fail(CborError.WrongType);
    }

    /// <summary>Reads null.</summary>
    public bool TryReadNull()
    {
        int start = Position;
        return TryReadHead(7, out _) && (source[start] == 0xF6 ? Finish(start) : Fail(CborError.WrongType));
    }

    /// <summary>Reads a float32; frames have no other width. NaN and infinities are refused.</summary>
    /// <param name="value">A finite number.</param>
    public bool TryReadSingle(out float value)
    {
        int start = Position;
        value = 0;
        if (!TryReadHead(7, out ulong bits))
            return false;
        if (source[start] != 0xFA)
            return Fail(CborError.WrongType);
        value = BitConverter.UInt32BitsToSingle((uint)bits);
        return float.IsFinite(value) ? Finish(start) : Fail(CborError.NotFinite);
    }

    /// <summary>Reads a tag; the tagged item comes next. A tag is no map key here.</summary>
    /// <param name="tag">Its number.</param>
    public bool TryReadTag(out ulong tag) => TryReadHead(6, out tag) && TryOpen(new CborLevel { IsTag = true, Remaining = 1 });

    /// <summary>Begins an array; <see cref="TryEnd"/> must follow after its items. An array is no map key here.</summary>
    /// <param name="countMax">Most items allowed.</param>
    /// <param name="count">Items; never more than there are bytes left.</param>
    public bool TryStartArray(int countMax, out int count) =>
        TryReadCount(4, 1, countMax, out count) && TryOpen(new CborLevel { Remaining = count });

    /// <summary>Begins a map; <see cref="TryEnd"/> must follow after its pairs. A map is no map key here.</summary>
    /// <param name="pairsMax">Most pairs allowed.</param>
    /// <param name="pairs">Pairs of key and value; never more than half the bytes left.</param>
    public bool TryStartMap(int pairsMax, out int pairs) =>
        TryReadCount(5, 2, pairsMax, out pairs) && TryOpen(new CborLevel { IsMap = true, Remaining = 2 * pairs });

    /// <summary>Ends the innermost array or map: all of it must have been read.</summary>
    /// <exception cref="InvalidOperationException">None is open (the caller's mistake).</exception>
    public bool TryEnd()
    {
        if (Error != CborError.None)
            return false;
        if (depth == 0)
            throw new InvalidOperationException("No array or map is open.");
        // An open tag still waits for its item, so it counts as one item short.
        if (levels[depth - 1].Remaining != 0)
            return Fail(CborError.WrongCount);
        depth--;
        CloseTags();
        return true;
    }

    /// <summary>Ends reading: every byte must have been read and every array and map ended.</summary>
    public bool TryFinish()
    {
        if (Error != CborError.None)
            return false;
        if (depth != 0)
            return Fail(CborError.WrongCount);
        return Position == source.Length || Fail(CborError.TrailingBytes);
    }

    /// <summary>Skips one whole item of any kind that frames are made of, with all its checks. No deeper than <see cref="DepthMax"/>.</summary>
    public bool TrySkip()
    {
        int start = Position, count;
        switch (Peek())
        {
            case CborType.UnsignedInteger:
                return TryReadUnsigned(out _);
            case CborType.NegativeInteger:
                return TryReadHead(1, out _) && Finish(start);
            case CborType.Bytes:
                return TryReadBytes(int.MaxValue, out _);
            case CborType.Text:
                return TryReadText(int.MaxValue, out _);
            case CborType.Array:
                if (!TryStartArray(int.MaxValue, out count))
                    return false;
                break;
            case CborType.Map:
                if (!TryStartMap(int.MaxValue, out count))
                    return false;
                count *= 2;
                break;
            case CborType.Tag:
                return TryReadTag(out _) && TrySkip();
            case CborType.Boolean:
                return TryReadBoolean(out _);
            case CborType.Null:
                return TryReadNull();
            case CborType.Single:
                return TryReadSingle(out _);
            default:
                // Either nothing is there or nothing a frame has: the head says which.
                return TryReadHead(7, out _) && Fail(CborError.WrongType);
        }
        for (; count > 0; count--)
            if (!TrySkip())
                return false;
        return TryEnd();
    }

    private bool TryReadString(int major, int lengthMax, out ReadOnlySpan<byte> value)
    {
        int start = Position;
        value = default;
        if (!TryReadHead(major, out ulong length))
            return false;
        if (length > (ulong)lengthMax)
            return Fail(CborError.TooLong);
        if (length > (ulong)(source.Length - Position))
            return Fail(CborError.Truncated);
        value = source.Slice(Position, (int)length);
        Position += (int)length;
        if (major == 3 && !Utf8.IsValid(value))
            return Fail(CborError.BadText);
        return Finish(start);
    }

    private bool TryReadCount(int major, int bytesPerItem, int countMax, out int count)
    {
        count = 0;
        if (!TryReadHead(major, out ulong value))
            return false;
        if (value > (ulong)countMax)
            return Fail(CborError.TooLong);
        // Every item takes a byte at least, so a count that cannot be met is known at once.
        if (value > (ulong)((source.Length - Position) / bytesPerItem))
            return Fail(CborError.Truncated);
        count = (int)value;
        return true;
    }

    /// <summary>Reads initial byte and argument, RFC 8949 section 3, in its shortest form only.</summary>
    private bool TryReadHead(int major, out ulong argument)
    {
        argument = 0;
        if (Error != CborError.None)
            return false;
        if (depth > 0 && levels[depth - 1].Remaining == 0)
            return Fail(CborError.WrongCount);
        if (Position >= source.Length)
            return Fail(CborError.Truncated);
        byte initial = source[Position];
        if (initial >> 5 != major)
            return Fail(CborError.WrongType);
        int information = initial & 0x1F;
        if (information == 31)
            return Fail(CborError.Indefinite);
        if (information >= 28)
            return Fail(CborError.Reserved);
        int width = information < 24 ? 0 : 1 << (information - 24);
        if (source.Length - Position - 1 < width)
            return Fail(CborError.Truncated);
        ReadOnlySpan<byte> bytes = source.Slice(Position + 1, width);
        argument = width switch
        {
            0 => (ulong)information,
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        if (major == 7)
        {
            // False, true, null, float32. Half and double are other ways to say what a float32 says; the rest says nothing.
            if (information is 25 or 27)
                return Fail(CborError.WrongType);
            if (information is not (20 or 21 or 22 or 26))
                return Fail(CborError.Reserved);
        }
        else if (width != 0 && argument < (width == 1 ? 24UL : 1UL << (4 * width)))
            return Fail(CborError.NotShortest);
        Position += 1 + width;
        return true;
    }

    /// <summary>Counts an array, map or tag in what holds it, and opens it.</summary>
    private bool TryOpen(CborLevel level)
    {
        if (depth > 0)
        {
            ref CborLevel holder = ref levels[depth - 1];
            if (holder.IsKeyNext)
                return Fail(CborError.WrongType);
            holder.Remaining--;
        }
        if (depth == DepthMax)
            return Fail(CborError.TooDeep);
        levels[depth++] = level;
        return true;
    }

    /// <summary>Counts an item that has been read whole in what holds it, and holds a key against the one before it.</summary>
    private bool Finish(int start)
    {
        if (depth == 0)
            return true;
        ref CborLevel holder = ref levels[depth - 1];
        if (holder.IsKeyNext)
        {
            ReadOnlySpan<byte> key = source[start..Position];
            if (holder.PreviousKeyLength > 0)
            {
                int order = source.Slice(holder.PreviousKeyStart, holder.PreviousKeyLength).SequenceCompareTo(key);
                if (order >= 0)
                    return Fail(order == 0 ? CborError.DuplicateKey : CborError.KeyOrder);
            }
            holder.PreviousKeyStart = start;
            holder.PreviousKeyLength = key.Length;
        }
        holder.Remaining--;
        CloseTags();
        return true;
    }

    private void CloseTags()
    {
        while (depth > 0 && levels[depth - 1] is { IsTag: true, Remaining: 0 })
            depth--;
    }

    private bool Fail(CborError error)
    {
        Error = error;
        return false;
    }
}
