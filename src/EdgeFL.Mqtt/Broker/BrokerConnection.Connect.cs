using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeFL.Mqtt;

internal sealed partial class BrokerConnection
{
    private bool OnFirstPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        MqttDecodeError error = MqttDecoder.Decode(MqttVersion.V5, firstByte, body, out MqttPacket? packet);
        if (error == MqttDecodeError.UnsupportedVersion)
        {
            // Level 6 and up may know reason codes; older ones know return code 1 (3.1.1, 3.1.2.2), MQIsdp of level 3 among them.
            int levelAt = 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
            bool newer = body[levelAt] > (byte)MqttVersion.V5;
            version = newer ? MqttVersion.V5 : MqttVersion.V311;
            return RefuseConnect("unsupported protocol version", MqttReason.UnsupportedProtocolVersion, code311: 1);
        }
        if (error == MqttDecodeError.BadClientId)
            return RefuseConnect("an empty client identifier without a clean session", MqttReason.ClientIdentifierNotValid, code311: 2);
        if (error != MqttDecodeError.None)
        {
            MqttTally.Add(ref Tally.MalformedPackets);
            return RefuseConnect($"malformed CONNECT: {error}");
        }
        return OnConnect((ConnectPacket)packet!);
    }

    private bool OnConnect(ConnectPacket connect)
    {
        version = connect.Version;
        packetBytesOutMax = connect.Properties?.MaximumPacketBytes ?? long.MaxValue;
        string? assigned = connect.ClientId.Length == 0 ? "auto-" + RandomNumberGenerator.GetHexString(16, lowercase: true) : null;
        string clientId = assigned ?? connect.ClientId;
        if (connect.Properties?.AuthenticationMethod is not null)
            return RefuseConnect("extended authentication is not supported", MqttReason.BadAuthenticationMethod, code311: 5);
        if (!options.Access.TryAuthenticate(certificate, clientId, connect.UserName, connect.Password, out string principal, out string reason))
            return RefuseConnect($"client '{clientId}': {CleanDetail(reason)}", MqttReason.NotAuthorized, code311: 5);
        if (connect.Will is { } will)
        {
            if (will.Topic[0] == '$' || MqttTopic.Levels(will.Topic) > options.TopicLevelsMax || !options.Access.MayPublish(principal, will.Topic))
                return RefuseConnect($"principal '{principal}' may not have a will on '{will.Topic}'", MqttReason.NotAuthorized, code311: 5);
        }
        return Accept(connect, principal, clientId, assigned);
    }

    private bool Accept(ConnectPacket connect, string principal, string clientId, string? assigned)
    {
        Attachment attachment = default;
        string? full = null;
        MqttReason refusal = MqttReason.QuotaExceeded;
        lock (router.Gate)
        {
            if (closing)
                return false;
            // One that comes back takes its older connection's place, and needs no other.
            BrokerConnection? older = router.ConnectionOf(principal, clientId);
            if (older is null && !router.HasRoomFor(principal))
            {
                full = $"more than {options.ConnectionsPerPrincipalMax} connections of one principal";
            }
            else if (!broker.TryAdmit(this, older))
            {
                full = $"more than {options.ConnectionsMax} clients";
                refusal = MqttReason.ServerBusy;
            }
            else
            {
                attachment = router.Attach(this, principal, clientId, connect.CleanStart);
                if (attachment.Session is null)
                    full = $"more than {options.SessionsMax} sessions";
            }
            if (attachment.Session is { } opened)
            {
                Principal = principal;
                session = opened;
                Framer.FirstByteWanted = null;
                Framer.PacketBytesMax = options.PacketBytesMax;
                ConnAckPacket answer = Agree(opened, connect, attachment.Present, assigned);
                Volatile.Write(ref deadlineMs, 0);
                QueueControl(answer);
            }
            attachment.Displaced?.Close(MqttReason.SessionTakenOver);
        }
        if (attachment.Will is not null)
            broker.RouteWill(attachment.Will);
        if (attachment.EvictedWill is not null)
            broker.RouteWill(attachment.EvictedWill);
        if (full is not null)
        {
            MqttTally.Add(ref Tally.RefusedConnections);
            broker.Security.Report(MqttSecurityEventKind.TooManyConnections, principal, Address, full);
            return AnswerRefusal(refusal, code311: 3);
        }
        MqttTally.Add(ref Tally.Connections);
        return true;
    }

    private ConnAckPacket Agree(Session opened, ConnectPacket connect, bool present, string? assigned)
    {
        bool v5 = version == MqttVersion.V5;
        MqttProperties? asked = connect.Properties;
        uint expiryWanted = v5 ? asked?.SessionExpirySeconds ?? 0 : connect.CleanStart ? 0 : uint.MaxValue;
        opened.ExpirySeconds = Math.Min(expiryWanted, options.SessionExpirySecondsMax);
        opened.InFlightMax = Math.Min(options.InFlightMax, asked?.ReceiveMaximum ?? ushort.MaxValue);
        if (connect.Will is { } will)
        {
            opened.Will = RoutedMessage.Of(TopicName.Of(will.Topic), will.Payload, will.Qos, will.Retain, Principal, Forwardable(will.Properties), Clock.NowMs);
            opened.WillDelaySeconds = will.Properties?.WillDelaySeconds ?? 0;
        }
        int aliases = Math.Min(asked?.TopicAliasMaximum ?? 0, options.TopicAliasMax);
        outgoingAliases = aliases > 0 ? new OutgoingAliases(aliases) : null;
        int keepAlive = connect.KeepAliveSeconds;
        bool shortened = v5 && (keepAlive == 0 || keepAlive > options.KeepAliveSecondsMax);
        if (shortened)
            keepAlive = options.KeepAliveSecondsMax;
        Volatile.Write(ref keepAliveMs, keepAlive * 1500L);
        MqttProperties granted = new()
        {
            SessionExpirySeconds = opened.ExpirySeconds == expiryWanted ? null : opened.ExpirySeconds,
            ReceiveMaximum = (ushort)options.ReceiveMaximum,
            MaximumPacketBytes = (uint)options.PacketBytesMax,
            AssignedClientId = assigned,
            TopicAliasMaximum = (ushort)options.TopicAliasMax,
            ResponseInformation = asked?.RequestResponseInformation == 1 ? options.ResponseInformation?.Invoke(Principal!, opened.ClientId) : null,
            ServerKeepAliveSeconds = shortened ? (ushort)keepAlive : null,
        };
        return new ConnAckPacket { SessionPresent = present, Code = 0, Properties = v5 ? granted : null };
    }

    private bool RefuseConnect(string detail)
    {
        Refused(MqttSecurityEventKind.ConnectRefused, detail);
        lock (router.Gate)
            BeginClosing();
        Wake();
        return false;
    }

    private bool RefuseConnect(string detail, MqttReason reason, byte code311)
    {
        Refused(MqttSecurityEventKind.ConnectRefused, detail);
        return AnswerRefusal(reason, code311);
    }

    private bool AnswerRefusal(MqttReason reason, byte code311)
    {
        lock (router.Gate)
        {
            QueueControl(new ConnAckPacket { Code = version == MqttVersion.V5 ? (byte)reason : code311 });
            BeginClosing();
        }
        Wake();
        return false;
    }

    /// <summary>What of a publisher's properties reaches the receivers (5.0, 3.3.2.3).</summary>
    private static MqttProperties? Forwardable(MqttProperties? given)
    {
        if (given is null || (given.PayloadFormat ?? given.MessageExpirySeconds) is null && given.ContentType is null && given.ResponseTopic is null
            && given.CorrelationData is null && given.UserProperties is null)
            return null;
        return new MqttProperties
        {
            PayloadFormat = given.PayloadFormat,
            MessageExpirySeconds = given.MessageExpirySeconds,
            ContentType = given.ContentType,
            ResponseTopic = given.ResponseTopic,
            CorrelationData = given.CorrelationData,
            UserProperties = given.UserProperties,
        };
    }
}
