using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Identity;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>What an agent is given that it cannot work with: it says what is wrong, where, and what to do, and ends with 78, so that systemd does not try again.</summary>
public sealed class BadStartTests(RefusalFixture fixture) : IClassFixture<RefusalFixture>
{
    private const int ExitConfig = 78;

    [Fact]
    public Task UnknownMember_IsNamedWithItsLine()
    {
        string folder = fixture.Copy();
        string file = Path.Combine(folder, "agent.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"tickMs\"", "\"tickMilliseconds\"", StringComparison.Ordinal));
        int line = Array.FindIndex(File.ReadAllLines(file), text => text.Contains("tickMilliseconds", StringComparison.Ordinal)) + 1;
        return AssertRefusedAsync(folder, "bad-config", "tickMilliseconds", $"{file}:{line}:", "Mend");
    }

    [Fact]
    public Task ConfigurationThatIsNoJson_IsNamedWithItsLine()
    {
        string folder = fixture.Copy();
        string file = Path.Combine(folder, "agent.json");
        File.WriteAllText(file, "{\n  \"fleet\": \"x\",\n  \"node\" \"y\"\n}");
        return AssertRefusedAsync(folder, "bad-config", $"{file}:3:", "Mend");
    }

    [Fact]
    public Task TrainingOutOfRange_IsNamed() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Training = c.Training with { Batch = 100_000 } }), "bad-config", "training.batch", "100000", "256", "agent.json");

    [Fact]
    public Task PeerWithoutAddress_IsNamed() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Network = c.Network with { Peers = ["beta"] } }), "bad-peer", "'beta'", "node-id=host:port");

    [Fact]
    public Task BrokerInTheClearBeyondThisMachine_IsRefused() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Network = c.Network with { Broker = "mqtt://192.0.2.1:1883" } }), "insecure-broker", "192.0.2.1", "mqtts://");

    [Fact]
    public Task ModelOfOtherShape_NamesLayerAndShapes()
    {
        string folder = fixture.Copy();
        string file = Path.Combine(folder, "model.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"kernel\": 5", "\"kernel\": 500", StringComparison.Ordinal));
        return AssertRefusedAsync(folder, "bad-model", "model.json", "conv1d", "500", "Mend");
    }

    [Fact]
    public Task ModelOfOtherChannels_SaysBothNumbers()
    {
        string folder = fixture.Copy();
        string file = Path.Combine(folder, "model.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"channels\": 6", "\"channels\": 3", StringComparison.Ordinal));
        return AssertRefusedAsync(folder, "bad-model", "3", "6", "channels", "Mend");
    }

    [Fact]
    public Task RecordingWithoutAColumn_NamesFileLineAndColumn()
    {
        string folder = fixture.Copy(c => RefusalFixture.Replaying(c, "walk.csv"));
        RefusalFixture.Recording(folder, "walk.csv", 500, (line, text) => line == 1 ? text.Replace("gy", "yaw", StringComparison.Ordinal) : text);
        return AssertRefusedAsync(folder, "sensor-column-missing", Path.Combine(folder, "walk.csv") + ":1:", "\"gy\"", "yaw");
    }

    [Fact]
    public Task RecordingThatIsNotThere_NamesTheFile() =>
        AssertRefusedAsync(fixture.Copy(c => RefusalFixture.Replaying(c, "nowhere.csv")), "sensor-", "nowhere.csv");

    [Fact]
    public Task CertificateOfAnotherFleet_NamesBoth() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Fleet = "elsewhere" }), "wrong-certificate", $"'{fixture.Fleet.Name}'", "'elsewhere'", "edgefl node add alpha");

    [Fact]
    public Task CertificateOfAnotherNode_NamesBoth() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Node = "beta" }), "wrong-certificate", "'alpha'", "'beta'", "edgefl node add beta");

    [Fact]
    public Task ExpiredCertificate_SaysSince()
    {
        string folder = fixture.Copy();
        Expire(fixture.Fleet, folder, "alpha");
        return AssertRefusedAsync(folder, "wrong-certificate", folder, "has expired on", "edgefl node add alpha");
    }

    [Fact]
    public Task NoCertificate_NamesTheFile()
    {
        string folder = fixture.Copy();
        File.Delete(Path.Combine(folder, "cert.pem"));
        return AssertRefusedAsync(folder, IdentityCodes.FileMissing, Path.Combine(folder, "cert.pem"), "edgefl node add");
    }

    [Fact]
    public Task KeyThatOthersMayRead_NamesTheChmod()
    {
        string folder = fixture.Copy();
        string key = Path.Combine(folder, "key.pem");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return AssertRefusedAsync(folder, IdentityCodes.KeyMode, key, $"chmod 600 {key}");
    }

    [Fact]
    public Task SensorOfUnknownKind_SaysWhichThereAre() =>
        AssertRefusedAsync(fixture.Copy(c => c with { Sensor = new SensorOptions { Kind = "telepathy" } }), "sensor-option", "telepathy", "simulated");

    [Fact]
    public Task DamagedBootCounter_NamesTheFile()
    {
        string folder = fixture.Copy();
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        File.WriteAllText(Path.Combine(folder, "state", "boot"), "many");
        return AssertRefusedAsync(folder, Path.Combine(folder, "state", "boot"), "not hold a number", "larger than any boot number");
    }

    [Fact]
    public async Task PortThatIsTaken_IsNoConfigurationError_ForItMayBeFreeLater()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string folder = fixture.Copy(c => c with { Network = c.Network with { Listen = taken.LocalEndpoint.ToString()! } });
        var (exit, errors) = await fixture.Fleet.RefusalAsync(Path.GetFileName(folder));
        Assert.Equal(1, exit);
        Assert.Contains("start-failed", errors, StringComparison.Ordinal);
        Assert.Contains("in use", errors, StringComparison.Ordinal);
    }

    /// <summary>Puts a certificate in place that ended half an hour ago.</summary>
    internal static void Expire(TestFleet fleet, string folder, string node)
    {
        using FleetAuthority issuing = fleet.LoadIssuing();
        using ECDsa key = PrivateKeyFile.Load(Path.Combine(folder, "key.pem"));
        using X509Certificate2 leaf = issuing.IssueDevice(NodeId.Parse(node), key, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(40), TimeSpan.FromMinutes(10));
        using X509Certificate2 root = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.pem"));
        DeviceCredentials.Save(folder, key, leaf, issuing.Certificate, root);
    }

    private async Task AssertRefusedAsync(string folder, string code, params string[] words)
    {
        var (exit, errors) = await fixture.Fleet.RefusalAsync(Path.GetFileName(folder));
        Assert.True(exit == ExitConfig, $"ended with {exit}: {errors}");
        string line = Assert.Single(errors.Split('\n'));
        Assert.Contains(code, line, StringComparison.Ordinal);
        foreach (string word in words)
            Assert.Contains(word, line, StringComparison.Ordinal);
        Assert.Contains(" Next: ", line, StringComparison.Ordinal);
        string remedy = line.Split(" Next: ")[1];
        Assert.True(remedy.Length > 0, line);
        Assert.False(line.Split(" Next: ")[0].Contains(remedy.TrimEnd('.'), StringComparison.Ordinal), $"The remedy is said twice: {line}");
    }
}
