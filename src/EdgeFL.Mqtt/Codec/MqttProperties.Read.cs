using System.Text;

namespace EdgeFL.Mqtt;

internal sealed partial class MqttProperties
{
    /// <summary>User properties and subscription identifiers accepted in one packet.</summary>
    public const int RepeatedMax = 128;

    /// <summary>Reads a property block with its length; null when it is empty. Unknown, misplaced and repeated identifiers are faults.</summary>
    public static MqttProperties? Read(ref MqttReader source, ulong allowed)
    {
        MqttReader block = new(source.Take(source.Varint()));
        if (!source.Ok)
            return null;
        MqttProperties? properties = ReadBlock(ref block, allowed);
        if (!block.Ok)
            source.Fail(block.Error);
        return properties;
    }

    /// <summary>Reads a property block that is cut out already.</summary>
    public static MqttProperties? ReadBlock(ref MqttReader block, ulong allowed)
    {
        if (block.Remaining == 0)
            return null;
        MqttProperties properties = new();
        MqttPropertyOrder order = new(allowed);
        while (block.Ok && block.Remaining > 0)
        {
            MqttPropertyId id = order.Next(ref block);
            if (block.Ok)
                properties.ReadOne(id, ref block);
        }
        if (properties.AuthenticationData is not null && properties.AuthenticationMethod is null)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return block.Ok ? properties : null;
    }

    private void ReadOne(MqttPropertyId id, ref MqttReader block)
    {
        switch (id)
        {
            case MqttPropertyId.PayloadFormat: PayloadFormat = Flag(ref block); break;
            case MqttPropertyId.MessageExpiry: MessageExpirySeconds = block.U32(); break;
            case MqttPropertyId.ContentType: ContentType = block.Text(); break;
            case MqttPropertyId.ResponseTopic: ResponseTopic = Encoding.UTF8.GetString(TopicBytes(ref block)); break;
            case MqttPropertyId.CorrelationData: CorrelationData = block.Binary(); break;
            case MqttPropertyId.SubscriptionId: (SubscriptionIds ??= []).Add(SubscriptionId(ref block)); break;
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

    private void AddUserProperty(ref MqttReader block)
    {
        string name = block.Text();
        string value = block.Text();
        if (block.Ok)
            (UserProperties ??= []).Add(new(name, value));
    }

    internal static int SubscriptionId(ref MqttReader block)
    {
        int id = block.Varint();
        if (block.Ok && id == 0)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return id;
    }

    internal static byte Flag(ref MqttReader block)
    {
        byte value = block.U8();
        if (value > 1)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return value;
    }

    internal static ushort NotZero(ref MqttReader block)
    {
        ushort value = block.U16();
        if (block.Ok && value == 0)
            block.Fail(MqttDecodeError.BadPropertyValue);
        return value;
    }

    /// <summary>A topic name that a property holds, as it lies in the block.</summary>
    internal static ReadOnlySpan<byte> TopicBytes(ref MqttReader block)
    {
        ReadOnlySpan<byte> topic = block.TextBytes();
        if (block.Ok && (topic.IsEmpty || topic.ContainsAny((byte)'+', (byte)'#')))
            block.Fail(MqttDecodeError.BadTopic);
        return topic;
    }
}

/// <summary>Which properties may still come in a block: known here, not twice, and not so many that a few bytes become kilobytes of objects.</summary>
internal ref struct MqttPropertyOrder(ulong allowed)
{
    private int repeated;
    private ulong seen;

    /// <summary>The next identifier; the block holds the fault, if any.</summary>
    public MqttPropertyId Next(ref MqttReader block)
    {
        int id = block.Varint();
        if (!block.Ok)
            return default;
        ulong bit = id < 64 ? 1UL << id : 0;
        if ((allowed & bit) == 0)
            block.Fail(MqttDecodeError.UnknownProperty);
        else if ((seen & bit) != 0 && !MayRepeat((MqttPropertyId)id))
            block.Fail(MqttDecodeError.DuplicateProperty);
        else if (MayRepeat((MqttPropertyId)id) && ++repeated > MqttProperties.RepeatedMax)
            block.Fail(MqttDecodeError.TooManyEntries);
        seen |= bit;
        return (MqttPropertyId)id;
    }

    private readonly bool MayRepeat(MqttPropertyId id) =>
        id == MqttPropertyId.UserProperty || (id == MqttPropertyId.SubscriptionId && allowed == MqttPropertySets.Publish);
}
