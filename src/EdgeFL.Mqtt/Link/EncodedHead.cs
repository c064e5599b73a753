namespace EdgeFL.Mqtt;

/// <summary>
/// Everything of a PUBLISH but its payload, encoded once for a version and a QoS. Packet identifier, duplicate and retain
/// flags and the remaining expiry are patched into each receiver's copy.
/// </summary>
internal sealed class EncodedHead
{
    private EncodedHead(byte[] bytes, int packetIdOffset, int expiryOffset)
    {
        Bytes = bytes;
        PacketIdOffset = packetIdOffset;
        ExpiryOffset = expiryOffset;
    }

    public byte[] Bytes { get; }

    /// <summary>Where the two bytes of the packet identifier stand; 0 at QoS 0.</summary>
    public int PacketIdOffset { get; }

    /// <summary>Where the four bytes of the message expiry stand; 0 when there are none.</summary>
    public int ExpiryOffset { get; }

    public static EncodedHead Make(MqttVersion version, string topic, int payloadLength, int qos, MqttProperties? properties)
    {
        MqttWriter target = new();
        target.BeginPacket();
        target.Text(topic);
        int idOffset = 0;
        int expiryOffset = 0;
        if (qos > 0)
        {
            idOffset = target.Length;
            target.U16(0);
        }
        if (version == MqttVersion.V5)
        {
            int start = target.Length;
            MqttProperties.Write(target, properties);
            if (properties?.MessageExpirySeconds is not null)
                expiryOffset = ExpiryAt(target.WrittenSpan, start, properties);
        }
        int moved = target.EndPacket(MqttEncoder.PublishFirstByte(qos, retain: false, dup: false), payloadLength);
        EncodedHead head = new(target.WrittenSpan.ToArray(), idOffset == 0 ? 0 : idOffset - moved, expiryOffset == 0 ? 0 : expiryOffset - moved);
        target.Release();
        return head;
    }

    // Properties are written in a fixed order: the expiry stands behind the payload format alone.
    private static int ExpiryAt(ReadOnlySpan<byte> written, int start, MqttProperties properties)
    {
        _ = MqttFramer.ReadVarint(written[start..], out _, out int used);
        return start + used + (properties.PayloadFormat is null ? 0 : 2) + 1;
    }
}
