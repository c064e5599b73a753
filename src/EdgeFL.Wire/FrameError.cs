namespace EdgeFL.Wire;

/// <summary>Why bytes are not an <see cref="UpdateFrame"/> that the receiver takes.</summary>
public enum FrameError
{
    /// <summary>They are one.</summary>
    None,

    /// <summary>They end too early.</summary>
    Truncated,

    /// <summary>Not deterministic CBOR, fields missing or unknown, counts that contradict each other, or bytes left over.</summary>
    Malformed,

    /// <summary>Another protocol version.</summary>
    UnknownVersion,

    /// <summary>More parameters, bytes or chunks than the receiver's <see cref="UpdateLimits"/>.</summary>
    TooLarge,

    /// <summary>A NaN or an infinity.</summary>
    NotFinite,

    /// <summary>An unknown codec, or data of another length than its codec gives for the number of parameters.</summary>
    BadCodec,
}
