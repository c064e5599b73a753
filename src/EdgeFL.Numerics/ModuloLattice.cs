using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// Values for receivers that nearly have them (Wyner-Ziv coding): what is sent is where each value lies within an interval of a few deviations' width, and the receiver's own
/// values say in which interval. The error then follows from how far apart both are, not from how large the values are.
/// </summary>
/// <remarks>
/// <para>
/// The values go in groups of 2048, the last one up to 4095 long. A group is rotated at random (<see cref="RandomRotation"/>, so that differences become normal), then
/// k = round(z/s + u) with u uniform in (-1/2, 1/2) from <see cref="Philox"/>, and r = k mod 2^b is sent. The receiver rotates its own values to y and takes the k' with that
/// residue which is nearest to y/s + u; the decoded value is (k' - u)·s, rotated back: its error is uniform within half a step and does not depend on the value.
/// </para>
/// <para>
/// A group's bytes: s as bfloat16 (2 bytes, 2^-80 to 2^80); the check Σ a_i·⌊k_i/2^b⌋ (8 bytes, two sums modulo 2^32 with weights of their own); then b bits a value.
/// All little-endian.
/// </para>
/// <para>
/// The check is a syndrome: a receiver that is wrong by one interval at a few values sees the sum of just their weights as difference, and looks for the values that explain it
/// (<see cref="LatticeSyndrome"/>), up to five. It tries 2.5 million sets at most (4095 values with 528 sets each, 243,000 sets of four and five), so that a wrong one passes with a
/// probability of 2^-42 for each group that needs any; where none is tried, with 2^-64. At the default reach, of normal differences one group of 3286 in two needs a correction.
/// </para>
/// Sources: Davies et al., "New bounds for distributed mean estimation and variance reduction", ICLR 2021; Zamir, Shamai, Erez, "Nested linear/lattice codes for structured
/// multiterminal binning", 2002.
/// </remarks>
public static class ModuloLattice
{
    /// <summary>
    /// Width of the interval of 2^b steps, in deviations of the receiver's values from the sender's, at 3 bits or more. Of messages between normal vectors that far apart one in a thousand at
    /// most is then too far. At 2 bits 8.5, and at 1 bit 12, are needed: rounding itself takes up more of the interval.
    /// </summary>
    public const float DefaultReach = 7.6f;

    /// <summary>Values that share a step, but for the last group, which has these and the rest.</summary>
    public const int GroupLength = RandomRotation.GroupLength;

    /// <summary>The most bits a value may take.</summary>
    public const int BitsMax = 8;

    private const int ScaleBytes = 2;
    private const int HeaderBytes = ScaleBytes + sizeof(ulong);
    private const float StepMin = 1f / StepMax;
    private const float StepMax = 1208925819614629174706176f; // 2^80

    // Beyond 2^20 steps a float32 no longer tells where within a step a value lies.
    private const float LargestLevel = 1048576f;

    /// <summary>Groups, each with a step of its own.</summary>
    /// <param name="count">Values, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static int GroupCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return RandomRotation.GroupCount(count);
    }

    /// <summary>Bytes that a message takes.</summary>
    /// <param name="count">Values, 0 or more.</param>
    /// <param name="bits">Bits a value, 1 to <see cref="BitsMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or <paramref name="bits"/> is out of range.</exception>
    /// <exception cref="OverflowException">The length does not fit an int.</exception>
    public static int EncodedLength(int count, int bits)
    {
        CheckBits(bits);
        return checked((int)(HeaderBytes * (long)GroupCount(count) + ((long)count * bits + 7) / 8));
    }

    /// <summary>Floats of scratch that <see cref="Encode"/> and <see cref="TryDecode"/> need.</summary>
    /// <param name="count">Values, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static int ScratchLength(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return 3 * LanesFor(count) + LanesFor(count) / sizeof(float);
    }

    /// <summary>How far apart two vectors are in each group, as the root of the mean square. The rotation keeps lengths, so none is needed.</summary>
    /// <param name="a">Shape [I].</param>
    /// <param name="b">Shape [I].</param>
    /// <param name="rms">Shape [<see cref="GroupCount"/>]; overwritten.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void GroupDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> rms)
    {
        CheckLength(a.Length, b.Length, nameof(b));
        CheckLength(GroupCount(a.Length), rms.Length, nameof(rms));
        for (var group = 0; group < rms.Length; group++)
        {
            var (first, length) = RandomRotation.Group(group, a.Length);
            rms[group] = MathF.Sqrt(Vectors.SquaredDistance(a.Slice(first, length), b.Slice(first, length)) / length);
        }
    }

    /// <summary>Encodes.</summary>
    /// <param name="x">Shape [I]; finite and at most 1e28 in magnitude.</param>
    /// <param name="bits">Bits a value, 1 to <see cref="BitsMax"/>.</param>
    /// <param name="deviation">Shape [<see cref="GroupCount"/>]; how far a receiver's values are expected to be, as the root of the mean square; 0 or more. The step is reach·deviation/2^b, rounded
    /// up to eight binary digits, at least a millionth (2^-20) of the largest rotated value, and within 2^-80 to 2^80.</param>
    /// <param name="reach">Above 0; <see cref="DefaultReach"/>.</param>
    /// <param name="seed">Seed of signs and dither; the decoder needs the same.</param>
    /// <param name="stream">Their stream; the decoder needs the same.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> floats; destroyed.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">A length is wrong, or a value or deviation is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> or <paramref name="reach"/> is out of range.</exception>
    public static void Encode(
        ReadOnlySpan<float> x, int bits, ReadOnlySpan<float> deviation, float reach, ulong seed, ulong stream, Span<float> scratch, Span<byte> destination)
    {
        CheckLength(EncodedLength(x.Length, bits), destination.Length, nameof(destination));
        CheckLength(GroupCount(x.Length), deviation.Length, nameof(deviation));
        if (!(reach > 0f && float.IsFinite(reach)))
            throw new ArgumentOutOfRangeException(nameof(reach), reach, "The reach must be above 0.");
        var buffers = new Buffers(scratch, x.Length);
        var words = new RandomWords(seed, stream);
        for (var group = 0; group < deviation.Length; group++)
        {
            if (!(deviation[group] >= 0f && float.IsFinite(deviation[group])))
                throw new ArgumentException($"The deviation {deviation[group]} of group {group} is none: it must be finite and not negative.", nameof(deviation));
            var (first, length) = RandomRotation.Group(group, x.Length);
            RandomRotation.Forward(x.Slice(first, length), words, group, buffers.Values[..length]);
            if (!TryLargest(buffers.Values[..length], out var largest) || largest > LargestLevel * StepMax)
                throw new ArgumentException($"A value of group {group} is not finite or too large.", nameof(x));
            var scale = BFloat16.AtLeast(Math.Clamp(Math.Max(reach / (1 << bits) * deviation[group], largest / LargestLevel), StepMin, StepMax));
            words.DrawDither(first / RandomWords.DitherLength, buffers.Dither);
            var check = LatticeKernels.Quantise(buffers, length, bits, BFloat16.ToSingle(scale));
            BinaryPrimitives.WriteUInt16LittleEndian(destination, scale);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[ScaleBytes..], check);
            var packed = BitPacking.Length(length, bits);
            BitPacking.Pack(buffers.Residues, length, bits, destination.Slice(HeaderBytes, packed));
            destination = destination[(HeaderBytes + packed)..];
        }
    }

    /// <summary>Decodes bytes from outside. Every receiver that can decode a message gets the same values, bit for bit.</summary>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="bits">The encoder's bits a value.</param>
    /// <param name="reference">Shape [I]; the receiver's own values, finite.</param>
    /// <param name="stepMax">Shape [<see cref="GroupCount"/>]; the largest step accepted of each group: the error is up to half of it.</param>
    /// <param name="seed">The encoder's seed.</param>
    /// <param name="stream">The encoder's stream.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> floats; destroyed.</param>
    /// <param name="destination">Shape [I]; overwritten, and partly so when the bytes are refused. May not overlap the reference.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the reference is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is out of range.</exception>
    public static LatticeError TryDecode(
        ReadOnlySpan<byte> source,
        int bits,
        ReadOnlySpan<float> reference,
        ReadOnlySpan<float> stepMax,
        ulong seed,
        ulong stream,
        Span<float> scratch,
        Span<float> destination)
    {
        CheckLength(reference.Length, destination.Length, nameof(destination));
        CheckLength(GroupCount(reference.Length), stepMax.Length, nameof(stepMax));
        if (source.Length != EncodedLength(reference.Length, bits))
            return LatticeError.BadLength;
        var buffers = new Buffers(scratch, reference.Length);
        var words = new RandomWords(seed, stream);
        for (var group = 0; group < stepMax.Length; group++)
        {
            var (first, length) = RandomRotation.Group(group, reference.Length);
            var step = BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(source));
            var packed = BitPacking.Length(length, bits);
            if (!(step is >= StepMin and <= StepMax) || !BitPacking.TryUnpack(source.Slice(HeaderBytes, packed), length, bits, buffers.Residues))
                return LatticeError.Malformed;
            if (!(step <= stepMax[group]))
                return LatticeError.TooCoarse;
            RandomRotation.Forward(reference.Slice(first, length), words, group, buffers.Values[..length]);
            if (!TryLargest(buffers.Values[..length], out _))
                throw new ArgumentException($"A value of group {group} is not finite or too large.", nameof(reference));
            words.DrawDither(first / RandomWords.DitherLength, buffers.Dither);
            var check = LatticeKernels.Nearest(buffers, length, bits, step);
            var sent = BinaryPrimitives.ReadUInt64LittleEndian(source[ScaleBytes..]);
            if (check != sent && !LatticeSyndrome.TryCorrect(buffers.Margins[..length], buffers.Values[..length], LatticeWeights.Subtract(sent, check), 1 << bits))
                return LatticeError.TooFar;
            LatticeKernels.Restore(buffers, length, step);
            RandomRotation.Inverse(buffers.Values[..length], words, group, destination.Slice(first, length));
            source = source[(HeaderBytes + packed)..];
        }
        return LatticeError.None;
    }

    /// <summary>The longest group, up to whole batches of dither.</summary>
    private static int LanesFor(int count) =>
        (RandomRotation.LongestGroup(count) + RandomWords.DitherLength - 1) / RandomWords.DitherLength * RandomWords.DitherLength;

    private static bool TryLargest(ReadOnlySpan<float> values, out float largest)
    {
        largest = LatticeKernels.Largest(values, out var finite);
        return finite;
    }

    private static void CheckBits(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, BitsMax);
    }

    private static void CheckLength(int expected, int length, string name)
    {
        if (length != expected)
            throw new ArgumentException($"The length must be {expected}, not {length}.", name);
    }

    /// <summary>The parts of the scratch, as long as the longest group.</summary>
    internal readonly ref struct Buffers
    {
        internal Buffers(Span<float> scratch, int count)
        {
            if (scratch.Length < ScratchLength(count))
                throw new ArgumentException($"The scratch must hold {ScratchLength(count)} floats, not {scratch.Length}.", nameof(scratch));
            var lanes = LanesFor(count);
            Values = scratch[..lanes];
            Dither = scratch.Slice(lanes, lanes);
            Margins = scratch.Slice(2 * lanes, lanes);
            Residues = MemoryMarshal.AsBytes(scratch.Slice(3 * lanes, lanes / sizeof(float)));
        }

        /// <summary>Rotated values, then levels k'.</summary>
        internal Span<float> Values { get; }

        /// <summary>u.</summary>
        internal Span<float> Dither { get; }

        /// <summary>Where each level's interval the receiver's value lies, -1/2 to 1/2.</summary>
        internal Span<float> Margins { get; }

        /// <summary>r.</summary>
        internal Span<byte> Residues { get; }
    }
}
