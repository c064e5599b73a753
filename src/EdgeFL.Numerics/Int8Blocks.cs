using System.Buffers.Binary;

namespace EdgeFL.Numerics;

/// <summary>
/// Parameters at 8 bits with subtractive dither: blocks of 64 values, each block its scale s (bfloat16, little-endian, rounded up so that nothing
/// clips) and then one signed byte a value, q = round(x/s + u); decoded as (q - u)·s. The last block may be shorter. 1.031 bytes a value.
/// </summary>
/// <remarks>
/// u is uniform in (-1/2, 1/2) and a function of (seed, stream, position) alone, so both sides draw it and no byte carries it: the low half-word
/// of the n-th word of <see cref="Philox"/> serves value 2n, the high one value 2n+1, each as (k + 1/2)/65536 - 1/2; q - u is exact in a float.
/// The error is then uniform within half a scale, has mean zero and does not depend on the value: what is smaller than a scale is kept on
/// average, where plain rounding would lose it for good. Source: Schuchman, "Dither signals and their effect on quantization noise", 1964.
/// </remarks>
public static class Int8Blocks
{
    /// <summary>Values that share a scale.</summary>
    public const int BlockLength = 64;

    private const int ScaleBytes = 2;
    private const float Levels = 127f;
    private const float LevelsBeforeDither = 126.5f;

    /// <summary>Bytes that <paramref name="count"/> values take.</summary>
    /// <param name="count">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="OverflowException">The length does not fit an int.</exception>
    public static int EncodedLength(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return checked(count + ScaleBytes * (count / BlockLength + (count % BlockLength == 0 ? 0 : 1)));
    }

    /// <summary>Encodes values.</summary>
    /// <param name="source">Finite values below 1e38 in magnitude.</param>
    /// <param name="seed">Seed of the dither; the decoder needs the same.</param>
    /// <param name="stream">Stream of the dither; the decoder needs the same.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">The destination has another length, or a value is not finite or too large.</exception>
    public static void Encode(ReadOnlySpan<float> source, ulong seed, ulong stream, Span<byte> destination)
    {
        if (destination.Length != EncodedLength(source.Length))
            throw new ArgumentException($"{source.Length} values take {EncodedLength(source.Length)} bytes, not {destination.Length}.", nameof(destination));
        var dither = new Dither(seed, stream);
        while (!source.IsEmpty)
        {
            var block = source[..Math.Min(BlockLength, source.Length)];
            source = source[block.Length..];
            var largest = 0f;
            foreach (var value in block)
            {
                if (!(Math.Abs(value) <= 1e38f))
                    throw new ArgumentException($"The value {value} cannot be encoded: it must be finite and at most 1e38.", nameof(source));
                largest = Math.Max(largest, Math.Abs(value));
            }
            var bits = ScaleBitsAtLeast(largest / LevelsBeforeDither);
            BinaryPrimitives.WriteUInt16LittleEndian(destination, bits);
            var scale = ScaleOf(bits);
            for (var i = 0; i < block.Length; i++)
            {
                var u = dither.Next();
                var level = scale == 0f ? 0f : MathF.Round(block[i] / scale + u, MidpointRounding.ToEven);
                destination[ScaleBytes + i] = unchecked((byte)(sbyte)Math.Clamp(level, -Levels, Levels));
            }
            destination = destination[(ScaleBytes + block.Length)..];
        }
    }

    /// <summary>
    /// Decodes bytes from outside; false when the length is not that of <paramref name="destination"/>'s values, a scale is negative, NaN
    /// or so
    /// large that a value would not be finite, or a value is -128, which no encoder writes. The destination is then partly written.
    /// </summary>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="seed">The encoder's seed of the dither.</param>
    /// <param name="stream">The encoder's stream of the dither.</param>
    /// <param name="destination">As many values as are expected; overwritten.</param>
    public static bool TryDecode(ReadOnlySpan<byte> source, ulong seed, ulong stream, Span<float> destination)
    {
        if (source.Length != EncodedLength(destination.Length))
            return false;
        var dither = new Dither(seed, stream);
        while (!destination.IsEmpty)
        {
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(source);
            var scale = ScaleOf(bits);
            if ((bits & 0x8000) != 0 || !float.IsFinite(scale * (Levels + 1f)))
                return false;
            var block = destination[..Math.Min(BlockLength, destination.Length)];
            for (var i = 0; i < block.Length; i++)
            {
                var level = unchecked((sbyte)source[ScaleBytes + i]);
                if (level == sbyte.MinValue)
                    return false;
                block[i] = (level - dither.Next()) * scale;
            }
            source = source[(ScaleBytes + block.Length)..];
            destination = destination[block.Length..];
        }
        return true;
    }

    private static float ScaleOf(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The smallest bfloat16 that is not below a positive float.</summary>
    private static ushort ScaleBitsAtLeast(float scale)
    {
        var bits = BitConverter.SingleToUInt32Bits(scale);
        return (ushort)((bits >> 16) + ((bits & 0xFFFF) == 0 ? 0u : 1u));
    }

    /// <summary>The numbers u, two from each word of the stream.</summary>
    private ref struct Dither(ulong seed, ulong stream)
    {
        private Philox random = new(seed, stream);
        private uint word;
        private bool halfLeft;

        internal float Next()
        {
            halfLeft = !halfLeft;
            word = halfLeft ? random.NextUInt32() : word >> 16;
            return ((word & 0xFFFF) + 0.5f) * (1f / 65536f) - 0.5f;
        }
    }
}
