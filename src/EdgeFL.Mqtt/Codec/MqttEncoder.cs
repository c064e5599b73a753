namespace EdgeFL.Mqtt;

/// <summary>Packets to bytes. Packets are ours here: one that cannot be said is a broken contract and throws.</summary>
internal static class MqttEncoder
{
    /// <summary>Appends one packet to <paramref name="target"/>.</summary>
    /// <exception cref="ArgumentException">The version has no such packet.</exception>
    public static void Write(MqttWriter target, MqttVersion version, MqttPacket packet)
    {
        bool v5 = version == MqttVersion.V5;
        switch (packet)
        {
            case ConnectPacket connect:
                ConnectCodec.Write(target, connect);
                break;
            case ConnAckPacket connAck:
                target.BeginPacket();
                target.U8(connAck.SessionPresent ? (byte)1 : (byte)0);
                target.U8(connAck.Code);
                End(target, v5, packet.Type, 0, connAck.Properties);
                break;
            case PublishPacket publish:
                WritePublish(target, v5, publish);
                break;
            case AckPacket ack:
                WriteAck(target, v5, ack.Type, ack.PacketId, ack.Reason, ack.Properties);
                break;
            case SubscribePacket subscribe:
                WriteSubscribe(target, v5, subscribe);
                break;
            case SubAckPacket subAck:
                WriteCodes(target, v5, subAck.Type, subAck.PacketId, subAck.Properties, subAck.Codes);
                break;
            case UnsubscribePacket unsubscribe:
                target.BeginPacket();
                target.U16(unsubscribe.PacketId);
                if (v5)
                    MqttProperties.Write(target, unsubscribe.Properties);
                foreach (string filter in unsubscribe.Filters)
                    target.Text(filter);
                target.EndPacket((byte)MqttPacketType.Unsubscribe << 4 | 2);
                break;
            case UnsubAckPacket unsubAck:
                WriteCodes(target, v5, unsubAck.Type, unsubAck.PacketId, unsubAck.Properties, v5 ? unsubAck.Codes : []);
                break;
            case PingPacket:
                target.BeginPacket();
                target.EndPacket((byte)((byte)packet.Type << 4));
                break;
            case DisconnectPacket disconnect:
                WriteReason(target, v5, packet.Type, disconnect.Reason, disconnect.Properties);
                break;
            case AuthPacket auth when v5:
                WriteReason(target, v5, packet.Type, auth.Reason, auth.Properties);
                break;
            default:
                throw new ArgumentException($"MQTT {version} has no packet {packet.Type}.", nameof(packet));
        }
    }

    /// <summary>One packet as its own array.</summary>
    public static byte[] ToArray(MqttVersion version, MqttPacket packet)
    {
        MqttWriter target = new();
        Write(target, version, packet);
        byte[] bytes = target.WrittenSpan.ToArray();
        target.Release();
        return bytes;
    }

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form, without an object.</summary>
    public static void WriteAck(MqttWriter target, bool v5, MqttPacketType type, ushort id, MqttReason reason, MqttProperties? properties = null)
    {
        target.BeginPacket();
        target.U16(id);
        if (v5 && (reason != MqttReason.Success || properties is not null))
        {
            target.U8((byte)reason);
            if (properties is not null)
                MqttProperties.Write(target, properties);
        }
        target.EndPacket((byte)((byte)type << 4 | (type == MqttPacketType.PubRel ? 2 : 0)));
    }

    private static void WritePublish(MqttWriter target, bool v5, PublishPacket publish)
    {
        target.BeginPacket();
        target.Text(publish.Topic);
        if (publish.Qos > 0)
            target.U16(publish.PacketId);
        if (v5)
            MqttProperties.Write(target, publish.Properties);
        target.Bytes(publish.Payload.Span);
        target.EndPacket(PublishCodec.FirstByte(publish.Qos, publish.Retain, publish.Dup));
    }

    private static void WriteSubscribe(MqttWriter target, bool v5, SubscribePacket subscribe)
    {
        target.BeginPacket();
        target.U16(subscribe.PacketId);
        if (v5)
            MqttProperties.Write(target, subscribe.Properties);
        foreach (SubscribeEntry entry in subscribe.Entries)
        {
            target.Text(entry.Filter);
            int options = v5 ? (entry.NoLocal ? 4 : 0) | (entry.RetainAsPublished ? 8 : 0) | entry.RetainHandling << 4 : 0;
            target.U8((byte)(options | entry.Qos));
        }
        target.EndPacket((byte)MqttPacketType.Subscribe << 4 | 2);
    }

    private static void WriteCodes(MqttWriter target, bool v5, MqttPacketType type, ushort id, MqttProperties? properties, byte[] codes)
    {
        target.BeginPacket();
        target.U16(id);
        if (v5)
            MqttProperties.Write(target, properties);
        target.Bytes(codes);
        target.EndPacket((byte)((byte)type << 4));
    }

    private static void WriteReason(MqttWriter target, bool v5, MqttPacketType type, MqttReason reason, MqttProperties? properties)
    {
        target.BeginPacket();
        if (v5 && (reason != MqttReason.Success || properties is not null))
        {
            target.U8((byte)reason);
            if (properties is not null)
                MqttProperties.Write(target, properties);
        }
        target.EndPacket((byte)((byte)type << 4));
    }

    private static void End(MqttWriter target, bool v5, MqttPacketType type, int flags, MqttProperties? properties)
    {
        if (v5)
            MqttProperties.Write(target, properties);
        target.EndPacket((byte)((byte)type << 4 | flags));
    }
}
