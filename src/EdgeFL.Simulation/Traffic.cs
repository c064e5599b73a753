namespace EdgeFL.Simulation;

/// <summary>What the fleet has sent, and what became of it. A message is one PUBLISH to one receiver: a signed frame or a chunk.</summary>
public sealed class Traffic
{
    /// <summary>Messages sent.</summary>
    public long MessagesSent { get; internal set; }

    /// <summary>Messages that came.</summary>
    public long MessagesDelivered { get; internal set; }

    /// <summary>Messages that the network lost, or that found no link or nobody there.</summary>
    public long MessagesLost { get; internal set; }

    /// <summary>Bytes sent, each copy counted (<see cref="WireBytes"/>).</summary>
    public long BytesSent { get; internal set; }

    /// <summary>Bytes that came.</summary>
    public long BytesDelivered { get; internal set; }

    /// <summary>Bytes that were lost.</summary>
    public long BytesLost { get; internal set; }

    /// <summary>Frames that came back to their origin, or that were taken twice: there must be none.</summary>
    public long Circles { get; internal set; }

    internal void Add(Traffic other)
    {
        MessagesSent += other.MessagesSent;
        MessagesDelivered += other.MessagesDelivered;
        MessagesLost += other.MessagesLost;
        BytesSent += other.BytesSent;
        BytesDelivered += other.BytesDelivered;
        BytesLost += other.BytesLost;
        Circles += other.Circles;
    }
}
