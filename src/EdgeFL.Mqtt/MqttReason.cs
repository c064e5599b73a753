namespace EdgeFL.Mqtt;

/// <summary>Reason codes of MQTT 5.0, section 2.4. For MQTT 3.1.1 peers the nearest one is used.</summary>
public enum MqttReason : byte
{
    /// <summary>Accepted; also normal disconnection and granted QoS 0.</summary>
    Success = 0x00,

    /// <summary>Subscription granted at QoS 1.</summary>
    GrantedQos1 = 0x01,

    /// <summary>Subscription granted at QoS 2.</summary>
    GrantedQos2 = 0x02,

    /// <summary>The client leaves and wants its will published.</summary>
    DisconnectWithWill = 0x04,

    /// <summary>Accepted, but nobody subscribes to the topic.</summary>
    NoMatchingSubscribers = 0x10,

    /// <summary>There was nothing to unsubscribe from.</summary>
    NoSubscriptionExisted = 0x11,

    /// <summary>Extended authentication goes on.</summary>
    ContinueAuthentication = 0x18,

    /// <summary>The client starts a re-authentication.</summary>
    ReAuthenticate = 0x19,

    /// <summary>Refused without a stated cause.</summary>
    UnspecifiedError = 0x80,

    /// <summary>The packet could not be parsed.</summary>
    MalformedPacket = 0x81,

    /// <summary>The packet is well formed but not allowed here.</summary>
    ProtocolError = 0x82,

    /// <summary>Valid, but not accepted by this implementation.</summary>
    ImplementationSpecificError = 0x83,

    /// <summary>The protocol level is not supported.</summary>
    UnsupportedProtocolVersion = 0x84,

    /// <summary>The client identifier is not allowed.</summary>
    ClientIdentifierNotValid = 0x85,

    /// <summary>The user name or password was not accepted.</summary>
    BadUserNameOrPassword = 0x86,

    /// <summary>The principal may not do this.</summary>
    NotAuthorized = 0x87,

    /// <summary>The server is not available.</summary>
    ServerUnavailable = 0x88,

    /// <summary>The server is busy; try again later.</summary>
    ServerBusy = 0x89,

    /// <summary>The client has been banned.</summary>
    Banned = 0x8A,

    /// <summary>The server is shutting down.</summary>
    ServerShuttingDown = 0x8B,

    /// <summary>The authentication method is not supported.</summary>
    BadAuthenticationMethod = 0x8C,

    /// <summary>Nothing was received for one and a half keep-alive times.</summary>
    KeepAliveTimeout = 0x8D,

    /// <summary>Another connection with the same identity took the session over.</summary>
    SessionTakenOver = 0x8E,

    /// <summary>The topic filter is well formed but not accepted.</summary>
    TopicFilterInvalid = 0x8F,

    /// <summary>The topic name is well formed but not accepted.</summary>
    TopicNameInvalid = 0x90,

    /// <summary>The packet identifier is already in use.</summary>
    PacketIdentifierInUse = 0x91,

    /// <summary>The packet identifier is not known.</summary>
    PacketIdentifierNotFound = 0x92,

    /// <summary>More unacknowledged publishes than the receiver allows.</summary>
    ReceiveMaximumExceeded = 0x93,

    /// <summary>The topic alias is above the maximum.</summary>
    TopicAliasInvalid = 0x94,

    /// <summary>The packet is larger than the receiver allows.</summary>
    PacketTooLarge = 0x95,

    /// <summary>The data rate is too high.</summary>
    MessageRateTooHigh = 0x96,

    /// <summary>A limit set by the implementation or its operator is exceeded.</summary>
    QuotaExceeded = 0x97,

    /// <summary>The connection is closed by its operator.</summary>
    AdministrativeAction = 0x98,

    /// <summary>The payload does not match its format indicator.</summary>
    PayloadFormatInvalid = 0x99,

    /// <summary>The server keeps no retained messages.</summary>
    RetainNotSupported = 0x9A,

    /// <summary>The QoS is above the server's maximum.</summary>
    QosNotSupported = 0x9B,

    /// <summary>Use another server for now.</summary>
    UseAnotherServer = 0x9C,

    /// <summary>Use another server from now on.</summary>
    ServerMoved = 0x9D,

    /// <summary>The server has no shared subscriptions.</summary>
    SharedSubscriptionsNotSupported = 0x9E,

    /// <summary>Connections come too fast.</summary>
    ConnectionRateExceeded = 0x9F,

    /// <summary>The connection has lived as long as it may.</summary>
    MaximumConnectTime = 0xA0,

    /// <summary>The server has no subscription identifiers.</summary>
    SubscriptionIdentifiersNotSupported = 0xA1,

    /// <summary>The server has no wildcard subscriptions.</summary>
    WildcardSubscriptionsNotSupported = 0xA2,
}
