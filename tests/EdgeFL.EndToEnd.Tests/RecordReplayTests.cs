using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Node;
using EdgeFL.Platform.Storage;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>What agents recorded comes to the same bits in the simulator, another program on another runtime.</summary>
public sealed class RecordReplayTests(ITestOutputHelper output)
{
    private static readonly string[] Nodes = ["alpha", "beta", "gamma"];

    [Fact]
    public async Task RecordedFleet_ReplaysToTheModelsOfItsCheckpoints()
    {
        output.WriteLine(Built.Which);
        using TestFleet fleet = await TestFleet.CreateAsync(Nodes);
        int[] ports = fleet.ConfigureStatic(c => c, Nodes);
        await RunAsync(fleet, ports[0], round: 40);
        await AssertReplaysAsync(fleet);

        // Once more, from the checkpoints.
        await RunAsync(fleet, ports[0], round: 60);
        await AssertReplaysAsync(fleet);
    }

    [Fact]
    public async Task RecordingWithoutRoom_EndsAndIsWhole_AndTheAgentGoesOn()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha");
        int[] ports = fleet.ConfigureStatic(c => c, "alpha");
        string file = RecordingOf(fleet, "alpha");
        Agent agent = fleet.Start("alpha", null, "--record", file, "--record-max", "1");
        await agent.ListensAsync();
        using Listener heard = fleet.Listen(ports[0]);
        await Wait.UntilAsync(() => agent.Log.Contains("recording-full:", StringComparison.Ordinal), "the recording is full", () => agent.Said);
        await heard.UntilRoundAsync("alpha", heard.Round("alpha") + 5);
        Assert.Equal(0, await agent.StopAsync(Wait.Patience));
        Assert.InRange(new FileInfo(file).Length, 900_000, 1_000_000);
        JsonElement json = await ReplayAsync(file);
        Assert.True(json.GetProperty("identical").GetBoolean(), json.ToString());
    }

    private static async Task RunAsync(TestFleet fleet, int port, long round)
    {
        Agent[] agents = [.. Nodes.Select(node => fleet.Start(node, null, "--record", RecordingOf(fleet, node)))];
        foreach (Agent agent in agents)
            await agent.ListensAsync();
        using (Listener heard = fleet.Listen(port))
        {
            await heard.UntilAsync(l => l.Number("alpha", "train", "peers") == 2 && l.Number("alpha", "telemetry", "received") > 10, "alpha learns with both");
            await heard.UntilRoundAsync("alpha", round);
        }

        foreach (Agent agent in agents)
        {
            Assert.Equal(0, await agent.StopAsync(Wait.Patience));
            Assert.DoesNotContain("recording-", agent.Log, StringComparison.Ordinal);
        }
    }

    private async Task AssertReplaysAsync(TestFleet fleet)
    {
        JsonElement json = await ReplayAsync([.. Nodes.Select(node => RecordingOf(fleet, node))]);
        output.WriteLine(json.ToString());
        Assert.True(json.GetProperty("identical").GetBoolean(), json.ToString());
        JsonElement[] each = [.. json.GetProperty("each").EnumerateArray()];
        Assert.Equal(Nodes, each.Select(one => one.GetProperty("node").GetString()));
        foreach (JsonElement one in each)
        {
            string node = one.GetProperty("node").GetString()!;
            CheckpointLoad load = new CheckpointStore(fleet.State(node), "model").Load();
            Assert.Equal(CheckpointError.None, Checkpoint.Read(load.Payload.Span, out Checkpoint? stored));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(stored!.Parameters))), one.GetProperty("hash").GetString());
            Assert.Equal(stored.Round, one.GetProperty("round").GetInt32());
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(RecordingOf(fleet, node)));
        }
    }

    private static string RecordingOf(TestFleet fleet, string node) => Path.Combine(fleet.Node(node), node + ".record");

    private static async Task<JsonElement> ReplayAsync(params string[] files)
    {
        var (exit, said, errors) = await Built.CliAsync(Wait.Patience, ["sim", "--json", "--replay", .. files]);
        Assert.True(exit == 0, errors + said);
        return JsonDocument.Parse(said).RootElement;
    }
}
