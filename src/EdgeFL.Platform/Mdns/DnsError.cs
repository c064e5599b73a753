namespace EdgeFL.Platform.Mdns;

/// <summary>Why a DNS message from the network was refused.</summary>
internal enum DnsError
{
    /// <summary>The message is well formed.</summary>
    None,

    /// <summary>It ends before what its header or a length field promises.</summary>
    Truncated,

    /// <summary>It is longer than <see cref="DnsReader.MessageBytesMax"/>.</summary>
    Oversized,

    /// <summary>Its header promises more than <see cref="DnsReader.EntriesMax"/> questions and records.</summary>
    TooManyEntries,

    /// <summary>Opcode or response code is not zero: multicast DNS ignores these (RFC 6762, 18.3 and 18.11).</summary>
    Unsupported,

    /// <summary>A label type other than plain or pointer (RFC 1035, 4.1.4).</summary>
    BadLabel,

    /// <summary>A compression pointer that does not point strictly backwards, or too many of them in a row.</summary>
    BadPointer,

    /// <summary>A name of more than 255 bytes.</summary>
    NameTooLong,

    /// <summary>Record data that does not fit its type.</summary>
    BadRecord,
}
