namespace EdgeFL.Identity;

/// <summary>Every <see cref="IdentityException.Code"/> there is.</summary>
public static class IdentityCodes
{
    /// <summary>A file that must be there is not, or may not be read.</summary>
    public const string FileMissing = "identity-file-missing";

    /// <summary>A private key may be read by others than its owner.</summary>
    public const string KeyMode = "identity-key-mode";

    /// <summary>A private key file holds no readable PEM key.</summary>
    public const string KeyCorrupt = "identity-key-corrupt";

    /// <summary>A key is not on curve P-256.</summary>
    public const string KeyType = "identity-key-type";

    /// <summary>A certificate file holds no readable PEM certificate, or not as many as it must.</summary>
    public const string CertificateCorrupt = "identity-certificate-corrupt";

    /// <summary>Key and certificate are not of one pair.</summary>
    public const string KeyMismatch = "identity-key-mismatch";

    /// <summary>A certificate does not lead to the fleet's root, or says something a certificate of its role may not say.</summary>
    public const string CertificateRefused = "identity-certificate-refused";

    /// <summary>An authority is asked to sign outside its own validity.</summary>
    public const string AuthorityExpired = "identity-authority-expired";
}
