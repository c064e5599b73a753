namespace EdgeFL.Mqtt;

/// <summary>Packets gathered for one write to the stream, so that small ones share a segment and a TLS record.</summary>
internal sealed class SendBatch
{
    /// <summary>Once this many bytes are gathered the batch is sent.</summary>
    public const int EnoughBytes = 32 * 1024;

    private readonly MqttWriter bytes = new();

    public int Packets { get; private set; }

    public int Publishes { get; private set; }

    /// <summary>Set by the owner: after this batch the sending side is shut.</summary>
    public bool Last { get; set; }

    public int Length => bytes.Length;

    public bool IsFull => bytes.Length >= EnoughBytes;

    public ReadOnlyMemory<byte> Memory => bytes.WrittenMemory;

    public void Clear()
    {
        bytes.Release();
        Packets = 0;
        Publishes = 0;
    }

    public void Add(MqttVersion version, MqttPacket packet)
    {
        MqttEncoder.Write(bytes, version, packet);
        Packets++;
    }

    /// <summary>Copies packets that are encoded already.</summary>
    public void AddEncoded(ReadOnlySpan<byte> encoded, int packets)
    {
        bytes.Bytes(encoded);
        Packets += packets;
    }

    /// <summary>Adds a PUBREL: what is left to say of a QoS 2 message that the receiver has.</summary>
    public void AddRelease(MqttVersion version, ushort packetId)
    {
        MqttEncoder.WriteAck(bytes, version == MqttVersion.V5, MqttPacketType.PubRel, packetId, MqttReason.Success);
        Packets++;
    }

    /// <summary>Copies a message for its receiver.</summary>
    public void AddPublish(MqttVersion version, RoutedMessage message, in Delivery delivery, ushort alias, bool aliasKnown, uint expirySeconds)
    {
        PublishCodec.Write(bytes, version == MqttVersion.V5, message, delivery, alias, aliasKnown, expirySeconds);
        Packets++;
        Publishes++;
    }
}
