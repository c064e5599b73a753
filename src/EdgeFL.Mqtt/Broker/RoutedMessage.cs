namespace EdgeFL.Mqtt;

/// <summary>
/// One message inside the broker, or on its way out of a client, shared by all its receivers. What came in a packet lies in one
/// pooled array, which goes back when nobody holds the message any more.
/// </summary>
internal sealed class RoutedMessage
{
    private const int OverheadBytes = 128;
    private readonly uint? expirySeconds;
    private byte[]? rented;
    private int holders = 1;
    private ReadOnlyMemory<byte> properties;

    private RoutedMessage(TopicName topic, int qos, bool retain, string? principal, uint? expirySeconds, long nowMs)
    {
        Topic = topic;
        Qos = qos;
        Retain = retain;
        Principal = principal;
        this.expirySeconds = expirySeconds;
        ExpiresAtMs = ExpiryFrom(nowMs);
    }

    public TopicName Topic { get; }
    public int Qos { get; }
    public bool Retain { get; }
    public string? Principal { get; }
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>The 5.0 properties that every receiver gets, as they stand on the wire, without the length of the block.</summary>
    public ReadOnlySpan<byte> Properties => properties.Span;

    /// <summary>Where in <see cref="Properties"/> the four bytes of the message expiry stand, -1 when there are none.</summary>
    public int ExpiryOffset { get; private init; } = -1;

    /// <summary>When it may no longer be delivered, ms of the clock; 0 for never.</summary>
    public long ExpiresAtMs { get; private set; }

    /// <summary>What it counts for in a queue, bytes.</summary>
    public long QueueBytes => OverheadBytes + Topic.Utf8.Length + properties.Length + Payload.Length;

    /// <summary>Takes a PUBLISH out of its packet. The caller holds it, and lets go with <see cref="Drop"/>.</summary>
    /// <param name="publish">Fields of the packet that the framer gave last.</param>
    /// <param name="topic">Its topic.</param>
    /// <param name="principal">Who published it.</param>
    /// <param name="framer">Where the packet lies; it may give its array away.</param>
    /// <param name="nowMs">Time of the clock.</param>
    public static RoutedMessage Take(scoped in PublishFields publish, TopicName topic, string principal, MqttFramer framer, long nowMs)
    {
        int head = publish.ForwardedBytes;
        int length = publish.Payload.Length;
        int end = 0;
        byte[]? bytes = publish.TopicAlias == 0 ? framer.TryGiveAway(out end) : null;
        if (bytes is null)
        {
            end = head + length;
            bytes = MqttBuffers.Rent(end);
            publish.CopyForwarded(bytes);
            publish.Payload.CopyTo(bytes.AsSpan(head));
        }
        return new RoutedMessage(topic, publish.Qos, publish.Retain, principal, publish.ExpirySeconds, nowMs)
        {
            rented = bytes,
            properties = bytes.AsMemory(end - length - head, head),
            Payload = bytes.AsMemory(end - length, length),
            ExpiryOffset = publish.ForwardedExpiryOffset,
        };
    }

    /// <summary>A message of the host's, a client's or a will; the payload is not copied.</summary>
    public static RoutedMessage Of(string topic, ReadOnlyMemory<byte> payload, int qos, bool retain, string? principal, MqttProperties? properties, long nowMs)
    {
        int expiryOffset = -1;
        byte[]? block = properties?.ToBlock(out expiryOffset);
        return new RoutedMessage(TopicName.Of(topic), qos, retain, principal, properties?.MessageExpirySeconds, nowMs)
        {
            properties = block,
            Payload = payload,
            ExpiryOffset = expiryOffset,
        };
    }

    /// <summary>As <see cref="Of(string, ReadOnlyMemory{byte}, int, bool, string?, MqttProperties?, long)"/>.</summary>
    public static RoutedMessage Of(MqttMessage message, long nowMs) =>
        Of(message.Topic, message.Payload, message.Qos, message.Retain, message.Principal, message.ToProperties(), nowMs);

    public bool IsExpired(long now) => ExpiresAtMs != 0 && now >= ExpiresAtMs;

    public uint SecondsLeft(long now) => ExpiresAtMs == 0 ? 0 : (uint)Math.Max(1, (ExpiresAtMs - now + 999) / 1000);

    public void Hold() => Interlocked.Increment(ref holders);

    /// <summary>Lets go. The last one gives the array back; what somebody still reads by mistake then is nothing, not another's message.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref holders) > 0 || rented is not { } bytes)
            return;
        rented = null;
        properties = default;
        Payload = default;
        MqttBuffers.Return(bytes);
    }

    /// <summary>The same message, whose expiry counts from now on.</summary>
    public RoutedMessage StartingAt(long nowMs)
    {
        RoutedMessage later = (RoutedMessage)MemberwiseClone();
        later.ExpiresAtMs = ExpiryFrom(nowMs);
        return later;
    }

    /// <summary>The message with bytes of its own, of just their length: for one that stays.</summary>
    public RoutedMessage Kept()
    {
        if (rented is null)
            return this;
        RoutedMessage kept = (RoutedMessage)MemberwiseClone();
        kept.rented = null;
        kept.properties = properties.ToArray();
        kept.Payload = Payload.ToArray();
        return kept;
    }

    /// <summary>What a handler gets; it may keep it.</summary>
    public MqttMessage ToMessage(bool retained)
    {
        MqttReader block = new(Properties);
        return MqttMessage.From(Topic.Text, rented is null ? Payload : Payload.ToArray(), Qos, retained, MqttProperties.ReadBlock(ref block, MqttPropertySets.Publish), Principal);
    }

    /// <summary>As it comes from the retained store: its expiry is what is left of it.</summary>
    public MqttMessage ToRetainedMessage(long now) =>
        ToMessage(retained: true) with { ExpirySeconds = ExpiresAtMs == 0 ? null : SecondsLeft(now) };

    private long ExpiryFrom(long nowMs) => expirySeconds is { } seconds ? nowMs + (seconds * 1000L) : 0;
}
