using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity.Tests;

public sealed class DeviceCredentialsTests : IDisposable
{
    private readonly Fleet fleet = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        folder.Dispose();
        fleet.Dispose();
    }

    [Fact]
    public void Folder_SavedAndLoaded_IsComplete()
    {
        using DeviceCredentials mine = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-1"));
        Assert.Equal("pi-1", mine.Identity.Node.Value);
        Assert.Equal(fleet.Id, mine.Trust.Fleet);
        Assert.True(mine.Leaf.HasPrivateKey);
        Assert.Equal(Fleet.Now + TimeSpan.FromDays(30), mine.NotAfter);
        Assert.Equal(mine.NotBefore + (TimeSpan.FromDays(30) + TimeSpan.FromHours(1)) * 2 / 3, mine.RenewAfter);
        Assert.Single(mine.TlsContext.IntermediateCertificates);
        using ECDsa publicKey = Es256.ImportPublicKey(mine.Identity.PublicKey.Span);
        Assert.True(Es256.Verify(publicKey, "x"u8, Es256.Sign(mine.Key, "x"u8)));
    }

    [Fact]
    public void Chain_Published_IsVerifiedByAnotherDevice()
    {
        using DeviceCredentials first = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-1"));
        using DeviceCredentials second = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-2"));
        Assert.Equal(CertificateError.None, first.Trust.VerifyPem(second.ChainPem, Fleet.Now, out PeerIdentity? identity));
        Assert.Equal(second.Identity, identity);
        Assert.DoesNotContain("PRIVATE", second.ChainPem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key.pem")]
    [InlineData("cert.pem")]
    [InlineData("ca.pem")]
    public void Folder_WithAFileMissing_NamesTheFile(string name)
    {
        string path = fleet.SaveDevice(folder, "pi-1");
        File.Delete(Path.Combine(path, name));
        Expect(path, IdentityCodes.FileMissing, Path.Combine(path, name));
    }

    [Theory]
    [InlineData("key.pem", IdentityCodes.KeyCorrupt)]
    [InlineData("cert.pem", IdentityCodes.CertificateCorrupt)]
    [InlineData("ca.pem", IdentityCodes.CertificateCorrupt)]
    public void Folder_WithAFileTruncated_NamesTheFile(string name, string code)
    {
        string path = fleet.SaveDevice(folder, "pi-1"), file = Path.Combine(path, name);
        byte[] whole = File.ReadAllBytes(file);
        // The last two characters are a dash and a line feed; without the line feed the file is still whole.
        for (int length = 0; length < whole.Length - 1; length += Math.Max(1, Math.Min(37, whole.Length - 2 - length)))
        {
            using (FileStream stream = File.OpenWrite(file))
                stream.SetLength(length);
            Expect(path, code, file);
            File.WriteAllBytes(file, whole);
        }
        DeviceCredentials.Load(path).Dispose();
    }

    [Theory]
    [InlineData("key.pem", IdentityCodes.KeyCorrupt)]
    [InlineData("cert.pem", IdentityCodes.CertificateCorrupt)]
    [InlineData("ca.pem", IdentityCodes.CertificateCorrupt)]
    public void Folder_WithAFileOverwritten_NamesTheFile(string name, string code)
    {
        string path = fleet.SaveDevice(folder, "pi-1"), file = Path.Combine(path, name);
        foreach (string content in new[] { "", "not PEM", new string('\0', 4096), new string('A', 200_000), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" })
        {
            WriteInPlace(file, content);
            Expect(path, code, file);
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupExecute)]
    [InlineData(UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    public void Key_OpenToOthers_IsRefusedWithTheCommand(UnixFileMode extra)
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = fleet.SaveDevice(folder, "pi-1"), file = Path.Combine(path, "key.pem");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        IdentityException error = Expect(path, IdentityCodes.KeyMode, file);
        Assert.Contains($"chmod 600 {file}", error.Message, StringComparison.Ordinal);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        DeviceCredentials.Load(path).Dispose();
    }

    [Fact]
    public void Key_SavedOverOneOpenToOthers_IsPrivate()
    {
        if (OperatingSystem.IsWindows())
            return;
        string file = folder.Path("key.pem");
        File.WriteAllText(file, "old");
        File.SetUnixFileMode(file, (UnixFileMode)0b110_110_110);
        using ECDsa key = Es256.CreateKey();
        PrivateKeyFile.Save(file, key);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using ECDsa loaded = PrivateKeyFile.Load(file);
        Assert.Equal(key.ExportECPrivateKey(), loaded.ExportECPrivateKey());
    }

    [Fact]
    public void Key_OfAnotherType_IsRefused()
    {
        string path = fleet.SaveDevice(folder, "pi-1"), file = Path.Combine(path, "key.pem");
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        WriteInPlace(file, p384.ExportPkcs8PrivateKeyPem());
        Expect(path, IdentityCodes.KeyType, file);
        using var rsa = RSA.Create(2048);
        WriteInPlace(file, rsa.ExportPkcs8PrivateKeyPem());
        Expect(path, IdentityCodes.KeyCorrupt, file);
        using ECDsa other = Es256.CreateKey();
        WriteInPlace(file, other.ExportSubjectPublicKeyInfoPem());
        Expect(path, IdentityCodes.KeyCorrupt, file);
        WriteInPlace(file, other.ExportECPrivateKeyPem());
        Expect(path, IdentityCodes.KeyMismatch, file);
    }

    [Fact]
    public void Chain_OfAnotherFleet_IsRefused()
    {
        using var mill = new Fleet("mill");
        string path = fleet.SaveDevice(folder, "pi-1");
        string other = mill.SaveDevice(folder, "pi-2");
        File.Copy(Path.Combine(other, "cert.pem"), Path.Combine(path, "cert.pem"), overwrite: true);
        Expect(path, IdentityCodes.CertificateRefused, "OtherFleet");
        File.Copy(Path.Combine(other, "ca.pem"), Path.Combine(path, "ca.pem"), overwrite: true);
        Expect(path, IdentityCodes.KeyMismatch, "key.pem");
    }

    [Fact]
    public void Chain_WithoutItsIssuer_SaysHowManyItFound()
    {
        string path = fleet.SaveDevice(folder, "pi-1"), file = Path.Combine(path, "cert.pem");
        File.Copy(Path.Combine(path, "ca.pem"), file, overwrite: true);
        Expect(path, IdentityCodes.CertificateCorrupt, "holds 1 certificates where 2 are expected");
    }

    private static IdentityException Expect(string path, string code, string named)
    {
        IdentityException error = Assert.Throws<IdentityException>(() => DeviceCredentials.Load(path).Dispose());
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Cause, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
        Assert.Contains(error.Remedy, error.Message, StringComparison.Ordinal);
        return error;
    }

    /// <summary>Keeps the file's mode.</summary>
    private static void WriteInPlace(string file, string content)
    {
        using FileStream stream = File.OpenWrite(file);
        stream.SetLength(0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(content));
    }
}
