using EdgeFL.Identity;
using EdgeFL.Node;

namespace EdgeFL.Simulation;

/// <summary>What all nodes of a fleet share, and none of them changes.</summary>
internal sealed class FleetWorld
{
    private readonly Dictionary<NodeId, int> indexOf;
    private readonly (long FromMs, long ToMs, int[] Sides)[] cuts;

    public FleetWorld(SimulationOptions options, FleetId fleet, IReadOnlyList<NodeId> ids, Func<int, uint, NodeCore> makeNode)
    {
        Options = options;
        Fleet = fleet;
        Ids = ids;
        MakeNode = makeNode;
        indexOf = new Dictionary<NodeId, int>(ids.Count);
        for (int i = 0; i < ids.Count; i++)
            indexOf[ids[i]] = i;
        Sees = options.Topology.Build(ids.Count, options.Seed);
        Devices = DeviceModel.Deal(options.Devices, ids.Count);
        cuts = [.. options.Partitions.Select(cut => (cut.FromMs, cut.ToMs, cut.SidesOf(ids.Count)))];
    }

    public SimulationOptions Options { get; }

    public FleetId Fleet { get; }

    public IReadOnlyList<NodeId> Ids { get; }

    public Func<int, uint, NodeCore> MakeNode { get; }

    public IReadOnlyList<IReadOnlyList<int>> Sees { get; }

    public IReadOnlyList<DeviceModel>? Devices { get; }

    public int IndexOf(NodeId id) => indexOf[id];

    /// <summary>Whether nothing can pass between two nodes at a time.</summary>
    public bool IsCut(int a, int b, long atMs)
    {
        foreach ((long from, long to, int[] sides) in cuts)
        {
            if (atMs >= from && atMs < to && sides[a] != sides[b])
                return true;
        }

        return false;
    }

    /// <summary>Milliseconds between two ticks of a node.</summary>
    public int TickMsOf(int node)
    {
        double speed = Ids.Count == 1 ? 1 : 1 - (1 - Options.SlowestSpeed) * node / (Ids.Count - 1);
        if (Devices is not null)
            speed *= Devices[node].Speed;
        return Math.Max(1, (int)Math.Round(Options.TickMs / speed));
    }
}
