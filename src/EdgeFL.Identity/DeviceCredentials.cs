using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>
/// What a node proves itself with and whom it believes, from one folder: <c>key.pem</c> (mode 0600), <c>cert.pem</c> (leaf, then issuing),
/// <c>ca.pem</c> (root). An operator's folder looks the same.
/// </summary>
public sealed class DeviceCredentials : IDisposable
{
    private const string KeyName = "key.pem", ChainName = "cert.pem", AnchorName = "ca.pem";

    private readonly X509Certificate2 root;

    private DeviceCredentials(ECDsa key, X509Certificate2 leaf, X509Certificate2 issuing, X509Certificate2 root, TrustStore trust, PeerIdentity identity)
    {
        Key = key;
        Leaf = leaf;
        Issuing = issuing;
        this.root = root;
        Trust = trust;
        Identity = identity;
        ChainPem = CertificateFile.ToPem(leaf, issuing);
        TlsContext = SslStreamCertificateContext.Create(leaf, [issuing], offline: true);
    }

    /// <summary>Who this is; <see cref="PeerIdentity.Role"/> says whether a device or an operator.</summary>
    public PeerIdentity Identity { get; }

    /// <summary>The private key, to sign frames with.</summary>
    public ECDsa Key { get; }

    /// <summary>The certificate with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>The certificate of the authority that signed <see cref="Leaf"/>.</summary>
    public X509Certificate2 Issuing { get; }

    /// <summary>Leaf and issuing certificate in PEM, to publish; for <see cref="TrustStore.VerifyPem"/>.</summary>
    public string ChainPem { get; }

    /// <summary>Whom this node believes.</summary>
    public TrustStore Trust { get; }

    /// <summary>Leaf, key and issuing certificate for either side of an <c>SslStream</c>; made without the network.</summary>
    public SslStreamCertificateContext TlsContext { get; }

    /// <summary>Begin of validity.</summary>
    public DateTimeOffset NotBefore => new(Leaf.NotBefore.ToUniversalTime());

    /// <summary>End of validity.</summary>
    public DateTimeOffset NotAfter => new(Leaf.NotAfter.ToUniversalTime());

    /// <summary>When to ask for a new certificate: two thirds through its validity.</summary>
    public DateTimeOffset RenewAfter => NotBefore + (NotAfter - NotBefore) * (2.0 / 3.0);

    /// <summary>Reads the folder. Validity periods are not looked at: a device may start before it knows the time; see <see cref="NotBefore"/> and <see cref="NotAfter"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IdentityException">A file is missing, damaged, or open to others; key and certificate do not match; the chain does not lead to the root.</exception>
    public static DeviceCredentials Load(string folder)
    {
        string remedy = $"Restore {folder}, or provision this device again with: edgefl node add";
        string anchorPath = Path.Combine(folder, AnchorName), chainPath = Path.Combine(folder, ChainName);
        var held = new List<IDisposable>();
        try
        {
            ECDsa key = PrivateKeyFile.Load(Path.Combine(folder, KeyName), remedy);
            held.Add(key);
            X509Certificate2[] chain = CertificateFile.Load(chainPath, 2, remedy);
            held.AddRange(chain);
            X509Certificate2 root = CertificateFile.Load(anchorPath, 1, remedy)[0];
            held.Add(root);
            if (!CertificateSubject.TryReadAuthority(root, out FleetId fleet))
                throw new IdentityException(IdentityCodes.CertificateRefused, $"{anchorPath} is not the root certificate of a fleet", remedy);
            var trust = new TrustStore(fleet, [root], [chain[1]]);
            CertificateError error = trust.Verify(chain[0], null, (DateTimeOffset?)null, out PeerIdentity? identity);
            if (error != CertificateError.None)
                throw new IdentityException(
                    IdentityCodes.CertificateRefused, $"{chainPath} is not accepted under {anchorPath} ({error})", remedy);
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(identity!.PublicKey.Span))
                throw new IdentityException(
                    IdentityCodes.KeyMismatch, $"{Path.Combine(folder, KeyName)} is not the key of {chainPath}", remedy);
            X509Certificate2 leaf = chain[0].CopyWithPrivateKey(key);
            chain[0].Dispose();
            return new DeviceCredentials(key, leaf, chain[1], root, trust, identity);
        }
        catch
        {
            foreach (IDisposable item in held)
                item.Dispose();
            throw;
        }
    }

    /// <summary>Writes a folder that <see cref="Load"/> reads.</summary>
    /// <param name="folder">Where to; made with mode 0700 when missing.</param>
    /// <param name="key">The private key; written with mode 0600.</param>
    /// <param name="leaf">The certificate of <paramref name="key"/>.</param>
    /// <param name="issuing">The authority that signed it.</param>
    /// <param name="root">The fleet's root.</param>
    /// <exception cref="IOException">The folder cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Save(string folder, ECDsa key, X509Certificate2 leaf, X509Certificate2 issuing, X509Certificate2 root)
    {
        PrivateFolder.Create(folder);
        CertificateFile.Save(Path.Combine(folder, AnchorName), root);
        PrivateKeyFile.Save(Path.Combine(folder, KeyName), key);
        CertificateFile.Save(Path.Combine(folder, ChainName), leaf, issuing);
    }

    /// <summary>Releases key and certificates; connections that use them must be closed first.</summary>
    public void Dispose()
    {
        Key.Dispose();
        Leaf.Dispose();
        Issuing.Dispose();
        root.Dispose();
    }
}
