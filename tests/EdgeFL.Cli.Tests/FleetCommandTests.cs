using System.Runtime.Versioning;
using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Platform.Configuration;

namespace EdgeFL.Cli.Tests;

[SupportedOSPlatform("linux")]
public sealed class FleetCommandTests
{
    private static readonly UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static Dictionary<string, string> Contents(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(f)));

    [Fact]
    public async Task CaInit_Twice_MakesOnceAndKeeps()
    {
        using var folder = new TemporaryFolder();

        var first = await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab", "--json"]);
        var made = Contents(folder.Path);
        var second = await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab", "--json"]);
        var unnamed = await CliRun.Of(folder.Path, ["ca", "init"]);

        Assert.Equal((0, 0, 0), (first.Exit, second.Exit, unnamed.Exit));
        using var one = JsonDocument.Parse(first.Out);
        using var two = JsonDocument.Parse(second.Out);
        Assert.Equal(["schema", "fleet", "dir", "authority", "operator", "root_certificate", "operator_dir"], one.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("made", "made"), (one.RootElement.GetProperty("authority").GetString(), one.RootElement.GetProperty("operator").GetString()));
        Assert.Equal(("kept", "kept"), (two.RootElement.GetProperty("authority").GetString(), two.RootElement.GetProperty("operator").GetString()));
        Assert.Equal(made, Contents(folder.Path));
    }

    [Fact]
    public async Task CaInit_OverAnotherFleet_RefusesAndChangesNothing()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);
        var before = Contents(folder.Path);

        var run = await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "other"]);

        Assert.Equal(1, run.Exit);
        Assert.Contains("[fleet-exists]", run.Err, StringComparison.Ordinal);
        Assert.Contains("next: edgefl ca init --fleet other --dir", run.Err, StringComparison.Ordinal);
        Assert.Equal(before, Contents(folder.Path));
    }

    [Fact]
    public async Task CaInit_CutOffAfterTheRoot_GoesOnFromThere()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);
        var root = await File.ReadAllBytesAsync(folder["edgefl-fleet/offline-root/root.pem"]);
        Directory.Delete(folder["edgefl-fleet/issuing"], recursive: true);
        Directory.Delete(folder["edgefl-fleet/operator"], recursive: true);

        var run = await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);

        Assert.Equal(0, run.Exit);
        Assert.Equal(root, await File.ReadAllBytesAsync(folder["edgefl-fleet/offline-root/root.pem"]));
        using var credentials = DeviceCredentials.Load(folder["edgefl-fleet/operator"]);
        Assert.Equal(CertificateRole.Operator, credentials.Identity.Role);
    }

    [Fact]
    public async Task NodeAdd_Twice_KeepsKeyAndEditedConfig()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);

        var first = await CliRun.Of(folder.Path, ["node", "add", "kitchen", "cellar"]);
        await File.AppendAllTextAsync(folder["edgefl-fleet/nodes/cellar/agent.json"], "\n");
        var before = Contents(folder.Path);
        var second = await CliRun.Of(folder.Path, ["node", "add", "kitchen", "cellar"]);

        Assert.Equal((0, 0), (first.Exit, second.Exit));
        Assert.Equal([folder["edgefl-fleet/nodes/kitchen"], folder["edgefl-fleet/nodes/cellar"]], first.Out.TrimEnd().Split('\n'));
        Assert.Equal(before, Contents(folder.Path));
        using var credentials = DeviceCredentials.Load(folder["edgefl-fleet/nodes/kitchen"]);
        Assert.Equal(("lab", "kitchen"), (credentials.Identity.Fleet.Value, credentials.Identity.Node.Value));
        using var config = JsonDocument.Parse(await File.ReadAllTextAsync(folder["edgefl-fleet/nodes/kitchen/agent.json"]));
        Assert.Equal("kitchen", config.RootElement.GetProperty("node").GetString());
    }

    [Theory]
    [InlineData("host", "host-autoencoder")]
    [InlineData("simulated", "activity-cnn")]
    public async Task NodeAdd_WhatItWrites_IsWhatTheAgentReads(string sensor, string model)
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);
        var run = await CliRun.Of(folder.Path, ["node", "add", "kitchen", "--sensor", sensor, "--port", "9999", "--peer", "cellar=192.0.2.7:8883"]);
        Assert.True(run.Exit == 0, run.Err);

        var config = AgentConfigFile.Read(folder["edgefl-fleet/nodes/kitchen/agent.json"]);
        Assert.Equal(("lab", "kitchen", "."), (config.Fleet, config.Node, config.Identity));
        Assert.Null(config.Sensor.Check());
        Assert.Equal("0.0.0.0:9999", config.Network.Listen);
        Assert.Equal(["cellar=192.0.2.7:8883"], config.Network.Peers);
        Assert.Equal(model, ModelSpec.Parse(await File.ReadAllBytesAsync(folder["edgefl-fleet/nodes/kitchen/" + config.Model])).Name);
    }

    [Fact]
    public async Task NodeAdd_PeerWithoutName_IsAUsageError()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"]);
        var run = await CliRun.Of(folder.Path, ["node", "add", "kitchen", "--peer", "192.0.2.7:8883"]);
        Assert.Equal(2, run.Exit);
        Assert.Contains("[bad-peer]", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeAdd_WithoutTheOfflineRoot_StillWorks()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init"]);
        Directory.Delete(folder["edgefl-fleet/offline-root"], recursive: true);

        Assert.Equal(0, (await CliRun.Of(folder.Path, ["node", "add", "kitchen"])).Exit);
        using var credentials = DeviceCredentials.Load(folder["edgefl-fleet/nodes/kitchen"]);
        Assert.Equal("home", credentials.Identity.Fleet.Value);
    }

    [Fact]
    public async Task NodeAdd_InTheLastThird_RenewsTheCertificateOfTheSameKey()
    {
        using var folder = new TemporaryFolder();
        var start = DateTimeOffset.UtcNow;
        await CliRun.Of(folder.Path, ["ca", "init"]);
        await CliRun.Of(folder.Path, ["node", "add", "kitchen"]);
        var key = await File.ReadAllTextAsync(folder["edgefl-fleet/nodes/kitchen/key.pem"]);

        var later = await CliRun.Of(folder.Path, ["node", "add", "kitchen", "--json"], clock: new FixedClock(start.AddDays(25)));

        using var json = JsonDocument.Parse(later.Out);
        Assert.Equal("renewed", json.RootElement.GetProperty("nodes")[0].GetProperty("outcome").GetString());
        Assert.Equal(key, await File.ReadAllTextAsync(folder["edgefl-fleet/nodes/kitchen/key.pem"]));
        using var credentials = DeviceCredentials.Load(folder["edgefl-fleet/nodes/kitchen"]);
        Assert.True(credentials.NotAfter > start.AddDays(50));
    }

    [Fact]
    public async Task NodeAdd_WithoutAuthorities_NamesTheCommandThatMakesThem()
    {
        using var folder = new TemporaryFolder();

        var run = await CliRun.Of(folder.Path, ["node", "add", "kitchen"]);

        Assert.Equal(1, run.Exit);
        Assert.Contains("[ca-missing]", run.Err, StringComparison.Ordinal);
        Assert.Contains("next: edgefl ca init", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfAWholeFleet_AreForTheirOwnerAlone()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["init", "--yes"]);

        var keys = Directory.GetFiles(folder.Path, "*key.pem", SearchOption.AllDirectories);

        Assert.Equal(6, keys.Length); // root, issuing, operator, three devices
        Assert.All(keys, key => Assert.Equal(Private, File.GetUnixFileMode(key)));
        Assert.All(Directory.GetFiles(folder.Path, "agent.json", SearchOption.AllDirectories), f => Assert.Equal(Private, File.GetUnixFileMode(f)));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder["edgefl-fleet"]) & (UnixFileMode.OtherRead | UnixFileMode.GroupRead));
        Assert.Equal(6, keys.Select(File.ReadAllText).Distinct().Count());
    }

    [Fact]
    public async Task Key_OpenToOthers_IsRefusedWithTheChmodToType()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["ca", "init"]);
        var key = folder["edgefl-fleet/issuing/issuing.key.pem"];
        File.SetUnixFileMode(key, Private | UnixFileMode.OtherRead);

        var run = await CliRun.Of(folder.Path, ["node", "add", "kitchen"]);

        Assert.Equal(5, run.Exit);
        Assert.Contains($"chmod 600 {key}", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_OnATerminal_AsksAtMostFiveQuestions()
    {
        using var folder = new TemporaryFolder();

        var run = await CliRun.Of(folder.Path, ["init"], input: "greenhouse\nnorth, south\nreplay\nrows.csv\n");

        Assert.Equal(0, run.Exit);
        Assert.InRange(run.Err.Split("? ").Length - 1, 1, 5);
        Assert.Equal(folder["edgefl-fleet"] + "\n", run.Out);
        using var config = JsonDocument.Parse(await File.ReadAllTextAsync(folder["edgefl-fleet/nodes/south/agent.json"]));
        Assert.Equal("greenhouse", config.RootElement.GetProperty("fleet").GetString());
        Assert.Equal(folder["rows.csv"], config.RootElement.GetProperty("sensor").GetProperty("replay").GetProperty("path").GetString());
    }

    [Fact]
    public async Task Init_Again_AsksNothingAndKeepsEverything()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["init", "--fleet", "lab", "--nodes", "a", "b", "--sensor", "host"]);
        var before = Contents(folder.Path);

        var run = await CliRun.Of(folder.Path, ["init"], input: "");

        Assert.Equal(0, run.Exit);
        Assert.DoesNotContain("? ", run.Err, StringComparison.Ordinal);
        Assert.Equal(before, Contents(folder.Path));
    }

    [Theory]
    [InlineData("init", "--yes", "--dry-run")]
    [InlineData("ca", "init", "--dry-run")]
    public async Task DryRun_OfAnything_ChangesNothing(params string[] args)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(folder.Path, args);
        Assert.Equal(0, run.Exit);
        Assert.Contains("would make", run.Err, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task NodeLs_ShowsWhatIsGoodAndWhatIsBroken()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["init", "--fleet", "lab", "--nodes", "n-2", "n-10", "--sensor", "host"]);
        File.Delete(folder["edgefl-fleet/nodes/n-10/key.pem"]);

        var run = await CliRun.Of(folder.Path, ["node", "ls", "--json"]);

        using var json = JsonDocument.Parse(run.Out);
        var nodes = json.RootElement.GetProperty("nodes").EnumerateArray().Select(n => (n.GetProperty("node").GetString(), n.GetProperty("certificate").GetString()));
        Assert.Equal([("n-2", "good"), ("n-10", "identity-file-missing")], nodes);
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
