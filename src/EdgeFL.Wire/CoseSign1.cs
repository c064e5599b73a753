using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>Why bytes are not one of our signed envelopes.</summary>
public enum EnvelopeError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Too short for any envelope, or shorter than it says.</summary>
    Truncated,

    /// <summary>Longer than the receiver takes.</summary>
    TooLarge,

    /// <summary>The head or the signature's head are other bytes than ours.</summary>
    BadEnvelope,

    /// <summary>Bytes are left over behind the signature.</summary>
    TrailingBytes,
}

/// <summary>A signed envelope whose signature nobody has looked at yet: which key is claimed, what was signed, and the signature.</summary>
/// <param name="KeyId">Claimed key, not covered by the signature: a hint where to look.</param>
/// <param name="Payload">What was signed; not to be parsed before the signature is verified. Points into the source.</param>
/// <param name="Signature">64 bytes r‖s. Points into the source.</param>
public readonly record struct CoseEnvelope(KeyId KeyId, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Signature);

/// <summary>
/// COSE_Sign1 (RFC 9052 section 4.2) with ES256 (RFC 9053 section 2.1) in one fixed layout: tag 18, protected {1: -7}, unprotected {4: key id of
/// 8 bytes}, payload, signature. The layout is compared byte by byte: only the length of the payload is read before the signature has been verified.
/// Signing and verifying are the caller's, over <see cref="SigStructure"/>, because signatures are random and this room is not.
/// </summary>
public static class CoseSign1
{
    /// <summary>Bytes around a payload, at most (86 for one of 256 to 65,535 bytes).</summary>
    public const int OverheadMax = 17 + 5 + 2 + Es256.SignatureLength;

    // tag(18), array(4), bstr{1: -7}, {4: bstr(8)}; the key id follows.
    private static ReadOnlySpan<byte> Head => [0xD2, 0x84, 0x43, 0xA1, 0x01, 0x26, 0xA1, 0x04, 0x48];

    private static ReadOnlySpan<byte> SignatureHead => [0x58, Es256.SignatureLength];

    // array(4), "Signature1", bstr{1: -7}; external_aad and payload follow.
    private static ReadOnlySpan<byte> SigStructureHead =>
        [0x84, 0x6A, (byte)'S', (byte)'i', (byte)'g', (byte)'n', (byte)'a', (byte)'t', (byte)'u', (byte)'r', (byte)'e', (byte)'1', 0x43, 0xA1, 0x01, 0x26];

    /// <summary>Takes an envelope apart without looking into its payload.</summary>
    /// <param name="source">Bytes from outside.</param>
    /// <param name="lengthMax">Most bytes the receiver takes, envelope and all.</param>
    /// <param name="envelope">The parts, pointing into <paramref name="source"/>; default unless <see cref="EnvelopeError.None"/>.</param>
    public static EnvelopeError ReadEnvelope(ReadOnlyMemory<byte> source, int lengthMax, out CoseEnvelope envelope)
    {
        envelope = default;
        ReadOnlySpan<byte> bytes = source.Span;
        if (bytes.Length > lengthMax)
            return EnvelopeError.TooLarge;
        if (bytes.Length < Head.Length + KeyId.Length + 1 + SignatureHead.Length + Es256.SignatureLength)
            return EnvelopeError.Truncated;
        if (!bytes.StartsWith(Head))
            return EnvelopeError.BadEnvelope;
        int position = Head.Length + KeyId.Length;
        var reader = new CborReader(bytes[position..]);
        if (!reader.TryReadBytes(lengthMax, out ReadOnlySpan<byte> payload))
            return reader.Error switch
            {
                CborError.Truncated => EnvelopeError.Truncated,
                CborError.TooLong => EnvelopeError.TooLarge,
                _ => EnvelopeError.BadEnvelope,
            };
        position += reader.Position;
        int rest = bytes.Length - position - SignatureHead.Length - Es256.SignatureLength;
        if (rest < 0)
            return EnvelopeError.Truncated;
        if (!bytes[position..].StartsWith(SignatureHead))
            return EnvelopeError.BadEnvelope;
        if (rest > 0)
            return EnvelopeError.TrailingBytes;
        envelope = new CoseEnvelope(
            KeyId.Read(bytes[Head.Length..]),
            source.Slice(position - payload.Length, payload.Length),
            source.Slice(position + SignatureHead.Length, Es256.SignatureLength));
        return EnvelopeError.None;
    }

    /// <summary>The bytes that are signed: Sig_structure of RFC 9052 section 4.4, ["Signature1", {1: -7}, external_aad, payload].</summary>
    /// <param name="externalAad">What both sides know and do not send: the topic, see <see cref="Topics.UpdateContext"/>. A frame moved to another topic does not verify.</param>
    /// <param name="payload">The payload.</param>
    public static byte[] SigStructure(ReadOnlySpan<byte> externalAad, ReadOnlySpan<byte> payload)
    {
        var result = new byte[SigStructureHead.Length + StringLength(externalAad.Length) + StringLength(payload.Length)];
        SigStructureHead.CopyTo(result);
        Span<byte> rest = result.AsSpan(SigStructureHead.Length);
        rest = rest[WriteString(externalAad, rest)..];
        WriteString(payload, rest);
        return result;
    }

    /// <summary>Puts an envelope together.</summary>
    /// <param name="keyId">The signer's key.</param>
    /// <param name="payload">What was signed.</param>
    /// <param name="signature">64 bytes r‖s over <see cref="SigStructure"/>.</param>
    /// <exception cref="ArgumentException">The signature has another length.</exception>
    public static byte[] Encode(KeyId keyId, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Es256.SignatureLength)
            throw new ArgumentException($"An ES256 signature has {Es256.SignatureLength} bytes, not {signature.Length}.", nameof(signature));
        var result = new byte[EncodedLength(payload.Length)];
        Head.CopyTo(result);
        keyId.WriteTo(result.AsSpan(Head.Length));
        Span<byte> rest = result.AsSpan(Head.Length + KeyId.Length);
        rest = rest[WriteString(payload, rest)..];
        SignatureHead.CopyTo(rest);
        signature.CopyTo(rest[SignatureHead.Length..]);
        return result;
    }

    /// <summary>Bytes of an envelope.</summary>
    /// <param name="payloadLength">Bytes of its payload, at least 0.</param>
    public static int EncodedLength(int payloadLength) =>
        checked(Head.Length + KeyId.Length + StringLength(payloadLength) + SignatureHead.Length + Es256.SignatureLength);

    private static int StringLength(int length) =>
        checked(length + (length < 24 ? 1 : length <= byte.MaxValue ? 2 : length <= ushort.MaxValue ? 3 : 5));

    private static int WriteString(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        int total = StringLength(value.Length), head = total - value.Length;
        int width = head - 1;
        destination[0] = (byte)(0x40 | (width == 0 ? value.Length : width == 1 ? 24 : width == 2 ? 25 : 26));
        for (int i = 0; i < width; i++)
            destination[head - 1 - i] = (byte)(value.Length >> (8 * i));
        value.CopyTo(destination[head..]);
        return total;
    }
}
