namespace EdgeFL.Mqtt;

/// <summary>How an embedded broker listens and what it will bear. Every limit is enforced, and reaching it is counted.</summary>
public sealed record MqttBrokerOptions
{
    /// <summary>Where it listens, 1 to 16; the limits below hold for all of them together. Default one, without TLS, on a free port of 127.0.0.1.</summary>
    public IReadOnlyList<MqttListener> Listeners { get; init; } = [new()];

    /// <summary>Who may do what.</summary>
    public required IMqttAccess Access { get; init; }

    /// <summary>Clients connected at once, 1 to 65535. Default 256.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>
    /// Clients connected at once under one principal, 0 to 65535; 0 for no limit but the total. A client that comes back under its
    /// client identifier counts once. Clients whose principal is empty are held to the total alone. Default 8.
    /// </summary>
    public int ConnectionsPerPrincipalMax { get; init; } = 8;

    /// <summary>Connections that have not sent a valid CONNECT yet; one more cuts the oldest of them. 1 to 65535. Default 32.</summary>
    public int PendingConnectionsMax { get; init; } = 32;

    /// <summary>Milliseconds from accept to a valid CONNECT, TLS included, 100 to 600000. Default 10000.</summary>
    public int ConnectTimeoutMs { get; init; } = 10_000;

    /// <summary>Largest packet taken, bytes with its header, 1024 to 268435460. Default 1 MiB. Before CONNECT 70 KiB at most.</summary>
    public int PacketBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Sessions kept, connected or not, 1 to 1000000; the longest absent one makes room. Default 512.</summary>
    public int SessionsMax { get; init; } = 512;

    /// <summary>Longest time that a session outlives its connection, seconds; MQTT 3.1.1 persistent sessions get all of it. Default one day.</summary>
    public uint SessionExpirySecondsMax { get; init; } = 86_400;

    /// <summary>Longest keep-alive, seconds, 1 to 65535; MQTT 5.0 clients that want more or none are told this one. Default 3600.</summary>
    public int KeepAliveSecondsMax { get; init; } = 3600;

    /// <summary>Unfinished QoS 1 and 2 publishes on the way to one client, 1 to 1024; fewer where the client's receive maximum says so. Default 32.</summary>
    public int InFlightMax { get; init; } = 32;

    /// <summary>Unfinished QoS 1 and 2 publishes taken from one MQTT 5.0 client (its receive maximum), 1 to 65535. Default 64.</summary>
    public int ReceiveMaximum { get; init; } = 64;

    /// <summary>Topic aliases taken from one MQTT 5.0 client, and given to one that wants them, 0 to 1024; 0 for none. Default 16.</summary>
    public int TopicAliasMax { get; init; } = 16;

    /// <summary>The response information for a principal and its client identifier, for MQTT 5.0 clients that ask for it: the topic under which
    /// their answers may come. Null for none. It is called under the broker's lock: it returns quickly.</summary>
    public Func<string, string, string?>? ResponseInformation { get; init; }

    /// <summary>Seconds between the broker's own figures under <c>$SYS/broker/</c>, 1 to 86400; 0 for none. Default 10.</summary>
    public int SystemTopicsSeconds { get; init; } = 10;

    /// <summary>Messages waiting for one client, in flight included, 1 to 1000000. Default 2048. From half of it on QoS 0 is dropped;
    /// past it a connected client is cut off as too slow and an absent one loses the newest.</summary>
    public int QueueMessagesMax { get; init; } = 2048;

    /// <summary>Bytes waiting for one client, in the same way, at least 1024. Default 8 MiB.</summary>
    public long QueueBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Milliseconds that one write to a client may hang before it is cut off, 100 to 600000. Default 30000.</summary>
    public int WriteTimeoutMs { get; init; } = 30_000;

    /// <summary>Subscriptions of one client, 1 to 100000. Default 128.</summary>
    public int SubscriptionsMax { get; init; } = 128;

    /// <summary>Levels in a topic or a filter, 1 to 128. Default 16.</summary>
    public int TopicLevelsMax { get; init; } = 16;

    /// <summary>Retained messages kept, at least 0; the host's own count, but are kept past it. Default 4096.</summary>
    public int RetainedMessagesMax { get; init; } = 4096;

    /// <summary>Bytes of retained messages kept, topics included, at least 0; as above for the host's own. Default 16 MiB.</summary>
    public long RetainedBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Hears of security-relevant events, on the connection's thread: it returns quickly. At most ten a second; the rest are counted.</summary>
    public Action<MqttSecurityEvent>? OnSecurityEvent { get; init; }

    /// <summary>The clock for time-outs and expiry. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Access);
        ArgumentNullException.ThrowIfNull(Listeners);
        Range(Listeners.Count, 1, 16, "Listeners.Count");
        foreach (MqttListener listener in Listeners)
            listener.Check();
        Range(ConnectionsMax, 1, 65_535, nameof(ConnectionsMax));
        Range(ConnectionsPerPrincipalMax, 0, 65_535, nameof(ConnectionsPerPrincipalMax));
        Range(PendingConnectionsMax, 1, 65_535, nameof(PendingConnectionsMax));
        Range(ConnectTimeoutMs, 100, 600_000, nameof(ConnectTimeoutMs));
        Range(PacketBytesMax, 1024, MqttWriter.RemainingLengthMax + 5, nameof(PacketBytesMax));
        Range(SessionsMax, 1, 1_000_000, nameof(SessionsMax));
        Range(KeepAliveSecondsMax, 1, 65_535, nameof(KeepAliveSecondsMax));
        Range(InFlightMax, 1, 1024, nameof(InFlightMax));
        Range(ReceiveMaximum, 1, 65_535, nameof(ReceiveMaximum));
        Range(TopicAliasMax, 0, 1024, nameof(TopicAliasMax));
        Range(SystemTopicsSeconds, 0, 86_400, nameof(SystemTopicsSeconds));
        Range(QueueMessagesMax, 1, 1_000_000, nameof(QueueMessagesMax));
        Range(QueueBytesMax, 1024, long.MaxValue, nameof(QueueBytesMax));
        Range(WriteTimeoutMs, 100, 600_000, nameof(WriteTimeoutMs));
        Range(SubscriptionsMax, 1, 100_000, nameof(SubscriptionsMax));
        Range(TopicLevelsMax, 1, 128, nameof(TopicLevelsMax));
        Range(RetainedMessagesMax, 0, int.MaxValue, nameof(RetainedMessagesMax));
        Range(RetainedBytesMax, 0, long.MaxValue, nameof(RetainedBytesMax));
    }

    internal static void Range(long value, long least, long most, string name)
    {
        if (value < least || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must lie between {least} and {most}.");
    }
}
