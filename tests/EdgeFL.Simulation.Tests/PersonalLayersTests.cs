using EdgeFL.Node;
using EdgeFL.Node.Tests;

namespace EdgeFL.Simulation.Tests;

/// <summary>Devices that mean different things by one label: they can share what they see things by, but not what they say of it.</summary>
public sealed class PersonalLayersTests
{
    private const int Nodes = 6;
    private const int Conv = (Synthetic.Channels * 5 + 1) * 5;

    [Fact]
    public void TwoGroups_OfOtherLabels_EachLearnsItsOwn_WhereTheCommonModelCannot()
    {
        double[] Learn(int personalLayers)
        {
            FleetSimulation fleet = Make(personalLayers);
            Assert.True(fleet.Run(60_000));
            Assert.Equal(0, Enumerable.Range(0, Nodes).Sum(i => fleet[i]!.Rejections.Total));
            return [.. Enumerable.Range(0, Nodes).Select(i => Synthetic.Accuracy(fleet[i]!.Parameters, IsOther(i) ? 0 : int.MaxValue))];
        }

        double[] personal = Learn(1), common = Learn(0);
        Assert.True(personal.Min() > 0.9, $"personal: {string.Join(' ', personal)}");
        Assert.True(common.Average() < 0.7, $"common: {string.Join(' ', common)}");
    }

    [Fact]
    public void SharedLayers_ComeTogether_PersonalOnesStayApart()
    {
        FleetSimulation fleet = Make(1);
        Assert.True(fleet.Run(60_000));
        static double Apart(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Math.Sqrt(Numerics.Vectors.SquaredDistance(a, b) / Numerics.Vectors.SumOfSquares(a));
        Assert.True(Apart(fleet[0]!.Parameters[..Conv], fleet[1]!.Parameters[..Conv]) < 0.1);
        Assert.True(Apart(fleet[0]!.Parameters[Conv..], fleet[1]!.Parameters[Conv..]) > 0.5);
    }

    private static bool IsOther(int node) => node % 2 == 1;

    private static FleetSimulation Make(int personalLayers) => new(
        new SimulationOptions { Seed = 1, SensorIntervalMs = 1 },
        Synthetic.Fleet,
        [.. Enumerable.Range(0, Nodes).Select(Synthetic.Id)],
        (i, boot) => Synthetic.Node(Synthetic.Options(i, boot) with { Rounds = 150, PersonalLayers = personalLayers, ReportIntervalMs = 3_600_000, InferenceIntervalMs = 3_600_000 }),
        [.. Enumerable.Range(0, Nodes).Select(i => Synthetic.Stream(i, 18, changesAt: IsOther(i) ? 0 : int.MaxValue))]);
}
