using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Node.Tests;
using EdgeFL.Wire;

namespace EdgeFL.Simulation.Tests;

public sealed class WorldTests
{
    private const int Nodes = 8;

    [Fact]
    public void CutFleet_LearnsApart_AndTogetherAgainOnceHealed()
    {
        FleetSimulation fleet = Make(new SimulationOptions
        {
            SensorIntervalMs = 1,
            Partitions = [new NetworkCut { FromMs = 200, ToMs = 4_000, Groups = ["0-3"] }],
        });
        Assert.False(fleet.Run(3_900));
        long lostInCut = fleet.Traffic.MessagesLost;
        for (int i = 0; i < Nodes; i++)
            Assert.True(fleet[i]!.Received > 10, $"Node {i} hears its own half: {fleet[i]!.Received}.");
        Assert.Equal(Nodes, fleet.Events.Where(e => e.Event.Code == "link-down").Select(e => e.Node).Distinct().Count());
        Assert.True(fleet.Run(60_000));
        Assert.True(fleet.Traffic.MessagesLost - lostInCut < 100, "Nothing is lost any more once links are up again.");
        for (int i = 0; i < Nodes; i++)
            Assert.True(Synthetic.Accuracy(fleet[i]!.Parameters) > 0.85);
    }

    [Fact]
    public void SlowUplink_DelaysMessages_AndLosesWhatDoesNotFitItsQueue()
    {
        FleetSimulation free = Make(new SimulationOptions { SensorIntervalMs = 1 });
        FleetSimulation slow = Make(new SimulationOptions { SensorIntervalMs = 1, UplinkBitsPerSecond = 20_000, UplinkQueueBytes = 2_048 });
        Assert.True(free.Run(60_000));
        Assert.True(slow.Run(60_000));
        Assert.Equal(0, free.Traffic.MessagesLost);
        Assert.InRange(slow.Traffic.MessagesLost, 1, slow.Traffic.MessagesSent - 1);
        // 20,000 bits a second are 2,500 bytes: no more can have come.
        Assert.True(slow.Traffic.BytesDelivered <= Nodes * (2_500 * (slow.NowMs / 1000.0 + 1) + 4_096));
    }

    [Fact]
    public void NodesThatSleepAndFail_MakeTheirRounds()
    {
        FleetSimulation fleet = Make(new SimulationOptions
        {
            SensorIntervalMs = 1,
            Diurnal = new DiurnalOptions { PeriodMs = 3_000, OnShare = 0.6 },
            Churn = new ChurnOptions { MeanUpMs = 2_000, MeanDownMs = 200, ToMs = 20_000 },
        });
        Assert.True(fleet.Run(300_000));
        Assert.True(fleet.Traffic.MessagesLost > 0, "Some messages find nobody there.");
        Assert.True(fleet.NowMs > 8_000, "Sixty rounds of five ticks of 20 ms take six seconds without a night.");
    }

    [Fact]
    public void ClockThatLeaps_ChangesNothingOfConsequence()
    {
        FleetSimulation fleet = Make(new SimulationOptions { SensorIntervalMs = 1, ClockJumps = [new ClockJump { Node = 2, AtMs = 1_000, ByMs = 100_000_000 }] });
        Assert.True(fleet.Run(60_000));
        Assert.True(Synthetic.Accuracy(fleet[2]!.Parameters) > 0.85);
    }

    [Theory]
    [InlineData("nan", RejectionReason.NotFinite)]
    [InlineData("replay", RejectionReason.Replayed)]
    [InlineData("garbage", RejectionReason.Malformed)]
    [InlineData("forge", RejectionReason.BadSignature)]
    public void EnemyFrames_AreRefusedForWhatTheyAre(string kind, RejectionReason reason)
    {
        FleetSimulation fleet = Make(new SimulationOptions { SensorIntervalMs = 1 });
        fleet.Corrupt(0, kind switch
        {
            "nan" => new ScalingAdversary(float.NaN),
            "replay" => new ReplayAdversary(),
            _ => new GarbageAdversary(kind == "garbage", 5),
        });
        Assert.True(fleet.Run(60_000));
        Assert.True(fleet.Refused(reason) > 10, $"{fleet.Refused(reason)} refused as {reason}.");
        Assert.Equal(0, fleet.Traffic.Circles);
        for (int i = 1; i < Nodes; i++)
            Assert.True(Synthetic.Accuracy(fleet[i]!.Parameters) > 0.8, $"node {i}: {Synthetic.Accuracy(fleet[i]!.Parameters)}");
    }

    [Fact]
    public void LittleEnemy_IsTakenIn_AndSpoilsLittle()
    {
        FleetSimulation fleet = Make(new SimulationOptions { SensorIntervalMs = 1 });
        fleet.Corrupt(0, new LittleAdversary(1.5f));
        Assert.True(fleet.Run(60_000));
        Assert.Equal(0, Enumerable.Range(0, Nodes).Sum(i => fleet[i]!.Rejections.Total));
        Assert.True(Enumerable.Range(1, Nodes - 1).Average(i => Synthetic.Accuracy(fleet[i]!.Parameters)) > 0.8);
    }

    [Fact]
    public void BytesOnTheWire_AreThoseOfARealPacket()
    {
        NodeId from = Synthetic.Id(3);
        foreach (int payload in new[] { 20, 200, 500, 20_000 })
        {
            byte[] signed = CoseSign1.Encode(default, new byte[payload], new byte[Es256.SignatureLength]);
            int rest = 2 + Topics.Of(Synthetic.Fleet, from, Topics.UpdateFrame).Length + 2 + 1 + signed.Length;
            int lengthBytes = rest < 128 ? 1 : rest < 16_384 ? 2 : 3;
            Assert.Equal(1 + lengthBytes + rest, WireBytes.OfFrame(Synthetic.Fleet, from, payload));
        }
    }

    [Fact]
    public void Options_OutOfRange_NameMemberAndRange()
    {
        static string Wrong(SimulationOptions options) => Assert.Throws<ArgumentException>(() => options.Validate(10)).Message;
        Assert.Contains("\"latencyMinMs\" is 0", Wrong(new SimulationOptions { LatencyMinMs = 0 }), StringComparison.Ordinal);
        Assert.Contains("\"latencyMaxMs\" is 1", Wrong(new SimulationOptions { LatencyMinMs = 2, LatencyMaxMs = 1 }), StringComparison.Ordinal);
        Assert.Contains("pi-9", Wrong(new SimulationOptions { Devices = new Dictionary<string, double> { ["pi-9"] = 1 } }), StringComparison.Ordinal);
        Assert.Contains("topology.degree", Wrong(new SimulationOptions { Topology = new TopologyOptions { Kind = TopologyKind.Random, Degree = 3 } }), StringComparison.Ordinal);
        Assert.Contains("0-10", Wrong(new SimulationOptions { Partitions = [new NetworkCut { FromMs = 0, ToMs = 1, Groups = ["0-10"] }] }), StringComparison.Ordinal);
        Assert.Contains("two groups", Wrong(new SimulationOptions { Partitions = [new NetworkCut { FromMs = 0, ToMs = 1, Groups = ["0-3", "3"] }] }), StringComparison.Ordinal);
    }

    private static FleetSimulation Make(SimulationOptions world)
    {
        IReadOnlyList<SampleBatch>[] streams = [.. Enumerable.Range(0, Nodes).Select(i => (IReadOnlyList<SampleBatch>)Synthetic.Stream(i, 18))];
        return new FleetSimulation(
            world, Synthetic.Fleet, [.. Enumerable.Range(0, Nodes).Select(Synthetic.Id)],
            (i, boot) => Synthetic.Node(Synthetic.Options(i, boot) with { Rounds = 60, CheckpointRounds = 5, ReportIntervalMs = 3_600_000, InferenceIntervalMs = 3_600_000 }), streams);
    }
}
