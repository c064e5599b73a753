namespace EdgeFL.Mqtt;

internal sealed partial class MqttProperties
{
    /// <summary>Writes the block with its length; an absent object is an empty block.</summary>
    public static void Write(MqttWriter target, MqttProperties? properties)
    {
        int start = target.BeginBlock();
        properties?.WriteFields(target);
        target.EndBlock(start);
    }

    /// <summary>The block as bytes, without its length.</summary>
    public byte[] ToBlock(out int expiryOffset)
    {
        MqttWriter target = new();
        WriteFields(target);
        byte[] block = target.WrittenSpan.ToArray();
        target.Release();
        // Fields are written in a fixed order: the expiry stands behind the payload format alone.
        expiryOffset = MessageExpirySeconds is null ? -1 : (PayloadFormat is null ? 0 : 2) + 1;
        return block;
    }

    private void WriteFields(MqttWriter target)
    {
        U8(target, MqttPropertyId.PayloadFormat, PayloadFormat);
        U32(target, MqttPropertyId.MessageExpiry, MessageExpirySeconds);
        Text(target, MqttPropertyId.ContentType, ContentType);
        Text(target, MqttPropertyId.ResponseTopic, ResponseTopic);
        Binary(target, MqttPropertyId.CorrelationData, CorrelationData);
        if (SubscriptionIds is not null)
        {
            foreach (int id in SubscriptionIds)
            {
                target.U8((byte)MqttPropertyId.SubscriptionId);
                target.Varint(id);
            }
        }
        U32(target, MqttPropertyId.SessionExpiry, SessionExpirySeconds);
        Text(target, MqttPropertyId.AssignedClientId, AssignedClientId);
        U16(target, MqttPropertyId.ServerKeepAlive, ServerKeepAliveSeconds);
        Text(target, MqttPropertyId.AuthenticationMethod, AuthenticationMethod);
        Binary(target, MqttPropertyId.AuthenticationData, AuthenticationData);
        U8(target, MqttPropertyId.RequestProblemInformation, RequestProblemInformation);
        U32(target, MqttPropertyId.WillDelay, WillDelaySeconds);
        U8(target, MqttPropertyId.RequestResponseInformation, RequestResponseInformation);
        Text(target, MqttPropertyId.ResponseInformation, ResponseInformation);
        Text(target, MqttPropertyId.ServerReference, ServerReference);
        Text(target, MqttPropertyId.ReasonString, ReasonString);
        U16(target, MqttPropertyId.ReceiveMaximum, ReceiveMaximum);
        U16(target, MqttPropertyId.TopicAliasMaximum, TopicAliasMaximum);
        U16(target, MqttPropertyId.TopicAlias, TopicAlias);
        U8(target, MqttPropertyId.MaximumQos, MaximumQos);
        U8(target, MqttPropertyId.RetainAvailable, RetainAvailable);
        if (UserProperties is not null)
        {
            foreach ((string name, string value) in UserProperties)
            {
                target.U8((byte)MqttPropertyId.UserProperty);
                target.Text(name);
                target.Text(value);
            }
        }
        U32(target, MqttPropertyId.MaximumPacketSize, MaximumPacketBytes);
        U8(target, MqttPropertyId.WildcardSubscriptionAvailable, WildcardSubscriptionAvailable);
        U8(target, MqttPropertyId.SubscriptionIdAvailable, SubscriptionIdAvailable);
        U8(target, MqttPropertyId.SharedSubscriptionAvailable, SharedSubscriptionAvailable);
    }

    private static void U8(MqttWriter target, MqttPropertyId id, byte? value)
    {
        if (value is not { } present)
            return;
        target.U8((byte)id);
        target.U8(present);
    }

    private static void U16(MqttWriter target, MqttPropertyId id, ushort? value)
    {
        if (value is not { } present)
            return;
        target.U8((byte)id);
        target.U16(present);
    }

    private static void U32(MqttWriter target, MqttPropertyId id, uint? value)
    {
        if (value is not { } present)
            return;
        target.U8((byte)id);
        target.U32(present);
    }

    private static void Text(MqttWriter target, MqttPropertyId id, string? value)
    {
        if (value is null)
            return;
        target.U8((byte)id);
        target.Text(value);
    }

    private static void Binary(MqttWriter target, MqttPropertyId id, byte[]? value)
    {
        if (value is null)
            return;
        target.U8((byte)id);
        target.Binary(value);
    }
}
