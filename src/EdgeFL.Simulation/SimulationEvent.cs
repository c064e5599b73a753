namespace EdgeFL.Simulation;

/// <summary>What happens to a node.</summary>
internal enum EventKind : byte
{
    Tick,
    Sensor,

    /// <summary>A peer says that it is there; with <see cref="SimulationEvent.Index"/> 1 it wants to hear who else is.</summary>
    Hello,

    /// <summary>A peer's power is gone.</summary>
    Gone,

    /// <summary>A peer asks for a link to the node.</summary>
    LinkAsked,

    /// <summary>A peer takes the link that the node asked for; <see cref="SimulationEvent.Epoch"/> is the peer's.</summary>
    LinkTaken,

    /// <summary>Time to look whether the link to a peer is up.</summary>
    Retry,
    Frame,
    Chunk,
    CutBegins,
    CutEnds,
    Fail,
    Stop,
    Rise,
    ClockJump,
}

/// <summary>Order in which a node takes its events: by time, then by who caused them, then in the order in which those did. It says nothing of threads.</summary>
internal readonly record struct EventKey(long AtMs, int Node, int Origin, uint Sequence) : IComparable<EventKey>
{
    public int CompareTo(EventKey other)
    {
        int order = AtMs.CompareTo(other.AtMs);
        if (order == 0)
            order = Node.CompareTo(other.Node);
        if (order == 0)
            order = Origin.CompareTo(other.Origin);
        return order == 0 ? Sequence.CompareTo(other.Sequence) : order;
    }
}

/// <summary>One thing that will happen to a node.</summary>
/// <param name="Key">When, to whom, caused by whom.</param>
/// <param name="Kind">What.</param>
/// <param name="Epoch">Start of the node that it is meant for, or of the peer that says it.</param>
/// <param name="Index">Number of a batch, chunk, cut or jump.</param>
/// <param name="Shipment">What was sent, for frames and chunks.</param>
internal readonly record struct SimulationEvent(EventKey Key, EventKind Kind, uint Epoch, int Index, Shipment? Shipment);
