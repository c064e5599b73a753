using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>Certificates in PEM: one after another, leaf first.</summary>
internal static class CertificateFile
{
    /// <summary>Longest chain that is looked at: leaf, issuing, root, and one to spare.</summary>
    public const int CountMax = 4;

    public static void Save(string path, params ReadOnlySpan<X509Certificate2> certificates) =>
        IdentityFile.Write(path, ToPem(certificates), IdentityFile.PublicMode);

    public static string ToPem(params ReadOnlySpan<X509Certificate2> certificates)
    {
        string text = "";
        foreach (X509Certificate2 certificate in certificates)
            text += certificate.ExportCertificatePem() + "\n";
        return text;
    }

    public static X509Certificate2[] Load(string path, int count, string remedy)
    {
        string pem = IdentityFile.Read(path, isPrivate: false, remedy);
        if (!TryParse(pem, out X509Certificate2[]? certificates))
            throw new IdentityException(IdentityCodes.CertificateCorrupt, $"{path} holds no readable PEM certificate", remedy);
        if (certificates.Length == count)
            return certificates;
        Dispose(certificates);
        throw new IdentityException(
            IdentityCodes.CertificateCorrupt, $"{path} holds {certificates.Length} certificates where {count} are expected", remedy);
    }

    /// <summary>Reads 1 to <see cref="CountMax"/> certificates; false on anything else. Fit for text from outside.</summary>
    public static bool TryParse(ReadOnlySpan<char> pem, [NotNullWhen(true)] out X509Certificate2[]? certificates)
    {
        var found = new List<X509Certificate2>(CountMax);
        certificates = null;
        try
        {
            while (PemEncoding.TryFind(pem, out PemFields fields))
            {
                if (found.Count == CountMax || !pem[fields.Label].SequenceEqual("CERTIFICATE"))
                    break;
                var der = new byte[fields.DecodedDataLength];
                if (!Convert.TryFromBase64Chars(pem[fields.Base64Data], der, out int length) || length != der.Length)
                    break;
                found.Add(X509CertificateLoader.LoadCertificate(der));
                pem = pem[fields.Location.End..];
            }
        }
        catch (CryptographicException)
        {
            pem = "unreadable";
        }
        // A block that is cut off or unreadable leaves text behind: the whole is refused, not read in part.
        if (found.Count > 0 && pem.IsWhiteSpace())
        {
            certificates = [.. found];
            return true;
        }
        Dispose(found);
        return false;
    }

    public static void Dispose(IEnumerable<X509Certificate2> certificates)
    {
        foreach (X509Certificate2 certificate in certificates)
            certificate.Dispose();
    }
}
