using EdgeFL.EndToEnd.Tests.Programs;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

public sealed class StaticPeersTests(ITestOutputHelper output)
{
    private const int Rounds = 60;

    [Fact]
    public async Task TwoAgents_WithFixedAddresses_LearnTogetherAndAnyMqttToolReadsThem()
    {
        output.WriteLine(Built.Which);
        using TestFleet fleet = await TestFleet.CreateAsync("alpha", "beta");
        int[] ports = fleet.ConfigureStatic(c => c with { Training = c.Training with { Rounds = Rounds } }, "alpha", "beta");
        Agent[] agents = [fleet.Start("alpha"), fleet.Start("beta")];
        foreach (Agent agent in agents)
            await agent.ListensAsync();
        using Listener alpha = fleet.Listen(ports[0]), beta = fleet.Listen(ports[1]);

        foreach ((string node, Listener heard) in new[] { ("alpha", alpha), ("beta", beta) })
        {
            await heard.UntilAsync(l => l.Last(node, "train")?.Json.GetProperty("state").GetString() == "done", $"{node} is done");
            await heard.UntilAsync(l => l.Number(node, "telemetry", "round") == Rounds, $"{node} says so by telemetry");
            Assert.Equal(Rounds, heard.Number(node, "train", "round"));
            Assert.True(heard.Number(node, "telemetry", "received") > Rounds / 2, heard.Said);
            Assert.True(heard.Of(node, "train").Any(h => h.Json.GetProperty("merged").GetInt32() == 1), "the other's model was mixed in");
            Assert.Equal(0, heard.Number(node, "telemetry", "rejected"));
            Assert.Equal(Built.AgentKind, heard.Last(node, "info")!.Json.GetProperty("kind").GetString());
            Assert.Equal("online", heard.Last(node, "status")!.Text);
            Assert.Subset(heard.All.Select(h => h.Suffix).ToHashSet(), new HashSet<string> { "status", "info", "train", "telemetry", "infer", "upd/f" });
            Assert.All(heard.All, Payloads.AssertDocumented);
        }

        await PrintedLineReadsTheSame(fleet, ports[0]);
    }

    private static async Task PrintedLineReadsTheSame(TestFleet fleet, int port)
    {
        var (exit, table, errors) = await Built.CliAsync(Wait.Patience, "status", "alpha", "--peer", $"127.0.0.1:{port}", "--dir", fleet.Dir);
        Assert.True(exit == 0, errors);
        Assert.Contains("done", table, StringComparison.Ordinal);
        Assert.Contains($"{Rounds}/{Rounds}", table, StringComparison.Ordinal);
        string line = errors.Split("the same by hand: ")[1].Split('\n')[0].Trim();
        var (_, said, refused) = await Child.RunAsync(["bash", "-c", $"timeout 20 {line} -C 3"], Wait.Patience);
        Assert.Equal("", refused);
        Assert.Contains($"edgefl/v1/{fleet.Name}/alpha/train {{\"state\":\"done\"", said, StringComparison.Ordinal);
        Assert.Contains($"edgefl/v1/{fleet.Name}/alpha/status online", said, StringComparison.Ordinal);
    }
}
