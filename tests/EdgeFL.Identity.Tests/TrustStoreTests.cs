using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity.Tests;

public sealed class TrustStoreTests : IDisposable
{
    private readonly Fleet fleet = new();
    private readonly ECDsa key = Es256.CreateKey();

    public void Dispose()
    {
        key.Dispose();
        fleet.Dispose();
    }

    [Fact]
    public void Device_OfTheFleet_IsWhoItSays()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        Assert.Equal(CertificateError.None, fleet.Verify(leaf, out PeerIdentity? identity));
        Assert.Equal(fleet.Id, identity!.Fleet);
        Assert.Equal(CertificateRole.Device, identity.Role);
        Assert.Equal("pi-1", identity.Node.Value);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), identity.PublicKey.ToArray());
        Assert.Equal(SHA256.HashData(key.ExportSubjectPublicKeyInfo()), identity.Fingerprint.ToArray());
        Assert.Equal(KeyId.Of(key.ExportSubjectPublicKeyInfo()), identity.KeyId);
        Assert.Equal(Fleet.Now + TimeSpan.FromDays(30), identity.NotAfter);
        Assert.Equal(CertificateError.None, fleet.Verify(leaf, out PeerIdentity? again));
        Assert.Equal(identity, again);
    }

    [Fact]
    public void Operator_OfTheFleet_IsNoDevice()
    {
        using X509Certificate2 leaf = fleet.Issuing.IssueOperator("ada", key, Fleet.Now, TimeSpan.FromDays(1));
        Assert.Equal(CertificateError.None, fleet.Verify(leaf, out PeerIdentity? identity));
        Assert.Equal(CertificateRole.Operator, identity!.Role);
        Assert.Equal("ada", identity.Name);
        Assert.True(identity.Node.IsEmpty);
    }

    [Fact]
    public void Device_NamedOperator_IsADevice()
    {
        using X509Certificate2 leaf = fleet.Device("operator", key);
        Assert.Equal(CertificateError.None, fleet.Verify(leaf, out PeerIdentity? identity));
        Assert.Equal(CertificateRole.Device, identity!.Role);
    }

    [Fact]
    public void NoCertificate_IsRefused()
    {
        Assert.Equal(CertificateError.NoCertificate, fleet.Verify(null));
        Assert.Equal(CertificateError.NoCertificate, fleet.Trust.Verify((X509Certificate?)null, (X509Chain?)null, Fleet.Now, out _));
    }

    [Theory]
    [InlineData(-3601, CertificateError.NotYetValid)]
    [InlineData(-3600, CertificateError.None)]
    [InlineData(30 * 86400 - 1, CertificateError.None)]
    [InlineData(30 * 86400 + 1, CertificateError.Expired)]
    [InlineData(50L * 365 * 86400, CertificateError.Expired)]
    public void Device_OutsideItsTime_IsRefused(long seconds, CertificateError expected)
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        Assert.Equal(expected, fleet.Verify(leaf, Fleet.Now.AddSeconds(seconds)));
    }

    [Fact]
    public void Device_OfAnotherFleet_IsRefused()
    {
        using var other = new Fleet("mill");
        using X509Certificate2 leaf = other.Device("pi-1", key);
        Assert.Equal(CertificateError.OtherFleet, fleet.Verify(leaf));
        Assert.Equal(CertificateError.OtherFleet, fleet.Trust.Verify(leaf, [other.Issuing.Certificate, other.Root.Certificate], Fleet.Now, out _));
    }

    [Fact]
    public void Device_OfAnotherRootWithTheSameFleetName_IsRefused()
    {
        using var impostor = new Fleet(fleet.Id.Value);
        using X509Certificate2 leaf = impostor.Device("pi-1", key);
        Assert.Equal(CertificateError.UntrustedChain, fleet.Verify(leaf));
        Assert.Equal(
            CertificateError.UntrustedChain,
            fleet.Trust.Verify(leaf, [impostor.Issuing.Certificate, impostor.Root.Certificate], Fleet.Now, out _));
    }

    [Fact]
    public void Device_WithoutItsIssuer_IsAcceptedOnlyWhenTheStoreKnowsIt()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        Assert.Equal(CertificateError.UntrustedChain, fleet.Trust.Verify(leaf, null, Fleet.Now, out _));
        var knowing = new TrustStore(fleet.Id, [fleet.Root.Certificate], [fleet.Issuing.Certificate]);
        Assert.Equal(CertificateError.None, knowing.Verify(leaf, null, Fleet.Now, out _));
    }

    [Fact]
    public void Device_IssuedByAnotherDevice_IsRefused()
    {
        using X509Certificate2 parent = fleet.Device("pi-1", key);
        using ECDsa childKey = Es256.CreateKey();
        CertificateRequest request = CertificateProfile.Leaf(new CertificateSubject(fleet.Id, CertificateRole.Device, "pi-2"), childKey);
        using X509Certificate2 child = CertificateProfile.Sign(request, parent, key, Fleet.Now, Fleet.Now.AddDays(1));
        Assert.Equal(
            CertificateError.UntrustedChain, fleet.Trust.Verify(child, [parent, fleet.Issuing.Certificate], Fleet.Now, out _));
    }

    [Fact]
    public void Authority_AsAPeer_IsRefused()
    {
        Assert.Equal(CertificateError.BadSubject, fleet.Verify(fleet.Issuing.Certificate));
        Assert.Equal(CertificateError.BadSubject, fleet.Verify(fleet.Root.Certificate));
    }

    [Fact]
    public void Device_Forged_IsRefused()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        byte[] der = leaf.RawData;
        der[^1] ^= 1;
        using X509Certificate2 forged = X509CertificateLoader.LoadCertificate(der);
        Assert.Equal(CertificateError.UntrustedChain, fleet.Verify(forged));
    }

    [Fact]
    public void Device_SelfSigned_IsRefused()
    {
        CertificateRequest request = CertificateProfile.Leaf(new CertificateSubject(fleet.Id, CertificateRole.Device, "pi-1"), key);
        using X509Certificate2 leaf = CertificateProfile.SelfSign(request, key, Fleet.Now.AddDays(-1), Fleet.Now.AddDays(1));
        Assert.Equal(CertificateError.UntrustedChain, fleet.Verify(leaf));
    }

    [Fact]
    public void Device_WithAnotherKeyType_IsRefused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var byCurve = new CertificateRequest("CN=pi-1", p384, HashAlgorithmName.SHA256);
        var byAlgorithm = new CertificateRequest("CN=pi-1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 first = byCurve.CreateSelfSigned(Fleet.Now.AddDays(-1), Fleet.Now.AddDays(1));
        using X509Certificate2 second = byAlgorithm.CreateSelfSigned(Fleet.Now.AddDays(-1), Fleet.Now.AddDays(1));
        Assert.Equal(CertificateError.WrongKeyType, fleet.Verify(first));
        Assert.Equal(CertificateError.WrongKeyType, fleet.Verify(second));
    }

    public static TheoryData<string, string[]> BadNames => new()
    {
        { "pi-1", [] },
        { "pi-2", ["urn:edgefl:farm:pi-1"] },
        { "pi-1", ["urn:edgefl:farm:pi-1", "urn:edgefl:farm:pi-2"] },
        { "pi-1", ["urn:other:farm:pi-1"] },
        { "pi-1", ["urn:edgefl:farm"] },
        { "pi-1", ["urn:edgefl:farm:"] },
        { "pi-1", ["urn:edgefl:farm:PI-1"] },
        { "pi-1", ["urn:edgefl:farm:pi-1:pi-1"] },
        { "pi-1", ["urn:edgefl:farm:admin:pi-1"] },
        { "pi-1", ["urn:edgefl:operator:pi-1:"] },
    };

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Device_WithABadName_IsRefusedThoughItsChainIsGood(string commonName, string[] uris)
    {
        CertificateRequest request = CertificateProfile.Leaf(new CertificateSubject(fleet.Id, CertificateRole.Device, commonName), key);
        request.CertificateExtensions.Remove(request.CertificateExtensions.First(e => e.Oid!.Value == "2.5.29.17"));
        if (uris.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (string uri in uris)
                names.AddUri(new Uri(uri));
            request.CertificateExtensions.Add(names.Build());
        }
        using X509Certificate2 leaf = SignAsIssuing(request);
        Assert.Equal(CertificateError.BadSubject, fleet.Verify(leaf));
    }

    [Fact]
    public void Device_WithADnsNameBeside_IsRefused()
    {
        CertificateRequest request = CertificateProfile.Leaf(new CertificateSubject(fleet.Id, CertificateRole.Device, "pi-1"), key);
        request.CertificateExtensions.Remove(request.CertificateExtensions.First(e => e.Oid!.Value == "2.5.29.17"));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("urn:edgefl:farm:pi-1"));
        names.AddDnsName("example.org");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 leaf = SignAsIssuing(request);
        Assert.Equal(CertificateError.BadSubject, fleet.Verify(leaf));
    }

    [Fact]
    public void Operator_WithServerUsage_IsRefused()
    {
        CertificateRequest request = CertificateProfile.Leaf(new CertificateSubject(fleet.Id, CertificateRole.Operator, "ada"), key);
        X509EnhancedKeyUsageExtension usage = request.CertificateExtensions.OfType<X509EnhancedKeyUsageExtension>().Single();
        request.CertificateExtensions.Remove(usage);
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new(CertificateProfile.ClientUsage), new(CertificateProfile.ServerUsage)], critical: false));
        using X509Certificate2 leaf = SignAsIssuing(request);
        Assert.Equal(CertificateError.BadSubject, fleet.Verify(leaf));
    }

    [Fact]
    public void Device_Revoked_IsRefusedAndOthersAreNot()
    {
        using X509Certificate2 first = fleet.Device("pi-1", key);
        using X509Certificate2 second = fleet.Device("pi-2", key);
        fleet.Trust.ReplaceRevoked([first.SerialNumber.ToLowerInvariant()]);
        Assert.Equal(CertificateError.Revoked, fleet.Verify(first));
        Assert.True(fleet.Trust.IsRevoked(first.SerialNumber));
        Assert.Equal(CertificateError.None, fleet.Verify(second));
    }

    [Fact]
    public void Pem_OfAChain_IsVerified()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        string pem = CertificateFile.ToPem(leaf, fleet.Issuing.Certificate);
        Assert.Equal(CertificateError.None, fleet.Trust.VerifyPem(pem, Fleet.Now, out PeerIdentity? identity));
        Assert.Equal("pi-1", identity!.Name);
    }

    [Fact]
    public void Pem_TruncatedOrTooLong_IsAValueNotAnException()
    {
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        string one = CertificateFile.ToPem(leaf);
        // Up to the last dash: the line feed behind it may go.
        for (int length = 0; length < one.Length - 1; length++)
            Assert.Equal(CertificateError.NoCertificate, fleet.Trust.VerifyPem(one.AsSpan(0, length), Fleet.Now, out _));
        Assert.Equal(CertificateError.NoCertificate, fleet.Trust.VerifyPem(one + one + one + one + one, Fleet.Now, out _));
        Assert.Equal(CertificateError.NoCertificate, fleet.Trust.VerifyPem(one + "-----BEGIN CERTIFICATE-----", Fleet.Now, out _));
        Assert.Equal(CertificateError.NoCertificate, fleet.Trust.VerifyPem(key.ExportSubjectPublicKeyInfoPem(), Fleet.Now, out _));
    }

    [Fact]
    public void Pem_Mutated_NeverThrows()
    {
        const int seed = 20310506;
        var random = new Random(seed);
        using X509Certificate2 leaf = fleet.Device("pi-1", key);
        byte[] der = leaf.RawData;
        for (int i = 0; i < 400; i++)
        {
            byte[] mutant = [.. der];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                mutant[random.Next(mutant.Length)] ^= (byte)(1 << random.Next(8));
            if (mutant.AsSpan().SequenceEqual(der))
                continue;
            string pem = PemEncoding.WriteString("CERTIFICATE", mutant);
            CertificateError error = CertificateError.None;
            Exception? thrown = Record.Exception(
                () => error = fleet.Trust.VerifyPem(pem + CertificateFile.ToPem(fleet.Issuing.Certificate), Fleet.Now, out _));
            Assert.True(thrown is null && error != CertificateError.None, $"seed {seed} case {i}: {error} {thrown}");
        }
    }

    [Fact]
    public void Store_WithoutFleetOrRoot_IsAMistake()
    {
        Assert.Throws<ArgumentException>(() => new TrustStore(default, [fleet.Root.Certificate]));
        Assert.Throws<ArgumentException>(() => new TrustStore(fleet.Id, []));
    }

    /// <summary>Signs with the issuing key, which only the authority's own folder gives out.</summary>
    private X509Certificate2 SignAsIssuing(CertificateRequest request)
    {
        using var folder = new TemporaryFolder();
        fleet.Issuing.Save(folder.Path("ca"));
        using ECDsa issuingKey = PrivateKeyFile.Load(FleetAuthority.KeyPath(folder.Path("ca"), AuthorityKind.Issuing));
        return CertificateProfile.Sign(request, fleet.Issuing.Certificate, issuingKey, Fleet.Now.AddHours(-1), Fleet.Now.AddDays(1));
    }
}
