namespace EdgeFL.Mqtt;

/// <summary>What kind of thing an operator should hear of.</summary>
public enum MqttSecurityEventKind
{
    /// <summary>The TLS handshake failed, or the client showed no acceptable certificate.</summary>
    TlsRefused,

    /// <summary>A CONNECT was refused: credentials, client identifier, will, version.</summary>
    ConnectRefused,

    /// <summary>No CONNECT came in time.</summary>
    ConnectTimeout,

    /// <summary>More connections than there is room for.</summary>
    TooManyConnections,

    /// <summary>A publish was refused: access rules, topic, QoS, quota.</summary>
    PublishRefused,

    /// <summary>A subscription was refused: access rules, filter, quota.</summary>
    SubscribeRefused,

    /// <summary>Bytes that are not MQTT, or a packet where it is not allowed.</summary>
    MalformedPacket,

    /// <summary>A client did not take what was sent to it and was cut off.</summary>
    SlowConsumer,
}

/// <summary>One security-relevant event at the broker.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Principal">Who did it, null before authentication.</param>
/// <param name="Address">Remote address and port.</param>
/// <param name="Detail">What exactly: a reason, a topic, a limit. Safe to log: no secrets, no control characters.</param>
/// <param name="Suppressed">Events left out before this one because they came too fast.</param>
public sealed record MqttSecurityEvent(MqttSecurityEventKind Kind, string? Principal, string Address, string Detail, long Suppressed);
