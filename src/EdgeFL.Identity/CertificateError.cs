namespace EdgeFL.Identity;

/// <summary>Why a peer's certificate is refused.</summary>
public enum CertificateError
{
    /// <summary>It is good.</summary>
    None,

    /// <summary>None was shown, or nothing that reads as one.</summary>
    NoCertificate,

    /// <summary>It does not lead to the fleet's root.</summary>
    UntrustedChain,

    /// <summary>It, or one above it, is past its end.</summary>
    Expired,

    /// <summary>It, or one above it, has not begun; often this device's clock is behind.</summary>
    NotYetValid,

    /// <summary>It names another fleet.</summary>
    OtherFleet,

    /// <summary>It names nobody: common name, alternative name, key usage or constraints are not those of a device or an operator.</summary>
    BadSubject,

    /// <summary>Its key is not ECDSA on P-256.</summary>
    WrongKeyType,

    /// <summary>Its serial number is on the fleet's revocation list.</summary>
    Revoked,
}
