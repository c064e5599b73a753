namespace EdgeFL.Numerics;

/// <summary>Why a message of <see cref="ModuloLattice"/> could not be decoded.</summary>
public enum LatticeError
{
    /// <summary>It could.</summary>
    None,

    /// <summary>The message has another length than so many values take.</summary>
    BadLength,

    /// <summary>A step or a padding bit that no encoder writes.</summary>
    Malformed,

    /// <summary>A step is larger than the receiver accepts.</summary>
    TooCoarse,

    /// <summary>The receiver's own values are too far from the sender's: it must ask for them in another form.</summary>
    TooFar,
}
