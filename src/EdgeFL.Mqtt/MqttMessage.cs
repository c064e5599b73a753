namespace EdgeFL.Mqtt;

/// <summary>One application message, as published or as received.</summary>
/// <param name="Topic">Topic name, valid by <see cref="MqttTopic.IsValidName"/>.</param>
/// <param name="Payload">Payload bytes. A received payload is never written to again and may be kept.</param>
/// <param name="Qos">0, 1 or 2. On a received message: the QoS of the delivery.</param>
/// <param name="Retain">On a publish: keep as the topic's retained message. On a received message: it comes from the retained store.</param>
public sealed record MqttMessage(string Topic, ReadOnlyMemory<byte> Payload, int Qos = 0, bool Retain = false)
{
    /// <summary>Who published it, as <see cref="IMqttAccess"/> named it; null when unknown: on a client, and for the broker's own host.</summary>
    public string? Principal { get; init; }

    /// <summary>Seconds after which it is no longer delivered; null for never. MQTT 5.0 only on the wire; the broker obeys it for all.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>MQTT 5.0 content type, null when absent.</summary>
    public string? ContentType { get; init; }

    /// <summary>MQTT 5.0 response topic, null when absent.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>MQTT 5.0 correlation data, null when absent.</summary>
    public byte[]? CorrelationData { get; init; }

    /// <summary>MQTT 5.0 payload format indicator: true when the payload is said to be UTF-8.</summary>
    public bool IsText { get; init; }

    /// <summary>MQTT 5.0 user properties in their order; empty when there are none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> UserProperties { get; init; } = [];

    internal MqttProperties? ToProperties()
    {
        if (ExpirySeconds is null && ContentType is null && ResponseTopic is null && CorrelationData is null && !IsText && UserProperties.Count == 0)
            return null;
        return new MqttProperties
        {
            MessageExpirySeconds = ExpirySeconds,
            ContentType = ContentType,
            ResponseTopic = ResponseTopic,
            CorrelationData = CorrelationData,
            PayloadFormat = IsText ? (byte)1 : null,
            UserProperties = UserProperties.Count > 0 ? [.. UserProperties] : null,
        };
    }

    internal static MqttMessage From(string topic, ReadOnlyMemory<byte> payload, int qos, bool retain, MqttProperties? properties, string? principal)
    {
        MqttMessage plain = new(topic, payload, qos, retain) { Principal = principal };
        if (properties is null)
            return plain;
        return plain with
        {
            ExpirySeconds = properties.MessageExpirySeconds,
            ContentType = properties.ContentType,
            ResponseTopic = properties.ResponseTopic,
            CorrelationData = properties.CorrelationData,
            IsText = properties.PayloadFormat == 1,
            UserProperties = properties.UserProperties ?? [],
        };
    }

    internal void Check()
    {
        if (!MqttTopic.IsValidName(Topic))
            throw new ArgumentException($"'{Topic}' is not a topic that one can publish to: it must not be empty nor hold '+', '#' or control characters.");
        if (Qos is < 0 or > 2)
            throw new ArgumentException($"QoS {Qos} does not exist: use 0, 1 or 2.");
        if (ResponseTopic is not null && !MqttTopic.IsValidName(ResponseTopic))
            throw new ArgumentException($"'{ResponseTopic}' is not a topic that one can answer to.");
        if (ContentType is not null && !MqttTopic.IsClean(ContentType))
            throw new ArgumentException("The content type holds control characters or is longer than 65535 bytes.");
        if (CorrelationData?.Length > ushort.MaxValue)
            throw new ArgumentException("The correlation data is longer than 65535 bytes.");
        if (UserProperties.Count > MqttProperties.RepeatedMax)
            throw new ArgumentException($"More than {MqttProperties.RepeatedMax} user properties.");
        foreach ((string name, string value) in UserProperties)
        {
            if (!MqttTopic.IsClean(name) || !MqttTopic.IsClean(value))
                throw new ArgumentException("A user property holds control characters or is longer than 65535 bytes.");
        }
    }
}

/// <summary>What the broker publishes for a client that goes without saying goodbye.</summary>
/// <param name="Topic">Topic name.</param>
/// <param name="Payload">Payload, at most 65535 bytes.</param>
/// <param name="Qos">0, 1 or 2.</param>
/// <param name="Retain">Keep as the topic's retained message.</param>
/// <param name="DelaySeconds">MQTT 5.0: seconds between the loss of the connection and the will; 3.1.1 has no delay.</param>
public sealed record MqttWill(string Topic, ReadOnlyMemory<byte> Payload, int Qos = 1, bool Retain = true, uint DelaySeconds = 0);
