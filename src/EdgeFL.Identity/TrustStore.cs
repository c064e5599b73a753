using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>
/// Decides whose certificates a node believes: those of its own fleet, from its own root, and nothing from the system's store or the network.
/// Safe to call from several threads.
/// </summary>
public sealed class TrustStore
{
    private readonly X509Certificate2[] roots;
    private readonly X509Certificate2[] intermediates;
    private volatile FrozenSet<string> revoked = FrozenSet<string>.Empty;

    /// <summary>Makes a store that trusts the given roots for one fleet.</summary>
    /// <param name="fleet">The only fleet that is accepted.</param>
    /// <param name="roots">1 to 4 root certificates; kept, not disposed.</param>
    /// <param name="intermediates">Issuing certificates already known, for peers that send their leaf alone; up to 4; kept, not disposed.</param>
    /// <exception cref="ArgumentException">No fleet, no root, or too many of either kind.</exception>
    public TrustStore(FleetId fleet, ReadOnlySpan<X509Certificate2> roots, ReadOnlySpan<X509Certificate2> intermediates = default)
    {
        if (fleet.IsEmpty)
            throw new ArgumentException("A fleet is needed.", nameof(fleet));
        if (roots.Length is < 1 or > CertificateFile.CountMax)
            throw new ArgumentException($"1 to {CertificateFile.CountMax} roots are needed, not {roots.Length}.", nameof(roots));
        if (intermediates.Length > CertificateFile.CountMax)
            throw new ArgumentException($"At most {CertificateFile.CountMax} intermediates, not {intermediates.Length}.", nameof(intermediates));
        Fleet = fleet;
        this.roots = roots.ToArray();
        this.intermediates = intermediates.ToArray();
    }

    /// <summary>The only fleet that is accepted.</summary>
    public FleetId Fleet { get; }

    /// <summary>Replaces the revoked serial numbers. The caller has verified the list and that its number rose.</summary>
    /// <param name="serialNumbers">Hexadecimal, as <see cref="PeerIdentity.SerialNumber"/>; letter case does not matter.</param>
    public void ReplaceRevoked(IEnumerable<string> serialNumbers) =>
        revoked = serialNumbers.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a serial number is revoked now; to cut sessions that were good when they began.</summary>
    /// <param name="serialNumber">Hexadecimal, as <see cref="PeerIdentity.SerialNumber"/>.</param>
    public bool IsRevoked(string serialNumber) => revoked.Contains(serialNumber);

    /// <summary>Decides on a peer's certificate as the callback of an <c>SslStream</c> gets it. The verdict of the system on the chain is not used, only the certificates the peer sent.</summary>
    /// <param name="certificate">The peer's, or null.</param>
    /// <param name="chain">The callback's chain, or null.</param>
    /// <param name="now">The time it is, never before the last time known for sure.</param>
    /// <param name="identity">Who it is; null unless <see cref="CertificateError.None"/>.</param>
    public CertificateError Verify(X509Certificate? certificate, X509Chain? chain, DateTimeOffset now, out PeerIdentity? identity)
    {
        if (certificate is X509Certificate2 leaf)
            return Verify(leaf, chain?.ChainPolicy.ExtraStore, now, out identity);
        identity = null;
        if (certificate is null)
            return CertificateError.NoCertificate;
        using X509Certificate2 copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return Verify(copy, chain?.ChainPolicy.ExtraStore, now, out identity);
    }

    /// <summary>Decides on a chain in PEM, leaf first, as a peer publishes it. Fit for text from outside: anything unreadable is <see cref="CertificateError.NoCertificate"/>.</summary>
    /// <param name="pem">1 to 4 certificates.</param>
    /// <param name="now">The time it is, never before the last time known for sure.</param>
    /// <param name="identity">Who it is; null unless <see cref="CertificateError.None"/>.</param>
    public CertificateError VerifyPem(ReadOnlySpan<char> pem, DateTimeOffset now, out PeerIdentity? identity)
    {
        identity = null;
        if (!CertificateFile.TryParse(pem, out X509Certificate2[]? certificates))
            return CertificateError.NoCertificate;
        CertificateError error = Verify(certificates[0], certificates.Skip(1), now, out identity);
        CertificateFile.Dispose(certificates);
        return error;
    }

    /// <summary>Decides on a certificate.</summary>
    /// <param name="leaf">The peer's, or null when it showed none.</param>
    /// <param name="extraChain">Further certificates the peer sent, or null; only the first 4 are looked at.</param>
    /// <param name="now">The time it is, never before the last time known for sure.</param>
    /// <param name="identity">Who it is; null unless <see cref="CertificateError.None"/>.</param>
    public CertificateError Verify(
        X509Certificate2? leaf, IEnumerable<X509Certificate2>? extraChain, DateTimeOffset now, out PeerIdentity? identity) =>
        Verify(leaf, extraChain, (DateTimeOffset?)now, out identity);

    /// <summary>As above; without a time, validity periods are not looked at (a device that starts with no clock still knows who it is).</summary>
    internal CertificateError Verify(
        X509Certificate2? leaf, IEnumerable<X509Certificate2>? extraChain, DateTimeOffset? now, out PeerIdentity? identity)
    {
        identity = null;
        if (leaf is null)
            return CertificateError.NoCertificate;
        if (!CertificateProfile.IsP256(leaf.PublicKey))
            return CertificateError.WrongKeyType;
        if (!CertificateSubject.TryRead(leaf, out CertificateSubject subject))
            return CertificateError.BadSubject;
        if (subject.Fleet != Fleet)
            return CertificateError.OtherFleet;
        if (!CertificateProfile.IsLeaf(leaf, subject.Role))
            return CertificateError.BadSubject;
        CertificateError error = VerifyChain(leaf, extraChain, now);
        if (error != CertificateError.None)
            return error;
        if (IsRevoked(leaf.SerialNumber))
            return CertificateError.Revoked;
        byte[] publicKey = leaf.PublicKey.ExportSubjectPublicKeyInfo();
        identity = new PeerIdentity(
            subject, publicKey, SHA256.HashData(publicKey), leaf.SerialNumber, new DateTimeOffset(leaf.NotAfter.ToUniversalTime()));
        return CertificateError.None;
    }

    private CertificateError VerifyChain(X509Certificate2 leaf, IEnumerable<X509Certificate2>? extraChain, DateTimeOffset? now)
    {
        using var chain = new X509Chain();
        X509ChainPolicy policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.CustomTrustStore.AddRange(roots);
        policy.ExtraStore.AddRange(intermediates);
        if (extraChain is not null)
            foreach (X509Certificate2 extra in extraChain.Take(CertificateFile.CountMax))
                policy.ExtraStore.Add(extra);
        if (now is { } time)
            policy.VerificationTime = time.UtcDateTime;
        else
            policy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;

        bool good = chain.Build(leaf);
        try
        {
            if (good)
                return CertificateError.None;
            foreach (X509ChainStatus status in chain.ChainStatus)
                if (status.Status is not (X509ChainStatusFlags.NotTimeValid or X509ChainStatusFlags.NoError))
                    return CertificateError.UntrustedChain;
            foreach (X509ChainElement element in chain.ChainElements)
                if (now < element.Certificate.NotBefore.ToUniversalTime())
                    return CertificateError.NotYetValid;
            return CertificateError.Expired;
        }
        finally
        {
            foreach (X509ChainElement element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }
}
