namespace EdgeFL.Mqtt.Tests;

/// <summary>At least one of every packet in both versions, with every property somewhere.</summary>
internal static class SamplePackets
{
    public static IEnumerable<MqttPacket> All(MqttVersion version)
    {
        bool v5 = version == MqttVersion.V5;
        MqttProperties? reason = v5 ? new() { ReasonString = "because", UserProperties = [new("k", "v"), new("k", "w")] } : null;
        MqttProperties? message = v5 ? Message() : null;
        yield return new ConnectPacket { Version = version, CleanStart = true, ClientId = "c" };
        yield return new ConnectPacket
        {
            Version = version,
            KeepAliveSeconds = 65_535,
            ClientId = "node-1 é𝄞",
            UserName = "user",
            Password = [0, 255, 1],
            Will = new WillData { Topic = "status/node-1", Payload = [1, 2, 3], Qos = 1, Retain = true, Properties = v5 ? Will() : null },
            Properties = v5 ? Connect() : null,
        };
        yield return new ConnAckPacket { Code = v5 ? (byte)MqttReason.NotAuthorized : (byte)5, Properties = reason };
        yield return new ConnAckPacket { SessionPresent = true, Properties = v5 ? ConnAck() : null };
        yield return new PublishPacket { Topic = "a", Payload = ReadOnlyMemory<byte>.Empty };
        yield return new PublishPacket { Topic = "a/b/é", Payload = new byte[] { 9, 8, 7 }, Qos = 1, Retain = true, Dup = true, PacketId = 65_535, Properties = message };
        yield return new PublishPacket { Topic = "a/b", Payload = new byte[300], Qos = 2, PacketId = 1 };
        foreach (MqttPacketType type in new[] { MqttPacketType.PubAck, MqttPacketType.PubRec, MqttPacketType.PubRel, MqttPacketType.PubComp })
        {
            bool second = type is MqttPacketType.PubRel or MqttPacketType.PubComp;
            yield return new AckPacket(type) { PacketId = 7 };
            if (!v5)
                continue;
            yield return new AckPacket(type) { PacketId = 7, Reason = second ? MqttReason.PacketIdentifierNotFound : MqttReason.NotAuthorized };
            yield return new AckPacket(type) { PacketId = 7, Reason = MqttReason.Success, Properties = reason };
        }
        yield return new SubscribePacket { PacketId = 3, Entries = [new("a/+/#", 1)] };
        yield return new SubscribePacket
        {
            PacketId = 3,
            Entries = v5 ? [new("#", 2, NoLocal: true, RetainAsPublished: true, RetainHandling: 2), new("+", 0)] : [new("#", 2), new("+", 0)],
            Properties = v5 ? new() { SubscriptionIds = [268_435_455], UserProperties = [new("k", "v")] } : null,
        };
        yield return new SubAckPacket { PacketId = 3, Codes = [0, 1, 2, 0x80], Properties = reason };
        yield return new UnsubscribePacket { PacketId = 4, Filters = ["a", "b/#"], Properties = v5 ? new() { UserProperties = [new("k", "")] } : null };
        yield return new UnsubAckPacket { PacketId = 4, Codes = v5 ? [0, 0x11] : [], Properties = reason };
        yield return new PingPacket(MqttPacketType.PingReq);
        yield return new PingPacket(MqttPacketType.PingResp);
        yield return new DisconnectPacket();
        if (!v5)
            yield break;
        yield return new DisconnectPacket { Reason = MqttReason.QosNotSupported };
        yield return new DisconnectPacket { Reason = MqttReason.ServerMoved, Properties = new() { ServerReference = "other", SessionExpirySeconds = 1, ReasonString = "r" } };
        yield return new AuthPacket();
        yield return new AuthPacket { Reason = MqttReason.ContinueAuthentication, Properties = new() { AuthenticationMethod = "m", AuthenticationData = [1], ReasonString = "r" } };
    }

    private static MqttProperties Message() => new()
    {
        PayloadFormat = 1,
        MessageExpirySeconds = uint.MaxValue,
        ContentType = "application/cbor",
        ResponseTopic = "answers",
        CorrelationData = [1, 2],
        SubscriptionIds = [1, 200, 70_000],
        TopicAlias = 9,
        UserProperties = [new("a", "b"), new("a", "c")],
    };

    private static MqttProperties Will() => new()
    {
        WillDelaySeconds = 5,
        PayloadFormat = 0,
        MessageExpirySeconds = 60,
        ContentType = "t",
        ResponseTopic = "r",
        CorrelationData = [],
        UserProperties = [new("a", new string('x', 200))],
    };

    private static MqttProperties Connect() => new()
    {
        SessionExpirySeconds = 100,
        ReceiveMaximum = 10,
        MaximumPacketBytes = 1000,
        TopicAliasMaximum = 4,
        RequestResponseInformation = 1,
        RequestProblemInformation = 0,
        AuthenticationMethod = "SCRAM",
        AuthenticationData = [1],
        UserProperties = [new("n", "v")],
    };

    private static MqttProperties ConnAck() => new()
    {
        SessionExpirySeconds = 5,
        ReceiveMaximum = 64,
        MaximumQos = 1,
        RetainAvailable = 1,
        MaximumPacketBytes = 1 << 20,
        AssignedClientId = "auto",
        TopicAliasMaximum = 0,
        ReasonString = "r",
        WildcardSubscriptionAvailable = 1,
        SubscriptionIdAvailable = 1,
        SharedSubscriptionAvailable = 0,
        ServerKeepAliveSeconds = 60,
        ResponseInformation = "i",
        ServerReference = "s",
        AuthenticationMethod = "m",
        AuthenticationData = [3],
        UserProperties = [new("n", "v")],
    };
}
