using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>An authority that lives for one test, and the TLS options that trust it alone.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerEku = "1.3.6.1.5.5.7.3.1";
    private const string ClientEku = "1.3.6.1.5.5.7.3.2";
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string name = "test root")
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Issue(string name, int fromDays = -1, int toDays = 1)
    {
        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", leafKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerEku), new Oid(ClientEku)], false));
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(Root, DateTimeOffset.UtcNow.AddDays(fromDays), DateTimeOffset.UtcNow.AddDays(toDays), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(leafKey);
    }

    public SslServerAuthenticationOptions Server(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        CertificateChainPolicy = Policy(),
    };

    /// <summary>Options that share what others hold: one certificate context for many connections.</summary>
    public SslServerAuthenticationOptions Server(SslServerAuthenticationOptions shared) => new()
    {
        ServerCertificateContext = shared.ServerCertificateContext,
        CertificateChainPolicy = Policy(),
    };

    public SslClientAuthenticationOptions Client(X509Certificate2? certificate) => new()
    {
        TargetHost = "localhost",
        ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        CertificateChainPolicy = Policy(),
    };

    /// <summary>Writes a certificate for programs that read files.</summary>
    /// <returns>As mosquitto's clients want them: --cafile PATH --cert PATH --key PATH.</returns>
    public string[] Write(string folder, X509Certificate2 certificate)
    {
        string ca = Path.Combine(folder, "ca.pem"), cert = Path.Combine(folder, "cert.pem"), keyFile = Path.Combine(folder, "key.pem");
        File.WriteAllText(ca, Root.ExportCertificatePem());
        File.WriteAllText(cert, certificate.ExportCertificatePem());
        using ECDsa own = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(keyFile, own.ExportPkcs8PrivateKeyPem());
        return ["--cafile", ca, "--cert", cert, "--key", keyFile];
    }

    public void Dispose()
    {
        Root.Dispose();
        key.Dispose();
    }

    private X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Root);
        return policy;
    }
}
