using System.Runtime.Versioning;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Tests;

/// <summary>What <c>init</c> and <c>node add</c> write is read here by what the agent reads it with.</summary>
[SupportedOSPlatform("linux")]
public sealed class NodeFilesTests
{
    private const string Walk = "t_ms,segment,ax,ay,az,gx,gy,gz,label\n0,1,1,2,3,4,5,6,1\n20,1,1,2,3,4,5,6,1\n40,1,1,2,3,4,5,6,1\n";

    private static async Task<TemporaryFolder> WithRecordingAsync()
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["walk.csv"], Walk);
        Assert.Equal(0, (await CliRun.Of(folder.Path, ["ca", "init", "--fleet", "lab"])).Exit);
        return folder;
    }

    [Theory]
    [InlineData("host-autoencoder", "host", "--sensor", "host")]
    [InlineData("activity-cnn", "simulated", "--sensor", "simulated")]
    [InlineData("activity-cnn", "replay", "--sensor", "replay", "--data", "walk.csv", "--preset", "uci-hapt")]
    [InlineData("host-autoencoder", "replay", "--sensor", "replay", "--data", "walk.csv")]
    [InlineData("activity-mlp", "simulated", "--sensor", "simulated", "--model", "activity-mlp")]
    public async Task NodeAdd_OfEachKind_MakesAFolderThatTheAgentReads(string model, string kind, params string[] args)
    {
        using var folder = await WithRecordingAsync();

        Assert.Equal(0, (await CliRun.Of(folder.Path, ["node", "add", "pump", .. args])).Exit);
        File.Delete(folder["walk.csv"]); // the folder stands alone
        var node = folder["edgefl-fleet/nodes/pump"];
        var config = AgentConfigFile.Read(Path.Combine(node, "agent.json"));

        Assert.Equal(("lab", "pump", ".", "state", "model.json"), (config.Fleet, config.Node, config.Identity, config.State, config.Model));
        Assert.Equal(("0.0.0.0:8883", true), (config.Network.Listen, config.Network.Discovery));
        Assert.Equal(new TrainingConfig(), config.Training);
        using var credentials = DeviceCredentials.Load(Path.GetFullPath(config.Identity, node));
        Assert.Equal("pump", credentials.Identity.Node.Value);
        var spec = ModelSpec.Parse(await File.ReadAllBytesAsync(Path.Combine(node, config.Model)));
        Assert.Equal((model, kind), (spec.Name, config.Sensor.Kind));
        await using var sensor = SensorFactory.Create(config.Sensor, new SensorContext { BaseFolder = node, PresetFolders = [] });
        var fitted = spec.Resolve(sensor.Description.Channels.Count);
        if (fitted.Task == TaskKind.Classify)
            Assert.Equal(fitted.Classes, sensor.Description.Classes);
    }

    [Fact]
    public async Task NodeAdd_OnLoopback_KeepsTheNodeToThisMachine()
    {
        using var folder = await WithRecordingAsync();
        await CliRun.Of(folder.Path, ["node", "add", "a", "--interface", "lo"]);
        await CliRun.Of(folder.Path, ["node", "add", "b", "--interface", "lo", "--port", "9001"]);
        await CliRun.Of(folder.Path, ["node", "add", "c", "-i", "eth0", "-i", "lo", "--peer", "a=127.0.0.1:9000", "--peer", "b=[::1]:9001"]);

        NetworkConfig Of(string name) => AgentConfigFile.Read(folder[$"edgefl-fleet/nodes/{name}/agent.json"]).Network;

        Assert.Equal("127.0.0.1:0", Of("a").Listen);
        Assert.Equal(["lo"], Of("a").Interfaces);
        Assert.Equal("127.0.0.1:9001", Of("b").Listen);
        Assert.Equal("0.0.0.0:8883", Of("c").Listen);
        Assert.Equal(["a=127.0.0.1:9000", "b=[::1]:9001"], Of("c").Peers);
    }

    [Fact]
    public async Task NodeAdd_WithABridge_WritesItWithItsAuthority()
    {
        using var folder = await WithRecordingAsync();
        await CliRun.Of(folder.Path, ["node", "add", "a", "--bridge", "mqtts://monitor.lan", "--bridge-ca", "edgefl-fleet/issuing/root.pem"]);
        await CliRun.Of(folder.Path, ["node", "add", "b", "--bridge", "mqtt://monitor.lan:1884", "--insecure"]);

        BridgeConfig Of(string name) => AgentConfigFile.Read(folder[$"edgefl-fleet/nodes/{name}/agent.json"]).Network.Bridge!;

        Assert.Equal(new BridgeConfig { Broker = "mqtts://monitor.lan", BrokerCa = "bridge-ca.pem" }, Of("a"));
        Assert.Equal(File.ReadAllBytes(folder["edgefl-fleet/issuing/root.pem"]), File.ReadAllBytes(folder["edgefl-fleet/nodes/a/bridge-ca.pem"]));
        Assert.Equal(new BridgeConfig { Broker = "mqtt://monitor.lan:1884", Insecure = true }, Of("b"));
    }

    [Fact]
    public async Task Init_OfManyOnOneMachine_GivesEachPersonAndPort()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await CliRun.Of(folder.Path, ["init", "--yes", "--sensor", "simulated", "--interface", "lo"])).Exit);
        var configs = Enumerable.Range(1, 3).Select(i => AgentConfigFile.Read(folder[$"edgefl-fleet/nodes/node-{i}/agent.json"])).ToList();
        Assert.Equal([0, 1, 2], configs.Select(c => c.Sensor.Simulated!.Device));
        Assert.All(configs, c => Assert.Equal("127.0.0.1:0", c.Network.Listen));
    }

    [Theory]
    [InlineData("bad-peer", "--peer", "192.168.1.12:8883")]
    [InlineData("bad-peer", "--peer", "pump-02=192.168.1.12")]
    [InlineData("bad-peer", "--peer", "Pump=host:1")]
    [InlineData("data-missing", "--sensor", "replay")]
    [InlineData("data-missing", "--sensor", "replay", "--data", "nowhere.csv")]
    [InlineData("bad-preset", "--sensor", "replay", "--data", "walk.csv", "--preset", "nonsense")]
    [InlineData("bad-usage", "--data", "walk.csv")]
    [InlineData("model-missing", "--model", "nonsense")]
    [InlineData("bad-model", "--sensor", "simulated", "--model", "turbofan-life")]
    [InlineData("bad-model", "--sensor", "host", "--model", "activity-cnn")]
    [InlineData("bad-model", "--model", "walk.csv")]
    [InlineData("bad-port", "--port", "65536")]
    [InlineData("bad-broker", "--bridge", "monitor.lan")]
    [InlineData("insecure-broker", "--bridge", "mqtt://monitor.lan")]
    [InlineData("bad-broker-ca", "--bridge", "mqtts://monitor.lan", "--bridge-ca", "nowhere.pem")]
    [InlineData("bad-usage", "--bridge-ca", "walk.csv")]
    [InlineData("bad-usage", "--insecure")]
    public async Task NodeAdd_OfWhatCannotBe_MakesNothing(string code, params string[] args)
    {
        using var folder = await WithRecordingAsync();

        var run = await CliRun.Of(folder.Path, ["node", "add", "pump", .. args]);

        Assert.Equal(2, run.Exit);
        Assert.Contains($"[{code}]", run.Err, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["edgefl-fleet/nodes"]));
    }
}
