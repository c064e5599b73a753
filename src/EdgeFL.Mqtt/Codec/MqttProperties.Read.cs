namespace EdgeFL.Mqtt;

internal sealed partial class MqttProperties
{
    /// <summary>User properties accepted in one packet: five bytes on the wire must not become kilobytes of objects.</summary>
    public const int UserPropertiesMax = 128;

    /// <summary>Reads a property block; null when it is empty. Unknown, misplaced and repeated identifiers are faults.</summary>
    public static MqttProperties? Read(ref MqttReader source, ulong allowed)
    {
        int length = source.Varint();
        if (!source.Ok || length == 0)
            return null;
        MqttReader block = new(source.Take(length));
        if (!source.Ok)
            return null;
        MqttProperties properties = new();
        ulong seen = 0;
        while (block.Ok && block.Remaining > 0)
        {
            int id = block.Varint();
            ulong bit = id < 64 ? 1UL << id : 0;
            if (!block.Ok)
                break;
            if ((allowed & bit) == 0)
                block.Fail(MqttDecodeError.UnknownProperty);
            else if ((seen & bit) != 0 && (MqttPropertyId)id is not MqttPropertyId.UserProperty && !(bit == 1UL << (int)MqttPropertyId.SubscriptionId && allowed == MqttPropertySets.Publish))
                block.Fail(MqttDecodeError.DuplicateProperty);
            else
                properties.ReadOne((MqttPropertyId)id, ref block);
            seen |= bit;
        }
        if (properties.AuthenticationData is not null && properties.AuthenticationMethod is null)
            block.Fail(MqttDecodeError.BadPropertyValue);
        if (block.Ok)
            return properties;
        source.Fail(block.Error);
        return null;
    }

    private void ReadOne(MqttPropertyId id, ref MqttReader block)
    {
        switch (id)
        {
            case MqttPropertyId.PayloadFormat: PayloadFormat = Flag(ref block); break;
            case MqttPropertyId.MessageExpiry: MessageExpirySeconds = block.U32(); break;
            case MqttPropertyId.ContentType: ContentType = block.Text(); break;
            case MqttPropertyId.ResponseTopic: ResponseTopic = TopicName(ref block); break;
            case MqttPropertyId.CorrelationData: CorrelationData = block.Binary(); break;
            case MqttPropertyId.SubscriptionId: AddSubscriptionId(ref block); break;
            case MqttPropertyId.SessionExpiry: SessionExpirySeconds = block.U32(); break;
            case MqttPropertyId.AssignedClientId: AssignedClientId = block.Text(); break;
            case MqttPropertyId.ServerKeepAlive: ServerKeepAliveSeconds = block.U16(); break;
            case MqttPropertyId.AuthenticationMethod: AuthenticationMethod = block.Text(); break;
            case MqttPropertyId.AuthenticationData: AuthenticationData = block.Binary(); break;
            case MqttPropertyId.RequestProblemInformation: RequestProblemInformation = Flag(ref block); break;
            case MqttPropertyId.WillDelay: WillDelaySeconds = block.U32(); break;
            case MqttPropertyId.RequestResponseInformation: RequestResponseInformation = Flag(ref block); break;
            case MqttPropertyId.ResponseInformation: ResponseInformation = block.Text(); break;
            case MqttPropertyId.ServerReference: ServerReference = block.Text(); break;
            case MqttPropertyId.ReasonString: ReasonString = block.Text(); break;
            case MqttPropertyId.ReceiveMaximum: ReceiveMaximum = NotZero(ref block); break;
            case MqttPropertyId.TopicAliasMaximum: TopicAliasMaximum = block.U16(); break;
            case MqttPropertyId.TopicAlias: TopicAlias = NotZero(ref block); break;
            case MqttPropertyId.MaximumQos: MaximumQos = Flag(ref block); break;
            case MqttPropertyId.RetainAvailable: RetainAvailable = Flag(ref block); break;
            case MqttPropertyId.UserProperty: AddUserProperty(ref block); break;
            case MqttPropertyId.MaximumPacketSize:
                MaximumPacketBytes = block.U32();
                if (block.Ok && MaximumPacketBytes == 0)
                    block.Fail(MqttDecodeError.BadPropertyValue);
                break;
            case MqttPropertyId.WildcardSubscriptionAvailable: WildcardSubscriptionAvailable = Flag(ref block); break;
            case MqttPropertyId.SubscriptionIdAvailable: SubscriptionIdAvailable = Flag(ref block); break;
            case MqttPropertyId.SharedSubscriptionAvailable: SharedSubscriptionAvailable = Flag(ref block); break;
            default: block.Fail(MqttDecodeError.UnknownProperty); break;
        }
    }

    private void AddSubscriptionId(ref MqttReader block)
    {
        int id = block.Varint();
        if (block.Ok && id == 0)
            block.Fail(MqttDecodeError.BadPropertyValue);
        else if (SubscriptionIds?.Count >= UserPropertiesMax)
            block.Fail(MqttDecodeError.TooManyEntries);
        else
            (SubscriptionIds ??= []).Add(id);
    }

    private void AddUserProperty(ref MqttReader block)
    {
        string name = block.Text();
        string value = block.Text();
        if (UserProperties?.Count >= UserPropertiesMax)
            block.Fail(MqttDecodeError.TooManyEntries);
        else if (block.Ok)
            (UserProperties ??= []).Add(new(name, value));
    }

    private static byte Flag(ref MqttReader block)
    {
        byte value = block.U8();
        if (value > 1)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return value;
    }

    private static ushort NotZero(ref MqttReader block)
    {
        ushort value = block.U16();
        if (block.Ok && value == 0)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return value;
    }

    private static string TopicName(ref MqttReader block)
    {
        string topic = block.Text();
        if (block.Ok && (topic.Length == 0 || topic.AsSpan().ContainsAny('+', '#')))
            block.Fail(MqttDecodeError.BadTopic);
        return topic;
    }
}
