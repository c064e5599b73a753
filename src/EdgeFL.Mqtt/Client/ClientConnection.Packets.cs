namespace EdgeFL.Mqtt;

internal sealed partial class ClientConnection
{
    protected override void OnGarbage(MqttDecodeError error) => Malformed(error);

    protected override bool OnPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        if (!IsUp)
            return OnFirstPacket(firstByte, body);
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
                OnPubAck(ack);
                return true;
            case SubAckPacket subAck:
                return OnAnswer(subAck.PacketId, removal: false, subAck.Codes);
            case UnsubAckPacket unsubAck:
                return OnAnswer(unsubAck.PacketId, removal: true, unsubAck.Codes);
            case PingPacket { Type: MqttPacketType.PingResp }:
                return true;
            case DisconnectPacket disconnect when version == MqttVersion.V5:
                Note(disconnect.Reason, $"the broker disconnected: {disconnect.Reason} {disconnect.Properties?.ReasonString}".TrimEnd());
                return false;
            default:
                return Violation(MqttReason.ProtocolError, $"the broker sent {packet!.Type}, which is not allowed here");
        }
    }

    private bool OnFirstPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        // A 3.1.1 broker answers a 5.0 CONNECT in its own form: two bytes, no properties.
        MqttVersion form = body.Length == 2 ? MqttVersion.V311 : version;
        MqttDecodeError error = MqttDecoder.Decode(form, firstByte, body, out MqttPacket? packet);
        if (error != MqttDecodeError.None || packet is not ConnAckPacket answer)
        {
            MqttTally.Add(ref Tally.MalformedPackets);
            Note(MqttReason.ProtocolError, $"the first packet is not a CONNACK: {error}");
            return false;
        }
        if (answer.Code != 0)
        {
            bool old = form == MqttVersion.V311;
            versionRefused = version == MqttVersion.V5 && (old ? answer.Code == 1 : answer.Code == (byte)MqttReason.UnsupportedProtocolVersion);
            MqttReason reason = old ? ReasonOf311(answer.Code) : (MqttReason)answer.Code;
            Note(reason, $"the broker refused: {reason} {answer.Properties?.ReasonString}".TrimEnd());
            return false;
        }
        if (form != version)
        {
            versionRefused = true;
            Note(MqttReason.UnsupportedProtocolVersion, "the broker answered in MQTT 3.1.1");
            return false;
        }
        if (answer.SessionPresent && cleanStart)
            return Violation(MqttReason.ProtocolError, "the broker goes on with a session that was to start anew");
        Agree(answer);
        return true;
    }

    private void Agree(ConnAckPacket answer)
    {
        MqttProperties? granted = answer.Properties;
        lock (client.Gate)
        {
            if (granted?.ServerKeepAliveSeconds is { } seconds)
                keepAliveMs = seconds == 0 ? long.MaxValue / 4 : seconds * 1000L;
            // Also where a 3.1.1 broker says nothing: a packet that it hangs up on would be replayed for ever.
            packetBytesOutMax = Math.Min(options.PacketBytesMax, granted?.MaximumPacketBytes ?? long.MaxValue);
            qos1Allowed = granted?.MaximumQos != 0;
            retainAllowed = granted?.RetainAvailable != 0;
            IsUp = true;
            client.Resume(this, answer, Math.Min(options.InFlightMax, granted?.ReceiveMaximum ?? ushort.MaxValue));
        }
        MqttTally.Add(ref Tally.Connections);
        client.WentUp(this, new MqttConnected(version, answer.SessionPresent));
        answered.TrySetResult(answer);
        Wake();
    }

    private bool OnPublish(PublishPacket publish)
    {
        if (publish.Qos > 1)
            return Violation(MqttReason.QosNotSupported, "the broker sent a QoS 2 publish, which was never asked for");
        if (publish.Properties?.TopicAlias is not null)
            return Violation(MqttReason.TopicAliasInvalid, "the broker sent a topic alias, where none is allowed");
        bool counted = publish.Qos > 0;
        lock (client.Gate)
        {
            if (counted && unansweredQos1 >= options.ReceiveMaximum && version == MqttVersion.V5)
                return Violation(MqttReason.ReceiveMaximumExceeded, $"the broker sent more than {options.ReceiveMaximum} unacknowledged publishes");
            if (counted)
                unansweredQos1++;
        }
        MqttMessage message = MqttMessage.From(publish.Topic, publish.Payload, publish.Qos, publish.Retain, publish.Properties, principal: null);
        if (client.TryDispatch(this, message, publish.PacketId))
            return true;
        MqttTally.Add(ref Tally.Dropped);
        return !counted || Violation(MqttReason.QuotaExceeded, "the handler is too slow: the queue of received messages is full");
    }

    private void OnPubAck(AckPacket ack)
    {
        Outgoing? outgoing;
        lock (client.Gate)
            outgoing = client.Outbox.Complete(ack.PacketId);
        Wake();
        if (outgoing is null)
            return;
        bool refused = ack.Reason >= MqttReason.UnspecifiedError;
        if (refused)
            MqttTally.Add(ref Tally.RefusedPublishes);
        outgoing.Done?.TrySetResult(new(refused ? MqttPublishStatus.Refused : MqttPublishStatus.Delivered, ack.Reason));
    }

    private bool OnAnswer(ushort packetId, bool removal, byte[] codes)
    {
        bool fits;
        lock (client.Gate)
            fits = client.Subscriptions.Answered(packetId, removal, codes);
        return fits || Violation(MqttReason.ProtocolError, "the broker answered a subscription that was not asked for");
    }

    private void Malformed(MqttDecodeError error)
    {
        MqttReason reason = error == MqttDecodeError.TooLarge ? MqttReason.PacketTooLarge : MqttReason.MalformedPacket;
        Violation(reason, $"the broker sent a malformed packet: {error}");
    }

    private bool Violation(MqttReason reason, string detail)
    {
        MqttTally.Add(ref Tally.MalformedPackets);
        if (IsUp)
            Close(reason, detail);
        else
            Note(reason, detail);
        return false;
    }

    private static MqttReason ReasonOf311(byte code) => code switch
    {
        1 => MqttReason.UnsupportedProtocolVersion,
        2 => MqttReason.ClientIdentifierNotValid,
        3 => MqttReason.ServerUnavailable,
        4 => MqttReason.BadUserNameOrPassword,
        _ => MqttReason.NotAuthorized,
    };
}
