using System.Security.Cryptography;

namespace EdgeFL.Identity;

/// <summary>ECDSA on P-256 with SHA-256, signature r‖s of 64 bytes: ES256 of RFC 9053 section 2.1. Signatures are random; never hash them into anything that must reproduce.</summary>
public static class Es256
{
    /// <summary>Bytes of a signature.</summary>
    public const int SignatureLength = 64;

    /// <summary>Makes a P-256 key pair from the system's randomness.</summary>
    public static ECDsa CreateKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Signs.</summary>
    /// <param name="key">A P-256 private key.</param>
    /// <param name="data">What is signed.</param>
    /// <returns>64 bytes r‖s.</returns>
    /// <exception cref="ArgumentException">The key is not a 256-bit key.</exception>
    /// <exception cref="CryptographicException">The key has no private part.</exception>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> data)
    {
        var signature = new byte[SignatureLength];
        Sign(key, data, signature);
        return signature;
    }

    /// <summary>Signs into the caller's span.</summary>
    /// <param name="key">A P-256 private key.</param>
    /// <param name="data">What is signed.</param>
    /// <param name="signature">64 bytes, written r‖s.</param>
    /// <exception cref="ArgumentException">The key is not a 256-bit key, or the span is not 64 bytes.</exception>
    /// <exception cref="CryptographicException">The key has no private part.</exception>
    public static void Sign(ECDsa key, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize != 256)
            throw new ArgumentException($"ES256 needs a 256-bit key, not {key.KeySize} bits.", nameof(key));
        if (signature.Length != SignatureLength)
            throw new ArgumentException($"An ES256 signature has {SignatureLength} bytes, not {signature.Length}.", nameof(signature));
        if (!key.TrySignData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out int written)
            || written != SignatureLength)
            throw new CryptographicException("The key gave no 64-byte signature.");
    }

    /// <summary>Whether a signature is good. Bytes of any length and content are fine; bad ones give false.</summary>
    /// <param name="publicKey">A P-256 key.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">r‖s.</param>
    public static bool Verify(ECDsa publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        return publicKey.KeySize == 256 && signature.Length == SignatureLength
            && publicKey.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>Makes a key to verify with from <see cref="PeerIdentity.PublicKey"/>. Costs more than a verification: keep it for as long as the peer is known.</summary>
    /// <param name="subjectPublicKeyInfo">DER of a P-256 key that has been through <see cref="TrustStore"/>.</param>
    /// <exception cref="CryptographicException">Not a public key.</exception>
    public static ECDsa ImportPublicKey(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
