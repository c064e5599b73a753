using EdgeFL.Node;
using EdgeFL.Node.Tests;

namespace EdgeFL.Simulation.Tests;

/// <summary>What becomes of a fleet when what its classes look like changes for good.</summary>
public sealed class DriftTests
{
    private const int Nodes = 4;
    private const int CalmBatches = 40;
    private const int BatchMs = 1_000;
    private const int RoundsPerBatch = 10;

    /// <summary>Each class then looks as another did: what is kept from before says the contrary of what holds.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ClassesThatChangeTheirLooks_AreLearnedAnewInHalfTheRounds_WhereDriftIsWatchedFor(ulong seed)
    {
        int RoundsUntilLearnedAnew(bool watches)
        {
            FleetSimulation fleet = Make(seed, watches, CalmBatches + 40, CalmBatches);
            fleet.Run(CalmBatches * BatchMs);
            Assert.True(Accuracy(fleet, int.MaxValue) > 0.98);
            Assert.True(Accuracy(fleet, 0) < 0.1);
            Assert.DoesNotContain(fleet.Events, e => e.Event.Code == "drift");
            int batches = 0;
            while (Accuracy(fleet, 0) < 0.9)
                fleet.Run((CalmBatches + ++batches) * BatchMs);
            Assert.Equal(watches ? Nodes : 0, fleet.Events.Where(e => e.Event.Code == "drift").Select(e => e.Node).Distinct().Count());
            return batches * RoundsPerBatch;
        }

        int watching = RoundsUntilLearnedAnew(true), blind = RoundsUntilLearnedAnew(false);
        Assert.True(watching <= 0.5 * blind, $"{watching} rounds, {blind} without.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void LongCalmStream_RaisesNoAlarm(ulong seed)
    {
        FleetSimulation fleet = Make(seed, true, 400, int.MaxValue);
        fleet.Run(400 * BatchMs);
        Assert.True(fleet[0]!.Round > 3000);
        Assert.DoesNotContain(fleet.Events, e => e.Event.Code == "drift");
    }

    private static FleetSimulation Make(ulong seed, bool watches, int batches, int changesAt) => new(
        new SimulationOptions { Seed = seed, SensorIntervalMs = BatchMs },
        Synthetic.Fleet,
        [.. Enumerable.Range(0, Nodes).Select(Synthetic.Id)],
        (i, boot) => Synthetic.Node(Synthetic.Options(i, boot, seed) with { WatchDrift = watches, ReportIntervalMs = 3_600_000, InferenceIntervalMs = 3_600_000 }),
        [.. Enumerable.Range(0, Nodes).Select(i => Synthetic.Stream(i + (int)(10 * seed), batches, changesAt: changesAt))]);

    private static double Accuracy(FleetSimulation fleet, int changesAt) => Enumerable.Range(0, Nodes).Average(i => Synthetic.Accuracy(fleet[i]!.Parameters, changesAt));
}
