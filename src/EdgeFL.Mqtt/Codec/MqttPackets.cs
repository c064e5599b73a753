namespace EdgeFL.Mqtt;

/// <summary>One decoded control packet. Properties are null on MQTT 3.1.1 and may be null on 5.0 when there are none.</summary>
internal abstract class MqttPacket
{
    public abstract MqttPacketType Type { get; }
}

internal sealed class ConnectPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Connect;
    public MqttVersion Version { get; init; } = MqttVersion.V5;
    public bool CleanStart { get; init; }
    public ushort KeepAliveSeconds { get; init; }
    public string ClientId { get; init; } = "";
    public WillData? Will { get; init; }
    public string? UserName { get; init; }
    public byte[]? Password { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class WillData
{
    public required string Topic { get; init; }
    public required byte[] Payload { get; init; }
    public int Qos { get; init; }
    public bool Retain { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class ConnAckPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.ConnAck;
    public bool SessionPresent { get; init; }

    /// <summary>A <see cref="MqttReason"/> on 5.0, a return code 0 to 5 on 3.1.1.</summary>
    public byte Code { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class PublishPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Publish;
    public required string Topic { get; init; }
    public ReadOnlyMemory<byte> Payload { get; init; }
    public int Qos { get; init; }
    public bool Retain { get; init; }
    public bool Dup { get; init; }
    public ushort PacketId { get; init; }
    public MqttProperties? Properties { get; init; }
}

/// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP: the same four fields.</summary>
internal sealed class AckPacket(MqttPacketType type) : MqttPacket
{
    public override MqttPacketType Type { get; } = type;
    public ushort PacketId { get; init; }
    public MqttReason Reason { get; init; }
    public MqttProperties? Properties { get; init; }
}

/// <summary>One line of a SUBSCRIBE.</summary>
/// <param name="Filter">Topic filter.</param>
/// <param name="Qos">Highest QoS wanted, 0 to 2.</param>
/// <param name="NoLocal">5.0: own publishes are not sent back.</param>
/// <param name="RetainAsPublished">5.0: the retain flag is kept when forwarding.</param>
/// <param name="RetainHandling">5.0: 0 send retained, 1 only for a new subscription, 2 never.</param>
internal readonly record struct SubscribeEntry(string Filter, int Qos, bool NoLocal = false, bool RetainAsPublished = false, int RetainHandling = 0);

internal sealed class SubscribePacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Subscribe;
    public ushort PacketId { get; init; }
    public required IReadOnlyList<SubscribeEntry> Entries { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class SubAckPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.SubAck;
    public ushort PacketId { get; init; }
    public required byte[] Codes { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class UnsubscribePacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Unsubscribe;
    public ushort PacketId { get; init; }
    public required IReadOnlyList<string> Filters { get; init; }
    public MqttProperties? Properties { get; init; }
}

internal sealed class UnsubAckPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.UnsubAck;
    public ushort PacketId { get; init; }

    /// <summary>One code a filter on 5.0; empty on 3.1.1.</summary>
    public required byte[] Codes { get; init; }
    public MqttProperties? Properties { get; init; }
}

/// <summary>PINGREQ and PINGRESP: no fields.</summary>
internal sealed class PingPacket(MqttPacketType type) : MqttPacket
{
    public override MqttPacketType Type { get; } = type;
}

internal sealed class DisconnectPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Disconnect;
    public MqttReason Reason { get; init; }
    public MqttProperties? Properties { get; init; }
}

/// <summary>AUTH, 5.0 only.</summary>
internal sealed class AuthPacket : MqttPacket
{
    public override MqttPacketType Type => MqttPacketType.Auth;
    public MqttReason Reason { get; init; }
    public MqttProperties? Properties { get; init; }
}
