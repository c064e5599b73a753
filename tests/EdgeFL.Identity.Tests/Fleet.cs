using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity.Tests;

/// <summary>A fleet with a root, an issuing authority and ways to make members, at a fixed time.</summary>
internal sealed class Fleet : IDisposable
{
    public static readonly DateTimeOffset Now = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public Fleet(string name = "farm")
    {
        Id = FleetId.Parse(name);
        Root = FleetAuthority.CreateRoot(Id, Now);
        Issuing = FleetAuthority.CreateIssuing(Root, Now);
        Trust = new TrustStore(Id, [Root.Certificate]);
    }

    public FleetId Id { get; }

    public FleetAuthority Root { get; }

    public FleetAuthority Issuing { get; }

    public TrustStore Trust { get; }

    public X509Certificate2 Device(string name, ECDsa key, TimeSpan? validity = null) =>
        Issuing.IssueDevice(NodeId.Parse(name), key, Now, validity ?? FleetAuthority.LeafValidity);

    public CertificateError Verify(X509Certificate2? leaf, out PeerIdentity? identity, DateTimeOffset? now = null) =>
        Trust.Verify(leaf, [Issuing.Certificate], now ?? Now, out identity);

    public CertificateError Verify(X509Certificate2? leaf, DateTimeOffset? now = null)
    {
        CertificateError error = Verify(leaf, out PeerIdentity? identity, now);
        Assert.Equal(error == CertificateError.None, identity is not null);
        return error;
    }

    public string SaveDevice(TemporaryFolder folder, string name)
    {
        string path = folder.Path(name);
        using ECDsa key = Es256.CreateKey();
        using X509Certificate2 leaf = Device(name, key);
        DeviceCredentials.Save(path, key, leaf, Issuing.Certificate, Root.Certificate);
        return path;
    }

    public void Dispose()
    {
        Root.Dispose();
        Issuing.Dispose();
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("edgefl-identity-").FullName;

    public string Path(string name) => System.IO.Path.Combine(root, name);

    public void Dispose() => Directory.Delete(root, recursive: true);
}
