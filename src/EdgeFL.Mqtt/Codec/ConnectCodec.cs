namespace EdgeFL.Mqtt;

/// <summary>CONNECT, the one packet that says its own version (3.1.1 and 5.0, section 3.1).</summary>
internal static class ConnectCodec
{
    private const int UserNameFlag = 0x80;
    private const int PasswordFlag = 0x40;
    private const int WillRetainFlag = 0x20;
    private const int WillFlag = 0x04;
    private const int CleanStartFlag = 0x02;
    private const int ReservedFlag = 0x01;

    public static ConnectPacket Read(ref MqttReader source)
    {
        ReadOnlySpan<byte> name = source.Take(source.U16());
        byte level = source.U8();
        if (source.Ok && !name.SequenceEqual("MQTT"u8))
            source.Fail(name.SequenceEqual("MQIsdp"u8) ? MqttDecodeError.UnsupportedVersion : MqttDecodeError.BadProtocolName);
        if (source.Ok && level is not ((byte)MqttVersion.V311 or (byte)MqttVersion.V5))
            source.Fail(MqttDecodeError.UnsupportedVersion);
        bool v5 = level == (byte)MqttVersion.V5;
        int flags = source.U8();
        CheckFlags(ref source, flags, v5);
        ushort keepAlive = source.U16();
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Connect) : null;
        string clientId = source.Text();
        if (source.Ok && !v5 && clientId.Length == 0 && (flags & CleanStartFlag) == 0)
            source.Fail(MqttDecodeError.BadClientId);
        WillData? will = (flags & WillFlag) != 0 ? ReadWill(ref source, flags, v5) : null;
        string? user = (flags & UserNameFlag) != 0 ? source.Text() : null;
        byte[]? password = (flags & PasswordFlag) != 0 ? source.Binary() : null;
        return new ConnectPacket
        {
            Version = v5 ? MqttVersion.V5 : MqttVersion.V311,
            CleanStart = (flags & CleanStartFlag) != 0,
            KeepAliveSeconds = keepAlive,
            ClientId = clientId,
            Will = will,
            UserName = user,
            Password = password,
            Properties = properties,
        };
    }

    public static void Write(MqttWriter target, ConnectPacket packet)
    {
        bool v5 = packet.Version == MqttVersion.V5;
        target.BeginPacket();
        target.Binary("MQTT"u8);
        target.U8((byte)packet.Version);
        int flags = packet.CleanStart ? CleanStartFlag : 0;
        if (packet.Will is { } announced)
            flags |= WillFlag | announced.Qos << 3 | (announced.Retain ? WillRetainFlag : 0);
        flags |= (packet.UserName is null ? 0 : UserNameFlag) | (packet.Password is null ? 0 : PasswordFlag);
        target.U8((byte)flags);
        target.U16(packet.KeepAliveSeconds);
        if (v5)
            MqttProperties.Write(target, packet.Properties);
        target.Text(packet.ClientId);
        if (packet.Will is { } will)
        {
            if (v5)
                MqttProperties.Write(target, will.Properties);
            target.Text(will.Topic);
            target.Binary(will.Payload);
        }
        if (packet.UserName is not null)
            target.Text(packet.UserName);
        if (packet.Password is not null)
            target.Binary(packet.Password);
        target.EndPacket((byte)MqttPacketType.Connect << 4);
    }

    private static void CheckFlags(ref MqttReader source, int flags, bool v5)
    {
        if (!source.Ok)
            return;
        int willQos = (flags >> 3) & 3;
        if ((flags & ReservedFlag) != 0 || willQos == 3)
            source.Fail(MqttDecodeError.BadFlags);
        else if ((flags & WillFlag) == 0 && (willQos != 0 || (flags & WillRetainFlag) != 0))
            source.Fail(MqttDecodeError.BadFlags);
        else if (!v5 && (flags & UserNameFlag) == 0 && (flags & PasswordFlag) != 0)
            source.Fail(MqttDecodeError.BadFlags);
    }

    private static WillData ReadWill(ref MqttReader source, int flags, bool v5)
    {
        MqttProperties? properties = v5 ? MqttProperties.Read(ref source, MqttPropertySets.Will) : null;
        string topic = source.Text();
        if (source.Ok && (topic.Length == 0 || topic.AsSpan().ContainsAny('+', '#')))
            source.Fail(MqttDecodeError.BadTopic);
        byte[] payload = source.Binary();
        return new WillData { Topic = topic, Payload = payload, Qos = (flags >> 3) & 3, Retain = (flags & WillRetainFlag) != 0, Properties = properties };
    }
}
