using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Tests.Sensors;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Tests.Configuration;

public sealed class AgentConfigFileTests : IDisposable
{
    private const string Least = """{"fleet":"farm","node":"pump","sensor":{"kind":"host"}}""";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private AgentConfig Read(string text) => AgentConfigFile.Read(folder.Write("agent.json", text));

    private ConfigException Wrong(string text) => Assert.Throws<ConfigException>(() => Read(text));

    [Theory]
    [InlineData("codec", "\"lattice-9\"")]
    [InlineData("codec", "\"14\"")]
    [InlineData("codec", "\"\"")]
    [InlineData("partners", "\"all\"")]
    public void Name_ThatMeansNothing_IsNamedWithThoseThatDo(string member, string value)
    {
        ConfigException error = Wrong(Least[..^1] + $",\"training\":{{\"{member}\":{value}}}}}");
        Assert.Contains($"training.{member} is '{value.Trim('"')}', but must be one of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesOfCodecAndPartners_AreThoseOfTheDocuments()
    {
        TrainingConfig training = Read(Least[..^1] + ",\"training\":{\"codec\":\"int8-block-64\",\"partners\":\"circle\"}}").Training;
        NodeOptions options = TrainingOptions.Of(training, FleetId.Parse("home"), NodeId.Parse("pi"), 1);
        Assert.Equal((UpdateCodec.Int8Block64, PartnerChoice.Circle), (options.Codec, options.Partners));
    }

    [Fact]
    public void Members_LeftOut_HaveTheirDefaults()
    {
        AgentConfig config = Read(Least);
        Assert.Equal(("farm", "pump", "host"), (config.Fleet, config.Node, config.Sensor.Kind));
        Assert.Equal(("identity", "/var/lib/edgefl", "model.json"), (config.Identity, config.State, config.Model));
        Assert.Equal(new TrainingConfig(), config.Training);
        NetworkConfig network = config.Network, partly = Read(Least[..^1] + ",\"network\":{\"discovery\":false}}").Network;
        Assert.Equal(("0.0.0.0:8883", true, 30_000, 1000, 60_000), (network.Listen, network.Discovery, network.TelemetryIntervalMs, network.ReconnectMinMs, network.ReconnectMaxMs));
        Assert.Equal(("0.0.0.0:8883", false, 30_000, 1000, 60_000), (partly.Listen, partly.Discovery, partly.TelemetryIntervalMs, partly.ReconnectMinMs, partly.ReconnectMaxMs));
        Assert.Empty(partly.Peers);
        TrainingConfig training = Read(Least[..^1] + ",\"training\":{\"seed\":7}}").Training;
        Assert.Equal(new TrainingConfig { Seed = 7 }, training);
        Assert.Equal(50, Read(Least.Replace("\"host\"", "\"simulated\",\"simulated\":{\"device\":1}", StringComparison.Ordinal)).Sensor.Simulated!.RateHz);
    }

    [Fact]
    public void Comments_AndTrailingCommas_AreAllowed() =>
        Assert.Equal("pump", Read("// the pump\n{\"fleet\":\"farm\", /* its name */ \"node\":\"pump\",\n\"sensor\":{\"kind\":\"host\",},}").Node);

    [Fact]
    public void Config_ThatWasWritten_ReadsTheSame()
    {
        var config = new AgentConfig
        {
            Fleet = "farm", Node = "pump", Identity = ".", State = "state",
            Sensor = new SensorOptions { Kind = "replay", Replay = new ReplayOptions { Path = ["a.csv"], Columns = [new ReplayColumn { Name = "x", Scale = 0.5 }] } },
            Network = new NetworkConfig { Listen = "[::]:1", Interfaces = ["lo"], Peers = ["b=[::1]:2"], Discovery = false },
            Training = new TrainingConfig { Seed = ulong.MaxValue, LearningRate = 0.25f, FanOut = 2 },
        };
        AgentConfigFile.Write(folder["agent.json"], config);
        string once = File.ReadAllText(folder["agent.json"]);
        AgentConfigFile.Write(folder["again.json"], AgentConfigFile.Read(folder["agent.json"]));
        Assert.Equal(once, File.ReadAllText(folder["again.json"]));
        Assert.EndsWith("}\n", once, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n  \"fleet\": \"farm\",\n  \"nodes\": \"pump\"\n}", 3, "\"nodes\"")]
    [InlineData("{\"fleet\":\"farm\",\"node\":\"pump\",\n\"sensor\":{\"kind\":\"host\"},\n\"network\":{\"lisen\":\"x\"}}", 3, "lisen")]
    [InlineData("{\"fleet\":\"farm\",\"node\":\"pump\",\n\"sensor\":{\"kind\":\"host\",\n\"hosts\":{}},\n\"model\":\"m\"}", 3, "hosts")]
    [InlineData("{\"fleet\":\"farm\",\n\"node\":7}", 2, "\"node\":7")]
    [InlineData("{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{\"kind\":\"host\"},\n\"training\":{\n\"tickMs\":\"x\"}}", 3, "tickMs")]
    [InlineData("{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{\"kind\":\"host\"},\n\"training\":{\"tickMs\":1.5}}", 2, "1.5")]
    [InlineData("{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{\"kind\":\"host\"},\n\"network\":null}", 2, "null")]
    [InlineData("{\"fleet\":\"farm\"\n\"node\":\"pump\"}", 2, "\"node\"")]
    [InlineData("{\"fleet\":\"farm\",\n", 2, "")]
    [InlineData("", 1, "")]
    public void Mistake_IsShownWithLineAndColumn(string text, int line, string shown)
    {
        ConfigException error = Wrong(text);
        Assert.Equal("bad-config", error.Code);
        Assert.Matches($@"agent\.json:{line}:\d+: ", error.Message);
        Assert.Contains(shown, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(":0: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fleet", "{\"node\":\"pump\",\"sensor\":{\"kind\":\"host\"}}")]
    [InlineData("node", "{\"fleet\":\"farm\",\"node\":\"Pump 1\",\"sensor\":{\"kind\":\"host\"}}")]
    [InlineData("sensor.kind", "{\"fleet\":\"farm\",\"node\":\"pump\"}")]
    [InlineData("sensor.kind", "{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{}}")]
    [InlineData("state", "{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{\"kind\":\"host\"},\"state\":\"\"}")]
    public void Member_ThatIsMissing_IsNamed(string member, string text) => Assert.Contains($" {member} ", Wrong(text).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("network", "telemetryIntervalMs", "99")]
    [InlineData("network", "telemetryIntervalMs", "3600001")]
    [InlineData("network", "reconnectMinMs", "99")]
    [InlineData("network", "reconnectMaxMs", "999")]
    [InlineData("training", "tickMs", "0")]
    [InlineData("training", "tickMs", "10001")]
    [InlineData("training", "windowsMax", "0")]
    [InlineData("training", "heldOutPer20", "11")]
    [InlineData("training", "windowStep", "0")]
    [InlineData("training", "windowStep", "65537")]
    [InlineData("training", "windowsMax", "65537")]
    [InlineData("training", "minimumWindows", "1025")]
    [InlineData("training", "minimumWindows", "0")]
    [InlineData("training", "rounds", "-1")]
    [InlineData("training", "stepsPerRound", "1001")]
    [InlineData("training", "batch", "257")]
    [InlineData("training", "learningRate", "50")]
    [InlineData("training", "learningRate", "0")]
    [InlineData("training", "momentum", "1")]
    [InlineData("training", "fanOut", "17")]
    [InlineData("training", "learningRateFloor", "2")]
    [InlineData("training", "momentumRenewal", "0")]
    [InlineData("training", "tailAverage", "2")]
    [InlineData("training", "settleRounds", "1001")]
    [InlineData("training", "classBalance", "3")]
    [InlineData("training", "rotation", "2")]
    [InlineData("training", "reuseRounds", "1001")]
    [InlineData("training", "pushThreshold", "11")]
    [InlineData("training", "bytesPerHourMax", "999")]
    [InlineData("training", "activeViewSize", "0")]
    [InlineData("training", "startDelayMs", "-1")]
    [InlineData("training", "startDelayMs", "3600001")]
    [InlineData("training", "checkpointIntervalMs", "99")]
    [InlineData("training", "checkpointRounds", "1000001")]
    [InlineData("training", "inferenceIntervalMs", "3600001")]
    [InlineData("training", "reportIntervalMs", "-1")]
    [InlineData("training", "idlePushMs", "99")]
    public void Number_OutOfItsRange_IsNamedWithTheRange(string part, string member, string value)
    {
        ConfigException error = Wrong(Least[..^1] + $",\"{part}\":{{\"{member}\":{value}}}}}");
        Assert.Contains($"{part}.{member} is {value}, but must lie between", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("E-", error.Message, StringComparison.Ordinal);
        Assert.Contains("docs/agent.md", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_AtItsLimits_IsWhatANodeTakes()
    {
        ModelSpec model = ModelSpec.Parse(
            """{"format":1,"name":"n","task":"classify","channels":1,"length":4,"classes":["a","b"],"normalise":"none","loss":"cross-entropy","layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}"""u8);
        foreach (int limit in new[] { 1, 65_536 })
        {
            TrainingConfig training = Read(Least[..^1] + $",\"training\":{{\"windowStep\":{limit},\"windowsMax\":{limit},\"minimumWindows\":{limit},\"startDelayMs\":3600000}}}}").Training;
            NodeOptions options = TrainingOptions.Of(training, FleetId.Parse("farm"), NodeId.Parse("pump"), 1);
            Assert.Equal((limit, 3_600_000), (options.MinimumWindows, options.StartDelayMs));
            _ = new NodeCore(options, model, new WindowOptions { Length = model.Length, Step = limit }, new LocalDataOptions { TrainingWindows = limit, HeldOutWindows = limit });
        }
    }

    [Fact]
    public void Replay_IsOneOfItsNames()
    {
        Assert.Equal(ReplayPolicy.Oldest, Read(Least).Training.Replay);
        Assert.Equal(ReplayPolicy.Balanced, Read(Least[..^1] + ",\"training\":{\"replay\":\"balanced\"}}").Training.Replay);
        Assert.Contains("not understood", Wrong(Least[..^1] + ",\"training\":{\"replay\":\"newest\"}}").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MinimumWindows_LeftOut_NeverExceedWhatIsKept()
    {
        TrainingConfig few = Read(Least[..^1] + ",\"training\":{\"windowsMax\":8}}").Training;
        Assert.Equal(8, TrainingOptions.Of(few, FleetId.Parse("farm"), NodeId.Parse("pump"), 1).MinimumWindows);
        Assert.Contains("training.minimumWindows is 9, but must lie between 1 and 8", Wrong(Least[..^1] + ",\"training\":{\"windowsMax\":8,\"minimumWindows\":9}}").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad-listen", "\"listen\":\"x\"")]
    [InlineData("bad-peer", "\"peers\":[\"x\"]")]
    [InlineData("bad-peer", "\"peers\":[null]")]
    [InlineData("bad-config", "\"peers\":[\"b=h:1\",\"b=h:2\"]")]
    [InlineData("bad-config", "\"interfaces\":[\"\"]")]
    [InlineData("bad-broker", "\"broker\":\"x\"")]
    [InlineData("insecure-broker", "\"broker\":\"mqtt://broker.lan\"")]
    public void Network_ThatCannotBe_IsRefusedBeforeAnythingStarts(string code, string member) =>
        Assert.Equal(code, Wrong(Least[..^1] + $",\"network\":{{{member}}}}}").Code);

    [Theory]
    [InlineData("bad-config", "network.bridge.broker is missing", "")]
    [InlineData("bad-broker", "network.bridge.broker: 'monitor.lan'", "\"broker\":\"monitor.lan\"")]
    [InlineData("insecure-broker", "network.bridge.broker: 'mqtt://monitor.lan'", "\"broker\":\"mqtt://monitor.lan\"")]
    [InlineData("bad-config", "network.bridge.passwordFile is \"p\"", "\"broker\":\"mqtts://monitor.lan\",\"passwordFile\":\"p\"")]
    [InlineData("bad-config", "network.bridge.up is \"upd/#\", but must be one of status, info,", "\"broker\":\"mqtts://monitor.lan\",\"up\":[\"status\",\"upd/#\"]")]
    [InlineData("bad-config", "network.bridge.up is \"status\", but stands there twice", "\"broker\":\"mqtts://monitor.lan\",\"up\":[\"status\",\"status\"]")]
    [InlineData("bad-config", "network.bridge.down is \"status\", but must be one of cmd/+,", "\"broker\":\"mqtts://monitor.lan\",\"down\":[\"status\"]")]
    [InlineData("bad-config", "network.bridge is \"mqtts://monitor.lan\", but network.broker is", "\"broker\":\"mqtts://monitor.lan\"},\"broker\":\"mqtts://b\",\"peers\":[], \"bridge\":{\"broker\":\"mqtts://monitor.lan\"")]
    public void Bridge_ThatCannotBe_IsNamedWithItsMember(string code, string named, string members)
    {
        ConfigException error = Wrong(Least[..^1] + $",\"network\":{{\"bridge\":{{{members}}}}}}}");
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void Bridge_LeftToItsDefaults_CarriesAllThereIsFromTheFilesFolder()
    {
        NetworkConfig network = Read(Least[..^1] + ",\"network\":{\"brokerCa\":\"b.pem\",\"bridge\":{\"broker\":\"mqtts://monitor.lan\",\"brokerCa\":\"ca.pem\",\"user\":\"u\",\"passwordFile\":\"/p\"}}}").Network;
        Assert.Equal((null, null), (network.Bridge!.Up, network.Bridge.Down));
        NetworkConfig placed = network.In("/etc/edgefl");
        Assert.Equal(("/etc/edgefl/b.pem", "/etc/edgefl/ca.pem", "/p"), (placed.BrokerCa, placed.Bridge!.BrokerCa, placed.Bridge.PasswordFile));
        Assert.Null(new NetworkConfig().In("/etc/edgefl").Bridge);
    }

    [Fact]
    public void File_ThatIsNotThere_NamesTheCommandThatMakesOne()
    {
        var error = Assert.Throws<ConfigException>(() => AgentConfigFile.Read(folder["none.json"]));
        Assert.Equal("no-config", error.Code);
        Assert.Contains("edgefl init", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("null", Wrong("null").Message, StringComparison.Ordinal);
    }
}
