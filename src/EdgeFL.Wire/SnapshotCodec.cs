using System.Buffers.Binary;
using EdgeFL.Numerics;

namespace EdgeFL.Wire;

/// <summary>Puts all parameters of a model into bytes and back, without any state shared between sender and receiver: loss and churn cannot set them apart.</summary>
public static class SnapshotCodec
{
    private enum Scheme
    {
        None, Float32, IntBlocks, Eden, EntropyCoded,
    }

    /// <summary>Whether a codec can be read without the receiver's own model.</summary>
    /// <param name="codec">Any codec.</param>
    public static bool Is(UpdateCodec codec) => SchemeOf(codec).Scheme != Scheme.None;

    /// <summary>Bytes that a number of parameters takes; at most so many where the length differs from message to message.</summary>
    /// <param name="codec">A snapshot.</param>
    /// <param name="count">Parameters, 0 to 2^26.</param>
    /// <exception cref="ArgumentOutOfRangeException">No snapshot, or a count out of range.</exception>
    public static int EncodedLength(UpdateCodec codec, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)UpdateLimits.ParametersCeiling, nameof(count));
        (Scheme scheme, int bits) = SchemeOf(codec);
        return scheme switch
        {
            Scheme.Float32 => sizeof(float) * count,
            Scheme.IntBlocks => IntBlocks.EncodedLength(count, bits),
            Scheme.Eden => Eden.EncodedLength(count, bits),
            Scheme.EntropyCoded => EntropyCoded.EncodedLengthMax(count, bits),
            _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "This codec is no snapshot."),
        };
    }

    /// <summary>Whether so many bytes can be so many parameters.</summary>
    /// <param name="codec">A snapshot.</param>
    /// <param name="count">Parameters, 0 to 2^26.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">No snapshot, or a count out of range.</exception>
    public static bool LengthFits(UpdateCodec codec, int count, int length)
    {
        int most = EncodedLength(codec, count);
        return SchemeOf(codec).Scheme == Scheme.EntropyCoded ? length <= most && length >= EntropyCoded.EncodedLengthMin(count) : length == most;
    }

    /// <summary>Encodes.</summary>
    /// <param name="codec">A snapshot.</param>
    /// <param name="source">Finite parameters, at most 1e38 in magnitude in blocks of integers, and 1e28 where they are rotated.</param>
    /// <param name="dither">Names the frame; all but <see cref="UpdateCodec.Float32"/> use it.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <returns>How many bytes count, from the first on: all of them but where the length differs from message to message.</returns>
    /// <exception cref="ArgumentException">A parameter is not finite or too large, or the destination has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No snapshot, or too many parameters.</exception>
    public static int Encode(UpdateCodec codec, ReadOnlySpan<float> source, DitherSeed dither, Span<byte> destination)
    {
        int length = EncodedLength(codec, source.Length);
        if (destination.Length != length)
            throw new ArgumentException($"{source.Length} parameters take {length} bytes, not {destination.Length}.", nameof(destination));
        (Scheme scheme, int bits) = SchemeOf(codec);
        switch (scheme)
        {
            case Scheme.IntBlocks:
                IntBlocks.Encode(source, bits, dither.Seed, dither.Stream, destination);
                break;
            case Scheme.Eden:
                Eden.Encode(source, bits, dither.Seed, dither.Stream, destination);
                break;
            case Scheme.EntropyCoded:
                return EntropyCoded.Encode(source, bits, dither.Seed, dither.Stream, destination);
            default:
                EncodeFloats(source, destination);
                break;
        }
        return length;
    }

    /// <summary>Decodes bytes from outside.</summary>
    /// <param name="codec">Any codec.</param>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="dither">What the sender used: it follows from the sender and the frame.</param>
    /// <param name="destination">As many parameters as the model has; partly written when the bytes are refused.</param>
    /// <returns><see cref="RejectionReason.None"/>; <see cref="RejectionReason.BadCodec"/> for a codec that is no snapshot, another length, or bytes no encoder writes; <see cref="RejectionReason.NotFinite"/>.</returns>
    public static RejectionReason Decode(UpdateCodec codec, ReadOnlySpan<byte> source, DitherSeed dither, Span<float> destination)
    {
        (Scheme scheme, int bits) = SchemeOf(codec);
        bool read = scheme switch
        {
            Scheme.Float32 => source.Length == (long)sizeof(float) * destination.Length,
            Scheme.IntBlocks => IntBlocks.TryDecode(source, bits, dither.Seed, dither.Stream, destination),
            Scheme.Eden => Eden.TryDecode(source, bits, dither.Seed, dither.Stream, destination),
            Scheme.EntropyCoded => EntropyCoded.TryDecode(source, bits, dither.Seed, dither.Stream, destination),
            _ => false,
        };
        if (!read)
            return RejectionReason.BadCodec;
        return scheme == Scheme.Float32 ? DecodeFloats(source, destination) : RejectionReason.None;
    }

    private static (Scheme Scheme, int Bits) SchemeOf(UpdateCodec codec) => codec switch
    {
        UpdateCodec.Float32 => (Scheme.Float32, 32),
        UpdateCodec.Int8Block64 => (Scheme.IntBlocks, 8),
        UpdateCodec.Int4Block64 => (Scheme.IntBlocks, 4),
        UpdateCodec.Eden1 => (Scheme.Eden, 1),
        UpdateCodec.Eden2 => (Scheme.Eden, 2),
        UpdateCodec.Eden4 => (Scheme.Eden, 4),
        UpdateCodec.EntropyCoded2 => (Scheme.EntropyCoded, 2),
        UpdateCodec.EntropyCoded3 => (Scheme.EntropyCoded, 3),
        UpdateCodec.EntropyCoded4 => (Scheme.EntropyCoded, 4),
        _ => (Scheme.None, 0),
    };

    private static void EncodeFloats(ReadOnlySpan<float> source, Span<byte> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            if (!float.IsFinite(source[i]))
                throw new ArgumentException($"Parameter {i} is {source[i]}: it must be finite.", nameof(source));
            BinaryPrimitives.WriteSingleLittleEndian(destination[(sizeof(float) * i)..], source[i]);
        }
    }

    private static RejectionReason DecodeFloats(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            float value = BinaryPrimitives.ReadSingleLittleEndian(source[(sizeof(float) * i)..]);
            if (!float.IsFinite(value))
                return RejectionReason.NotFinite;
            destination[i] = value;
        }
        return RejectionReason.None;
    }
}
