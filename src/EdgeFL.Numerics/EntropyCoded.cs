using System.Buffers.Binary;

namespace EdgeFL.Numerics;

/// <summary>
/// Values at about 2, 3 or 4 bits with the least squared error of all schemes here that need nothing of the receiver: groups are rotated at random (<see cref="RandomRotation"/>) and rounded
/// to whole steps of a fixed part of their deviation, and the steps are written with as many bits as their frequency says (rANS). The length differs from message to message.
/// </summary>
/// <remarks>
/// <para>
/// The bytes: of each group its deviation σ (bfloat16); the last state of the coder (4 bytes); words of 2 bytes, in the order of reading. All little-endian. The state begins and must
/// end at 2^16: bytes made up are noticed but for one of 65,536, and always lead to finite values.
/// </para>
/// <para>
/// There is no dither: a step is decoded as the mean of a normal number within it, which gives a relative error D of .0889, .0222 or .0056, a quarter of a bit from the least possible
/// (D = 4^-R). With dither, which forbids means, it would be .0976, .0227 and .0056. What is decoded is shorter than what was sent, by a factor of 1 - D on average; who wants it
/// unbiased divides by that, and has the same error as with dither. The rotation differs from message to message, and rounding with it, so that no value is stuck.
/// </para>
/// Source of the coder: Duda, "Asymmetric numeral systems", 2013.
/// </remarks>
public static class EntropyCoded
{
    private const int ScaleBytes = 2;
    private const uint LeastState = 1 << 16;

    /// <summary>The most bytes that <paramref name="count"/> values take, which is far more than they are likely to: no symbol takes more than 14 bits.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="bits">Bits a value, about: 2, 3 or 4.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or <paramref name="bits"/> is another number.</exception>
    /// <exception cref="OverflowException">The length does not fit an int.</exception>
    public static int EncodedLengthMax(int count, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        NormalSteps.CheckBits(bits);
        return count == 0 ? 0 : checked((int)(EncodedLengthMin(count) + ((long)count * NormalSteps.FrequencyBits + 15) / 16 * sizeof(ushort)));
    }

    /// <summary>The fewest bytes that <paramref name="count"/> values take.</summary>
    /// <param name="count">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static int EncodedLengthMin(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count == 0 ? 0 : ScaleBytes * RandomRotation.GroupCount(count) + sizeof(uint);
    }

    /// <summary>Encodes values.</summary>
    /// <param name="source">Finite and at most 1e28 in magnitude.</param>
    /// <param name="bits">Bits a value, about: 2, 3 or 4.</param>
    /// <param name="seed">Seed of the rotation; the decoder needs the same.</param>
    /// <param name="stream">Stream of the rotation; the decoder needs the same.</param>
    /// <param name="destination">At least <see cref="EncodedLengthMax"/> bytes; overwritten.</param>
    /// <returns>How many bytes count.</returns>
    /// <exception cref="ArgumentException">The destination is too short, or a value is not finite or too large.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is none of them.</exception>
    public static int Encode(ReadOnlySpan<float> source, int bits, ulong seed, ulong stream, Span<byte> destination)
    {
        var most = EncodedLengthMax(source.Length, bits);
        if (destination.Length < most)
            throw new ArgumentException($"{source.Length} values take up to {most} bytes, not {destination.Length}.", nameof(destination));
        if (source.IsEmpty)
            return 0;
        var steps = new NormalSteps(bits, stackalloc ushort[NormalSteps.StartsLength], []);
        Span<float> values = stackalloc float[RandomRotation.LongestGroup(source.Length)];
        var words = new RandomWords(seed, stream);
        var groups = RandomRotation.GroupCount(source.Length);
        var state = LeastState;
        var next = most;
        // What is read first is written last.
        for (var group = groups - 1; group >= 0; group--)
        {
            var (first, length) = RandomRotation.Group(group, source.Length);
            var z = values[..length];
            var largest = NormalisedGroup.Rotate(source.Slice(first, length), words, group, z, out var rms);
            var scale = BFloat16.AtLeast(largest * Math.Max(rms, 1f / (steps.Step * (steps.Largest + 0.5f))));
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(ScaleBytes * group)..], scale);
            var factor = rms == 0f ? 0f : largest / (BFloat16.ToSingle(scale) * steps.Step);
            for (var i = length - 1; i >= 0; i--)
            {
                var symbol = steps.Largest + (int)Math.Clamp(MathF.Round(z[i] * factor, MidpointRounding.ToEven), -steps.Largest, steps.Largest);
                var frequency = steps.Frequency(symbol);
                if (state >= (ulong)frequency << (32 - NormalSteps.FrequencyBits))
                {
                    next -= sizeof(ushort);
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[next..], (ushort)state);
                    state >>= 16;
                }
                state = (state / frequency << NormalSteps.FrequencyBits) + state % frequency + steps.Start(symbol);
            }
        }
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(ScaleBytes * groups)..], state);
        destination[next..most].CopyTo(destination[EncodedLengthMin(source.Length)..]);
        return EncodedLengthMin(source.Length) + most - next;
    }

    /// <summary>
    /// Decodes bytes from outside; false when they end too early or too late, a deviation is negative, not finite or above 2^100, or the coder does not end where it must. The
    /// destination is then partly written.
    /// </summary>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="bits">The encoder's bits a value.</param>
    /// <param name="seed">The encoder's seed of the rotation.</param>
    /// <param name="stream">The encoder's stream of the rotation.</param>
    /// <param name="destination">As many values as are expected; overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is none of 2, 3 and 4.</exception>
    public static bool TryDecode(ReadOnlySpan<byte> source, int bits, ulong seed, ulong stream, Span<float> destination)
    {
        NormalSteps.CheckBits(bits);
        if (source.Length < EncodedLengthMin(destination.Length))
            return false;
        if (destination.IsEmpty)
            return source.IsEmpty;
        var steps = new NormalSteps(bits, stackalloc ushort[NormalSteps.StartsLength], stackalloc byte[NormalSteps.SymbolsLength]);
        Span<float> values = stackalloc float[RandomRotation.LongestGroup(destination.Length)];
        var words = new RandomWords(seed, stream);
        var groups = RandomRotation.GroupCount(destination.Length);
        var state = BinaryPrimitives.ReadUInt32LittleEndian(source[(ScaleBytes * groups)..]);
        var rest = source[EncodedLengthMin(destination.Length)..];
        if (state < LeastState)
            return false;
        for (var group = 0; group < groups; group++)
        {
            var (first, length) = RandomRotation.Group(group, destination.Length);
            var scale = BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(source[(ScaleBytes * group)..]));
            if (!(scale is >= 0f and <= NormalisedGroup.LargestScale))
                return false;
            var z = values[..length];
            for (var i = 0; i < length; i++)
            {
                var slot = state % (1u << NormalSteps.FrequencyBits);
                var symbol = steps.Symbol(slot);
                z[i] = scale * steps.Mean(symbol);
                state = steps.Frequency(symbol) * (state >> NormalSteps.FrequencyBits) + slot - steps.Start(symbol);
                if (state >= LeastState)
                    continue;
                if (rest.Length < sizeof(ushort))
                    return false;
                state = (state << 16) | BinaryPrimitives.ReadUInt16LittleEndian(rest);
                rest = rest[sizeof(ushort)..];
            }
            RandomRotation.Inverse(z, words, group, destination.Slice(first, length));
        }
        return state == LeastState && rest.IsEmpty;
    }
}
