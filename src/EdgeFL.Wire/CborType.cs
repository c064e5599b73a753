namespace EdgeFL.Wire;

/// <summary>The kinds of CBOR item that frames are made of.</summary>
public enum CborType
{
    /// <summary>Nothing: the end, or an item no frame uses.</summary>
    None,

    /// <summary>Major type 0.</summary>
    UnsignedInteger,

    /// <summary>Major type 1.</summary>
    NegativeInteger,

    /// <summary>Major type 2.</summary>
    Bytes,

    /// <summary>Major type 3.</summary>
    Text,

    /// <summary>Major type 4.</summary>
    Array,

    /// <summary>Major type 5.</summary>
    Map,

    /// <summary>Major type 6.</summary>
    Tag,

    /// <summary>Simple values 20 and 21.</summary>
    Boolean,

    /// <summary>Simple value 22.</summary>
    Null,

    /// <summary>Major type 7, additional information 26.</summary>
    Single,
}
