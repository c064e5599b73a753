using EdgeFL.Node;

namespace EdgeFL.Simulation;

/// <summary>The nodes that one thread looks after: their events in order of time, and what they have for the nodes of others.</summary>
internal sealed class Shard
{
    private readonly PriorityQueue<SimulationEvent, EventKey> queue = new();
    private readonly PriorityQueue<SimulationEvent, EventKey> soon = new();
    private readonly List<SimulationEvent> window = [];
    private readonly List<SimulationEvent>[] outgoing;
    private readonly int number;
    private readonly SimulatedNode[] nodes;
    private int takes = -1;
    private long windowEndMs;

    public Shard(int number, int shards, SimulatedNode[] nodes)
    {
        this.number = number;
        this.nodes = nodes;
        outgoing = new List<SimulationEvent>[shards];
        for (int i = 0; i < shards; i++)
            outgoing[i] = [];
    }

    public Outbox Outbox { get; } = new();

    public Traffic Traffic { get; } = new();

    public List<(long AtMs, int Node, NodeEvent Event)> Events { get; } = [];

    /// <summary>Nodes that are up and not done, or will be up again.</summary>
    public int Unfinished { get; set; }

    /// <summary>Nodes that are up.</summary>
    public int Up { get; set; }

    /// <summary>Rounds of the nodes that are up, together.</summary>
    public long Rounds { get; set; }

    /// <summary>Time of the last event that was taken.</summary>
    public long LastMs { get; private set; }

    /// <summary>Events taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Time of the next event; <see cref="long.MaxValue"/> without one.</summary>
    public long NextMs => queue.TryPeek(out _, out EventKey key) ? key.AtMs : long.MaxValue;

    /// <summary>Bytes that are on their way to its nodes.</summary>
    public long BytesUnderWay => queue.UnorderedItems.Sum(item => (long)nodes[item.Element.Key.Node].BytesOf(item.Element));

    public void Post(SimulationEvent happens)
    {
        int to = happens.Key.Node % outgoing.Length;
        if (happens.Key.Node == takes && happens.Key.AtMs < windowEndMs)
            soon.Enqueue(happens, happens.Key);
        else if (to == number)
            queue.Enqueue(happens, happens.Key);
        else
            outgoing[to].Add(happens);
    }

    /// <summary>
    /// Takes all events before a time, node by node, as nothing that one does can reach another before it: so a node is fetched from memory once, however many other
    /// nodes there are.
    /// </summary>
    /// <param name="endMs">The first time that is not taken.</param>
    public void Take(long endMs)
    {
        window.Clear();
        while (queue.TryPeek(out _, out EventKey key) && key.AtMs < endMs)
            window.Add(queue.Dequeue());
        window.Sort(static (a, b) => a.Key.Node == b.Key.Node ? a.Key.CompareTo(b.Key) : a.Key.Node.CompareTo(b.Key.Node));
        windowEndMs = endMs;
        for (int next = 0; next < window.Count;)
        {
            takes = window[next].Key.Node;
            while (true)
            {
                bool listed = next < window.Count && window[next].Key.Node == takes, own = soon.TryPeek(out _, out EventKey soonest);
                if (!listed && !own)
                    break;
                SimulationEvent happens = listed && (!own || window[next].Key.CompareTo(soonest) < 0) ? window[next++] : soon.Dequeue();
                LastMs = Math.Max(LastMs, happens.Key.AtMs);
                Taken++;
                nodes[takes].Take(happens, this);
            }
        }

        takes = -1;
    }

    /// <summary>Takes over what the others have for this one.</summary>
    /// <param name="all">All shards.</param>
    public void Collect(Shard[] all)
    {
        foreach (Shard other in all)
        {
            List<SimulationEvent> sent = other.outgoing[number];
            foreach (SimulationEvent happens in sent)
                queue.Enqueue(happens, happens.Key);
            sent.Clear();
        }
    }
}
