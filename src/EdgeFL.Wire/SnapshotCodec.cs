using System.Buffers.Binary;
using EdgeFL.Numerics;

namespace EdgeFL.Wire;

/// <summary>Puts all parameters of a model into bytes and back, without any state shared between sender and receiver: loss and churn cannot set them apart.</summary>
public static class SnapshotCodec
{
    /// <summary>Whether a codec can be read without the receiver's own model.</summary>
    /// <param name="codec">Any codec.</param>
    public static bool Is(UpdateCodec codec) => codec is UpdateCodec.Float32 or UpdateCodec.Int8Block64;

    /// <summary>Bytes that a number of parameters takes.</summary>
    /// <param name="codec">A snapshot.</param>
    /// <param name="count">Parameters, 0 to 2^26.</param>
    /// <exception cref="ArgumentOutOfRangeException">No snapshot, or a count out of range.</exception>
    public static int EncodedLength(UpdateCodec codec, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)UpdateLimits.ParametersCeiling, nameof(count));
        return codec switch
        {
            UpdateCodec.Float32 => sizeof(float) * count,
            UpdateCodec.Int8Block64 => IntBlocks.EncodedLength(count, 8),
            _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "No such codec."),
        };
    }

    /// <summary>Encodes.</summary>
    /// <param name="codec">A snapshot.</param>
    /// <param name="source">Finite parameters; for <see cref="UpdateCodec.Int8Block64"/> at most 1e38 in magnitude.</param>
    /// <param name="dither">Names the frame; only <see cref="UpdateCodec.Int8Block64"/> uses it.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">A parameter is not finite or too large, or the destination has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No snapshot, or too many parameters.</exception>
    public static void Encode(UpdateCodec codec, ReadOnlySpan<float> source, DitherSeed dither, Span<byte> destination)
    {
        int length = EncodedLength(codec, source.Length);
        if (destination.Length != length)
            throw new ArgumentException($"{source.Length} parameters take {length} bytes, not {destination.Length}.", nameof(destination));
        if (codec == UpdateCodec.Int8Block64)
        {
            IntBlocks.Encode(source, 8, dither.Seed, dither.Stream, destination);
            return;
        }
        for (int i = 0; i < source.Length; i++)
        {
            if (!float.IsFinite(source[i]))
                throw new ArgumentException($"Parameter {i} is {source[i]}: it must be finite.", nameof(source));
            BinaryPrimitives.WriteSingleLittleEndian(destination[(sizeof(float) * i)..], source[i]);
        }
    }

    /// <summary>Decodes bytes from outside.</summary>
    /// <param name="codec">Any codec.</param>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="dither">What the sender used: it follows from the sender and the frame.</param>
    /// <param name="destination">As many parameters as the model has; partly written when the bytes are refused.</param>
    /// <returns><see cref="RejectionReason.None"/>; <see cref="RejectionReason.BadCodec"/> for an unknown codec, another length, or blocks no encoder writes; <see cref="RejectionReason.NotFinite"/>.</returns>
    public static RejectionReason Decode(UpdateCodec codec, ReadOnlySpan<byte> source, DitherSeed dither, Span<float> destination)
    {
        if (codec == UpdateCodec.Int8Block64)
            return IntBlocks.TryDecode(source, 8, dither.Seed, dither.Stream, destination) ? RejectionReason.None : RejectionReason.BadCodec;
        if (codec != UpdateCodec.Float32 || source.Length != (long)sizeof(float) * destination.Length)
            return RejectionReason.BadCodec;
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
