using System.Security.Cryptography;

namespace EdgeFL.Identity;

/// <summary>A P-256 private key in a PEM file (PKCS #8) that only its owner may read.</summary>
public static class PrivateKeyFile
{
    /// <summary>Writes the key with mode 0600, whole or not at all.</summary>
    /// <param name="path">Where to; a file there is replaced.</param>
    /// <param name="key">A P-256 private key.</param>
    /// <exception cref="IOException">The folder is missing or full.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Save(string path, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        IdentityFile.Write(path, key.ExportPkcs8PrivateKeyPem() + "\n", IdentityFile.PrivateMode);
    }

    /// <summary>Reads the key.</summary>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What a person is told to do when the file is missing or damaged, a sentence without its full stop; null for a general one.</param>
    /// <exception cref="IdentityException">The file is missing, may be read by others, holds no key, or holds one that is not on P-256.</exception>
    public static ECDsa Load(string path, string? remedy = null)
    {
        remedy ??= $"Restore {path} from a backup, or make a new key and certificate";
        string pem = IdentityFile.Read(path, isPrivate: true, remedy);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            // Export rather than trust KeySize alone: other 256-bit curves exist.
            if (!IsP256(key.ExportParameters(includePrivateParameters: false).Curve))
                throw new IdentityException(IdentityCodes.KeyType, $"The private key {path} is not on curve P-256", remedy);
            using var probe = Es256.ImportPublicKey(key.ExportSubjectPublicKeyInfo());
            if (!Es256.Verify(probe, [], Es256.Sign(key, [])))
                throw new IdentityException(IdentityCodes.KeyCorrupt, $"The private key {path} does not belong to the public key beside it", remedy);
            return key;
        }
        catch (Exception e)
        {
            key.Dispose();
            if (e is ArgumentException or CryptographicException)
                throw new IdentityException(IdentityCodes.KeyCorrupt, $"{path} holds no readable P-256 private key in PEM", remedy, e);
            throw;
        }
    }

    internal static bool IsP256(ECCurve curve) => curve.IsNamed && curve.Oid.Value == "1.2.840.10045.3.1.7";
}
