using System.Runtime.Versioning;
using System.Text.Json;
using EdgeFL.Cli.Checks;
using EdgeFL.Cli.Fleet;

namespace EdgeFL.Cli.Tests;

[SupportedOSPlatform("linux")]
public sealed class CheckCommandTests
{
    private static readonly string[] Offline = ["--dont-run", "mdns", "--dont-run", "port"];

    private static async Task<TemporaryFolder> FleetAsync()
    {
        var folder = new TemporaryFolder();
        await CliRun.Of(folder.Path, ["init", "--fleet", "lab", "--nodes", "kitchen", "--sensor", "host"]);
        Directory.Delete(folder["edgefl-fleet/offline-root"], recursive: true);
        return folder;
    }

    private static Dictionary<string, JsonElement> Results(string output) =>
        JsonDocument.Parse(output).RootElement.GetProperty("checks").EnumerateArray().ToDictionary(c => c.GetProperty("id").GetString()!);

    [Fact]
    public async Task Check_OfAGoodFolder_IsOkAndHasAStableSchema()
    {
        using var folder = await FleetAsync();

        var run = await CliRun.Of(folder.Path, ["check", "--interface", "lo", "--port", $"{NodeCommandTests.FreePort()}", "--data-dir", folder.Path,
            "--config", folder["edgefl-fleet/nodes/kitchen/agent.json"], "--json"]);

        Assert.Equal(0, run.Exit);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal(["schema", "ok", "warnings", "errors", "skipped", "checks"], json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("edgefl.check/1", json.RootElement.GetProperty("schema").GetString());
        Assert.Equal(["id", "result", "text", "next"], json.RootElement.GetProperty("checks")[0].EnumerateObject().Select(p => p.Name));
        var results = Results(run.Out);
        Assert.Equal(CheckList.All.Select(c => c.Id), results.Keys);
        foreach (var id in (string[])["clock", "data-dir", "authority", "operator", "nodes", "device", "model", "port", "mdns", "sensor"])
            Assert.True(results[id].GetProperty("result").GetString() == "ok", $"{id}: {results[id]}");
        Assert.Equal("skipped", results["peers"].GetProperty("result").GetString());
    }

    [Fact]
    public async Task Check_OfAnOpenKey_IsAnErrorWithTheChmod()
    {
        using var folder = await FleetAsync();
        File.SetUnixFileMode(folder["edgefl-fleet/nodes/kitchen/key.pem"], UnixFileMode.UserRead | UnixFileMode.GroupRead);

        var run = await CliRun.Of(folder.Path, ["check", .. Offline]);

        Assert.Equal(3, run.Exit);
        Assert.Contains("error    nodes", run.Out, StringComparison.Ordinal);
        Assert.Contains("chmod 600", run.Out, StringComparison.Ordinal);
        Assert.Contains("1 errors", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ManyDaysLater_WarnsThenFails()
    {
        using var folder = await FleetAsync();
        async Task<(int Exit, string Result)> After(int days, params string[] more)
        {
            var run = await CliRun.Of(folder.Path, ["check", .. Offline, "--dont-run", "disk", "--dont-run", "memory", "--json", .. more],
                clock: new LaterClock(DateTimeOffset.UtcNow.AddDays(days)));
            return (run.Exit, Results(run.Out)["nodes"].GetProperty("result").GetString()!);
        }

        Assert.Equal((0, "ok"), await After(1));
        Assert.Equal((0, "warning"), await After(25));
        Assert.Equal((3, "warning"), await After(25, "--warnings-as-errors"));
        Assert.Equal((3, "error"), await After(31));
        Assert.Equal((0, "skipped"), await After(31, "--dont-run", "nodes"));
    }

    [Fact]
    public async Task Check_OfPeers_SaysWhichDoesNotAnswer()
    {
        using var folder = await FleetAsync();
        await using var node = await FakeNode.StartAsync(folder["edgefl-fleet/nodes/kitchen"]);
        var gone = $"127.0.0.1:{NodeCommandTests.FreePort()}";

        var good = await CliRun.Of(folder.Path, ["check", .. Offline, "--peer", node.Address, "--json"]);
        var bad = await CliRun.Of(folder.Path, ["check", .. Offline, "--peer", node.Address, "--peer", gone, "--json"]);
        var listening = await CliRun.Of(folder.Path, ["check", "--dont-run", "mdns", "--port", $"{node.Port}", "--json"]);

        Assert.Equal("ok", Results(good.Out)["peers"].GetProperty("result").GetString());
        Assert.Equal(3, bad.Exit);
        Assert.Contains(gone, Results(bad.Out)["peers"].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("somebody listens", Results(listening.Out)["port"].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfASensorThatCannotBeOpened_IsAnError()
    {
        using var folder = await FleetAsync();
        const string Mine = "\"fleet\":\"lab\",\"node\":\"kitchen\",\"identity\":\"edgefl-fleet/nodes/kitchen\",\"state\":\".\",\n\"model\":\"edgefl-fleet/nodes/kitchen/model.json\",";
        await File.WriteAllTextAsync(folder["agent.json"], "{" + Mine + """ "sensor":{"kind":"replay","replay":{"path":["missing.csv"]}}}""");
        await File.WriteAllTextAsync(folder["broken.json"], "{" + Mine + "\n" + """ "sensor":{"kind":"replay","repaly":{}}}""");

        var run = await CliRun.Of(folder.Path, ["check", .. Offline, "--config", "agent.json", "--json"]);
        var broken = await CliRun.Of(folder.Path, ["check", "--config", "broken.json"]);
        var missing = await CliRun.Of(folder.Path, ["check", "--config", "nowhere.json"]);

        Assert.Equal(3, run.Exit);
        Assert.Contains("missing.csv", Results(run.Out)["sensor"].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("warning", Results(run.Out)["model"].GetProperty("result").GetString());
        Assert.Equal((2, 2), (broken.Exit, missing.Exit));
        Assert.Contains("[config-wrong]", broken.Err, StringComparison.Ordinal);
        Assert.Contains("broken.json:3:", broken.Err, StringComparison.Ordinal);
        Assert.Contains("repaly", broken.Err, StringComparison.Ordinal);
        Assert.Contains("[config-missing]", missing.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAModelThatLearnsANumber_WarnsWhereTheSensorGivesNone()
    {
        using var folder = await FleetAsync();
        await File.WriteAllTextAsync(folder["life.json"],
            """{"name":"wear","task":"regress","channels":1,"length":2,"target":{"name":"remaining life"},"layers":[{"type":"flatten"},{"type":"dense","outputs":1}]}""");
        await File.WriteAllTextAsync(folder["rows.csv"], "t_ms,x,left\n0,1,3\n20,1,2\n");
        async Task<JsonElement> With(string more)
        {
            await File.WriteAllTextAsync(folder["agent.json"],
                $$"""{"fleet":"lab","node":"kitchen","identity":"edgefl-fleet/nodes/kitchen","state":".","model":"life.json","sensor":{"kind":"replay","replay":{"path":"rows.csv","columns":[{"name":"x"}]{{more}}} } }""");
            return Results((await CliRun.Of(folder.Path, ["check", .. Offline, "--config", "agent.json", "--json"])).Out)["model"];
        }

        var without = await With("");
        Assert.Equal("warning", without.GetProperty("result").GetString());
        Assert.Contains("does not give the remaining life", without.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("targetColumn", without.GetProperty("next").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", (await With(",\"targetColumn\":\"left\"")).GetProperty("result").GetString());
    }

    [Theory]
    [InlineData("windowStep", "100000", "1 and 65536")]
    [InlineData("learningRate", "50", "10")]
    [InlineData("minimumWindows", "2000", "1 and 1024")]
    public async Task Check_OfTrainingThatNoNodeTakes_NamesMemberValueAndRange(string member, string value, string range)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["agent.json"], $$"""{"fleet":"lab","node":"kitchen","sensor":{"kind":"host"},"training":{"{{member}}":{{value}} } }""");

        var run = await CliRun.Of(folder.Path, ["check", "--config", "agent.json"]);

        Assert.Equal(2, run.Exit);
        Assert.Contains("[config-wrong]", run.Err, StringComparison.Ordinal);
        Assert.Contains($"training.{member} is {value}, but must lie between", run.Err, StringComparison.Ordinal);
        Assert.Contains(range, run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAnotherDevicesCertificateAndAModelThatDoesNotFit_AreErrors()
    {
        using var folder = await FleetAsync();
        await CliRun.Of(folder.Path, ["node", "add", "cellar", "--sensor", "simulated", "--model", "activity-mlp"]);
        var file = folder["edgefl-fleet/nodes/cellar/agent.json"];
        var text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text.Replace("\"identity\": \".\"", "\"identity\": \"../kitchen\"", StringComparison.Ordinal)
            .Replace("\"kind\": \"simulated\",", "\"kind\": \"host\" }, //", StringComparison.Ordinal));
        text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text.Remove(text.IndexOf("\"simulated\"", StringComparison.Ordinal), text.IndexOf("\"network\"", StringComparison.Ordinal) - text.IndexOf("\"simulated\"", StringComparison.Ordinal)));

        var run = await CliRun.Of(folder.Path, ["check", .. Offline, "--dont-run", "sensor", "--config", file, "--json"]);

        Assert.Equal(3, run.Exit);
        Assert.Equal("error", Results(run.Out)["device"].GetProperty("result").GetString());
        Assert.Contains("'kitchen'", Results(run.Out)["device"].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("error", Results(run.Out)["model"].GetProperty("result").GetString());
    }

    [Theory]
    [InlineData("MemAvailable:  8000000 kB", Verdict.Ok)]
    [InlineData("MemAvailable:    50000 kB", Verdict.Warning)]
    [InlineData("MemAvailable:     9000 kB", Verdict.Error)]
    [InlineData("MemTotal: 1 kB", Verdict.Skipped)]
    internal void Memory_OfAMachine_IsJudged(string line, Verdict expected)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["proc"]);
        File.WriteAllText(folder["proc/meminfo"], "MemFree: 3 kB\n" + line + "\n");
        var scope = new CheckScope(new FleetFolder(folder.Path), folder.Path, DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1)) { Root = folder.Path };
        Assert.Equal(expected, MachineChecks.Memory(scope).Verdict);
    }

    [Fact]
    public void Clock_BeforeTheProgram_IsAnError()
    {
        var scope = new CheckScope(new FleetFolder("/x"), "/x", DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.Error, MachineChecks.Clock(scope).Verdict);
        Assert.Equal(Verdict.Ok, MachineChecks.Clock(scope with { Now = DateTimeOffset.UtcNow }).Verdict);
        Assert.Equal(Verdict.Warning, MachineChecks.DataFolder(scope with { DataFolder = "/no/such/folder" }).Verdict);
    }

    [Fact]
    public async Task CheckList_NamesEveryCheck()
    {
        var run = await CliRun.Of("check-list");
        Assert.Equal(CheckList.All.Select(c => c.Id), run.Out.TrimEnd().Split('\n').Select(l => l.Split(' ')[0]));
        var wrong = await CliRun.Of("check", "--dont-run", "nonsense");
        Assert.Equal(2, wrong.Exit);
    }

    private sealed class LaterClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}

public sealed class DataCommandTests
{
    [Fact]
    public async Task DataImport_OfNothing_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(folder.Path, ["data", "import", "nowhere", "out"]);
        Assert.Equal(1, run.Exit);
        Assert.Contains(folder["nowhere"], run.Err, StringComparison.Ordinal);
        Assert.Contains(" next: ", run.Err, StringComparison.Ordinal);
    }
}
