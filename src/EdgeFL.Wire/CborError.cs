namespace EdgeFL.Wire;

/// <summary>Why bytes are not the deterministic CBOR (RFC 8949 section 4.2) that was asked for.</summary>
public enum CborError
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The bytes end within an item, or a length points behind their end.</summary>
    Truncated,

    /// <summary>Another kind of item was expected.</summary>
    WrongType,

    /// <summary>A length or number takes more bytes than it needs.</summary>
    NotShortest,

    /// <summary>An indefinite length, or the break that ends one.</summary>
    Indefinite,

    /// <summary>Additional information 28 to 30, or a simple value that has no meaning here.</summary>
    Reserved,

    /// <summary>A string, array or map is longer than the reader allows.</summary>
    TooLong,

    /// <summary>Nested deeper than <see cref="CborReader.DepthMax"/>.</summary>
    TooDeep,

    /// <summary>A number is outside the range the reader allows.</summary>
    OutOfRange,

    /// <summary>The keys of a map are not in bytewise order.</summary>
    KeyOrder,

    /// <summary>A map has one key twice.</summary>
    DuplicateKey,

    /// <summary>A float is NaN or infinite.</summary>
    NotFinite,

    /// <summary>A text string is not UTF-8.</summary>
    BadText,

    /// <summary>An array or map has more or fewer items than were read.</summary>
    WrongCount,

    /// <summary>Bytes are left over behind the item.</summary>
    TrailingBytes,
}
