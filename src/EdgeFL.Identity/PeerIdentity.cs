namespace EdgeFL.Identity;

/// <summary>Who a verified certificate says its holder is.</summary>
public sealed record PeerIdentity
{
    internal PeerIdentity(CertificateSubject subject, byte[] publicKey, byte[] fingerprint, string serialNumber, DateTimeOffset notAfter)
    {
        Fleet = subject.Fleet;
        Role = subject.Role;
        Name = subject.Name;
        PublicKey = publicKey;
        Fingerprint = fingerprint;
        KeyId = KeyId.Read(fingerprint);
        SerialNumber = serialNumber;
        NotAfter = notAfter;
    }

    /// <summary>The fleet.</summary>
    public FleetId Fleet { get; }

    /// <summary>Device or operator.</summary>
    public CertificateRole Role { get; }

    /// <summary>The node id or the operator's name, 1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</summary>
    public string Name { get; }

    /// <summary>The node; the default value for an operator.</summary>
    public NodeId Node => Role == CertificateRole.Device ? NodeId.Parse(Name) : default;

    /// <summary>SubjectPublicKeyInfo, DER; for <see cref="Es256.ImportPublicKey"/>.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>SHA-256 of <see cref="PublicKey"/>, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Fingerprint { get; }

    /// <summary>First 8 bytes of <see cref="Fingerprint"/>.</summary>
    public KeyId KeyId { get; }

    /// <summary>Serial number, upper-case hexadecimal, as revocation lists name it.</summary>
    public string SerialNumber { get; }

    /// <summary>End of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>One identity means the same certificate: same fleet, role, name, key and serial number.</summary>
    /// <param name="other">Another identity or null.</param>
    public bool Equals(PeerIdentity? other) =>
        other is not null && Fleet == other.Fleet && Role == other.Role && Name == other.Name
        && SerialNumber == other.SerialNumber && Fingerprint.Span.SequenceEqual(other.Fingerprint.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(KeyId, SerialNumber);
}
