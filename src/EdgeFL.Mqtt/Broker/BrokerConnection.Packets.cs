namespace EdgeFL.Mqtt;

internal sealed partial class BrokerConnection
{
    protected override bool OnPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        if (session is null)
            return OnFirstPacket(firstByte, body);
        if (IsClosing())
            return false;
        MqttDecodeError error = MqttDecoder.Decode(version, firstByte, body, out MqttPacket? packet);
        if (error != MqttDecodeError.None)
        {
            Malformed(error);
            return false;
        }
        switch (packet)
        {
            case PublishPacket publish:
                return OnPublish(publish);
            case AckPacket { Type: MqttPacketType.PubAck } ack:
                lock (router.Gate)
                {
                    if (!closing)
                        session.Acknowledge(ack.PacketId);
                }
                Wake();
                return true;
            case AckPacket { Type: MqttPacketType.PubRel } release:
                // Of no QoS 2 delivery that we know: it was never begun here (5.0, 4.3.3).
                QueueAck(MqttPacketType.PubComp, release.PacketId, MqttReason.PacketIdentifierNotFound);
                return true;
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

    private bool OnPublish(PublishPacket publish)
    {
        if (publish.Qos > 1)
        {
            MqttTally.Add(ref Tally.RefusedPublishes);
            broker.Security.Report(MqttSecurityEventKind.PublishRefused, Principal, Address, $"QoS 2 on '{publish.Topic}'");
            Close(MqttReason.QosNotSupported);
            return false;
        }
        if (publish.Properties?.TopicAlias is not null)
            return Violation(MqttReason.TopicAliasInvalid, "a topic alias, where none is allowed");
        if (publish.Properties?.SubscriptionIds is not null)
            return Violation(MqttReason.ProtocolError, "a subscription identifier in a client's PUBLISH");
        MqttReason reason = Judge(publish.Topic);
        if (reason == MqttReason.Success)
        {
            MqttProperties? properties = Forwardable(publish.Properties);
            RoutedMessage message = new(publish.Topic, publish.Payload, publish.Qos, publish.Retain, Principal, properties, Clock.NowMs);
            reason = router.Route(message, session);
        }
        if (reason >= MqttReason.UnspecifiedError)
        {
            MqttTally.Add(ref Tally.RefusedPublishes);
            broker.Security.Report(MqttSecurityEventKind.PublishRefused, Principal, Address, $"{reason} on '{publish.Topic}'");
        }
        if (publish.Qos == 1)
            QueueAck(MqttPacketType.PubAck, publish.PacketId, reason);
        return true;
    }

    private MqttReason Judge(string topic)
    {
        // '$' topics belong to the server (4.7.2).
        if (topic[0] == '$' || MqttTopic.Levels(topic) > options.TopicLevelsMax)
            return MqttReason.TopicNameInvalid;
        return options.Access.MayPublish(Principal!, topic) ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private bool OnSubscribe(SubscribePacket subscribe)
    {
        byte[] codes = new byte[subscribe.Entries.Count];
        int id = subscribe.Properties?.SubscriptionIds is [int given] ? given : 0;
        for (int i = 0; i < codes.Length; i++)
            codes[i] = (byte)Judge(subscribe.Entries[i]);
        // The answer is queued before retained messages that the subscriptions bring, whatever the writing loop does meanwhile.
        lock (router.Gate)
        {
            if (closing)
                return false;
            for (int i = 0; i < codes.Length; i++)
            {
                if (codes[i] == 0)
                    codes[i] = (byte)router.Subscribe(session!, subscribe.Entries[i], id);
            }
            bool v5 = version == MqttVersion.V5;
            byte[] answer = v5 ? codes : Array.ConvertAll(codes, code => Math.Min(code, (byte)MqttReason.UnspecifiedError));
            QueueControl(new SubAckPacket { PacketId = subscribe.PacketId, Codes = answer });
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

    private MqttReason Judge(SubscribeEntry entry)
    {
        if (entry.Filter.StartsWith("$share/", StringComparison.Ordinal))
            return MqttReason.SharedSubscriptionsNotSupported;
        if (MqttTopic.Levels(entry.Filter) > options.TopicLevelsMax)
            return MqttReason.TopicFilterInvalid;
        return options.Access.MaySubscribe(Principal!, entry.Filter) ? MqttReason.Success : MqttReason.NotAuthorized;
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

    private void Malformed(MqttDecodeError error)
    {
        if (session is null)
        {
            MqttTally.Add(ref Tally.MalformedPackets);
            RefuseConnect($"not MQTT: {error}");
            return;
        }
        Violation(ReasonOf(error), $"malformed packet: {error}");
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
