using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.Identity;

namespace EdgeFL.Platform.Links;

/// <summary>TLS 1.3 with certificates of the fleet on both ends, and nothing else: names and addresses prove nothing here, the certificate's subject does.</summary>
public sealed class TlsPolicy
{
    private readonly DeviceCredentials credentials;

    /// <summary>Makes the policy of one node or operator.</summary>
    /// <param name="credentials">Its own credentials; stay the caller's.</param>
    public TlsPolicy(DeviceCredentials credentials) => this.credentials = credentials;

    /// <summary>Options of a listener; the client must show a certificate of the fleet.</summary>
    public SslServerAuthenticationOptions Server() => new()
    {
        ServerCertificateContext = credentials.TlsContext,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateChainPolicy = Untrusting(),
        // Thrown, not returned: the reason is then in the event that people read.
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Verify(certificate, chain, out PeerIdentity? _) is var error && error == CertificateError.None
            ? true
            : throw new AuthenticationException($"the client's certificate is refused: {error}"),
    };

    /// <summary>Options of a connection to a peer, or to an operator's choice of node.</summary>
    /// <param name="expected">The node that must answer; null for any of the fleet.</param>
    /// <param name="verified">Is told who answered.</param>
    public SslClientAuthenticationOptions Client(NodeId? expected, Action<PeerIdentity>? verified = null) => new()
    {
        TargetHost = expected?.Value ?? "edgefl",
        ClientCertificateContext = credentials.TlsContext,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateChainPolicy = Untrusting(),
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            if (Verify(certificate, chain, out PeerIdentity? identity) != CertificateError.None || identity!.Role != CertificateRole.Device)
                return false;
            if (expected is { } node && identity.Node != node)
                return false;
            verified?.Invoke(identity);
            return true;
        },
    };

    /// <summary>Options of a connection to an outside broker: its certificate is checked against the given CA file, or the fleet's own CA.</summary>
    /// <param name="host">Name that the broker's certificate must carry when a CA file is given.</param>
    /// <param name="authorities">The CA file's certificates; empty for the fleet's own CA.</param>
    public SslClientAuthenticationOptions Broker(string host, X509Certificate2Collection authorities)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificateContext = credentials.TlsContext,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = Untrusting(),
        };
        if (authorities.Count == 0)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => Verify(certificate, chain, out PeerIdentity? _) == CertificateError.None;
        }
        else
        {
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    /// <summary>Trusts nothing by itself: the system's roots are neither asked nor loaded (megabytes), and nothing is fetched that a stranger's certificate names.</summary>
    private static X509ChainPolicy Untrusting() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    private CertificateError Verify(X509Certificate? certificate, X509Chain? chain, out PeerIdentity? identity) =>
        credentials.Trust.Verify(certificate, chain, DateTimeOffset.UtcNow, out identity);
}
