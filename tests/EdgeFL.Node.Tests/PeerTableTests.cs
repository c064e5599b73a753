using EdgeFL.Identity;
using EdgeFL.Node.Peers;
using EdgeFL.Numerics;

namespace EdgeFL.Node.Tests;

public sealed class PeerTableTests
{
    private static readonly NodeId Self = Synthetic.Id(0);
    private static readonly NodeId Peer = Synthetic.Id(1);
    private static readonly NodeId Other = Synthetic.Id(2);

    /// <summary>Every state and every input: state after, links asked for (+) and given up (-).</summary>
    [Theory]
    [InlineData("unknown", "seen", PeerState.Opening, "+")]
    [InlineData("unknown", "gone", null, "")]
    [InlineData("unknown", "up", null, "")]
    [InlineData("unknown", "down", null, "")]
    [InlineData("known", "seen", PeerState.Known, "")]
    [InlineData("known", "gone", null, "")]
    [InlineData("known", "up", PeerState.Known, "")]
    [InlineData("known", "down", PeerState.Known, "")]
    [InlineData("opening", "seen", PeerState.Opening, "")]
    [InlineData("opening", "gone", null, "-")]
    [InlineData("opening", "up", PeerState.Up, "")]
    [InlineData("opening", "down", PeerState.Opening, "")]
    [InlineData("up", "seen", PeerState.Up, "")]
    [InlineData("up", "gone", PeerState.Up, "")]
    [InlineData("up", "up", PeerState.Up, "")]
    [InlineData("up", "down", PeerState.Opening, "")]
    [InlineData("up-unseen", "seen", PeerState.Up, "")]
    [InlineData("up-unseen", "gone", PeerState.Up, "")]
    [InlineData("up-unseen", "up", PeerState.Up, "")]
    [InlineData("up-unseen", "down", null, "-")]
    public void Input_InAState_LeadsToTheNext(string state, string input, PeerState? next, string links)
    {
        (PeerTable table, Outbox outbox) = InState(state);
        var random = new Philox(3);
        switch (input)
        {
            case "seen":
                table.Seen(Peer, outbox, ref random);
                break;
            case "gone":
                table.Gone(Peer, outbox);
                break;
            case "up":
                Assert.Equal(state == "opening", table.Up(Peer));
                break;
            default:
                Assert.Equal(state is "up" or "up-unseen", table.Down(Peer, outbox));
                break;
        }

        Assert.Equal(next, table.StateOf(Peer));
        string asked = string.Concat(outbox.Effects.Select(e => e switch
        {
            NodeEffect.OpenLink o when o.Peer == Peer => "+",
            NodeEffect.CloseLink c when c.Peer == Peer => "-",
            _ => "?",
        }));
        Assert.Equal(links, asked);
    }

    [Fact]
    public void Self_IsNeverAPeer()
    {
        var random = new Philox(3);
        var table = new PeerTable(Self, 4, 2);
        table.Seen(Self, new Outbox(), ref random);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void FullTable_RefusesNewcomersAndCountsThem()
    {
        var random = new Philox(3);
        var table = new PeerTable(Self, 3, 2);
        var outbox = new Outbox();
        for (int i = 1; i <= 5; i++)
            table.Seen(Synthetic.Id(i), outbox, ref random);
        Assert.Equal(3, table.Count);
        Assert.Equal(2, table.Refused);
        // Two links, and the third peer in place of one of them or not.
        Assert.Contains(outbox.Effects.Count, new[] { 2, 4 });
    }

    [Fact]
    public void PeerOfTheView_Forgotten_MakesRoomForAKnownOne()
    {
        Philox random = Refusing(2);
        var table = new PeerTable(Self, 4, 1);
        var outbox = new Outbox();
        table.Seen(Peer, outbox, ref random);
        table.Seen(Other, outbox, ref random);
        Assert.Equal(PeerState.Known, table.StateOf(Other));
        outbox.Clear();
        table.Gone(Peer, outbox);
        Assert.Equal(PeerState.Opening, table.StateOf(Other));
        Assert.Equal<NodeEffect>([new NodeEffect.CloseLink(Peer), new NodeEffect.OpenLink(Other)], outbox.Effects);
    }

    [Fact]
    public void Draw_GivesDifferentPeersThatAreUp_EachInItsTurn()
    {
        var random = new Philox(3);
        var table = new PeerTable(Self, 12, 10);
        var outbox = new Outbox();
        for (int i = 1; i <= 10; i++)
            table.Seen(Synthetic.Id(i), outbox, ref random);
        for (int i = 1; i <= 9; i++)
            table.Up(Synthetic.Id(i));
        var last = Enumerable.Range(1, 9).ToDictionary(Synthetic.Id, _ => 0);
        for (int k = 1; k <= 100; k++)
        {
            IReadOnlyList<NodeId> some = table.Draw(4, ref random);
            Assert.Equal(4, some.Distinct().Count());
            foreach (NodeId peer in some)
                last[peer] = k; // Throws for one that is not up.
            Assert.All(last.Values, turn => Assert.InRange(k - turn, 0, 2));
        }

        // One that has just come up has waited longest.
        table.Up(Synthetic.Id(10));
        Assert.Contains(Synthetic.Id(10), table.Draw(1, ref random));
        Assert.Equal(10, table.Draw(16, ref random).Count);
    }

    [Fact]
    public void Draw_AmongEquals_IsByLot()
    {
        var random = new Philox(3);
        var first = new HashSet<NodeId>();
        for (int k = 0; k < 100; k++)
        {
            var table = new PeerTable(Self, 6, 6);
            var outbox = new Outbox();
            for (int i = 1; i <= 6; i++)
            {
                table.Seen(Synthetic.Id(i), outbox, ref random);
                table.Up(Synthetic.Id(i));
            }

            first.Add(Assert.Single(table.Draw(1, ref random)));
        }

        Assert.Equal(6, first.Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    public void Pair_OfNodesThatKnowEachOther_IsMutual_AndComesRoundToAll(int nodes)
    {
        var random = new Philox(1, 1);
        var tables = new PeerTable[nodes];
        for (int i = 0; i < nodes; i++)
        {
            tables[i] = new PeerTable(Synthetic.Id(i), 64, nodes);
            for (int j = 0; j < nodes; j++)
            {
                tables[i].Seen(Synthetic.Id(j), new Outbox(), ref random);
                tables[i].Up(Synthetic.Id(j));
            }
        }

        var met = new HashSet<(int, NodeId)>();
        for (uint turn = 0; turn < nodes; turn++)
        {
            int resting = 0;
            for (int i = 0; i < nodes; i++)
            {
                if (tables[i].Pair(turn) is not [NodeId other])
                {
                    resting++;
                    continue;
                }

                int j = Enumerable.Range(0, nodes).Single(k => Synthetic.Id(k) == other);
                Assert.Equal([Synthetic.Id(i)], tables[j].Pair(turn));
                met.Add((i, other));
            }

            Assert.Equal(nodes % 2, resting);
        }

        Assert.Equal(nodes * (nodes - 1), met.Count);
        Assert.Empty(new PeerTable(Synthetic.Id(0), 8, 8).Pair(3));
    }

    [Fact]
    public void Shuffle_OfAFullView_LetsADeadLinkGoFirst()
    {
        Philox random = Refusing(3);
        var table = new PeerTable(Self, 10, 2);
        var outbox = new Outbox();
        for (int i = 1; i <= 3; i++)
            table.Seen(Synthetic.Id(i), outbox, ref random);
        table.Up(Synthetic.Id(2));
        outbox.Clear();
        table.Shuffle(outbox, ref random);
        Assert.Equal<NodeEffect>([new NodeEffect.CloseLink(Synthetic.Id(1)), new NodeEffect.OpenLink(Synthetic.Id(3))], outbox.Effects);
        Assert.Equal(PeerState.Known, table.StateOf(Synthetic.Id(1)));
    }

    [Fact]
    public void Shuffle_WithNobodyOutside_ChangesNothing()
    {
        Philox random = Refusing(3);
        var table = new PeerTable(Self, 10, 2);
        var outbox = new Outbox();
        table.Seen(Peer, outbox, ref random);
        table.Seen(Other, outbox, ref random);
        outbox.Clear();
        table.Shuffle(outbox, ref random);
        Assert.Empty(outbox.Effects);
    }

    [Fact]
    public void Newcomers_ToAFullView_AreTakenSoThatItStaysAUniformSample()
    {
        const ulong Seed = 20;
        const int Peers = 12, View = 4, Times = 2000;
        var chosen = new int[Peers + 1];
        for (ulong t = 0; t < Times; t++)
        {
            var random = new Philox(Seed, t);
            var table = new PeerTable(Self, 100, View);
            for (int i = 1; i <= Peers; i++)
                table.Seen(Synthetic.Id(i), new Outbox(), ref random);
            int inView = 0;
            for (int i = 1; i <= Peers; i++)
            {
                if (table.StateOf(Synthetic.Id(i)) != PeerState.Opening)
                    continue;
                chosen[i]++;
                inView++;
            }

            Assert.Equal(View, inView);
        }

        // Binomial with p = 1/3: the standard deviation is 21; five of them are allowed.
        Assert.All(chosen[1..], times => Assert.InRange(times, (Times / 3) - 105, (Times / 3) + 105));
    }

    [Fact]
    public void PeerOfTheView_ThatDiscoveryHasLost_IsForgottenWhenItGivesWay()
    {
        Philox random = Refusing(2);
        var table = new PeerTable(Self, 4, 1);
        var outbox = new Outbox();
        table.Seen(Peer, outbox, ref random);
        table.Up(Peer);
        table.Gone(Peer, outbox);
        table.Seen(Other, outbox, ref random);
        table.Shuffle(outbox, ref random);
        Assert.Null(table.StateOf(Peer));
        Assert.Equal(PeerState.Opening, table.StateOf(Other));
    }

    /// <summary>A source whose first draws leave a full view of one or two as it is, for up to this many peers.</summary>
    private static Philox Refusing(int peers)
    {
        for (ulong seed = 1; ; seed++)
        {
            var random = new Philox(seed);
            if (random.NextInt32(peers) == peers - 1)
                return new Philox(seed);
        }
    }

    private static (PeerTable Table, Outbox Outbox) InState(string state)
    {
        Philox random = Refusing(2);
        var outbox = new Outbox();
        var table = new PeerTable(Self, 4, 1);
        if (state == "known")
            table.Seen(Other, outbox, ref random); // Takes the only place.
        if (state != "unknown")
            table.Seen(Peer, outbox, ref random);
        if (state.StartsWith("up", StringComparison.Ordinal))
            table.Up(Peer);
        if (state == "up-unseen")
            table.Gone(Peer, outbox);
        outbox.Clear();
        return (table, outbox);
    }
}
