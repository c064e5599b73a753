namespace EdgeFL.Mqtt;

/// <summary>The properties of MQTT 5.0, section 2.2.2.2; null where a packet does not have one.</summary>
internal sealed partial class MqttProperties
{
    public byte? PayloadFormat { get; set; }
    public uint? MessageExpirySeconds { get; set; }
    public string? ContentType { get; set; }
    public string? ResponseTopic { get; set; }
    public byte[]? CorrelationData { get; set; }
    public List<int>? SubscriptionIds { get; set; }
    public uint? SessionExpirySeconds { get; set; }
    public string? AssignedClientId { get; set; }
    public ushort? ServerKeepAliveSeconds { get; set; }
    public string? AuthenticationMethod { get; set; }
    public byte[]? AuthenticationData { get; set; }
    public byte? RequestProblemInformation { get; set; }
    public uint? WillDelaySeconds { get; set; }
    public byte? RequestResponseInformation { get; set; }
    public string? ResponseInformation { get; set; }
    public string? ServerReference { get; set; }
    public string? ReasonString { get; set; }
    public ushort? ReceiveMaximum { get; set; }
    public ushort? TopicAliasMaximum { get; set; }
    public ushort? TopicAlias { get; set; }
    public byte? MaximumQos { get; set; }
    public byte? RetainAvailable { get; set; }
    public List<KeyValuePair<string, string>>? UserProperties { get; set; }
    public uint? MaximumPacketBytes { get; set; }
    public byte? WildcardSubscriptionAvailable { get; set; }
    public byte? SubscriptionIdAvailable { get; set; }
    public byte? SharedSubscriptionAvailable { get; set; }
}

/// <summary>Property identifiers on the wire.</summary>
internal enum MqttPropertyId : byte
{
    PayloadFormat = 0x01,
    MessageExpiry = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionId = 0x0B,
    SessionExpiry = 0x11,
    AssignedClientId = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelay = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQos = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
}

/// <summary>Which properties may stand where (5.0, table 2-4): one bit an identifier.</summary>
internal static class MqttPropertySets
{
    private const ulong User = 1UL << (int)MqttPropertyId.UserProperty;
    private const ulong Reason = User | 1UL << (int)MqttPropertyId.ReasonString;
    private const ulong Auth = 1UL << (int)MqttPropertyId.AuthenticationMethod | 1UL << (int)MqttPropertyId.AuthenticationData;
    private const ulong Message = User | 1UL << (int)MqttPropertyId.PayloadFormat | 1UL << (int)MqttPropertyId.MessageExpiry
        | 1UL << (int)MqttPropertyId.ContentType | 1UL << (int)MqttPropertyId.ResponseTopic | 1UL << (int)MqttPropertyId.CorrelationData;

    public const ulong Connect = User | Auth | 1UL << (int)MqttPropertyId.SessionExpiry | 1UL << (int)MqttPropertyId.RequestProblemInformation
        | 1UL << (int)MqttPropertyId.RequestResponseInformation | 1UL << (int)MqttPropertyId.ReceiveMaximum
        | 1UL << (int)MqttPropertyId.TopicAliasMaximum | 1UL << (int)MqttPropertyId.MaximumPacketSize;

    public const ulong Will = Message | 1UL << (int)MqttPropertyId.WillDelay;

    public const ulong ConnAck = Reason | Auth | 1UL << (int)MqttPropertyId.SessionExpiry | 1UL << (int)MqttPropertyId.AssignedClientId
        | 1UL << (int)MqttPropertyId.ServerKeepAlive | 1UL << (int)MqttPropertyId.ResponseInformation | 1UL << (int)MqttPropertyId.ServerReference
        | 1UL << (int)MqttPropertyId.ReceiveMaximum | 1UL << (int)MqttPropertyId.TopicAliasMaximum | 1UL << (int)MqttPropertyId.MaximumQos
        | 1UL << (int)MqttPropertyId.RetainAvailable | 1UL << (int)MqttPropertyId.MaximumPacketSize
        | 1UL << (int)MqttPropertyId.WildcardSubscriptionAvailable | 1UL << (int)MqttPropertyId.SubscriptionIdAvailable
        | 1UL << (int)MqttPropertyId.SharedSubscriptionAvailable;

    public const ulong Publish = Message | 1UL << (int)MqttPropertyId.SubscriptionId | 1UL << (int)MqttPropertyId.TopicAlias;

    public const ulong Subscribe = User | 1UL << (int)MqttPropertyId.SubscriptionId;

    public const ulong Unsubscribe = User;

    /// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK.</summary>
    public const ulong Ack = Reason;

    public const ulong Disconnect = Reason | 1UL << (int)MqttPropertyId.SessionExpiry | 1UL << (int)MqttPropertyId.ServerReference;

    public const ulong Authenticate = Reason | Auth;
}
