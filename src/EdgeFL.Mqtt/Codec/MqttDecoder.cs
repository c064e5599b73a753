using System.Buffers;

namespace EdgeFL.Mqtt;

/// <summary>Packet bodies to packets, strictly. Whatever the bytes are, the answer is a packet or a reason.</summary>
internal static class MqttDecoder
{
    /// <summary>Topic filters accepted in one SUBSCRIBE or UNSUBSCRIBE.</summary>
    public const int EntriesMax = 1024;

    private static readonly SearchValues<byte> ConnAckReasons = SearchValues.Create(
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F);

    private static readonly SearchValues<byte> PubAckReasons = SearchValues.Create(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99);
    private static readonly SearchValues<byte> PubRelReasons = SearchValues.Create(0x00, 0x92);

    private static readonly SearchValues<byte> SubAckReasons = SearchValues.Create(
        0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2);

    private static readonly SearchValues<byte> SubAckCodes311 = SearchValues.Create(0x00, 0x01, 0x02, 0x80);
    private static readonly SearchValues<byte> UnsubAckReasons = SearchValues.Create(0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91);

    private static readonly SearchValues<byte> DisconnectReasons = SearchValues.Create(
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
        0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2);

    private static readonly SearchValues<byte> AuthReasons = SearchValues.Create(0x00, 0x18, 0x19);

    /// <summary>Decodes one packet.</summary>
    /// <param name="version">Version of the connection; CONNECT carries its own.</param>
    /// <param name="firstByte">Type and flags.</param>
    /// <param name="body">Bytes after the fixed header.</param>
    /// <param name="packet">The packet, null on a fault.</param>
    public static MqttDecodeError Decode(MqttVersion version, byte firstByte, ReadOnlySpan<byte> body, out MqttPacket? packet)
    {
        MqttPacketType type = (MqttPacketType)(firstByte >> 4);
        int flags = firstByte & 0x0F;
        bool v5 = version == MqttVersion.V5;
        packet = null;
        if (type == 0 || (type == MqttPacketType.Auth && !v5))
            return MqttDecodeError.BadType;
        int wantedFlags = type is MqttPacketType.PubRel or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe ? 2 : 0;
        if (type != MqttPacketType.Publish && flags != wantedFlags)
            return MqttDecodeError.BadFlags;
        MqttReader source = new(body);
        MqttPacket decoded = type switch
        {
            MqttPacketType.Connect => ConnectCodec.Read(ref source),
            MqttPacketType.ConnAck => ReadConnAck(ref source, v5),
            MqttPacketType.Publish => ReadPublish(ref source, v5, flags),
            MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp => ReadAck(ref source, v5, type),
            MqttPacketType.Subscribe => ReadSubscribe(ref source, v5),
            MqttPacketType.SubAck => ReadSubAck(ref source, v5),
            MqttPacketType.Unsubscribe => ReadUnsubscribe(ref source, v5),
            MqttPacketType.UnsubAck => ReadUnsubAck(ref source, v5),
            MqttPacketType.PingReq or MqttPacketType.PingResp => new PingPacket(type),
            MqttPacketType.Disconnect => ReadDisconnect(ref source, v5),
            _ => ReadAuth(ref source),
        };
        MqttDecodeError error = source.End();
        if (error == MqttDecodeError.None)
            packet = decoded;
        return error;
    }

    private static MqttReason Reason(ref MqttReader source, SearchValues<byte> allowed)
    {
        byte code = source.U8();
        if (source.Ok && !allowed.Contains(code))
            source.Fail(MqttDecodeError.BadReason);
        return (MqttReason)code;
    }

    private static ConnAckPacket ReadConnAck(ref MqttReader source, bool v5)
    {
        byte flags = source.U8();
        byte code = source.U8();
        if (source.Ok && flags > 1)
            source.Fail(MqttDecodeError.BadFlags);
        if (source.Ok && (v5 ? !ConnAckReasons.Contains(code) : code > 5))
            source.Fail(MqttDecodeError.BadReason);
        if (source.Ok && code != 0 && flags != 0)
            source.Fail(MqttDecodeError.BadFlags);
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.ConnAck) : null;
        return new ConnAckPacket { SessionPresent = flags == 1, Code = code, Properties = properties };
    }

    private static PublishPacket ReadPublish(ref MqttReader source, bool v5, int flags)
    {
        PublishFields fields = PublishCodec.Read(ref source, v5, flags);
        TopicName? topic = TopicName.TryParse(fields.Topic);
        if (source.Ok && topic is null && fields.TopicAlias == 0)
            source.Fail(MqttDecodeError.BadText);
        MqttReader block = new(fields.Properties);
        return new PublishPacket
        {
            Topic = topic?.Text ?? "",
            Payload = fields.Payload.ToArray(),
            Qos = fields.Qos,
            Dup = fields.Dup,
            Retain = fields.Retain,
            PacketId = fields.PacketId,
            Properties = source.Ok ? MqttProperties.ReadBlock(ref block, MqttPropertySets.Publish) : null,
        };
    }

    /// <summary>Reads a PUBLISH without an object.</summary>
    /// <param name="version">Version of the connection.</param>
    /// <param name="firstByte">Type and flags.</param>
    /// <param name="body">Bytes after the fixed header; the fields point into them.</param>
    /// <param name="publish">What it says.</param>
    public static MqttDecodeError DecodePublish(MqttVersion version, byte firstByte, ReadOnlySpan<byte> body, out PublishFields publish)
    {
        MqttReader source = new(body);
        publish = PublishCodec.Read(ref source, version == MqttVersion.V5, firstByte & 0x0F);
        return source.End();
    }

    /// <summary>Reads a PUBACK, PUBREC, PUBREL or PUBCOMP without an object.</summary>
    /// <param name="version">Version of the connection.</param>
    /// <param name="firstByte">Type and flags.</param>
    /// <param name="body">Bytes after the fixed header.</param>
    /// <param name="packetId">Which publish it is about.</param>
    /// <param name="reason">What became of it.</param>
    public static MqttDecodeError DecodeAck(MqttVersion version, byte firstByte, ReadOnlySpan<byte> body, out ushort packetId, out MqttReason reason)
    {
        packetId = 0;
        reason = MqttReason.Success;
        MqttPacketType type = (MqttPacketType)(firstByte >> 4);
        if ((firstByte & 0x0F) != (type == MqttPacketType.PubRel ? 2 : 0))
            return MqttDecodeError.BadFlags;
        MqttReader source = new(body);
        ReadAck(ref source, version == MqttVersion.V5, type, out packetId, out reason, out _);
        return source.End();
    }

    /// <summary>Whether <see cref="DecodeAck"/> reads packets of this type.</summary>
    public static bool IsAck(MqttPacketType type) => type is >= MqttPacketType.PubAck and <= MqttPacketType.PubComp;

    private static void ReadAck(ref MqttReader source, bool v5, MqttPacketType type, out ushort packetId, out MqttReason reason, out MqttProperties? properties)
    {
        SearchValues<byte> allowed = type is MqttPacketType.PubAck or MqttPacketType.PubRec ? PubAckReasons : PubRelReasons;
        packetId = source.PacketId();
        reason = v5 && source.Remaining > 0 ? Reason(ref source, allowed) : MqttReason.Success;
        properties = v5 && source.Remaining > 0 ? MqttProperties.Read(ref source, MqttPropertySets.Ack) : null;
    }

    private static AckPacket ReadAck(ref MqttReader source, bool v5, MqttPacketType type)
    {
        ReadAck(ref source, v5, type, out ushort id, out MqttReason reason, out MqttProperties? properties);
        return new AckPacket(type) { PacketId = id, Reason = reason, Properties = properties };
    }

    private static SubscribePacket ReadSubscribe(ref MqttReader source, bool v5)
    {
        ushort id = source.PacketId();
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Subscribe) : null;
        List<SubscribeEntry> entries = [];
        while (source.Ok && source.Remaining > 0)
        {
            string filter = Filter(ref source);
            byte options = source.U8();
            int qos = options & 3;
            int retainHandling = (options >> 4) & 3;
            if (qos == 3)
                source.Fail(MqttDecodeError.BadQos);
            else if ((options & (v5 ? 0xC0 : 0xFC)) != 0 || retainHandling == 3)
                source.Fail(MqttDecodeError.BadFlags);
            else if (entries.Count == EntriesMax)
                source.Fail(MqttDecodeError.TooManyEntries);
            else
                entries.Add(new(filter, qos, (options & 4) != 0, (options & 8) != 0, retainHandling));
        }
        if (source.Ok && entries.Count == 0)
            source.Fail(MqttDecodeError.NoEntries);
        return new SubscribePacket { PacketId = id, Entries = entries, Properties = properties };
    }

    private static SubAckPacket ReadSubAck(ref MqttReader source, bool v5)
    {
        ushort id = source.PacketId();
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Ack) : null;
        return new SubAckPacket { PacketId = id, Properties = properties, Codes = Codes(ref source, v5 ? SubAckReasons : SubAckCodes311) };
    }

    private static UnsubscribePacket ReadUnsubscribe(ref MqttReader source, bool v5)
    {
        ushort id = source.PacketId();
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Unsubscribe) : null;
        List<string> filters = [];
        while (source.Ok && source.Remaining > 0)
        {
            string filter = Filter(ref source);
            if (filters.Count == EntriesMax)
                source.Fail(MqttDecodeError.TooManyEntries);
            else
                filters.Add(filter);
        }
        if (source.Ok && filters.Count == 0)
            source.Fail(MqttDecodeError.NoEntries);
        return new UnsubscribePacket { PacketId = id, Filters = filters, Properties = properties };
    }

    private static UnsubAckPacket ReadUnsubAck(ref MqttReader source, bool v5)
    {
        ushort id = source.PacketId();
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Ack) : null;
        return new UnsubAckPacket { PacketId = id, Properties = properties, Codes = v5 ? Codes(ref source, UnsubAckReasons) : [] };
    }

    private static DisconnectPacket ReadDisconnect(ref MqttReader source, bool v5)
    {
        MqttReason reason = v5 && source.Remaining > 0 ? Reason(ref source, DisconnectReasons) : MqttReason.Success;
        MqttProperties? properties = v5 && source.Remaining > 0 ? MqttProperties.Read(ref source, MqttPropertySets.Disconnect) : null;
        return new DisconnectPacket { Reason = reason, Properties = properties };
    }

    private static AuthPacket ReadAuth(ref MqttReader source)
    {
        MqttReason reason = source.Remaining > 0 ? Reason(ref source, AuthReasons) : MqttReason.Success;
        MqttProperties? properties = source.Remaining > 0 ? MqttProperties.Read(ref source, MqttPropertySets.Authenticate) : null;
        return new AuthPacket { Reason = reason, Properties = properties };
    }

    private static string Filter(ref MqttReader source)
    {
        string filter = source.Text();
        if (source.Ok && !MqttTopic.HasValidWildcards(filter))
            source.Fail(MqttDecodeError.BadFilter);
        return filter;
    }

    private static byte[] Codes(ref MqttReader source, SearchValues<byte> allowed)
    {
        ReadOnlySpan<byte> codes = source.Take(source.Remaining);
        if (source.Ok && codes.IsEmpty)
            source.Fail(MqttDecodeError.NoEntries);
        else if (codes.ContainsAnyExcept(allowed))
            source.Fail(MqttDecodeError.BadReason);
        return codes.ToArray();
    }
}
