namespace EdgeFL.Mqtt;

internal sealed partial class BrokerConnection
{
    protected override bool OnPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        if (session is null)
            return OnFirstPacket(firstByte, body);
        if (IsClosing())
            return false;
        MqttPacketType type = (MqttPacketType)(firstByte >> 4);
        if (type == MqttPacketType.Publish)
            return OnPublish(firstByte, body);
        if (MqttDecoder.IsAck(type))
            return OnAck(type, firstByte, body);
        MqttDecodeError error = MqttDecoder.Decode(version, firstByte, body, out MqttPacket? packet);
        if (error != MqttDecodeError.None)
            return Malformed(error);
        switch (packet)
        {
            case SubscribePacket subscribe:
                return OnSubscribe(subscribe);
            case UnsubscribePacket unsubscribe:
                OnUnsubscribe(unsubscribe);
                return true;
            case PingPacket { Type: MqttPacketType.PingReq }:
                QueueControl(new PingPacket(MqttPacketType.PingResp));
                return true;
            case DisconnectPacket disconnect:
                return OnDisconnect(disconnect);
            default:
                return Violation(MqttReason.ProtocolError, $"{packet!.Type} is not allowed here");
        }
    }

    private bool OnPublish(byte firstByte, ReadOnlySpan<byte> body)
    {
        MqttDecodeError error = MqttDecoder.DecodePublish(version, firstByte, body, out PublishFields publish);
        if (error != MqttDecodeError.None)
            return Malformed(error);
        if (publish.HasSubscriptionIds)
            return Violation(MqttReason.ProtocolError, "a subscription identifier in a client's PUBLISH");
        MqttReason reason = incomingAliases.Resolve(publish, out TopicName? topic);
        if (topic is null)
            return Violation(reason, publish.TopicAlias == 0 ? "a topic that is not clean text" : $"topic alias {publish.TopicAlias}, which is above the maximum or stands for nothing");
        if (publish.Qos == 2 && !TakeQos2(publish.PacketId, out bool goesOn))
            return goesOn;
        reason = Judge(topic);
        if (reason == MqttReason.Success)
        {
            RoutedMessage message = RoutedMessage.Take(publish, topic, Principal!, Framer, Clock.NowMs);
            reason = router.Route(message, session);
            message.Drop();
        }
        if (reason >= MqttReason.UnspecifiedError)
        {
            MqttTally.Add(ref Tally.RefusedPublishes);
            broker.Security.Report(MqttSecurityEventKind.PublishRefused, Principal, Address, $"{reason} on '{topic.Text}'");
            if (publish.Qos == 2)
                ReleaseQos2(publish.PacketId);
        }
        if (publish.Qos > 0)
            QueueAck(publish.Qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec, publish.PacketId, reason);
        return true;
    }

    /// <summary>Takes the identifier of a QoS 2 publish (4.3.3, the receiver's half); false when the message is not to be routed.</summary>
    private bool TakeQos2(ushort packetId, out bool goesOn)
    {
        int most = version == MqttVersion.V5 ? options.ReceiveMaximum : Math.Max(options.ReceiveMaximum, Unreleased311Max);
        bool full;
        lock (router.Gate)
        {
            goesOn = session!.IsUnreleased(packetId);
            full = !goesOn && session.UnreleasedCount >= most;
            if (!goesOn && !full)
            {
                session.Take(packetId);
                return true;
            }
        }
        if (full)
            return Violation(MqttReason.ReceiveMaximumExceeded, $"more than {most} QoS 2 publishes that are not released");
        QueueAck(MqttPacketType.PubRec, packetId, MqttReason.Success);
        return false;
    }

    private bool ReleaseQos2(ushort packetId)
    {
        lock (router.Gate)
            return session!.Release(packetId);
    }

    private bool OnAck(MqttPacketType type, byte firstByte, ReadOnlySpan<byte> body)
    {
        MqttDecodeError error = MqttDecoder.DecodeAck(version, firstByte, body, out ushort packetId, out MqttReason reason);
        if (error != MqttDecodeError.None)
            return Malformed(error);
        if (type == MqttPacketType.PubRel)
        {
            QueueAck(MqttPacketType.PubComp, packetId, ReleaseQos2(packetId) ? MqttReason.Success : MqttReason.PacketIdentifierNotFound);
            return true;
        }
        bool received = type == MqttPacketType.PubRec && reason < MqttReason.UnspecifiedError;
        bool known;
        bool wrong;
        lock (router.Gate)
        {
            known = !closing && (received ? session!.Received(packetId) : session!.Finish(packetId, type));
            wrong = !closing && !known && session!.IsUnderWay(packetId);
        }
        if (wrong)
            return Violation(MqttReason.ProtocolError, $"{type} for a publish that waits for another answer");
        if (received)
            QueueAck(MqttPacketType.PubRel, packetId, known ? MqttReason.Success : MqttReason.PacketIdentifierNotFound);
        else
            Wake();
        return true;
    }

    private MqttReason Judge(TopicName topic)
    {
        // '$' topics belong to the server (4.7.2).
        if (topic.Text[0] == '$' || topic.Levels > options.TopicLevelsMax)
            return MqttReason.TopicNameInvalid;
        return options.Access.MayPublish(Principal!, topic.Text) ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private bool OnSubscribe(SubscribePacket subscribe)
    {
        byte[] codes = new byte[subscribe.Entries.Count];
        int id = subscribe.Properties?.SubscriptionIds is [int given] ? given : 0;
        for (int i = 0; i < codes.Length; i++)
        {
            if (subscribe.Entries[i].NoLocal && SharedGroup.IsShared(subscribe.Entries[i].Filter))
                return Violation(MqttReason.ProtocolError, "a shared subscription that does not want its own");
            codes[i] = (byte)Judge(subscribe.Entries[i].Filter);
        }
        // The answer is queued before retained messages that the subscriptions bring, whatever the writing loop does meanwhile.
        Subscription?[] retained = new Subscription?[codes.Length];
        lock (router.Gate)
        {
            if (closing)
                return false;
            for (int i = 0; i < codes.Length; i++)
            {
                if (codes[i] == 0)
                    codes[i] = (byte)router.Subscribe(session!, subscribe.Entries[i], id, out retained[i]);
            }
            bool v5 = version == MqttVersion.V5;
            byte[] answer = v5 ? codes : Array.ConvertAll(codes, code => Math.Min(code, (byte)MqttReason.UnspecifiedError));
            QueueControl(new SubAckPacket { PacketId = subscribe.PacketId, Codes = answer });
        }
        // One at a time: looking through what is retained takes long, and others want the lock.
        for (int i = 0; i < codes.Length; i++)
        {
            if (retained[i] is { } wants && (IsClosing() || !router.SendRetained(session!, subscribe.Entries[i].Filter, wants, this)))
                break;
        }
        for (int i = 0; i < codes.Length; i++)
        {
            if (codes[i] < (byte)MqttReason.UnspecifiedError)
                continue;
            MqttTally.Add(ref Tally.RefusedSubscriptions);
            broker.Security.Report(MqttSecurityEventKind.SubscribeRefused, Principal, Address, $"{(MqttReason)codes[i]} on '{subscribe.Entries[i].Filter}'");
        }
        return true;
    }

    private MqttReason Judge(string filter)
    {
        if (SharedGroup.IsShared(filter))
            filter = SharedGroup.FilterOf(filter);
        if (filter.Length == 0 || MqttTopic.Levels(filter) > options.TopicLevelsMax)
            return MqttReason.TopicFilterInvalid;
        return options.Access.MaySubscribe(Principal!, filter) ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private void OnUnsubscribe(UnsubscribePacket unsubscribe)
    {
        byte[] codes = new byte[unsubscribe.Filters.Count];
        for (int i = 0; i < codes.Length; i++)
            codes[i] = (byte)(router.Unsubscribe(session!, unsubscribe.Filters[i]) ? MqttReason.Success : MqttReason.NoSubscriptionExisted);
        QueueControl(new UnsubAckPacket { PacketId = unsubscribe.PacketId, Codes = codes });
    }

    private bool OnDisconnect(DisconnectPacket disconnect)
    {
        uint? expiry = disconnect.Properties?.SessionExpirySeconds;
        bool prolongs;
        lock (router.Gate)
        {
            if (session!.Connection != this)
                return false;
            prolongs = expiry is > 0 && session.ExpirySeconds == 0;
            if (!prolongs)
            {
                if (expiry is { } seconds)
                    session.ExpirySeconds = Math.Min(seconds, options.SessionExpirySecondsMax);
                // A client that leaves with an error keeps its last word (5.0, 3.1.2.5).
                if (disconnect.Reason == MqttReason.Success)
                    session.Will = null;
                BeginClosing();
            }
        }
        if (prolongs)
            return Violation(MqttReason.ProtocolError, "DISCONNECT prolongs a session that had no expiry");
        Wake();
        return false;
    }

    private bool Malformed(MqttDecodeError error)
    {
        if (session is not null)
            return Violation(ReasonOf(error), $"malformed packet: {error}");
        MqttTally.Add(ref Tally.MalformedPackets);
        return RefuseConnect($"not MQTT: {error}");
    }

    private bool Violation(MqttReason reason, string detail)
    {
        MqttTally.Add(ref Tally.MalformedPackets);
        broker.Security.Report(MqttSecurityEventKind.MalformedPacket, Principal, Address, detail);
        Close(reason);
        return false;
    }

    private static MqttReason ReasonOf(MqttDecodeError error) => error switch
    {
        MqttDecodeError.TooLarge => MqttReason.PacketTooLarge,
        // Not 0x8F and 0x90: those are for names that are well formed (5.0, 2.4).
        MqttDecodeError.BadTopic or MqttDecodeError.DuplicateProperty or MqttDecodeError.NoEntries or MqttDecodeError.BadPropertyValue => MqttReason.ProtocolError,
        MqttDecodeError.TooManyEntries => MqttReason.QuotaExceeded,
        _ => MqttReason.MalformedPacket,
    };
}
