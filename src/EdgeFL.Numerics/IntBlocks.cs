using System.Buffers.Binary;

namespace EdgeFL.Numerics;

/// <summary>
/// Values at a few bits with subtractive dither: blocks of 64 values, each block its scale s (bfloat16, little-endian, rounded up so that nothing clips) and then b bits a value
/// (<see cref="BitPacking"/>), q = round(x/s + u) as two's complement; decoded as (q - u)·s. The last block may be shorter. b + 1/4 bits a value.
/// </summary>
/// <remarks>
/// u is uniform in (-1/2, 1/2) and a function of (seed, stream, position) alone, so both sides draw it and no byte carries it: the low half-word
/// of the n-th word of <see cref="Philox"/> serves value 2n, the high one value 2n+1, each as (k + 1/2)/65536 - 1/2; q - u is exact in a float.
/// The error is then uniform within half a scale, has mean zero and does not depend on the value: what is smaller than a scale is kept on
/// average, where plain rounding would lose it for good. Source: Schuchman, "Dither signals and their effect on quantization noise", 1964.
/// </remarks>
public static class IntBlocks
{
    /// <summary>Values that share a scale.</summary>
    public const int BlockLength = 64;

    /// <summary>The fewest bits a value may take.</summary>
    public const int BitsMin = 2;

    /// <summary>The most bits a value may take.</summary>
    public const int BitsMax = 8;

    private const int ScaleBytes = 2;

    /// <summary>Bytes that <paramref name="count"/> values take.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="bits">Bits a value, <see cref="BitsMin"/> to <see cref="BitsMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or <paramref name="bits"/> is out of range.</exception>
    /// <exception cref="OverflowException">The length does not fit an int.</exception>
    public static int EncodedLength(int count, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, BitsMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, BitsMax);
        return checked((int)(((long)count * bits + 7) / 8) + ScaleBytes * (count / BlockLength + (count % BlockLength == 0 ? 0 : 1)));
    }

    /// <summary>Encodes values.</summary>
    /// <param name="source">Finite values below 1e38 in magnitude.</param>
    /// <param name="bits">Bits a value, <see cref="BitsMin"/> to <see cref="BitsMax"/>.</param>
    /// <param name="seed">Seed of the dither; the decoder needs the same.</param>
    /// <param name="stream">Stream of the dither; the decoder needs the same.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">The destination has another length, or a value is not finite or too large.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is out of range.</exception>
    public static void Encode(ReadOnlySpan<float> source, int bits, ulong seed, ulong stream, Span<byte> destination)
    {
        if (destination.Length != EncodedLength(source.Length, bits))
            throw new ArgumentException($"{source.Length} values take {EncodedLength(source.Length, bits)} bytes, not {destination.Length}.", nameof(destination));
        var dither = new Dither(seed, stream);
        var largestLevel = LargestLevel(bits);
        Span<byte> levels = stackalloc byte[BlockLength];
        while (!source.IsEmpty)
        {
            var block = source[..Math.Min(BlockLength, source.Length)];
            source = source[block.Length..];
            // Half a level is left for the dither.
            var scaleBits = BFloat16.AtLeast(Largest(block) / (largestLevel - 0.5f));
            BinaryPrimitives.WriteUInt16LittleEndian(destination, scaleBits);
            var scale = BFloat16.ToSingle(scaleBits);
            levels.Clear();
            for (var i = 0; i < block.Length; i++)
            {
                var u = dither.Next();
                var level = scale == 0f ? 0f : MathF.Round(block[i] / scale + u, MidpointRounding.ToEven);
                levels[i] = (byte)((int)Math.Clamp(level, -largestLevel, largestLevel) & ((1 << bits) - 1));
            }
            var packed = BitPacking.Length(block.Length, bits);
            BitPacking.Pack(levels, block.Length, bits, destination.Slice(ScaleBytes, packed));
            destination = destination[(ScaleBytes + packed)..];
        }
    }

    /// <summary>
    /// Decodes bytes from outside; false when the length is not that of <paramref name="destination"/>'s values, a scale is negative, NaN or so large that a value would not be finite, or
    /// a value is the lowest of all or a padding bit set, which no encoder writes. The destination is then partly written.
    /// </summary>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="bits">The encoder's bits a value.</param>
    /// <param name="seed">The encoder's seed of the dither.</param>
    /// <param name="stream">The encoder's stream of the dither.</param>
    /// <param name="destination">As many values as are expected; overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is out of range.</exception>
    public static bool TryDecode(ReadOnlySpan<byte> source, int bits, ulong seed, ulong stream, Span<float> destination)
    {
        if (source.Length != EncodedLength(destination.Length, bits))
            return false;
        var dither = new Dither(seed, stream);
        var largestLevel = LargestLevel(bits);
        Span<byte> levels = stackalloc byte[BlockLength];
        while (!destination.IsEmpty)
        {
            var block = destination[..Math.Min(BlockLength, destination.Length)];
            var scaleBits = BinaryPrimitives.ReadUInt16LittleEndian(source);
            var scale = BFloat16.ToSingle(scaleBits);
            var packed = BitPacking.Length(block.Length, bits);
            if ((scaleBits & 0x8000) != 0
                || !float.IsFinite(scale * (largestLevel + 1f))
                || !BitPacking.TryUnpack(source.Slice(ScaleBytes, packed), block.Length, bits, levels))
                return false;
            for (var i = 0; i < block.Length; i++)
            {
                var level = levels[i] << (32 - bits) >> (32 - bits);
                if (level < -largestLevel)
                    return false;
                block[i] = (level - dither.Next()) * scale;
            }
            source = source[(ScaleBytes + packed)..];
            destination = destination[block.Length..];
        }
        return true;
    }

    private static float LargestLevel(int bits) => (1 << (bits - 1)) - 1;

    private static float Largest(ReadOnlySpan<float> block)
    {
        var largest = 0f;
        foreach (var value in block)
        {
            if (!(Math.Abs(value) <= 1e38f))
                throw new ArgumentException($"The value {value} cannot be encoded: it must be finite and at most 1e38.", "source");
            largest = Math.Max(largest, Math.Abs(value));
        }
        return largest;
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
