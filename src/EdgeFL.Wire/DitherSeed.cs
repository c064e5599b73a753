using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>
/// Which dither a frame's encoder added and its decoder takes off again. It follows from what the receiver knows of a verified frame, so it costs
/// no byte; it differs between any two frames and any two senders, so that their rounding errors average out.
/// </summary>
/// <param name="Seed">Key of the Philox generator.</param>
/// <param name="Stream">Stream of the Philox generator.</param>
public readonly record struct DitherSeed(ulong Seed, ulong Stream)
{
    private const ulong FnvOffset = 0xCBF29CE484222325;
    private const ulong FnvPrime = 0x100000001B3;

    /// <summary>The dither of a frame: the seed is FNV-1a (64 bit) over the sender's id and the four bytes of the boot epoch, high byte first; the stream is the sequence.</summary>
    /// <param name="sender">Who signed the frame.</param>
    /// <param name="bootEpoch">Boot epoch in the frame.</param>
    /// <param name="sequence">Sequence in the frame.</param>
    public static DitherSeed Of(NodeId sender, uint bootEpoch, ulong sequence)
    {
        ulong hash = FnvOffset;
        foreach (char letter in sender.Value)
            hash = unchecked((hash ^ letter) * FnvPrime);
        for (int shift = 24; shift >= 0; shift -= 8)
            hash = unchecked((hash ^ ((bootEpoch >> shift) & 0xFF)) * FnvPrime);
        return new DitherSeed(hash, sequence);
    }
}
