namespace EdgeFL.Mqtt;

internal sealed partial class ClientConnection
{
    protected override void OnGarbage(MqttDecodeError error) => _ = Malformed(error);

    protected override bool OnPacket(byte firstByte, ReadOnlySpan<byte> body)
    {
        if (!IsUp)
            return OnFirstPacket(firstByte, body) || Leave();
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
            case SubAckPacket subAck:
                return OnAnswer(subAck.PacketId, removal: false, subAck.Codes);
            case UnsubAckPacket unsubAck:
                return OnAnswer(unsubAck.PacketId, removal: true, unsubAck.Codes);
            case PingPacket { Type: MqttPacketType.PingResp }:
                return true;
            case DisconnectPacket disconnect when version == MqttVersion.V5:
                Note(disconnect.Reason, $"the broker disconnected: {disconnect.Reason} {disconnect.Properties?.ReasonString}".TrimEnd());
                return Leave();
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
            qosMax = granted?.MaximumQos ?? 2;
            int aliases = Math.Min(granted?.TopicAliasMaximum ?? 0, options.TopicAliasMax);
            outgoingAliases = aliases > 0 ? new OutgoingAliases(aliases) : null;
            retainAllowed = granted?.RetainAvailable != 0;
            IsUp = true;
            client.Resume(this, answer, Math.Min(options.InFlightMax, granted?.ReceiveMaximum ?? (version == MqttVersion.V5 ? ushort.MaxValue : InFlight311Max)));
        }
        MqttTally.Add(ref Tally.Connections);
        client.WentUp(this, new MqttConnected(version, answer.SessionPresent));
        answered.TrySetResult(answer);
        Wake();
    }

    private bool OnPublish(byte firstByte, ReadOnlySpan<byte> body)
    {
        MqttDecodeError error = MqttDecoder.DecodePublish(version, firstByte, body, out PublishFields publish);
        if (error != MqttDecodeError.None)
            return Malformed(error);
        MqttReason fault = incomingAliases.Resolve(publish, out TopicName? topic);
        if (topic is null)
            return Violation(fault, "the broker sent a topic that is not clean text, or an alias that stands for nothing");
        bool counted = publish.Qos > 0;
        bool known;
        lock (client.Gate)
        {
            // mosquitto 2.0.11 goes past the receive maximum when a queue has formed: nothing is thrown away while there is room.
            if (counted && unfinished >= options.ReceiveMaximum + options.IncomingQueueMax && version == MqttVersion.V5)
                return Violation(MqttReason.ReceiveMaximumExceeded, $"the broker sent more than {options.ReceiveMaximum} unfinished publishes");
            if (counted)
                unfinished++;
            known = publish.Qos == 2 && !client.Unreleased.Add(publish.PacketId);
        }
        if (known)
        {
            // The handler has it already, or had it on an earlier connection (4.3.3).
            Answer(MqttPacketType.PubRec, publish.PacketId, MqttReason.Success);
            return true;
        }
        // An array that is given away is the handler's: it may keep the message.
        int length = publish.Payload.Length;
        ReadOnlyMemory<byte> payload = Framer.TryGiveAway(out int end) is { } given ? given.AsMemory(end - length, length) : publish.Payload.ToArray();
        MqttReader block = new(publish.Properties);
        MqttProperties? properties = MqttProperties.ReadBlock(ref block, MqttPropertySets.Publish);
        MqttMessage message = MqttMessage.From(topic.Text, payload, publish.Qos, publish.Retain, properties, principal: null);
        if (client.TryDispatch(this, message, publish.PacketId))
            return true;
        MqttTally.Add(ref Tally.Dropped);
        if (!counted)
            return true;
        if (publish.Qos == 2)
        {
            lock (client.Gate)
                client.Unreleased.Remove(publish.PacketId);
        }
        return Violation(MqttReason.QuotaExceeded, "the handler is too slow: the queue of received messages is full");
    }

    private bool OnAck(MqttPacketType type, byte firstByte, ReadOnlySpan<byte> body)
    {
        MqttDecodeError error = MqttDecoder.DecodeAck(version, firstByte, body, out ushort packetId, out MqttReason reason);
        if (error != MqttDecodeError.None)
            return Malformed(error);
        bool known;
        if (type == MqttPacketType.PubRel)
        {
            lock (client.Gate)
                known = client.Unreleased.Remove(packetId);
            Answer(MqttPacketType.PubComp, packetId, known ? MqttReason.Success : MqttReason.PacketIdentifierNotFound, finishes: known);
            return true;
        }
        bool refused = reason >= MqttReason.UnspecifiedError;
        if (type == MqttPacketType.PubRec && !refused)
        {
            lock (client.Gate)
                known = client.Outbox.Received(packetId);
            Answer(MqttPacketType.PubRel, packetId, known ? MqttReason.Success : MqttReason.PacketIdentifierNotFound);
            return true;
        }
        Delivery ended;
        lock (client.Gate)
        {
            // RabbitMQ 3.10 takes a QoS 2 publish as one of QoS 1, and ends it so.
            known = client.Outbox.Finish(packetId, type, out ended)
                || (type == MqttPacketType.PubAck && client.Outbox.Finish(packetId, MqttPacketType.PubRec, out ended));
        }
        Wake();
        if (!known)
            return true;
        if (refused)
            MqttTally.Add(ref Tally.RefusedPublishes);
        ended.Done?.TrySetResult(new(refused ? MqttPublishStatus.Refused : MqttPublishStatus.Delivered, reason));
        return true;
    }

    private bool OnAnswer(ushort packetId, bool removal, byte[] codes)
    {
        bool fits;
        lock (client.Gate)
            fits = client.Subscriptions.Answered(packetId, removal, codes);
        return fits || Violation(MqttReason.ProtocolError, "the broker answered a subscription that was not asked for");
    }

    private bool Malformed(MqttDecodeError error)
    {
        MqttReason reason = error == MqttDecodeError.TooLarge ? MqttReason.PacketTooLarge : MqttReason.MalformedPacket;
        return Violation(reason, $"the broker sent a malformed packet: {error}");
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

    /// <summary>Hangs up on a broker that has sent us away or was never understood: there is nothing to say to it (5.0, 3.14.4, 4.13.2).</summary>
    private bool Leave()
    {
        Abort();
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
