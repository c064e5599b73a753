namespace EdgeFL.Identity;

/// <summary>What the holder of a certificate may be.</summary>
public enum CertificateRole
{
    /// <summary>A learning device: SAN <c>urn:edgefl:{fleet}:{node}</c>, client and server.</summary>
    Device,

    /// <summary>A person or program that commands devices: SAN <c>urn:edgefl:{fleet}:operator:{name}</c>, client only.</summary>
    Operator,
}
