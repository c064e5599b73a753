using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Wire;

namespace EdgeFL.Simulation;

/// <summary>
/// A whole fleet from one seed: the very node code that is deployed, pumped by events in virtual time, with a network that delays, loses and parts and a storage
/// that survives a kill. The same seed gives the same models, bit for bit, on any number of threads.
/// </summary>
/// <remarks>
/// Threads share the nodes and work in windows of time as long as the least latency of a message: what a node causes for another in a window lies behind it, so
/// that nobody need wait (conservative synchronisation: Chandy and Misra, IEEE Transactions on Software Engineering SE-5, 1979).
/// </remarks>
public sealed class FleetSimulation
{
    private readonly SimulationOptions options;
    private readonly FleetWorld world;
    private readonly SimulatedNode[] nodes;
    private readonly Shard[] shards;

    /// <summary>Makes a fleet whose nodes start at time 0.</summary>
    /// <param name="options">The world.</param>
    /// <param name="fleet">The fleet's name, which stands in every topic.</param>
    /// <param name="ids">The nodes' ids.</param>
    /// <param name="makeNode">Makes node number i at its given boot epoch (1, 2, …); called by several threads at a time.</param>
    /// <param name="streams">The batches of rows that each node's sensor gives, in order.</param>
    /// <exception cref="ArgumentException">There is not one stream for each id, or an option lies outside its range.</exception>
    public FleetSimulation(
        SimulationOptions options, FleetId fleet, IReadOnlyList<NodeId> ids, Func<int, uint, NodeCore> makeNode, IReadOnlyList<IReadOnlyList<SampleBatch>> streams)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(streams);
        if (ids.Count == 0 || streams.Count != ids.Count)
            throw new ArgumentException($"{ids.Count} nodes need as many streams, not {streams.Count}.", nameof(streams));
        options.Validate(ids.Count);
        this.options = options;
        world = new FleetWorld(options, fleet, ids, makeNode);
        nodes = new SimulatedNode[ids.Count];
        shards = new Shard[Math.Min(options.Threads, ids.Count)];
        for (int s = 0; s < shards.Length; s++)
            shards[s] = new Shard(s, shards.Length, nodes);
        for (int i = 0; i < nodes.Length; i++)
            nodes[i] = new SimulatedNode(i, world, streams[i]);
        InParallel(shard =>
        {
            for (int i = shard; i < nodes.Length; i += shards.Length)
            {
                nodes[i].Plan(shards[shard]);
                nodes[i].Start(0, shards[shard]);
            }
        });
        Exchange();
    }

    /// <summary>Milliseconds of virtual time that have passed.</summary>
    public long NowMs { get; private set; }

    /// <summary>Nodes of the fleet, up or down.</summary>
    public int Count => nodes.Length;

    /// <summary>Events that the simulation has gone through.</summary>
    public long EventsTaken => shards.Sum(shard => shard.Taken);

    /// <summary>Mean of the rounds that the nodes which are up have made; 0 while none is.</summary>
    public double MeanRound => shards.Sum(shard => shard.Up) is > 0 and var up ? (double)shards.Sum(shard => shard.Rounds) / up : 0;

    /// <summary>What each node sees.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Sees => world.Sees;

    /// <summary>Kinds of device, or null where none are told apart.</summary>
    public IReadOnlyList<DeviceModel>? Devices => world.Devices;

    /// <summary>Node number i, or null while it is down.</summary>
    /// <param name="i">From 0.</param>
    public NodeCore? this[int i] => nodes[i].Core;

    /// <summary>What was sent, delivered and lost so far.</summary>
    public Traffic Traffic
    {
        get
        {
            var sum = new Traffic();
            foreach (Shard shard in shards)
                sum.Add(shard.Traffic);
            return sum;
        }
    }

    /// <summary>Events the nodes raised, with the node's index, in order of time and node; empty without <see cref="SimulationOptions.KeepsEvents"/>.</summary>
    public IReadOnlyList<(long AtMs, int Node, NodeEvent Event)> Events =>
        [.. shards.SelectMany(shard => shard.Events).OrderBy(raised => (raised.AtMs, raised.Node))];

    /// <summary>Makes a node an enemy from now on, or honest again.</summary>
    /// <param name="i">From 0.</param>
    /// <param name="adversary">An instance of its own, or null.</param>
    public void Corrupt(int i, Adversary? adversary) => nodes[i].Adversary = adversary;

    /// <summary>Runs until all nodes that are up have made their rounds, or the time is over, or the nodes' mean round has come; true when all have made their rounds.</summary>
    /// <param name="untilMs">Virtual time to stop at.</param>
    /// <param name="meanRound">Mean round to stop at. Default none.</param>
    /// <exception cref="InvariantException">Something that must never be so was so (docs/simulation.md).</exception>
    public bool Run(long untilMs, double meanRound = double.PositiveInfinity)
    {
        bool done = Advance(untilMs, meanRound);
        Traffic sum = Traffic;
        long underWay = shards.Sum(shard => shard.BytesUnderWay);
        if (sum.BytesSent != sum.BytesDelivered + sum.BytesLost + underWay)
            throw new InvariantException($"{sum.BytesSent} bytes were sent, but {sum.BytesDelivered} delivered, {sum.BytesLost} lost, and {underWay} are under way", -1, NowMs, "the last event");
        return done;
    }

    private bool Advance(long untilMs, double meanRound)
    {
        while (true)
        {
            if (shards.Sum(shard => shard.Unfinished) == 0)
                return true;
            if (MeanRound >= meanRound)
                return false;
            long next = shards.Min(shard => shard.NextMs);
            if (next > untilMs)
            {
                NowMs = Math.Max(NowMs, untilMs);
                return false;
            }

            long end = Math.Min(next + options.LatencyMinMs, untilMs + 1);
            InParallel(shard => shards[shard].Take(end));
            Exchange();
            NowMs = Math.Max(NowMs, shards.Max(shard => shard.LastMs));
        }
    }

    /// <summary>Cuts a node's power: what it has not stored is gone, and those that see it notice a little later.</summary>
    /// <param name="i">From 0.</param>
    public void Kill(int i)
    {
        nodes[i].PowerOff(NowMs, ShardOf(i));
        Exchange();
    }

    /// <summary>Starts a node, from its stored checkpoint when it has one.</summary>
    /// <param name="i">From 0.</param>
    /// <exception cref="InvalidOperationException">The node is up already.</exception>
    public void Start(int i)
    {
        if (nodes[i].Core is not null)
            throw new InvalidOperationException($"Node {world.Ids[i]} is up already.");
        nodes[i].Start(NowMs, ShardOf(i));
        Exchange();
    }

    /// <summary>Frames refused by the nodes that are up, of one reason.</summary>
    /// <param name="reason">The reason.</param>
    public long Refused(RejectionReason reason) => nodes.Sum(node => node.Core?.Rejections.Of(reason) ?? 0);

    /// <summary>SHA-256 over the parameters of all nodes, in the order of their numbers; of a node that is down over its checkpoint.</summary>
    public byte[] Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (SimulatedNode node in nodes)
            hash.AppendData(node.Core is null ? node.Stored.Span : MemoryMarshal.AsBytes(node.Core.Parameters));
        return hash.GetHashAndReset();
    }

    private Shard ShardOf(int node) => shards[node % shards.Length];

    private void Exchange()
    {
        if (shards.Length > 1)
            InParallel(shard => shards[shard].Collect(shards));
    }

    private void InParallel(Action<int> work)
    {
        if (shards.Length == 1)
        {
            work(0);
            return;
        }

        try
        {
            Parallel.For(0, shards.Length, new ParallelOptions { MaxDegreeOfParallelism = shards.Length }, work);
        }
        catch (AggregateException several) when (several.InnerExceptions.OfType<InvariantException>().OrderBy(broken => (broken.AtMs, broken.Node)).FirstOrDefault() is { } first)
        {
            throw first; // whichever thread was first to find one
        }
    }
}
