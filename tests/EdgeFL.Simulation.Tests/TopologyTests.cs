using EdgeFL.Node;

namespace EdgeFL.Simulation.Tests;

public sealed class TopologyTests
{
    [Theory]
    [InlineData(TopologyKind.Full, 32, 31, 31)]
    [InlineData(TopologyKind.Ring, 32, 2, 2)]
    [InlineData(TopologyKind.Line, 32, 1, 2)]
    [InlineData(TopologyKind.Random, 500, 5, 8)]
    [InlineData(TopologyKind.SmallWorld, 500, 4, 24)]
    [InlineData(TopologyKind.Lan, 32, 15, 31)]
    public void Graph_IsConnected_Mutual_AndOfItsDegree(TopologyKind kind, int nodes, int least, int most)
    {
        IReadOnlyList<IReadOnlyList<int>> sees = new TopologyOptions { Kind = kind }.Build(nodes, 3);
        for (int i = 0; i < nodes; i++)
        {
            Assert.InRange(sees[i].Count, least, most);
            Assert.DoesNotContain(i, sees[i]);
            Assert.All(sees[i], j => Assert.Contains(i, sees[j]));
        }

        var reached = new HashSet<int> { 0 };
        var open = new Queue<int>(reached);
        while (open.TryDequeue(out int i))
        {
            foreach (int j in sees[i].Where(reached.Add))
                open.Enqueue(j);
        }

        Assert.Equal(nodes, reached.Count);
    }

    [Fact]
    public void TwoNeighbourhoods_AreJoinedByOneGateway()
    {
        IReadOnlyList<IReadOnlyList<int>> sees = new TopologyOptions { Kind = TopologyKind.Lan, Neighbourhood = 8 }.Build(16, 1);
        Assert.Equal(15, sees[0].Count);
        for (int i = 1; i < 8; i++)
            Assert.All(sees[i], j => Assert.InRange(j, 0, 7));
    }

    [Fact]
    public void Devices_AreDealtOutByTheirShares_InAnyStretch()
    {
        var shares = new Dictionary<string, double> { ["pi-zero-2w"] = 2, ["pi-4"] = 1, ["orin-nano"] = 1 };
        IReadOnlyList<DeviceModel> dealt = DeviceModel.Deal(shares, 40)!;
        for (int first = 0; first < 40; first += 8)
        {
            Assert.Equal(4, dealt.Skip(first).Take(8).Count(device => device.Name == "pi-zero-2w"));
            Assert.Equal(2, dealt.Skip(first).Take(8).Count(device => device.Name == "pi-4"));
        }
    }

    /// <summary>Rows: from; columns: to.</summary>
    [Fact]
    public void Phases_GoOnlyTheWaysOfTheirDiagram()
    {
        NodePhase[] phases = [NodePhase.Waiting, NodePhase.Training, NodePhase.Following, NodePhase.Done];
        string[] expected = ["1111", "0101", "0111", "0001"];
        Assert.Equal(expected, phases.Select(from => string.Concat(phases.Select(to => NodeInvariants.IsLegal(from, to) ? '1' : '0'))));
    }

    [Fact]
    public void TimeThatGoesBack_IsNoticed()
    {
        var invariants = new NodeInvariants();
        invariants.Check(null, new SimulationEvent(new EventKey(5, 0, 0, 0), EventKind.Tick, 1, 0, null));
        InvariantException broken = Assert.Throws<InvariantException>(() => invariants.Check(null, new SimulationEvent(new EventKey(4, 7, 3, 9), EventKind.Tick, 1, 0, null)));
        Assert.Equal((7, 4L), (broken.Node, broken.AtMs));
        Assert.Contains("Tick of node 3, its number 9", broken.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0,2,5-7", new[] { 0, 2, 5, 6, 7 })]
    [InlineData("9", new[] { 9 })]
    public void NodeList_IsRead(string text, int[] expected) => Assert.Equal(expected, NodeList.Parse(text, 10));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("3-1")]
    [InlineData("a")]
    [InlineData("1-2-3")]
    [InlineData("-1")]
    public void BadNodeList_IsRefused(string text) => Assert.Throws<ArgumentException>(() => NodeList.Parse(text, 10));
}
