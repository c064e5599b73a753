using EdgeFL.Numerics;

namespace EdgeFL.Wire;

/// <summary>
/// Puts all parameters of a model into bytes for receivers whose own model is near, and back (<see cref="ModuloLattice"/>). Nothing is shared but the fleet's having learnt together: a receiver
/// that is too far off sees that it is, and asks for a snapshot (<see cref="SnapshotCodec"/>).
/// </summary>
public static class LatticeCodec
{
    /// <summary>The codec of so many bits a parameter.</summary>
    /// <param name="bits">1 to 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number of bits.</exception>
    public static UpdateCodec Of(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, ModuloLattice.BitsMax);
        return UpdateCodec.Lattice1 + (byte)(bits - 1);
    }

    /// <summary>Whether a codec needs the receiver's own model.</summary>
    /// <param name="codec">Any codec.</param>
    public static bool Is(UpdateCodec codec) => codec is >= UpdateCodec.Lattice1 and <= UpdateCodec.Lattice8;

    /// <summary>Bits a parameter.</summary>
    /// <param name="codec">A lattice.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another codec.</exception>
    public static int BitsOf(UpdateCodec codec) =>
        Is(codec) ? codec - UpdateCodec.Lattice1 + 1 : throw new ArgumentOutOfRangeException(nameof(codec), codec, "This codec is no lattice.");

    /// <summary>The step that goes with an expected distance, before it is rounded up.</summary>
    /// <param name="codec">A lattice.</param>
    /// <param name="deviation">How far a receiver's parameters are expected to be, as the root of the mean square.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another codec.</exception>
    public static float StepOf(UpdateCodec codec, float deviation) => ReachOf(codec) * deviation / (1 << BitsOf(codec));

    /// <summary>Bytes that a number of parameters takes.</summary>
    /// <param name="codec">A lattice.</param>
    /// <param name="count">Parameters, 0 to 2^26.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another codec, or a count out of range.</exception>
    public static int EncodedLength(UpdateCodec codec, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)UpdateLimits.ParametersCeiling, nameof(count));
        return ModuloLattice.EncodedLength(count, BitsOf(codec));
    }

    /// <summary>Encodes.</summary>
    /// <param name="codec">A lattice.</param>
    /// <param name="source">Parameters, finite and at most 1e28 in magnitude.</param>
    /// <param name="deviation">Shape [<see cref="ModuloLattice.GroupCount"/>]; how far a receiver's parameters are expected to be in each group, as the root of the mean square.</param>
    /// <param name="dither">Names the frame.</param>
    /// <param name="scratch">At least <see cref="ModuloLattice.ScratchLength"/> floats; destroyed.</param>
    /// <param name="destination">Exactly <see cref="EncodedLength"/> bytes; overwritten.</param>
    /// <exception cref="ArgumentException">A length is wrong, or a parameter or deviation out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Another codec, or too many parameters.</exception>
    public static void Encode(
        UpdateCodec codec, ReadOnlySpan<float> source, ReadOnlySpan<float> deviation, DitherSeed dither, Span<float> scratch, Span<byte> destination) =>
        ModuloLattice.Encode(source, BitsOf(codec), deviation, ReachOf(codec), dither.Seed, dither.Stream, scratch, destination);

    /// <summary>Decodes bytes from outside.</summary>
    /// <param name="codec">Any codec.</param>
    /// <param name="source">Bytes of any length.</param>
    /// <param name="reference">The receiver's own parameters, finite; as many as the model has.</param>
    /// <param name="stepMax">Shape [<see cref="ModuloLattice.GroupCount"/>]; the coarsest step accepted of each group.</param>
    /// <param name="dither">What the sender used: it follows from the sender and the frame.</param>
    /// <param name="scratch">At least <see cref="ModuloLattice.ScratchLength"/> floats; destroyed.</param>
    /// <param name="destination">As many parameters; partly written when the bytes are refused. May not overlap the reference.</param>
    /// <returns><see cref="RejectionReason.None"/>; <see cref="RejectionReason.BadCodec"/> for a codec that is no lattice, another length, or bytes no encoder writes;
    /// <see cref="RejectionReason.TooCoarse"/>; <see cref="RejectionReason.TooFar"/>, which no sender can help.</returns>
    /// <exception cref="ArgumentException">Lengths of the receiver's own differ, or a reference is not finite.</exception>
    public static RejectionReason Decode(
        UpdateCodec codec,
        ReadOnlySpan<byte> source,
        ReadOnlySpan<float> reference,
        ReadOnlySpan<float> stepMax,
        DitherSeed dither,
        Span<float> scratch,
        Span<float> destination)
    {
        if (!Is(codec))
            return RejectionReason.BadCodec;
        return ModuloLattice.TryDecode(source, BitsOf(codec), reference, stepMax, dither.Seed, dither.Stream, scratch, destination) switch
        {
            LatticeError.None => RejectionReason.None,
            LatticeError.TooCoarse => RejectionReason.TooCoarse,
            LatticeError.TooFar => RejectionReason.TooFar,
            _ => RejectionReason.BadCodec,
        };
    }

    /// <summary>The interval's width in deviations: wider where rounding takes up much of it.</summary>
    private static float ReachOf(UpdateCodec codec) => codec switch
    {
        UpdateCodec.Lattice1 => 12f,
        UpdateCodec.Lattice2 => 8.5f,
        _ => ModuloLattice.DefaultReach,
    };
}
