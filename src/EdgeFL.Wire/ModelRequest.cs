using System.Buffers.Binary;
using System.Text;
using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>
/// A node asks a neighbour for its model in more bits, because it could not read an update that needs a model closer to the sender's: docs/wire.md. Goes signed, on the topic of
/// updates; on a broker that all share everybody hears it, so it names who is asked.
/// </summary>
/// <param name="ModelHash">First 8 bytes of the model's hash, big-endian.</param>
/// <param name="BootEpoch">How often the asker has started.</param>
/// <param name="Sequence">Rises with every frame of the asker, updates included.</param>
/// <param name="Of">Who is asked.</param>
/// <param name="Unread">The codec that could not be read: the answer's must reach further.</param>
public sealed record ModelRequest(ulong ModelHash, uint BootEpoch, ulong Sequence, NodeId Of, UpdateCodec Unread)
{
    // A map of six pairs; an update has ten at least.
    private const byte Head = 0xA6;
    private const int Pairs = 6;
    private const int TextMax = 64;

    private enum Key
    {
        Version = 1, ModelHash, BootEpoch, Sequence, Asks = 14, Unread,
    }

    /// <summary>Whether a verified payload is a request rather than an update. It may still be malformed.</summary>
    /// <param name="payload">Bytes from outside.</param>
    public static bool IsOne(ReadOnlySpan<byte> payload) => !payload.IsEmpty && payload[0] == Head;

    /// <summary>The request in bytes: what is signed and becomes the payload of a <see cref="CoseSign1"/>.</summary>
    public byte[] ToArray()
    {
        var writer = new CborWriter(64);
        Span<byte> hash = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(hash, ModelHash);
        writer.StartMap(Pairs);
        writer.WriteUnsigned((ulong)Key.Version);
        writer.WriteUnsigned(UpdateFrame.Version);
        writer.WriteUnsigned((ulong)Key.ModelHash);
        writer.WriteBytes(hash);
        writer.WriteUnsigned((ulong)Key.BootEpoch);
        writer.WriteUnsigned(BootEpoch);
        writer.WriteUnsigned((ulong)Key.Sequence);
        writer.WriteUnsigned(Sequence);
        writer.WriteUnsigned((ulong)Key.Asks);
        writer.WriteText(Of.Value);
        writer.WriteUnsigned((ulong)Key.Unread);
        writer.WriteUnsigned((ulong)Unread);
        writer.End();
        return writer.ToArray();
    }

    /// <summary>Reads a request whose signature has been verified.</summary>
    /// <param name="source">Bytes from outside.</param>
    /// <param name="request">The request; null unless <see cref="FrameError.None"/>.</param>
    public static FrameError Read(ReadOnlySpan<byte> source, out ModelRequest? request)
    {
        request = null;
        var reader = new CborReader(source);
        if (!reader.TryStartMap(Pairs, out _) || !TryKey(ref reader, Key.Version) || !reader.TryReadUnsigned(out ulong version))
            return UpdateFrame.From(reader.Error);
        if (version != UpdateFrame.Version)
            return FrameError.UnknownVersion;
        if (!TryKey(ref reader, Key.ModelHash) || !reader.TryReadFixedBytes(8, out ReadOnlySpan<byte> hash)
            || !TryKey(ref reader, Key.BootEpoch) || !reader.TryReadUnsigned(out ulong epoch, uint.MaxValue)
            || !TryKey(ref reader, Key.Sequence) || !reader.TryReadUnsigned(out ulong sequence)
            || !TryKey(ref reader, Key.Asks) || !reader.TryReadText(TextMax, out ReadOnlySpan<byte> text)
            || !TryKey(ref reader, Key.Unread) || !reader.TryReadUnsigned(out ulong unread, byte.MaxValue)
            || !reader.TryEnd() || !reader.TryFinish())
            return UpdateFrame.From(reader.Error);
        if (!NodeId.TryParse(Encoding.UTF8.GetString(text), out NodeId of))
            return FrameError.Malformed;
        request = new ModelRequest(BinaryPrimitives.ReadUInt64BigEndian(hash), (uint)epoch, sequence, of, (UpdateCodec)unread);
        return FrameError.None;
    }

    private static bool TryKey(ref CborReader reader, Key key) => reader.TryReadUnsigned(out ulong value, (ulong)key) && value == (ulong)key;
}
