using System.Globalization;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Node;
using EdgeFL.Platform.Storage;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Agents that come late, are cut off, stop and go on.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task LateStarter_TakesTheFleetsModelAndRound()
    {
        const int rounds = 240;
        using TestFleet fleet = await TestFleet.CreateAsync("alpha", "beta", "gamma");
        int[] ports = fleet.ConfigureStatic(c => c with { Training = c.Training with { Rounds = rounds } }, "alpha", "beta", "gamma");
        await fleet.Start("alpha").ListensAsync();
        await fleet.Start("beta").ListensAsync();
        using Listener alpha = fleet.Listen(ports[0]);
        await alpha.UntilRoundAsync("alpha", rounds / 2);

        Agent late = fleet.Start("gamma");
        await late.ListensAsync();
        using Listener gamma = fleet.Listen(ports[2]);
        await Wait.UntilAsync(() => late.Log.Contains("caught-up:", StringComparison.Ordinal), "gamma has caught up", () => late.Said);
        await Wait.UntilAsync(
            () => gamma.Round("gamma") is > 0 and var own && Math.Abs(alpha.Round("alpha") - own) <= 8, "gamma is within 8 rounds of alpha",
            () => $"{alpha.Said}\n{gamma.Said}");
        await gamma.UntilAsync(l => l.Number("gamma", "train", "round") == rounds, "gamma is done");

        // It did not make up for half of the rounds by itself: five steps a round, from the fleet's round on.
        Assert.InRange(gamma.Number("gamma", "train", "steps"), 1, 5 * (rounds / 2 + 8));
    }

    [Fact]
    public async Task CutOffNode_TrainsOn_AndIsLinkedAgainWhenAPeerIsBack()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha", "beta");
        int[] ports = fleet.ConfigureStatic(c => c, "alpha", "beta");
        Agent alpha = fleet.Start("alpha"), beta = fleet.Start("beta");
        await alpha.ListensAsync();
        await beta.ListensAsync();
        using Listener heard = fleet.Listen(ports[0]);
        await heard.UntilAsync(l => l.Number("alpha", "telemetry", "received") > 10, "alpha hears beta");

        beta.Kill();
        await heard.UntilAsync(l => l.HasEvent("alpha", "link-down") && l.Number("alpha", "train", "peers") == 0, "alpha has lost beta");
        long cut = heard.Round("alpha");
        await heard.UntilRoundAsync("alpha", cut + 40);
        long received = heard.Number("alpha", "telemetry", "received");

        beta = fleet.Start("beta");
        await beta.ListensAsync();
        await heard.UntilAsync(l => l.Number("alpha", "train", "peers") == 1 && l.Number("alpha", "telemetry", "received") > received + 10, "alpha hears beta again");
        Assert.Equal(0, heard.Number("alpha", "telemetry", "rejected"));
        Assert.True(alpha.IsRunning, alpha.Said);
    }

    [Fact]
    public async Task Sigterm_EndsCleanly_AndTheNextStartGoesOnFromTheCheckpoint()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha");
        int[] ports = fleet.ConfigureStatic(c => c, "alpha");
        Agent first = fleet.Start("alpha");
        await first.ListensAsync();
        long boot;
        using (Listener heard = fleet.Listen(ports[0]))
        {
            await heard.UntilRoundAsync("alpha", 30);
            boot = heard.Number("alpha", "info", "boot");
            Assert.True(boot > 0, $"boot {boot}");
            Assert.Equal(0, await first.StopAsync(TimeSpan.FromSeconds(5)));
            await heard.UntilAsync(l => l.Last("alpha", "status")?.Text == "offline", "alpha says good-bye");
        }

        Assert.EndsWith("stopped", first.Log.TrimEnd(), StringComparison.Ordinal);
        CheckpointLoad load = new CheckpointStore(fleet.State("alpha"), "model").Load();
        Assert.Equal(CheckpointError.None, Checkpoint.Read(load.Payload.Span, out Checkpoint? checkpoint));
        Assert.True(checkpoint!.Round >= 30, $"the checkpoint is of round {checkpoint.Round}");

        Agent second = fleet.Start("alpha");
        await second.ListensAsync();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"going on from the checkpoint of round {checkpoint.Round}"), second.Log, StringComparison.Ordinal);
        using Listener again = fleet.Listen(ports[0]);
        await again.UntilAsync(l => l.Last("alpha", "train") is not null, "alpha reports");
        Assert.All(again.Of("alpha", "train"), h => Assert.True(h.Json.GetProperty("round").GetInt32() >= checkpoint.Round, h.Text));
        await again.UntilRoundAsync("alpha", checkpoint.Round + 5);
        Assert.Equal(boot + 1, again.Number("alpha", "info", "boot"));
        Assert.Equal(0, await second.StopAsync(TimeSpan.FromSeconds(5)));
    }
}
