namespace EdgeFL.Mqtt;

/// <summary>
/// Cuts a byte stream into packets. Holds a pooled array only while bytes wait in it; the array grows with the bytes
/// that have come, never with the length that a peer claims, and a length above the limit is refused before anything is taken.
/// </summary>
internal sealed class MqttFramer(int packetBytesMax)
{
    private const int ReadSizeMin = 4 * 1024;
    private const int ReadSizeMax = 64 * 1024;

    /// <summary>From this size on a packet is received alone, so that its array can become the message's.</summary>
    private const int LargeBytes = 16 * 1024;

    private byte[]? buffer;
    private int start;
    private int end;
    private int readSize = ReadSizeMin;

    /// <summary>Length of the packet that waits for its rest, as far as it is known; else 0.</summary>
    private int pendingBytes;

    /// <summary>Length of the last packet, where it was large; else 0.</summary>
    private int lastLargeBytes;

    /// <summary>Largest packet with its fixed header, bytes; larger is <see cref="MqttDecodeError.TooLarge"/>.</summary>
    public int PacketBytesMax { get; set; } = packetBytesMax;

    /// <summary>A first byte that is required: garbage is known by it at once, not when the length it claims has come. Null for any.</summary>
    public byte? FirstByteWanted { get; set; }

    /// <summary>Bytes that wait for the rest of their packet.</summary>
    public int Waiting => end - start;

    /// <summary>Room to receive into, at least 1 byte; tell <see cref="Advance"/> how much came.</summary>
    public Memory<byte> Room()
    {
        if (Waiting == 0)
        {
            int wanted = Math.Max(readSize, lastLargeBytes);
            if (buffer?.Length < wanted)
                Release();
            buffer ??= MqttBuffers.Rent(wanted);
            start = end = 0;
            // After a large packet comes another one as a rule: the array ends with it.
            return buffer.AsMemory(0, lastLargeBytes > 0 ? lastLargeBytes : buffer.Length);
        }
        if (buffer!.Length - end < buffer.Length / 4 && (pendingBytes <= Waiting || start + pendingBytes > buffer.Length))
        {
            // Rather a short move than many short reads; more room only when one packet fills what there is.
            byte[] target = Waiting < buffer.Length / 2 ? buffer : MqttBuffers.Rent(buffer.Length * 2);
            buffer.AsSpan(start, end - start).CopyTo(target);
            if (target != buffer)
                MqttBuffers.Return(buffer);
            buffer = target;
            end -= start;
            start = 0;
        }
        int limit = pendingBytes >= LargeBytes && pendingBytes > Waiting ? Math.Min(buffer.Length, start + pendingBytes) : buffer.Length;
        return buffer.AsMemory(end, limit - end);
    }

    /// <summary>Takes over bytes that were received into <see cref="Room"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (buffer?.Length ?? 0) - end);
        end += count;
        // A peer that fills what it is given gets more at a time; one that does not, less.
        if (end == buffer!.Length)
            readSize = Math.Min(readSize * 4, ReadSizeMax);
        else if (count < readSize / 8)
            readSize = Math.Max(readSize / 2, ReadSizeMin);
    }

    /// <summary>Appends a copy of bytes: for callers that do not receive into <see cref="Room"/>.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Memory<byte> room = Room();
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room.Span);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>The next whole packet.</summary>
    /// <param name="firstByte">Type and flags.</param>
    /// <param name="body">Bytes after the fixed header; valid until the next call of <see cref="Room"/> or <see cref="Release"/>.</param>
    /// <returns><see cref="MqttDecodeError.None"/> with a packet, <see cref="MqttDecodeError.NeedMore"/>, or the fault.</returns>
    public MqttDecodeError Next(out byte firstByte, out ReadOnlySpan<byte> body)
    {
        firstByte = 0;
        body = default;
        pendingBytes = 0;
        ReadOnlySpan<byte> waiting = buffer.AsSpan(start, end - start);
        if (waiting.IsEmpty)
            return MqttDecodeError.NeedMore;
        if (FirstByteWanted is { } wanted && waiting[0] != wanted)
            return MqttDecodeError.BadType;
        MqttDecodeError error = ReadVarint(waiting[1..], out int remaining, out int used);
        if (error != MqttDecodeError.None)
            return error;
        long total = 1L + used + remaining;
        if (total > PacketBytesMax)
            return MqttDecodeError.TooLarge;
        if (total > waiting.Length)
        {
            pendingBytes = (int)total;
            return MqttDecodeError.NeedMore;
        }
        firstByte = waiting[0];
        body = waiting[(1 + used)..(int)total];
        start += (int)total;
        lastLargeBytes = total >= LargeBytes ? (int)total : 0;
        return MqttDecodeError.None;
    }

    /// <summary>
    /// Gives the array of the last packet away, where it is large and alone in it: it is the caller's then, to return to
    /// <see cref="MqttBuffers"/>, and the packet stays where it is. Otherwise null.
    /// </summary>
    /// <param name="packetEnd">Where in the array the packet ends.</param>
    public byte[]? TryGiveAway(out int packetEnd)
    {
        packetEnd = end;
        if (Waiting > 0 || lastLargeBytes == 0 || start != lastLargeBytes || lastLargeBytes < buffer!.Length / 2)
            return null;
        byte[] given = buffer;
        buffer = null;
        start = end = 0;
        return given;
    }

    /// <summary>Gives the array back when nothing waits in it; <paramref name="always"/> also throws waiting bytes away.</summary>
    public void Release(bool always = false)
    {
        if (buffer is null || (Waiting > 0 && !always))
            return;
        MqttBuffers.Return(buffer);
        buffer = null;
        start = end = 0;
    }

    /// <summary>A variable byte integer in its shortest form, at most 4 bytes (5.0, section 1.5.5).</summary>
    internal static MqttDecodeError ReadVarint(ReadOnlySpan<byte> source, out int value, out int used)
    {
        value = 0;
        for (used = 0; used < 4;)
        {
            if (used == source.Length)
                return MqttDecodeError.NeedMore;
            byte next = source[used];
            value |= (next & 0x7F) << (7 * used);
            used++;
            if (next < 0x80)
                return next == 0 && used > 1 ? MqttDecodeError.BadRemainingLength : MqttDecodeError.None;
        }
        return MqttDecodeError.BadRemainingLength;
    }
}
