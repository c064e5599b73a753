using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>Which of a fleet's two signing keys.</summary>
public enum AuthorityKind
{
    /// <summary>Signs issuing authorities only; kept offline. 10 years.</summary>
    Root,

    /// <summary>Signs devices and operators. 2 years.</summary>
    Issuing,
}

/// <summary>
/// A key that signs a fleet's certificates: offline root → issuing → device or operator, all P-256 (RFC 5280 profile in <c>CertificateProfile</c>).
/// Every certificate begins an hour before it is made (no clock battery) and ends no later than the one above it.
/// </summary>
public sealed class FleetAuthority : IDisposable
{
    /// <summary>Days a device or operator certificate lasts unless told otherwise.</summary>
    public static readonly TimeSpan LeafValidity = TimeSpan.FromDays(30);

    private static readonly TimeSpan RootValidity = TimeSpan.FromDays(3652);
    private static readonly TimeSpan IssuingValidity = TimeSpan.FromDays(730);

    private readonly ECDsa key;

    private FleetAuthority(FleetId fleet, AuthorityKind kind, X509Certificate2 certificate, ECDsa key)
    {
        Fleet = fleet;
        Kind = kind;
        Certificate = certificate;
        this.key = key;
    }

    /// <summary>The fleet it signs for.</summary>
    public FleetId Fleet { get; }

    /// <summary>Root or issuing.</summary>
    public AuthorityKind Kind { get; }

    /// <summary>Its certificate, without the private key; disposed with the authority.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Makes a new fleet's root with a new key.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="now">The time it is.</param>
    /// <exception cref="ArgumentException">The fleet is the default value.</exception>
    public static FleetAuthority CreateRoot(FleetId fleet, DateTimeOffset now)
    {
        if (fleet.IsEmpty)
            throw new ArgumentException("A fleet is needed.", nameof(fleet));
        ECDsa key = Es256.CreateKey();
        CertificateRequest request = CertificateProfile.Authority(fleet, $"edgefl {fleet} root", key, pathLength: 1);
        X509Certificate2 certificate = CertificateProfile.SelfSign(request, key, now - CertificateProfile.ClockSkew, now + RootValidity);
        return new FleetAuthority(fleet, AuthorityKind.Root, certificate, key);
    }

    /// <summary>Makes an issuing authority with a new key beneath a root.</summary>
    /// <param name="root">A root with its key.</param>
    /// <param name="now">The time it is.</param>
    /// <exception cref="ArgumentException"><paramref name="root"/> is no root.</exception>
    /// <exception cref="IdentityException">The root has ended or not begun.</exception>
    public static FleetAuthority CreateIssuing(FleetAuthority root, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(root);
        if (root.Kind != AuthorityKind.Root)
            throw new ArgumentException("Only a root signs an issuing authority.", nameof(root));
        ECDsa key = Es256.CreateKey();
        try
        {
            CertificateRequest request = CertificateProfile.Authority(root.Fleet, $"edgefl {root.Fleet} issuing", key, pathLength: 0);
            return new FleetAuthority(root.Fleet, AuthorityKind.Issuing, root.Sign(request, now, IssuingValidity), key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Makes a device's certificate: client and server.</summary>
    /// <param name="node">The device.</param>
    /// <param name="publicKey">The device's P-256 key; only the public part is read.</param>
    /// <param name="now">The time it is.</param>
    /// <param name="validity">How long, more than zero; shortened to what this authority has left.</param>
    /// <exception cref="ArgumentException">An empty node, a validity that is not positive, or a key of another type.</exception>
    /// <exception cref="InvalidOperationException">This is a root: it signs issuing authorities only.</exception>
    /// <exception cref="IdentityException">This authority has ended or not begun.</exception>
    public X509Certificate2 IssueDevice(NodeId node, ECDsa publicKey, DateTimeOffset now, TimeSpan validity) =>
        Issue(new CertificateSubject(Fleet, CertificateRole.Device, node.Value), publicKey, now, validity);

    /// <summary>Makes an operator's certificate: client only.</summary>
    /// <param name="name">The operator: 1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <param name="publicKey">The operator's P-256 key; only the public part is read.</param>
    /// <param name="now">The time it is.</param>
    /// <param name="validity">How long, more than zero; shortened to what this authority has left.</param>
    /// <exception cref="ArgumentException">A bad name, a validity that is not positive, or a key of another type.</exception>
    /// <exception cref="InvalidOperationException">This is a root: it signs issuing authorities only.</exception>
    /// <exception cref="IdentityException">This authority has ended or not begun.</exception>
    public X509Certificate2 IssueOperator(string name, ECDsa publicKey, DateTimeOffset now, TimeSpan validity) =>
        Issue(new CertificateSubject(Fleet, CertificateRole.Operator, name), publicKey, now, validity);

    /// <summary>Writes <c>root.pem</c> and <c>root.key.pem</c>, or <c>issuing.pem</c> and <c>issuing.key.pem</c>; the key with mode 0600.</summary>
    /// <param name="folder">Where to; made with mode 0700 when missing.</param>
    /// <exception cref="IOException">The folder cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Save(string folder)
    {
        PrivateFolder.Create(folder);
        PrivateKeyFile.Save(KeyPath(folder, Kind), key);
        CertificateFile.Save(CertificatePath(folder, Kind), Certificate);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind">Which authority.</param>
    /// <exception cref="IdentityException">A file is missing, damaged, or open to others; key and certificate do not match; the certificate is no authority's.</exception>
    public static FleetAuthority Load(string folder, AuthorityKind kind)
    {
        string remedy = $"Restore {folder} from a backup; without one, start a new fleet with: edgefl ca init";
        string certificatePath = CertificatePath(folder, kind);
        X509Certificate2 certificate = CertificateFile.Load(certificatePath, 1, remedy)[0];
        ECDsa? key = null;
        try
        {
            int pathLength = kind == AuthorityKind.Root ? 1 : 0;
            if (!CertificateSubject.TryReadAuthority(certificate, out FleetId fleet) || !IsAuthority(certificate, pathLength))
                throw new IdentityException(
                    IdentityCodes.CertificateRefused,
                    $"{certificatePath} is not the certificate of {(kind == AuthorityKind.Root ? "a root" : "an issuing")} authority of a fleet",
                    remedy);
            key = PrivateKeyFile.Load(KeyPath(folder, kind), remedy);
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
                throw new IdentityException(
                    IdentityCodes.KeyMismatch, $"{KeyPath(folder, kind)} is not the key of {certificatePath}", remedy);
            return new FleetAuthority(fleet, kind, certificate, key);
        }
        catch
        {
            key?.Dispose();
            certificate.Dispose();
            throw;
        }
    }

    /// <summary>Path of the certificate within a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind">Which authority.</param>
    public static string CertificatePath(string folder, AuthorityKind kind) => Path.Combine(folder, $"{Stem(kind)}.pem");

    /// <summary>Path of the private key within a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind">Which authority.</param>
    public static string KeyPath(string folder, AuthorityKind kind) => Path.Combine(folder, $"{Stem(kind)}.key.pem");

    /// <summary>Releases key and certificate.</summary>
    public void Dispose()
    {
        key.Dispose();
        Certificate.Dispose();
    }

    private static string Stem(AuthorityKind kind) => kind == AuthorityKind.Root ? "root" : "issuing";

    private static bool IsAuthority(X509Certificate2 certificate, int pathLength)
    {
        foreach (X509Extension extension in certificate.Extensions)
            if (extension is X509BasicConstraintsExtension constraints)
                return constraints.CertificateAuthority && constraints.HasPathLengthConstraint
                    && constraints.PathLengthConstraint == pathLength && CertificateProfile.IsP256(certificate.PublicKey);
        return false;
    }

    private X509Certificate2 Issue(CertificateSubject subject, ECDsa publicKey, DateTimeOffset now, TimeSpan validity)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (Kind != AuthorityKind.Issuing)
            throw new InvalidOperationException("A root signs issuing authorities only.");
        if (!Segment.IsValid(subject.Name))
            throw new ArgumentException($"'{subject.Name}' is not 1 to {Segment.LengthMax} characters of a-z, 0-9 and '-'.", nameof(subject));
        if (validity <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(validity), validity, "A certificate must last longer than nothing.");
        CertificateRequest request = CertificateProfile.Leaf(subject, publicKey);
        if (!CertificateProfile.IsP256(request.PublicKey))
            throw new ArgumentException("The key is not on curve P-256.", nameof(publicKey));
        return Sign(request, now, validity);
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset now, TimeSpan validity)
    {
        DateTimeOffset begins = new(Certificate.NotBefore.ToUniversalTime()), ends = new(Certificate.NotAfter.ToUniversalTime());
        if (now < begins || now >= ends)
            throw new IdentityException(
                IdentityCodes.AuthorityExpired,
                $"The {Stem(Kind)} authority of fleet {Fleet} is valid from {begins:u} to {ends:u}, and it is {now.ToUniversalTime():u}",
                "Set this machine's clock, or renew the authority with: edgefl ca init");
        DateTimeOffset notBefore = now - CertificateProfile.ClockSkew, notAfter = now + validity;
        return CertificateProfile.Sign(
            request, Certificate, key, notBefore < begins ? begins : notBefore, notAfter > ends ? ends : notAfter);
    }
}
