using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt;

/// <summary>
/// The bytes inside a WebSocket's binary frames (RFC 6455), the server's side: frames in are unmasked where they are read to, frames
/// out carry one write each. It keeps no payload, so that neither a long frame nor an idle connection costs memory. One reader, one writer.
/// </summary>
internal sealed class WebSocketStream(Stream inner, long frameBytesMax) : Stream
{
    private const int ContinuationFrame = 0x0;
    private const int TextFrame = 0x1;
    private const int BinaryFrame = 0x2;
    private const int CloseFrame = 0x8;
    private const int PingFrame = 0x9;
    private const int PongFrame = 0xA;

    /// <summary>First byte's bit: the last fragment.</summary>
    private const int Final = 0x80;

    /// <summary>Second byte's bit.</summary>
    private const int Masked = 0x80;

    /// <summary>Bytes of a head that has a mask: of the shortest and the longest.</summary>
    private const int HeadBytes = 6;
    private const int HeadBytesMax = HeadBytes + sizeof(ulong);

    private const int ControlBytesMax = 125;
    private const ushort NormalClosure = 1000;
    private const ushort ProtocolError = 1002;
    private const ushort UnacceptableType = 1003;
    private const ushort MessageTooBig = 1009;

    /// <summary>Payloads up to this are sent in one write with their head.</summary>
    private const int CopiedBytesMax = 16 * 1024;

    // Pongs are sent by who reads, everything else by who writes.
    private readonly SemaphoreSlim writing = new(1);
    // The head of the frame that is being read, and the payload of one that is for the connection itself.
    private readonly byte[] head = new byte[HeadBytesMax + ControlBytesMax];
    private int have;
    private int need = HeadBytes;
    private long left;
    private uint mask;
    private bool isInMessage;
    private bool isClosed;
    private ushort closeCode = NormalClosure;

    /// <summary>What carries the frames.</summary>
    public Stream Inner => inner;

    /// <summary>No more can be read: the peer has closed, or sent what is no frame.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>What was wrong with a frame, null for nothing.</summary>
    public string? Fault { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads payload; 0 once <see cref="IsAtEnd"/>. With an empty buffer it waits until there is some to read.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (int turns = 1; !IsAtEnd; turns++)
        {
            // Frames without payload, one after the other, must not keep a thread of the pool.
            if (turns % MqttLink.TurnsAtOnce == 0)
                await Task.Yield();
            if (buffer.IsEmpty)
                await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            bool isPayload = left > 0;
            if (isPayload && buffer.IsEmpty)
                return 0;
            Memory<byte> target = isPayload ? buffer[..(int)Math.Min(left, buffer.Length)] : head.AsMemory(have, need - have);
            int count = await inner.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException();
            if (isPayload)
            {
                mask = Unmask(target.Span[..count], mask);
                left -= count;
                return count;
            }
            have += count;
            if (ReadHead() is { } pong)
                await SendAsync(PongFrame, pong, cancellationToken).ConfigureAwait(false);
        }
        return 0;
    }

    /// <summary>Sends one binary frame.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        SendAsync(BinaryFrame, buffer, cancellationToken);

    /// <summary>Says goodbye: in answer to the peer's own, for a frame of its that was none, or of this side's own accord. Nothing is sent after it.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    public ValueTask CloseAsync() => SendAsync(CloseFrame, new byte[] { (byte)(closeCode >> 8), (byte)closeCode }, default);

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>XOR with the mask (section 5.3).</summary>
    /// <param name="bytes">Payload; read and written.</param>
    /// <param name="mask">The four bytes in their order in memory, beginning with the one for the first byte.</param>
    /// <returns>The same, beginning with the one for the byte that follows.</returns>
    internal static uint Unmask(Span<byte> bytes, uint mask)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong twice = (ulong)mask << 32 | mask;
        for (int i = 0; i < words.Length; i++)
            words[i] ^= twice;
        Span<byte> tail = bytes[(words.Length * sizeof(ulong))..];
        ReadOnlySpan<byte> four = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in mask));
        for (int i = 0; i < tail.Length; i++)
            tail[i] ^= four[i & 3];
        int turn = (tail.Length & 3) * 8;
        return BitConverter.IsLittleEndian ? uint.RotateRight(mask, turn) : uint.RotateLeft(mask, turn);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Looks at what has come of a head, and of a control frame; says in <see cref="need"/> what is missing, and starts over when nothing is.</summary>
    /// <returns>The payload of a ping, null for anything else.</returns>
    private byte[]? ReadHead()
    {
        if (have < 2)
            return null;
        int opcode = head[0] & 0x0F;
        int shortLength = head[1] & ~Masked;
        if (JudgeStart(opcode, shortLength) is { } wrong)
            return Fail(opcode == TextFrame ? UnacceptableType : ProtocolError, wrong);
        int extra = shortLength switch { 126 => sizeof(ushort), 127 => sizeof(ulong), _ => 0 };
        int headBytes = HeadBytes + extra;
        need = opcode >= CloseFrame ? headBytes + shortLength : headBytes;
        if (have < need)
            return null;
        long length = extra switch
        {
            0 => shortLength,
            sizeof(ushort) => BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)),
            _ => BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(2)),
        };
        if (length < 0 || length > frameBytesMax)
            return Fail(MessageTooBig, $"a frame of more than {frameBytesMax} bytes");
        // Lengths are said in the fewest bytes (section 5.2).
        if (extra > 0 && length <= (extra == sizeof(ushort) ? ControlBytesMax : ushort.MaxValue))
            return Fail(ProtocolError, "a length that is not the shortest");
        mask = MemoryMarshal.Read<uint>(head.AsSpan(2 + extra));
        have = 0;
        need = HeadBytes;
        if (opcode >= CloseFrame)
            return ReadControl(opcode, head.AsSpan(headBytes, shortLength));
        isInMessage = (head[0] & Final) == 0;
        left = length;
        return null;
    }

    private string? JudgeStart(int opcode, int shortLength)
    {
        if ((head[0] & 0x70) != 0)
            return "reserved bits are set";
        if ((head[1] & Masked) == 0)
            return "a frame without a mask";
        return opcode switch
        {
            ContinuationFrame => isInMessage ? null : "a continuation of nothing",
            BinaryFrame => isInMessage ? "a new message inside another" : null,
            TextFrame => "a text frame",
            CloseFrame or PingFrame or PongFrame => (head[0] & Final) != 0 && shortLength <= ControlBytesMax ? null : "a control frame that is long or in fragments",
            _ => "an unknown kind of frame",
        };
    }

    private byte[]? ReadControl(int opcode, Span<byte> payload)
    {
        Unmask(payload, mask);
        if (opcode == PingFrame)
            return payload.ToArray();
        if (opcode != CloseFrame)
            return null;
        if (payload.Length == 1)
            return Fail(ProtocolError, "a close frame with half a code");
        if (payload.Length > 1)
            closeCode = BinaryPrimitives.ReadUInt16BigEndian(payload);
        IsAtEnd = true;
        return null;
    }

    private byte[]? Fail(ushort code, string detail)
    {
        closeCode = code;
        Fault = detail;
        IsAtEnd = true;
        return null;
    }

    private async ValueTask SendAsync(int opcode, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel).ConfigureAwait(false);
        int copied = payload.Length <= CopiedBytesMax ? payload.Length : 0;
        byte[] frame = ArrayPool<byte>.Shared.Rent(HeadBytesMax + copied);
        try
        {
            if (isClosed)
                return;
            isClosed = opcode == CloseFrame;
            int length = WriteHead(frame, opcode, payload.Length);
            payload.Span[..copied].CopyTo(frame.AsSpan(length));
            await inner.WriteAsync(frame.AsMemory(0, length + copied), cancel).ConfigureAwait(false);
            if (copied < payload.Length)
                await inner.WriteAsync(payload, cancel).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
            writing.Release();
        }
    }

    private static int WriteHead(Span<byte> target, int opcode, int length)
    {
        target[0] = (byte)(Final | opcode);
        if (length <= ControlBytesMax)
        {
            target[1] = (byte)length;
            return 2;
        }
        if (length <= ushort.MaxValue)
        {
            target[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)length);
            return 4;
        }
        target[1] = 127;
        BinaryPrimitives.WriteInt64BigEndian(target[2..], length);
        return 10;
    }
}
