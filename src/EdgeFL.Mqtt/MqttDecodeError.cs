namespace EdgeFL.Mqtt;

/// <summary>Why bytes from outside are not an MQTT packet. Decoders return it; they never throw on bytes.</summary>
public enum MqttDecodeError
{
    /// <summary>The packet is well formed.</summary>
    None,

    /// <summary>The framer needs more bytes; not a fault.</summary>
    NeedMore,

    /// <summary>The remaining length is not a shortest variable byte integer of at most 4 bytes.</summary>
    BadRemainingLength,

    /// <summary>The packet is larger than the receiver allows.</summary>
    TooLarge,

    /// <summary>Packet type 0, or a type that this version does not have.</summary>
    BadType,

    /// <summary>Reserved bits are set or required bits are not.</summary>
    BadFlags,

    /// <summary>The packet ends inside a field.</summary>
    Truncated,

    /// <summary>Bytes are left after the last field.</summary>
    TrailingBytes,

    /// <summary>A string is not UTF-8, or holds U+0000, a control character or a non-character.</summary>
    BadText,

    /// <summary>A topic name is empty, has a wildcard or too many levels.</summary>
    BadTopic,

    /// <summary>A topic filter is empty, misplaces a wildcard or has too many levels.</summary>
    BadFilter,

    /// <summary>QoS 3, or a duplicate flag at QoS 0.</summary>
    BadQos,

    /// <summary>The protocol name is not <c>MQTT</c>.</summary>
    BadProtocolName,

    /// <summary>The protocol level is neither 4 nor 5.</summary>
    UnsupportedVersion,

    /// <summary>A packet identifier is zero.</summary>
    BadPacketId,

    /// <summary>A property identifier that the version or the packet does not have.</summary>
    UnknownProperty,

    /// <summary>A property that may stand once stands twice.</summary>
    DuplicateProperty,

    /// <summary>A property has a value outside its range.</summary>
    BadPropertyValue,

    /// <summary>A reason or return code that the packet does not have.</summary>
    BadReason,

    /// <summary>A SUBSCRIBE, UNSUBSCRIBE or SUBACK without an entry.</summary>
    NoEntries,

    /// <summary>More entries or user properties in one packet than are accepted.</summary>
    TooManyEntries,

    /// <summary>A client identifier that the rules do not allow.</summary>
    BadClientId,
}
