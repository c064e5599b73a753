namespace EdgeFL.Mqtt;

/// <summary>Counts since the start. Bytes are MQTT bytes, before TLS and TCP.</summary>
public readonly record struct MqttCounters
{
    /// <summary>MQTT bytes received.</summary>
    public long BytesIn { get; init; }

    /// <summary>MQTT bytes sent.</summary>
    public long BytesOut { get; init; }

    /// <summary>Packets received.</summary>
    public long PacketsIn { get; init; }

    /// <summary>Packets sent.</summary>
    public long PacketsOut { get; init; }

    /// <summary>PUBLISH packets received.</summary>
    public long PublishesIn { get; init; }

    /// <summary>PUBLISH packets sent.</summary>
    public long PublishesOut { get; init; }

    /// <summary>Messages not delivered to somebody because a queue was full, the receiver was away or the message too large for it.</summary>
    public long Dropped { get; init; }

    /// <summary>Messages not delivered because their expiry time had passed.</summary>
    public long Expired { get; init; }

    /// <summary>Connections refused: TLS, authentication, limits, garbage.</summary>
    public long RefusedConnections { get; init; }

    /// <summary>Publishes refused: access rules, topic, QoS 2, quota.</summary>
    public long RefusedPublishes { get; init; }

    /// <summary>Subscriptions refused: access rules, filter, quota.</summary>
    public long RefusedSubscriptions { get; init; }

    /// <summary>Packets that could not be parsed or were not allowed where they came.</summary>
    public long MalformedPackets { get; init; }

    /// <summary>Connections closed because they did not take what was sent to them.</summary>
    public long SlowConsumers { get; init; }

    /// <summary>Connections made: accepted CONNECTs on a broker, successful ones on a client.</summary>
    public long Connections { get; init; }

    /// <summary>Times a message handler threw.</summary>
    public long HandlerFaults { get; init; }
}

/// <summary>The live counts behind <see cref="MqttCounters"/>.</summary>
internal sealed class MqttTally
{
    private long bytesIn;
    private long bytesOut;
    private long packetsIn;
    private long packetsOut;
    private long publishesIn;
    private long publishesOut;

    public long Dropped;
    public long Expired;
    public long RefusedConnections;
    public long RefusedPublishes;
    public long RefusedSubscriptions;
    public long MalformedPackets;
    public long SlowConsumers;
    public long Connections;
    public long HandlerFaults;

    public static void Add(ref long count) => Interlocked.Increment(ref count);

    public void Received(int bytes) => Interlocked.Add(ref bytesIn, bytes);

    public void ReceivedPacket(byte firstByte)
    {
        Interlocked.Increment(ref packetsIn);
        if (firstByte >> 4 == (int)MqttPacketType.Publish)
            Interlocked.Increment(ref publishesIn);
    }

    public void Sent(int bytes, int packets, int publishes)
    {
        Interlocked.Add(ref bytesOut, bytes);
        Interlocked.Add(ref packetsOut, packets);
        Interlocked.Add(ref publishesOut, publishes);
    }

    public MqttCounters Snapshot() => new()
    {
        BytesIn = Interlocked.Read(ref bytesIn),
        BytesOut = Interlocked.Read(ref bytesOut),
        PacketsIn = Interlocked.Read(ref packetsIn),
        PacketsOut = Interlocked.Read(ref packetsOut),
        PublishesIn = Interlocked.Read(ref publishesIn),
        PublishesOut = Interlocked.Read(ref publishesOut),
        Dropped = Interlocked.Read(ref Dropped),
        Expired = Interlocked.Read(ref Expired),
        RefusedConnections = Interlocked.Read(ref RefusedConnections),
        RefusedPublishes = Interlocked.Read(ref RefusedPublishes),
        RefusedSubscriptions = Interlocked.Read(ref RefusedSubscriptions),
        MalformedPackets = Interlocked.Read(ref MalformedPackets),
        SlowConsumers = Interlocked.Read(ref SlowConsumers),
        Connections = Interlocked.Read(ref Connections),
        HandlerFaults = Interlocked.Read(ref HandlerFaults),
    };
}
