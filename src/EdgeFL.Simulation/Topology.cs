using EdgeFL.Numerics;

namespace EdgeFL.Simulation;

/// <summary>Shapes of the graph of who can see whom.</summary>
public enum TopologyKind
{
    /// <summary>All see all.</summary>
    Full,

    /// <summary>A closed chain.</summary>
    Ring,

    /// <summary>An open chain.</summary>
    Line,

    /// <summary>Random cycles through all nodes, one for each two of the degree: connected, and all of one degree.</summary>
    Random,

    /// <summary>A ring on which each sees the nearest, some of the edges led elsewhere (Watts and Strogatz, Nature 393, 1998).</summary>
    SmallWorld,

    /// <summary>Neighbourhoods in which all see all; the first node of each is in the next one too: its gateway.</summary>
    Lan,
}

/// <summary>Who can see whom.</summary>
public sealed record TopologyOptions
{
    /// <summary>The shape. Default <see cref="TopologyKind.Full"/>.</summary>
    public TopologyKind Kind { get; init; }

    /// <summary>Nodes that each sees, even, 2 to 256, in a random graph or small world. Default 8.</summary>
    public int Degree { get; init; } = 8;

    /// <summary>Share of a small world's edges that lead elsewhere, 0 to 1. Default 0.1.</summary>
    public double Rewired { get; init; } = 0.1;

    /// <summary>Nodes in a neighbourhood, 2 to 256. Default 16.</summary>
    public int Neighbourhood { get; init; } = 16;

    /// <summary>Checks the ranges.</summary>
    /// <param name="nodes">Nodes of the fleet.</param>
    /// <exception cref="ArgumentException">Names the option, the value and the range.</exception>
    public void Validate(int nodes)
    {
        SimulationOptions.In("topology.kind", (int)Kind, 0, (int)TopologyKind.Lan);
        SimulationOptions.In("topology.degree", Degree, 2, 256);
        SimulationOptions.In("topology.rewired", Rewired, 0, 1);
        SimulationOptions.In("topology.neighbourhood", Neighbourhood, 2, 256);
        if (Kind is TopologyKind.Random or TopologyKind.SmallWorld && (Degree % 2 != 0 || Degree >= nodes))
            throw new ArgumentException($"\"topology.degree\" is {Degree}, but must be even and below the {nodes} nodes.");
        if (Kind == TopologyKind.Full && nodes > FullMax)
            throw new ArgumentException($"\"topology.kind\": full is for at most {FullMax} nodes, not {nodes}; take random.");
    }

    private const int FullMax = 2048;

    /// <summary>Lays the graph out.</summary>
    /// <param name="nodes">Nodes, at least 1.</param>
    /// <param name="seed">Decides what is random in it.</param>
    /// <returns>For each node those that it sees, in order; who is seen sees, too.</returns>
    public IReadOnlyList<IReadOnlyList<int>> Build(int nodes, ulong seed)
    {
        var sees = new SortedSet<int>[nodes];
        for (int i = 0; i < nodes; i++)
            sees[i] = [];
        var random = new Philox(seed, 0x746f706f);
        switch (Kind)
        {
            case TopologyKind.Full:
                Connect(sees, 0, nodes);
                break;
            case TopologyKind.Ring:
            case TopologyKind.Line:
                for (int i = 0; i + 1 < nodes; i++)
                    Join(sees, i, i + 1);
                if (Kind == TopologyKind.Ring)
                    Join(sees, nodes - 1, 0);
                break;
            case TopologyKind.Random:
                for (int cycle = 0; cycle < Degree / 2; cycle++)
                    Cycle(sees, ref random);
                break;
            case TopologyKind.SmallWorld:
                SmallWorld(sees, ref random);
                break;
            case TopologyKind.Lan:
                for (int first = 0; first < nodes; first += Neighbourhood)
                {
                    Connect(sees, first, Math.Min(nodes, first + Neighbourhood));
                    for (int i = first + Neighbourhood; i < Math.Min(nodes, first + 2 * Neighbourhood); i++)
                        Join(sees, first, i);
                }

                break;
        }

        return [.. sees.Select(set => set.ToArray())];
    }

    private void SmallWorld(SortedSet<int>[] sees, ref Philox random)
    {
        int nodes = sees.Length;
        for (int near = 1; near <= Degree / 2; near++)
        {
            for (int i = 0; i < nodes; i++)
            {
                int to = (i + near) % nodes;
                for (int tries = 0; random.NextDouble() < Rewired && tries < 8; tries++)
                {
                    int other = random.NextInt32(nodes);
                    if (other != i && !sees[i].Contains(other))
                    {
                        to = other;
                        break;
                    }
                }

                Join(sees, i, to);
            }
        }
    }

    private static void Cycle(SortedSet<int>[] sees, ref Philox random)
    {
        int[] order = [.. Enumerable.Range(0, sees.Length)];
        random.Shuffle(order.AsSpan());
        for (int i = 0; i < order.Length; i++)
            Join(sees, order[i], order[(i + 1) % order.Length]);
    }

    private static void Connect(SortedSet<int>[] sees, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            for (int j = i + 1; j < end; j++)
                Join(sees, i, j);
        }
    }

    private static void Join(SortedSet<int>[] sees, int a, int b)
    {
        if (a == b)
            return;
        sees[a].Add(b);
        sees[b].Add(a);
    }
}
