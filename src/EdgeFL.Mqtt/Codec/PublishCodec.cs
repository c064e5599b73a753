using System.Buffers.Binary;

namespace EdgeFL.Mqtt;

/// <summary>A PUBLISH as it lies in its packet: checked, and nothing copied out of it.</summary>
internal ref struct PublishFields
{
    public int Qos;
    public bool Dup;
    public bool Retain;
    public ushort PacketId;

    /// <summary>UTF-8, without wildcards; empty where an alias stands for it. Whether it is clean text is for <see cref="TopicName"/> to say.</summary>
    public ReadOnlySpan<byte> Topic;

    /// <summary>0 for none.</summary>
    public ushort TopicAlias;

    public uint? ExpirySeconds;

    /// <summary>Where in <see cref="Properties"/> the value of the expiry stands, -1 for none.</summary>
    public int ExpiryOffset;

    public bool HasSubscriptionIds;

    /// <summary>The 5.0 property block without its length.</summary>
    public ReadOnlySpan<byte> Properties;

    /// <summary>Where in <see cref="Properties"/> the alias stands, which is of this connection alone; its length is <see cref="PublishCodec.AliasBytes"/>.</summary>
    public int AliasOffset;

    public ReadOnlySpan<byte> Payload;

    /// <summary>Bytes of the properties that go on to the receivers.</summary>
    public readonly int ForwardedBytes => Properties.Length - (TopicAlias == 0 ? 0 : PublishCodec.AliasBytes);

    /// <summary>Where the expiry stands in what <see cref="CopyForwarded"/> copies, -1 for none.</summary>
    public readonly int ForwardedExpiryOffset => ExpiryOffset - (TopicAlias != 0 && AliasOffset < ExpiryOffset ? PublishCodec.AliasBytes : 0);

    /// <summary>Copies the properties that go on to the receivers: all but the alias (5.0, 3.3.2.3.4).</summary>
    public readonly void CopyForwarded(Span<byte> target)
    {
        if (TopicAlias == 0)
        {
            Properties.CopyTo(target);
            return;
        }
        Properties[..AliasOffset].CopyTo(target);
        Properties[(AliasOffset + PublishCodec.AliasBytes)..].CopyTo(target[AliasOffset..]);
    }
}

/// <summary>PUBLISH (3.1.1 and 5.0, section 3.3), read and written without an object: it is what a broker does all day.</summary>
internal static class PublishCodec
{
    /// <summary>Bytes of a topic alias property with its identifier.</summary>
    public const int AliasBytes = 3;

    /// <summary>Most bytes by which an alias can lengthen a packet: two lengths may take a byte more each.</summary>
    public const int AliasRoom = AliasBytes + 2;

    /// <summary>Reads one body; the reader holds the fault, if any.</summary>
    public static PublishFields Read(scoped ref MqttReader source, bool v5, int flags)
    {
        PublishFields fields = new() { Qos = (flags >> 1) & 3, Dup = (flags & 8) != 0, Retain = (flags & 1) != 0, ExpiryOffset = -1 };
        if (fields.Qos == 3 || (fields.Dup && fields.Qos == 0))
            source.Fail(MqttDecodeError.BadQos);
        fields.Topic = source.Take(source.U16());
        fields.PacketId = fields.Qos > 0 ? source.PacketId() : (ushort)0;
        if (v5)
        {
            fields.Properties = source.Take(source.Varint());
            if (source.Ok)
                ScanProperties(ref fields, ref source);
        }
        if (source.Ok && (fields.Topic.IsEmpty ? fields.TopicAlias == 0 : fields.Topic.ContainsAny((byte)'+', (byte)'#')))
            source.Fail(MqttDecodeError.BadTopic);
        fields.Payload = source.Take(source.Remaining);
        return fields;
    }

    /// <summary>The first byte of a PUBLISH.</summary>
    public static byte FirstByte(int qos, bool retain, bool dup) =>
        (byte)((int)MqttPacketType.Publish << 4 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0));

    /// <summary>Bytes of a packet as <see cref="WriteHead"/> begins it without an alias.</summary>
    public static long PacketBytes(bool v5, RoutedMessage message, int qos, List<int>? subscriptionIds)
    {
        long body = 2 + message.Topic.Utf8.Length + (qos > 0 ? 2 : 0) + message.Payload.Length;
        if (v5)
        {
            int properties = PropertyBytes(message, 0, subscriptionIds);
            body += MqttWriter.VarintLength(properties) + properties;
        }
        return 1 + MqttWriter.VarintLength((int)Math.Min(body, MqttWriter.RemainingLengthMax)) + body;
    }

    /// <summary>Appends a PUBLISH of a message for one receiver, all but the payload, which the caller sends after it.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="v5">The receiver speaks 5.0.</param>
    /// <param name="message">What.</param>
    /// <param name="delivery">How.</param>
    /// <param name="alias">Topic alias, 0 for none.</param>
    /// <param name="aliasKnown">The receiver has the alias: the name is left away.</param>
    /// <param name="expirySeconds">What remains of the expiry; written only where the message has one.</param>
    public static void WriteHead(MqttWriter target, bool v5, RoutedMessage message, in Delivery delivery, ushort alias, bool aliasKnown, uint expirySeconds)
    {
        int properties = v5 ? PropertyBytes(message, alias, delivery.SubscriptionIds) : 0;
        ReadOnlySpan<byte> topic = aliasKnown ? default : message.Topic.Utf8;
        int body = 2 + topic.Length + (delivery.Qos > 0 ? 2 : 0) + (v5 ? MqttWriter.VarintLength(properties) + properties : 0) + message.Payload.Length;
        target.U8(FirstByte(delivery.Qos, delivery.Retain, delivery.SentBefore));
        target.Varint(body);
        target.Binary(topic);
        if (delivery.Qos > 0)
            target.U16(delivery.PacketId);
        if (v5)
            WriteProperties(target, properties, message, alias, delivery.SubscriptionIds, expirySeconds);
    }

    private static int PropertyBytes(RoutedMessage message, ushort alias, List<int>? subscriptionIds)
    {
        int bytes = message.Properties.Length + (alias == 0 ? 0 : AliasBytes);
        if (subscriptionIds is not null)
        {
            foreach (int id in subscriptionIds)
                bytes += 1 + MqttWriter.VarintLength(id);
        }
        return bytes;
    }

    private static void WriteProperties(MqttWriter target, int length, RoutedMessage message, ushort alias, List<int>? subscriptionIds, uint expirySeconds)
    {
        target.Varint(length);
        int start = target.Length;
        target.Bytes(message.Properties);
        if (message.ExpiryOffset >= 0)
            BinaryPrimitives.WriteUInt32BigEndian(target.Written(start + message.ExpiryOffset, 4), expirySeconds);
        if (alias != 0)
        {
            target.U8((byte)MqttPropertyId.TopicAlias);
            target.U16(alias);
        }
        if (subscriptionIds is null)
            return;
        foreach (int id in subscriptionIds)
        {
            target.U8((byte)MqttPropertyId.SubscriptionId);
            target.Varint(id);
        }
    }

    /// <summary>Checks the block as <see cref="MqttProperties.Read"/> does, and takes out what routing needs.</summary>
    private static void ScanProperties(ref PublishFields fields, scoped ref MqttReader source)
    {
        MqttReader block = new(fields.Properties);
        MqttPropertyOrder order = new(MqttPropertySets.Publish);
        while (block.Ok && block.Remaining > 0)
        {
            int offset = fields.Properties.Length - block.Remaining;
            MqttPropertyId id = order.Next(ref block);
            if (!block.Ok)
                break;
            switch (id)
            {
                case MqttPropertyId.PayloadFormat: MqttProperties.Flag(ref block); break;
                case MqttPropertyId.MessageExpiry:
                    fields.ExpirySeconds = block.U32();
                    fields.ExpiryOffset = offset + 1;
                    break;
                case MqttPropertyId.ResponseTopic: MqttProperties.TopicBytes(ref block); break;
                case MqttPropertyId.CorrelationData: block.Take(block.U16()); break;
                case MqttPropertyId.TopicAlias:
                    fields.TopicAlias = MqttProperties.NotZero(ref block);
                    fields.AliasOffset = offset;
                    break;
                case MqttPropertyId.SubscriptionId:
                    MqttProperties.SubscriptionId(ref block);
                    fields.HasSubscriptionIds = true;
                    break;
                case MqttPropertyId.UserProperty:
                    block.TextBytes();
                    block.TextBytes();
                    break;
                default: block.TextBytes(); break; // The content type: the last that a PUBLISH may have.
            }
        }
        if (!block.Ok)
            source.Fail(block.Error);
    }
}
