namespace EdgeFL.Mqtt;

/// <summary>
/// One message inside the broker, shared by all its receivers: the payload is held once, and what stands before it is
/// encoded once for each version and QoS that somebody needs. Used under the router's lock.
/// </summary>
internal sealed class RoutedMessage(string topic, ReadOnlyMemory<byte> payload, int qos, bool retain, string? principal, MqttProperties? properties, long nowMs)
{
    private const int OverheadBytes = 128;
    private EncodedHead? head311Qos0;
    private EncodedHead? head311Qos1;
    private EncodedHead? head5Qos0;
    private EncodedHead? head5Qos1;

    public string Topic { get; } = topic;
    public ReadOnlyMemory<byte> Payload { get; } = payload;
    public int Qos { get; } = qos;
    public bool Retain { get; } = retain;
    public string? Principal { get; } = principal;
    public MqttProperties? Properties { get; } = properties;

    /// <summary>When it may no longer be delivered, ms of the clock; 0 for never.</summary>
    public long ExpiresAtMs { get; } = properties?.MessageExpirySeconds is { } seconds ? nowMs + seconds * 1000L : 0;

    /// <summary>What it counts for in a queue, bytes.</summary>
    public long QueueBytes => OverheadBytes + Topic.Length * 2L + Payload.Length;

    public bool IsExpired(long now) => ExpiresAtMs != 0 && now >= ExpiresAtMs;

    public uint SecondsLeft(long now) => ExpiresAtMs == 0 ? 0 : (uint)Math.Max(1, (ExpiresAtMs - now + 999) / 1000);

    public EncodedHead Head(MqttVersion version, int deliveryQos, List<int>? subscriptionIds)
    {
        if (version == MqttVersion.V5 && subscriptionIds is not null)
            return EncodedHead.Make(version, Topic, Payload.Length, deliveryQos, WithIds(subscriptionIds));
        ref EncodedHead? slot = ref version == MqttVersion.V5
            ? ref deliveryQos == 0 ? ref head5Qos0 : ref head5Qos1
            : ref deliveryQos == 0 ? ref head311Qos0 : ref head311Qos1;
        return slot ??= EncodedHead.Make(version, Topic, Payload.Length, deliveryQos, Properties);
    }

    public MqttMessage ToMessage(bool retained) => MqttMessage.From(Topic, Payload, Qos, retained, Properties, Principal);

    /// <summary>As it comes from the retained store: its expiry is what is left of it.</summary>
    public MqttMessage ToRetainedMessage(long now) =>
        ToMessage(retained: true) with { ExpirySeconds = ExpiresAtMs == 0 ? null : SecondsLeft(now) };

    private MqttProperties WithIds(List<int> ids) => new()
    {
        PayloadFormat = Properties?.PayloadFormat,
        MessageExpirySeconds = Properties?.MessageExpirySeconds,
        ContentType = Properties?.ContentType,
        ResponseTopic = Properties?.ResponseTopic,
        CorrelationData = Properties?.CorrelationData,
        UserProperties = Properties?.UserProperties,
        SubscriptionIds = ids,
    };
}
