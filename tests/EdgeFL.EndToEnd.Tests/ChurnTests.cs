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
        Assert.InRange(killed.Number("accuracy_mean"), whole.Number("accuracy_mean") - 0.01, 1);
    }
}
