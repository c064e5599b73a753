using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Platform.Tests.Mdns;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>What an operator sees of a running fleet, with our tools and with Debian's.</summary>
[Collection(StandingFleetCollection.Name)]
public sealed class OperatorTests(StandingFleet standing)
{
    [Fact]
    public async Task Discover_FindsBothNodesWithAddressModelAndKey()
    {
        var (exit, output, errors) = await Built.CliAsync(
            Wait.Patience, "discover", "--interface", "lo", "--fleet", standing.Name, "--expect", "2", "--timeout", "20s", "--json");
        Assert.True(exit == 0, errors);
        JsonElement[] nodes = [.. JsonDocument.Parse(output).RootElement.GetProperty("nodes").EnumerateArray()];
        Assert.Equal(["alpha", "beta"], nodes.Select(node => node.GetProperty("node").GetString()!).Order(StringComparer.Ordinal));
        JsonElement alpha = nodes.Single(node => node.GetProperty("node").GetString() == "alpha"), info = standing.Heard.Last("alpha", "info")!.Json;
        Assert.Equal(standing.Alpha.Port, alpha.GetProperty("port").GetInt32());
        Assert.Equal("127.0.0.1", Assert.Single(alpha.GetProperty("addresses").EnumerateArray()).GetString());
        Assert.StartsWith(alpha.GetProperty("model").GetString()!, info.GetProperty("modelHash").GetString(), StringComparison.Ordinal);
        Assert.StartsWith(alpha.GetProperty("fingerprint").GetString()!, info.GetProperty("fingerprint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_OfAll_ReadsBothNodes()
    {
        var (exit, output, errors) = await Built.CliAsync(Wait.Patience, "status", "all", "--interface", "lo", "--dir", standing.Fleet.Dir, "--json");
        Assert.True(exit == 0, errors);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(standing.Name, root.GetProperty("fleet").GetString());
        Assert.Equal(["alpha", "beta"], root.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("node").GetString()));
        Assert.All(root.GetProperty("nodes").EnumerateArray(), node =>
        {
            Assert.Equal(("online", "training"), (node.GetProperty("status").GetString(), node.GetProperty("state").GetString()));
            Assert.True(node.GetProperty("round").GetInt64() > 0);
            Assert.Equal(1, node.GetProperty("peers").GetInt64());
            Assert.Equal(0, node.GetProperty("unreadable").GetInt64());
        });
    }

    [Fact]
    public async Task Status_WithTheCertificateOfAnotherFleet_IsNotLetIn()
    {
        using TestFleet other = await TestFleet.CreateAsync("spy");
        var (exit, output, errors) = await Built.CliAsync(Wait.Patience, "status", "alpha", "--peer", $"127.0.0.1:{standing.Alpha.Port}", "--dir", other.Dir);
        Assert.Equal(5, exit);
        Assert.Equal("", output);
        Assert.Contains("node-untrusted", errors, StringComparison.Ordinal);
        await standing.AssertLearnsOnAsync();
    }

    [Fact]
    public async Task Top_WatchesUntilInterrupted()
    {
        // A shell may have started the tests in the background, with interrupts ignored.
        using var top = Child.Start(["env", "--default-signal=INT", .. Built.CliCommand, "top", "--interface", "lo", "--dir", standing.Fleet.Dir, "--json"]);
        await Wait.UntilAsync(() => top.HasExited || top.Errors.Contains("2 nodes", StringComparison.Ordinal), "top sees two nodes", () => top.Said);
        top.Signal(Child.SigInt);
        Assert.Equal(0, await top.ExitAsync(Wait.Patience));
        JsonElement root = JsonDocument.Parse(top.Output).RootElement;
        Assert.Equal(["alpha", "beta"], root.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("node").GetString()));
    }

    [Fact]
    public async Task Check_OfARunningFleet_FindsNoError()
    {
        var (exit, output, errors) = await Built.CliAsync(
            Wait.Patience, "check", "--dir", standing.Fleet.Dir, "--data-dir", standing.Fleet.State("alpha"), "--interface", "lo", "--port", $"{standing.Alpha.Port}",
            "--peer", $"127.0.0.1:{standing.Beta.Port}", "--config", Path.Combine(standing.Fleet.Node("alpha"), "agent.json"), "--json");
        Assert.True(exit == 0, errors + output);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(0, root.GetProperty("errors").GetInt32());
        string[] good = [.. root.GetProperty("checks").EnumerateArray().Where(check => check.GetProperty("result").GetString() == "ok").Select(check => check.GetProperty("id").GetString()!)];
        Assert.Subset(good.ToHashSet(), new HashSet<string> { "clock", "data-dir", "operator", "port", "mdns", "peers", "sensor" });
    }

    [Fact]
    public async Task AvahiBrowse_SeesTheAgents()
    {
        using var avahi = new AvahiFixture();
        for (int attempt = 1; ; attempt++)
        {
            var (exit, output, errors) = await avahi.RunAsync("avahi-browse", Wait.Patience, "-rtp", "_edgefl._tcp");
            Assert.True(exit == 0, errors);
            // Other fleets of this machine may be there too, and may hold the plain names.
            string[] ours = [.. output.Split('\n').Where(line => line.StartsWith("=;lo;IPv4;", StringComparison.Ordinal) && line.Contains($"\"fl={standing.Name}\"", StringComparison.Ordinal))];
            if (ours.Length < 2 && attempt < 5)
                continue; // A busy machine: not all have answered.
            Assert.Equal(2, ours.Length);
            foreach (Agent agent in (Agent[])[standing.Alpha, standing.Beta])
            {
                string line = Assert.Single(ours, line => line.Contains($"\"id={agent.Node}\"", StringComparison.Ordinal));
                Assert.Contains($";127.0.0.1;{agent.Port};", line, StringComparison.Ordinal);
                Assert.Contains("\"tr=mqtt5\"", line, StringComparison.Ordinal);
                Assert.Contains("\"pv=1\"", line, StringComparison.Ordinal);
            }

            return;
        }
    }
}
