using EdgeFL.Node;

namespace EdgeFL.Simulation;

/// <summary>The nodes that one thread looks after: their events in order of time, and what they have for the nodes of others.</summary>
internal sealed class Shard
{
    private readonly PriorityQueue<SimulationEvent, EventKey> queue = new();
    private readonly List<SimulationEvent>[] outgoing;
    private readonly int number;
    private readonly SimulatedNode[] nodes;

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
        if (to == number)
            queue.Enqueue(happens, happens.Key);
        else
            outgoing[to].Add(happens);
    }

    /// <summary>Takes all events before a time. What they cause for the nodes of other threads lies at or behind it.</summary>
    /// <param name="endMs">The first time that is not taken.</param>
    public void Take(long endMs)
    {
        while (queue.TryPeek(out SimulationEvent happens, out EventKey key) && key.AtMs < endMs)
        {
            queue.Dequeue();
            LastMs = key.AtMs;
            Taken++;
            nodes[key.Node].Take(happens, this);
        }
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
