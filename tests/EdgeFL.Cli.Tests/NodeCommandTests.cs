using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Nodes;

namespace EdgeFL.Cli.Tests;

public sealed class NodeCommandTests
{
    private const string Train = """{"state":"training","round":7,"rounds":30,"loss":0.4321,"accuracy":0.812,"samples":900,"peers":3}""";

    private static async Task<TemporaryFolder> FleetAsync(params string[] nodes)
    {
        var folder = new TemporaryFolder();
        var name = "t" + Guid.NewGuid().ToString("N")[..10]; // tests share loopback's multicast
        Assert.Equal(0, (await CliRun.Of(folder.Path, ["init", "--fleet", name, "--nodes", .. nodes, "--sensor", "host"])).Exit);
        return folder;
    }

    private static Task<FakeNode> NodeAsync(TemporaryFolder folder, string name) => FakeNode.StartAsync(folder[$"edgefl-fleet/nodes/{name}"]);

    [Fact]
    public async Task Status_OfANamedPeer_ReadsWhatIsRetained()
    {
        using var folder = await FleetAsync("kitchen");
        await using var node = await NodeAsync(folder, "kitchen");
        node.Say("status", "online");
        node.Say("train", Train);
        node.Say("info", """{"version":"0.1.0","board":"pi-5","boot":3}""");
        node.Say("telemetry", """{"rss":8.4,"temperature":41.5,"bytesIn":14000,"bytesOut":28000,"rejected":2}""");
        node.Say("train", """{"state":"forged","round":99}""", asNode: "cellar"); // speaks for itself alone

        var json = await CliRun.Of(folder.Path, ["status", "all", "--peer", node.Address, "--json"]);
        var text = await CliRun.Of(folder.Path, ["status", "kitchen", "--peer", node.Address]);

        Assert.Equal((0, 0), (json.Exit, text.Exit));
        using var document = JsonDocument.Parse(json.Out);
        var row = Assert.Single(document.RootElement.GetProperty("nodes").EnumerateArray());
        Assert.Equal(["node", "address", "status", "state", "round", "rounds", "loss", "accuracy", "samples", "peers", "bytes_in", "bytes_out", "messages_sent",
            "rejected", "lost", "info", "telemetry", "unreadable"], row.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("kitchen", "online", "training", 7), (row.GetProperty("node").GetString(), row.GetProperty("status").GetString(),
            row.GetProperty("state").GetString(), row.GetProperty("round").GetInt32()));
        Assert.Equal((14000, 2), (row.GetProperty("bytes_in").GetInt32(), row.GetProperty("rejected").GetInt32()));
        Assert.Equal(JsonValueKind.Null, row.GetProperty("lost").ValueKind);
        Assert.Equal("pi-5", row.GetProperty("info").GetProperty("board").GetString());
        foreach (var part in (string[])["kitchen", "7/30", "81.2 %", "14 kB", "temperature", "41.5"])
            Assert.Contains(part, text.Out, StringComparison.Ordinal);
        Assert.Contains("mosquitto_sub -h 127.0.0.1", text.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_PrintedMosquittoLine_ReadsTheSame()
    {
        using var folder = await FleetAsync("kitchen");
        await using var node = await NodeAsync(folder, "kitchen");
        node.Say("train", Train);
        var text = await CliRun.Of(folder.Path, ["status", "kitchen", "--peer", node.Address]);
        var line = text.Err.Split("the same by hand: ")[1].Trim();
        if (!File.Exists("/usr/bin/mosquitto_sub"))
        {
            Assert.Contains("--cafile", line, StringComparison.Ordinal);
            return;
        }

        using var process = Process.Start(new ProcessStartInfo("bash") { ArgumentList = { "-c", "timeout 20 " + line + " -C 1" }, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
        Assert.Contains("/kitchen/train {\"state\":\"training\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discover_OnLoopback_FindsWhatIsAdvertisedAndStatusUsesIt()
    {
        using var folder = await FleetAsync("kitchen", "cellar");
        await using var one = await NodeAsync(folder, "kitchen");
        await using var two = await NodeAsync(folder, "cellar");
        two.Say("status", "online");
        await Task.WhenAll(one.AdvertiseAsync(), two.AdvertiseAsync());
        var fleet = JsonDocument.Parse(await File.ReadAllTextAsync(folder["edgefl-fleet/nodes/kitchen/agent.json"])).RootElement.GetProperty("fleet").GetString()!;

        var found = await CliRun.Of(folder.Path, ["discover", "--interface", "lo", "--fleet", fleet, "--expect", "2", "--timeout", "20s", "--json"]);
        var status = await CliRun.Of(folder.Path, ["status", "cellar", "--interface", "lo", "--timeout", "20s", "--json"]);
        var top = await CliRun.Of(folder.Path, ["top", "--interface", "lo", "--for", "4s", "--json"]);

        Assert.Equal(0, found.Exit);
        using var json = JsonDocument.Parse(found.Out);
        Assert.Equal(["cellar", "kitchen"], json.RootElement.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("node").GetString()));
        Assert.Equal(["node", "fleet", "host", "port", "addresses", "model", "fingerprint", "transport"],
            json.RootElement.GetProperty("nodes")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(0, status.Exit);
        Assert.Contains("\"online\"", status.Out, StringComparison.Ordinal);
        Assert.Equal(0, top.Exit);
        Assert.Contains("\"cellar\"", top.Out, StringComparison.Ordinal);
        Assert.Contains("online", top.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discover_OfFewerThanExpected_IsUnreachable()
    {
        var run = await CliRun.Of("discover", "--interface", "lo", "--fleet", "nobody-here", "--expect", "1", "--timeout", "200ms");
        Assert.Equal(4, run.Exit);
        Assert.Contains("[nodes-missing]", run.Err, StringComparison.Ordinal);
        var missing = await CliRun.Of("discover", "--interface", "no-such0", "--timeout", "200ms");
        Assert.Equal(2, missing.Exit);
        Assert.Contains("[interface-missing]", missing.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_OfWhatIsNotThere_IsUnreachable()
    {
        using var folder = await FleetAsync("kitchen");
        var port = FreePort();

        var run = await CliRun.Of(folder.Path, ["status", "all", "--peer", $"127.0.0.1:{port}", "--timeout", "2s"]);
        var top = await CliRun.Of(folder.Path, ["top", "--peer", $"127.0.0.1:{port}", "--timeout", "1s", "--for", "1500ms"]);

        Assert.Equal((4, 4), (run.Exit, top.Exit));
        Assert.Contains("[node-unreachable]", run.Err, StringComparison.Ordinal);
        Assert.Contains($"next: edgefl check --peer 127.0.0.1:{port}", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_OfANodeThatRefuses_IsNotAllowed()
    {
        using var folder = await FleetAsync("kitchen");
        await using var node = await NodeAsync(folder, "kitchen");
        node.LetsIn = false;

        var run = await CliRun.Of(folder.Path, ["status", "all", "--peer", node.Address]);

        Assert.Equal(5, run.Exit);
        Assert.Contains("[not-allowed]", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_OfAnotherFleetsNode_IsUntrustedOnBothSides()
    {
        using var mine = await FleetAsync("kitchen");
        using var other = await FleetAsync("kitchen");
        await using var node = await NodeAsync(other, "kitchen");
        node.Say("status", "online");

        var run = await CliRun.Of(mine.Path, ["status", "all", "--peer", node.Address]);

        Assert.Equal(5, run.Exit);
        Assert.Empty(run.Out);
        Assert.Contains("[node-untrusted]", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WithoutAnOperator_NamesTheCommandThatMakesOne()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(folder.Path, ["status", "all"]);
        Assert.Equal(1, run.Exit);
        Assert.Contains("next: edgefl ca init", run.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1", false, "127.0.0.1:1883", false)]
    [InlineData("mqtts://broker.lan", false, "broker.lan:8883", true)]
    [InlineData("mqtts://broker.lan:99/", false, "broker.lan:99", true)]
    [InlineData("mqtt://broker.lan", true, "broker.lan:1883", false)]
    public void Broker_Url_IsRead(string url, bool insecure, string address, bool secure)
    {
        var target = NodeTargets.ParseBroker(url, insecure);
        Assert.Equal((address, secure, true), (target.Address.ToString(), target.Secure, target.IsBroker));
    }

    [Theory]
    [InlineData("mqtt://broker.lan", 5)]
    [InlineData("http://broker.lan", 2)]
    [InlineData("mqtts://", 2)]
    public void Broker_UrlThatIsWrongOrOpen_IsRefused(string url, int exit) =>
        Assert.Equal(exit, Assert.Throws<CliException>(() => NodeTargets.ParseBroker(url, insecure: false)).Exit);

    [Fact]
    public void Report_OfAnyBytes_NeverThrowsAndKeepsTheTerminalClean()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var payload = System.Text.Encoding.UTF8.GetBytes(Train);
            for (var i = random.Next(6); i > 0; i--)
                payload[random.Next(payload.Length)] = (byte)random.Next(256);
            payload = payload[..random.Next(payload.Length + 1)];
            foreach (var suffix in (string[])["status", "info", "train", "telemetry", "head"])
            {
                var report = new NodeReport("n").With(suffix, payload);
                Assert.True(report.ToState().Round >= -1, $"seed {seed}");
                Assert.DoesNotContain(report.Info.Concat(report.Telemetry), f => f.Key.Any(char.IsControl) || f.Value.Any(char.IsControl));
            }
        }

        Assert.Equal(1, new NodeReport("n").With("train", new byte[NodeReport.PayloadBytesMax + 1]).Unreadable);
        Assert.Equal("[31mred", new NodeReport("n").With("info", "{\"x\":\"\\u001b[31mred\"}"u8).InfoText("x"));
        Assert.Equal(2, new NodeReport("n").With("train", "{\"peers\":[\"a\",\"b\"]}"u8).ToState().Peers);
        Assert.Equal(-1, new NodeReport("n").With("train", "{\"round\":1e300,\"bytes_in\":-4}"u8).ToState().Round);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
