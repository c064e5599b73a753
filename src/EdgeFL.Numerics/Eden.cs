using System.Buffers.Binary;

namespace EdgeFL.Numerics;

/// <summary>
/// Values at 1, 2 or 4 bits, right on average: groups are rotated at random (<see cref="RandomRotation"/>), then each value becomes one of the 2^b levels that suit normal
/// numbers best, under one scale a group (float32) that makes the decoded group unbiased. b bits a value and 4 bytes a group.
/// </summary>
/// <remarks>
/// The levels are Lloyd's and Max's; their relative squared error is D = .3634, .1175 or .0095. The scale |z|²/⟨z, levels⟩ takes off what shortens a vector, and makes it D/(1 - D).
/// Source: Vargaftik et al., "EDEN: communication-efficient and robust distributed mean estimation for federated learning", ICML 2022.
/// </remarks>
public static class Eden
{
    private const int ScaleBytes = sizeof(float);

    /// <summary>Bytes that <paramref name="count"/> values take.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="bits">Bits a value: 1, 2 or 4.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or <paramref name="bits"/> is another number.</exception>
    /// <exception cref="OverflowException">The length does not fit an int.</exception>
    public static int EncodedLength(int count, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _ = Levels(bits);
        return checked((int)(ScaleBytes * (long)RandomRotation.GroupCount(count) + ((long)count * bits + 7) / 8));
    }

    /// <summary>Encodes values.</summary>
    /// <param name="source">Finite and at most 1e28 in magnitude.</param>
    /// <param name="bits">Bits a value: 1, 2 or 4.</param>
    /// <param name="seed">Seed of the rotation; the decoder needs the same.</param>
    /// <param name="stream">Stream of the rotation; the decoder needs the same.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">The destination has another length, or a value is not finite or too large.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is none of them.</exception>
    public static void Encode(ReadOnlySpan<float> source, int bits, ulong seed, ulong stream, Span<byte> destination)
    {
        if (destination.Length != EncodedLength(source.Length, bits))
            throw new ArgumentException($"{source.Length} values take {EncodedLength(source.Length, bits)} bytes, not {destination.Length}.", nameof(destination));
        var longest = RandomRotation.LongestGroup(source.Length);
        Span<float> values = stackalloc float[longest], rounded = stackalloc float[longest];
        Span<byte> codes = stackalloc byte[longest + 7];
        var words = new RandomWords(seed, stream);
        for (var group = 0; group < RandomRotation.GroupCount(source.Length); group++)
        {
            var (first, length) = RandomRotation.Group(group, source.Length);
            var z = values[..length];
            var largest = NormalisedGroup.Rotate(source.Slice(first, length), words, group, z, out var rms);
            codes.Clear();
            Round(z, rms == 0f ? 0f : 1f / rms, bits, codes, rounded);
            var scale = rms == 0f ? 0f : largest * (Vectors.SumOfSquares(z) / Vectors.Dot(z, rounded[..length]));
            BinaryPrimitives.WriteSingleLittleEndian(destination, scale);
            var packed = BitPacking.Length(length, bits);
            BitPacking.Pack(codes, length, bits, destination.Slice(ScaleBytes, packed));
            destination = destination[(ScaleBytes + packed)..];
        }
    }

    /// <summary>
    /// Decodes bytes from outside; false when the length is not that of <paramref name="destination"/>'s values, a scale is negative, not finite or above 2^100, or a padding bit is set. The
    /// destination is then partly written.
    /// </summary>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="bits">The encoder's bits a value.</param>
    /// <param name="seed">The encoder's seed of the rotation.</param>
    /// <param name="stream">The encoder's stream of the rotation.</param>
    /// <param name="destination">As many values as are expected; overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is none of 1, 2 and 4.</exception>
    public static bool TryDecode(ReadOnlySpan<byte> source, int bits, ulong seed, ulong stream, Span<float> destination)
    {
        if (source.Length != EncodedLength(destination.Length, bits))
            return false;
        var levels = Levels(bits);
        var longest = RandomRotation.LongestGroup(destination.Length);
        Span<float> values = stackalloc float[longest];
        Span<byte> codes = stackalloc byte[longest + 7];
        var words = new RandomWords(seed, stream);
        for (var group = 0; group < RandomRotation.GroupCount(destination.Length); group++)
        {
            var (first, length) = RandomRotation.Group(group, destination.Length);
            var scale = BinaryPrimitives.ReadSingleLittleEndian(source);
            var packed = BitPacking.Length(length, bits);
            if (!(scale is >= 0f and <= NormalisedGroup.LargestScale) || !BitPacking.TryUnpack(source.Slice(ScaleBytes, packed), length, bits, codes))
                return false;
            var z = values[..length];
            for (var i = 0; i < length; i++)
                z[i] = scale * Level(levels, codes[i]);
            RandomRotation.Inverse(z, words, group, destination.Slice(first, length));
            source = source[(ScaleBytes + packed)..];
        }
        return true;
    }

    /// <summary>Each value's code, the sign above the magnitude's number, and its level.</summary>
    private static void Round(ReadOnlySpan<float> z, float factor, int bits, Span<byte> codes, Span<float> rounded)
    {
        var levels = Levels(bits);
        Span<float> borders = stackalloc float[levels.Length - 1];
        for (var i = 0; i < borders.Length; i++)
            borders[i] = 0.5f * (levels[i] + levels[i + 1]);
        for (var i = 0; i < z.Length; i++)
        {
            var magnitude = Math.Abs(z[i]) * factor;
            var code = z[i] < 0f ? levels.Length : 0;
            foreach (var border in borders)
                code += magnitude > border ? 1 : 0;
            codes[i] = (byte)code;
            rounded[i] = Level(levels, code);
        }
    }

    private static float Level(ReadOnlySpan<float> levels, int code) => code < levels.Length ? levels[code] : -levels[code - levels.Length];

    /// <summary>The positive half of the 2^b levels of least squared error for a normal number of variance 1; the borders are half-way.</summary>
    private static ReadOnlySpan<float> Levels(int bits) => bits switch
    {
        1 => [0.797884561f],
        2 => [0.452780035f, 1.51041761f],
        4 => [0.12839503f, 0.388048299f, 0.656759119f, 0.942340456f, 1.2562312f, 1.61804639f, 2.06901723f, 2.73258957f],
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "There are levels for 1, 2 and 4 bits."),
    };
}
