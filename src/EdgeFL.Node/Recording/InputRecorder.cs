using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>
/// Makes a recording of a node's inputs, as bytes; where they go is the host's matter. With them <c>edgefl sim --replay</c> takes the same steps again, to the same bits.
/// </summary>
/// <remarks>Not thread-safe: called where the node is called. What it returns is good until its next call.</remarks>
public sealed class InputRecorder
{
    private readonly CborWriter record = new(4096);
    private readonly long bytesMax;
    private byte[] framed = new byte[4096];
    private long lastMs;

    /// <summary>Makes a recorder.</summary>
    /// <param name="bytesMax">Most bytes of the recording, its end included.</param>
    public InputRecorder(long bytesMax) => this.bytesMax = bytesMax;

    /// <summary>Bytes given out.</summary>
    public long Length { get; private set; }

    /// <summary>The beginning of the recording.</summary>
    /// <param name="node">What the node is made of.</param>
    /// <exception cref="ArgumentException">It has no room in the recording, or is more than a record can hold.</exception>
    public byte[] Begin(RecordedNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        byte[] body = node.ToArray();
        long length = RecordingFormat.Magic.Length + RecordingFormat.PrefixBytes + (long)body.Length;
        if (body.Length > RecordingFormat.RecordBytesMax || length > bytesMax - RecordingEnd.BytesMax)
            throw new ArgumentException($"Model and checkpoint take {length} bytes, which do not fit a recording of {bytesMax}.", nameof(node));
        byte[] bytes = new byte[length];
        RecordingFormat.Magic.CopyTo(bytes);
        Frame(body, bytes.AsSpan(RecordingFormat.Magic.Length));
        Length = length;
        return bytes;
    }

    /// <summary>An input that the node is about to take.</summary>
    /// <param name="input">The input.</param>
    /// <param name="nowMs">The time that it is given with, at least 0, not before that of the last.</param>
    /// <param name="bytes">What to append to the recording.</param>
    /// <returns>False when the recording is full: only <see cref="End"/> may follow, before the node takes the input.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Time runs backwards.</exception>
    public bool TryTake(NodeInput input, long nowMs, out ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentOutOfRangeException.ThrowIfLessThan(nowMs, lastMs);
        bytes = default;
        record.Reset();
        RecordedInput.Write(record, input, nowMs - lastMs);
        int length = RecordingFormat.PrefixBytes + record.Length;
        if (record.Length > RecordingFormat.RecordBytesMax || Length + length > bytesMax - RecordingEnd.BytesMax)
            return false;
        lastMs = nowMs;
        bytes = Framed(length);
        return true;
    }

    /// <summary>The end of the recording.</summary>
    /// <param name="node">The node, after the last input that was recorded.</param>
    public ReadOnlySpan<byte> End(NodeCore node)
    {
        record.Reset();
        RecordingEnd.Of(node).Write(record);
        return Framed(RecordingFormat.PrefixBytes + record.Length);
    }

    private ReadOnlySpan<byte> Framed(int length)
    {
        if (framed.Length < length)
            framed = new byte[Math.Max(length, 2 * framed.Length)];
        Frame(record.Written, framed);
        Length += length;
        return framed.AsSpan(0, length);
    }

    private static void Frame(ReadOnlySpan<byte> body, Span<byte> destination)
    {
        RecordingFormat.WritePrefix(body, destination);
        body.CopyTo(destination[RecordingFormat.PrefixBytes..]);
    }
}
