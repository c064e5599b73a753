using EdgeFL.EndToEnd.Tests.Programs;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

public sealed class ChurnTests(ITestOutputHelper output)
{
    private const string Rounds = "150";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task OneOfTenAgents_KilledHalfWay_IsBackSoonAndCostsNoAccuracy()
    {
        string[] arguments = ["--nodes", "10", "--rounds", Rounds, "--seed", "5"];
        using DemoRunOf whole = await DemoRunOf.RunAsync(Patience, [], arguments);
        output.WriteLine(whole.Summary.GetRawText());
        using DemoRunOf killed = await DemoRunOf.RunAsync(Patience, ["rejoin_seconds"], [.. arguments, "--kill", "1"]);
        output.WriteLine(killed.Summary.GetRawText());

        Assert.InRange(killed.Number("rejoin_seconds"), 0, 15);
        Assert.Equal(0, killed.Number("frames_rejected"));
        // The one that was killed is not behind: no device is, by more than a hundredth.
        Assert.InRange(killed.Number("accuracy_min"), killed.Number("accuracy_mean") - 0.01, 1);
        // Two runs of real processes never meet the same messages at the same steps: at this length the same seed gives means that lie up to 0.03 apart,
        // with or without a kill, so a hundredth between two runs would say nothing. Losing what one device knows would cost far more than this.
        Assert.InRange(killed.Number("accuracy_mean"), whole.Number("accuracy_mean") - 0.06, 1);
    }
}
