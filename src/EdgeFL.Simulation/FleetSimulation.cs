using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Numerics;

namespace EdgeFL.Simulation;

/// <summary>
/// A whole fleet in one thread from one seed: the very node code that is deployed, pumped from one queue of events in virtual time, with a
/// network that delays and loses and a storage that survives a kill. The same seed gives the same models, bit for bit.
/// </summary>
public sealed class FleetSimulation
{
    private readonly SimulationOptions options;
    private readonly Func<int, uint, NodeCore> makeNode;
    private readonly IReadOnlyList<NodeId> ids;
    private readonly Dictionary<NodeId, int> indexOf = [];
    private readonly SimulatedNode[] nodes;
    private readonly PriorityQueue<Action, (long At, long Order)> queue = new();
    private readonly Outbox outbox = new();
    private Philox random;
    private long order;

    /// <summary>Makes a fleet whose nodes all see each other and start at time 0.</summary>
    /// <param name="options">The world.</param>
    /// <param name="ids">The nodes' ids.</param>
    /// <param name="makeNode">Makes node number i at its given boot epoch (1, 2, …).</param>
    /// <param name="streams">The batches of rows that each node's sensor gives, in order.</param>
    /// <exception cref="ArgumentException">There is not one stream for each id.</exception>
    public FleetSimulation(
        SimulationOptions options, IReadOnlyList<NodeId> ids, Func<int, uint, NodeCore> makeNode, IReadOnlyList<IReadOnlyList<SampleBatch>> streams)
    {
        if (streams.Count != ids.Count)
            throw new ArgumentException($"{ids.Count} nodes need as many streams, not {streams.Count}.", nameof(streams));
        this.options = options;
        this.ids = ids;
        this.makeNode = makeNode;
        random = new Philox(options.Seed, 0x73696d);
        nodes = new SimulatedNode[ids.Count];
        for (int i = 0; i < nodes.Length; i++)
        {
            indexOf[ids[i]] = i;
            double speed = nodes.Length == 1 ? 1 : 1 - (1 - options.SlowestSpeed) * i / (nodes.Length - 1);
            nodes[i] = new SimulatedNode { Stream = streams[i], TickMs = (int)Math.Round(options.TickMs / speed) };
        }

        for (int i = 0; i < nodes.Length; i++)
            Start(i);
    }

    private sealed class SimulatedNode
    {
        public required IReadOnlyList<SampleBatch> Stream;
        public required int TickMs;
        public NodeCore? Core;
        public uint BootEpoch;
        public ReadOnlyMemory<byte> Stored;
        public readonly HashSet<NodeId> Links = [];
    }

    /// <summary>Milliseconds of virtual time that have passed.</summary>
    public long NowMs { get; private set; }

    /// <summary>Model messages sent, one for each receiver.</summary>
    public long MessagesSent { get; private set; }

    /// <summary>Model messages that the network lost.</summary>
    public long MessagesLost { get; private set; }

    /// <summary>Bytes of the payloads sent, before signature and topic.</summary>
    public long PayloadBytes { get; private set; }

    /// <summary>Events the nodes raised, with the node's index.</summary>
    public List<(long AtMs, int Node, NodeEvent Event)> Events { get; } = [];

    /// <summary>What becomes of an update on its way out of node number i, or null (default) for nothing: this is how a node is made to attack.</summary>
    public Func<int, NodeEffect.SendUpdate, NodeEffect.SendUpdate>? Rewrite { get; set; }

    /// <summary>Node number i, or null while it is down.</summary>
    /// <param name="i">From 0.</param>
    public NodeCore? this[int i] => nodes[i].Core;

    /// <summary>Runs until all nodes that are up have made their rounds, or the time is over; true when all have.</summary>
    /// <param name="untilMs">Virtual time to stop at.</param>
    public bool Run(long untilMs)
    {
        while (queue.TryPeek(out Action? action, out (long At, long Order) due) && due.At <= untilMs)
        {
            queue.Dequeue();
            NowMs = Math.Max(NowMs, due.At);
            action();
            if (nodes.All(n => n.Core is null or { Phase: NodePhase.Done }))
                return true;
        }

        NowMs = Math.Max(NowMs, untilMs);
        return false;
    }

    /// <summary>Cuts a node's power: what it has not stored is gone.</summary>
    /// <param name="i">From 0.</param>
    public void Kill(int i)
    {
        nodes[i].Core = null;
        nodes[i].Links.Clear();
        for (int other = 0; other < nodes.Length; other++)
        {
            if (nodes[other].Links.Remove(ids[i]))
                Give(other, new NodeInput.LinkDown(ids[i]));
            Give(other, new NodeInput.PeerGone(ids[i]));
        }
    }

    /// <summary>Starts a node, from its stored checkpoint when it has one.</summary>
    /// <param name="i">From 0.</param>
    /// <exception cref="InvalidOperationException">The node is up already.</exception>
    public void Start(int i)
    {
        SimulatedNode node = nodes[i];
        if (node.Core is not null)
            throw new InvalidOperationException($"Node {ids[i]} is up already.");
        NodeCore core = node.Core = makeNode(i, ++node.BootEpoch);
        if (!node.Stored.IsEmpty && core.Restore(node.Stored.Span) is var error and not CheckpointError.None)
            throw new InvalidOperationException($"The checkpoint of {ids[i]} cannot be read: {error}.");
        for (int other = 0; other < nodes.Length; other++)
        {
            if (other == i || nodes[other].Core is null)
                continue;
            Give(i, new NodeInput.PeerSeen(ids[other]));
            Give(other, new NodeInput.PeerSeen(ids[i]));
        }

        Feed(i, core, 0);
        Tick(i, core, NowMs == 0 ? options.StartSpreadMs * i / Math.Max(1, nodes.Length - 1) : 0);
    }

    private void Feed(int i, NodeCore core, int batch) => After(options.SensorIntervalMs, () =>
    {
        SimulatedNode node = nodes[i];
        if (node.Core != core)
            return;
        if (batch == node.Stream.Count)
        {
            Give(i, new NodeInput.SensorEnded());
            return;
        }

        Give(i, new NodeInput.SamplesRead(node.Stream[batch]));
        Feed(i, core, batch + 1);
    });

    private void Tick(int i, NodeCore core, int lateMs) => After(nodes[i].TickMs + lateMs, () =>
    {
        if (nodes[i].Core != core)
            return;
        Give(i, new NodeInput.Tick());
        Tick(i, core, Stall());
    });

    private void Give(int i, NodeInput input)
    {
        NodeCore? core = nodes[i].Core;
        if (core is null)
            return;
        core.Handle(input, NowMs, outbox);
        NodeEffect[] effects = [.. outbox.Effects];
        outbox.Clear();
        foreach (NodeEffect effect in effects)
            Carry(i, effect);
    }

    private void Carry(int i, NodeEffect effect)
    {
        switch (effect)
        {
            case NodeEffect.OpenLink open:
                After(Latency(), () => LinkUp(i, open.Peer));
                break;
            case NodeEffect.CloseLink close:
                nodes[i].Links.Remove(close.Peer);
                break;
            case NodeEffect.SendUpdate send:
                NodeEffect.SendUpdate sent = Rewrite is null ? send : Rewrite(i, send);
                foreach (NodeId to in sent.To)
                    Deliver(i, to, sent);
                break;
            case NodeEffect.Persist persist:
                nodes[i].Stored = persist.State;
                break;
            case NodeEffect.Raised raised:
                Events.Add((NowMs, i, raised.Event));
                break;
        }
    }

    private void LinkUp(int i, NodeId peer)
    {
        if (nodes[i].Core is null || nodes[indexOf[peer]].Core is null)
            return;
        nodes[i].Links.Add(peer);
        Give(i, new NodeInput.LinkUp(peer));
    }

    private void Deliver(int i, NodeId to, NodeEffect.SendUpdate send)
    {
        MessagesSent++;
        PayloadBytes += send.Payload.Length + send.Chunks.Sum(c => c.Length);
        if (!nodes[i].Links.Contains(to) || random.NextDouble() < options.Loss)
        {
            MessagesLost++;
            return;
        }

        NodeId from = ids[i];
        int latency = Latency();
        After(latency, () => Give(indexOf[to], new NodeInput.UpdateArrived(from, send.Payload)));
        for (int c = 0; c < send.Chunks.Count; c++)
        {
            int index = c;
            After(latency, () => Give(indexOf[to], new NodeInput.ChunkArrived(from, send.Sequence, index, send.Chunks[index])));
        }
    }

    private int Stall() => options.StallShare > 0 && random.NextDouble() < options.StallShare ? random.NextInt32(options.StallMaxMs + 1) : 0;

    private int Latency() => options.LatencyMinMs + random.NextInt32(options.LatencyMaxMs - options.LatencyMinMs + 1);

    private void After(int delayMs, Action action) => queue.Enqueue(action, (NowMs + delayMs, order++));
}
