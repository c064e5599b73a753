using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity.Tests;

public sealed class FleetAuthorityTests : IDisposable
{
    private readonly Fleet fleet = new();
    private readonly TemporaryFolder folder = new();
    private readonly ECDsa key = Es256.CreateKey();

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
        fleet.Dispose();
    }

    [Fact]
    public void Certificates_Made_FollowTheProfile()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        Assert.Equal("CN=pi-1", leaf.Subject);
        Assert.Equal(Fleet.Now.AddHours(-1).UtcDateTime, leaf.NotBefore.ToUniversalTime());
        Assert.False(leaf.HasPrivateKey);
        Assert.Equal(1, PathLength(fleet.Root.Certificate));
        Assert.Equal(0, PathLength(fleet.Issuing.Certificate));
        foreach (X509Certificate2 certificate in new[] { fleet.Root.Certificate, fleet.Issuing.Certificate, leaf })
        {
            ReadOnlySpan<byte> serial = certificate.SerialNumberBytes.Span;
            Assert.Equal(16, serial.Length);
            Assert.InRange(serial[0], 0x40, 0x7F);
        }
    }

    [Fact]
    public void Serials_OfManyCertificates_Differ()
    {
        var serials = new HashSet<string>();
        for (int i = 0; i < 50; i++)
        {
            using X509Certificate2 leaf = fleet.Device("pi-1", key);
            Assert.True(serials.Add(leaf.SerialNumber));
        }
    }

    [Fact]
    public void Leaf_AskedForLongerThanItsIssuerLasts_IsShortened()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key, TimeSpan.FromDays(10_000));
        Assert.Equal(fleet.Issuing.Certificate.NotAfter, leaf.NotAfter);
        Assert.Equal(CertificateError.None, fleet.Verify(leaf));
    }

    [Fact]
    public void Authority_OutsideItsTime_DoesNotSign()
    {
        foreach (DateTimeOffset time in new[] { Fleet.Now.AddDays(-1), Fleet.Now.AddDays(731) })
        {
            IdentityException error = Assert.Throws<IdentityException>(
                () => fleet.Issuing.IssueDevice(NodeId.Parse("pi-1"), key, time, TimeSpan.FromDays(1)));
            Assert.Equal(IdentityCodes.AuthorityExpired, error.Code);
        }
        Assert.Throws<IdentityException>(() => FleetAuthority.CreateIssuing(fleet.Root, Fleet.Now.AddDays(4000)));
    }

    [Fact]
    public void Authority_Misused_Throws()
    {
        NodeId node = NodeId.Parse("pi-1");
        Assert.Throws<InvalidOperationException>(() => fleet.Root.IssueDevice(node, key, Fleet.Now, TimeSpan.FromDays(1)));
        Assert.Throws<ArgumentException>(() => FleetAuthority.CreateIssuing(fleet.Issuing, Fleet.Now));
        Assert.Throws<ArgumentException>(() => fleet.Issuing.IssueDevice(default, key, Fleet.Now, TimeSpan.FromDays(1)));
        Assert.Throws<ArgumentException>(() => fleet.Issuing.IssueOperator("Ada", key, Fleet.Now, TimeSpan.FromDays(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => fleet.Issuing.IssueDevice(node, key, Fleet.Now, TimeSpan.Zero));
        Assert.Throws<ArgumentException>(() => FleetAuthority.CreateRoot(default, Fleet.Now));
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<ArgumentException>(() => fleet.Issuing.IssueDevice(node, p384, Fleet.Now, TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Folder_SavedAndLoaded_SignsForTheSameFleet()
    {
        string path = folder.Path("ca");
        fleet.Root.Save(path);
        fleet.Issuing.Save(path);
        using FleetAuthority root = FleetAuthority.Load(path, AuthorityKind.Root);
        using FleetAuthority issuing = FleetAuthority.Load(path, AuthorityKind.Issuing);
        Assert.Equal(fleet.Id, root.Fleet);
        using X509Certificate2 leaf = issuing.IssueDevice(NodeId.Parse("pi-9"), key, Fleet.Now, TimeSpan.FromDays(1));
        Assert.Equal(CertificateError.None, fleet.Verify(leaf));
        Assert.Empty(Directory.GetFiles(path, "*.tmp"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FleetAuthority.KeyPath(path, AuthorityKind.Root)));
    }

    [Fact]
    public void Folder_OfTheOtherKind_IsRefused()
    {
        string path = folder.Path("ca");
        fleet.Root.Save(path);
        fleet.Issuing.Save(path);
        File.Copy(FleetAuthority.CertificatePath(path, AuthorityKind.Root), FleetAuthority.CertificatePath(path, AuthorityKind.Issuing), true);
        IdentityException error = Assert.Throws<IdentityException>(() => FleetAuthority.Load(path, AuthorityKind.Issuing));
        Assert.Equal(IdentityCodes.CertificateRefused, error.Code);
    }

    [Fact]
    public void Folder_WithTheKeyOfAnother_IsRefused()
    {
        string path = folder.Path("ca");
        fleet.Root.Save(path);
        PrivateKeyFile.Save(FleetAuthority.KeyPath(path, AuthorityKind.Root), key);
        IdentityException error = Assert.Throws<IdentityException>(() => FleetAuthority.Load(path, AuthorityKind.Root));
        Assert.Equal(IdentityCodes.KeyMismatch, error.Code);
    }

    private static int PathLength(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().PathLengthConstraint;
}
