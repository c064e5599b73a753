using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>What stands in the fleet's certificates, RFC 5280. One place, so that what is issued and what is accepted cannot drift apart.</summary>
internal static class CertificateProfile
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>A Raspberry Pi has no clock battery and may be behind what signed its certificate.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    public static CertificateRequest Authority(FleetId fleet, string name, ECDsa key, int pathLength)
    {
        CertificateRequest request = Request(name, key, CertificateSubject.AuthorityUri(fleet));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return request;
    }

    public static CertificateRequest Leaf(CertificateSubject subject, ECDsa publicKey)
    {
        CertificateRequest request = Request(subject.Name, publicKey, subject.Uri);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        var usages = new OidCollection { new(ClientUsage) };
        if (subject.Role == CertificateRole.Device)
            usages.Add(new(ServerUsage));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        return request;
    }

    public static X509Certificate2 SelfSign(CertificateRequest request, ECDsa key, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore, notAfter, Serial());

    public static X509Certificate2 Sign(
        CertificateRequest request, X509Certificate2 issuer, ECDsa issuerKey, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        return request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), notBefore, notAfter, Serial());
    }

    /// <summary>Whether a leaf's constraints and usages are exactly those its role has.</summary>
    public static bool IsLeaf(X509Certificate2 certificate, CertificateRole role)
    {
        bool client = false, server = false, signs = false;
        foreach (X509Extension extension in certificate.Extensions)
        {
            switch (extension)
            {
                case X509BasicConstraintsExtension { CertificateAuthority: true }:
                    return false;
                case X509KeyUsageExtension usage:
                    signs = usage.KeyUsages == X509KeyUsageFlags.DigitalSignature;
                    break;
                case X509EnhancedKeyUsageExtension usages:
                    foreach (Oid usage in usages.EnhancedKeyUsages)
                    {
                        client |= usage.Value == ClientUsage;
                        server |= usage.Value == ServerUsage;
                    }
                    break;
            }
        }
        return signs && client && server == (role == CertificateRole.Device);
    }

    public static bool IsP256(PublicKey key)
    {
        // id-ecPublicKey with the named curve prime256v1, and an uncompressed point.
        ReadOnlySpan<byte> curve = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
        return key.Oid.Value == "1.2.840.10045.2.1"
            && key.EncodedParameters is { } parameters && curve.SequenceEqual(parameters.RawData)
            && key.EncodedKeyValue.RawData is [0x04, ..] and { Length: 65 };
    }

    private static CertificateRequest Request(string commonName, ECDsa key, string uri)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        var alternative = new SubjectAlternativeNameBuilder();
        alternative.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(alternative.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static byte[] Serial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        // Positive and of full length, whatever the draw.
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
