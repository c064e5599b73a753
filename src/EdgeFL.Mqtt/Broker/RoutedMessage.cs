namespace EdgeFL.Mqtt;

/// <summary>
/// One message inside the broker, or on its way out of a client, shared by all its receivers. What came in a packet lies in one
/// pooled array, which goes back when nobody holds the message any more.
/// </summary>
internal sealed class RoutedMessage
{
    private const int OverheadBytes = 128;

    /// <summary>Objects kept for the next messages, so that a publisher in full flow makes nothing for the collector.</summary>
    private const int FreeMax = 1024;

    private static readonly Stack<RoutedMessage> Free = new();
    private uint? expirySeconds;
    private byte[]? rented;
    private int holders;
    private ReadOnlyMemory<byte> properties;

    private RoutedMessage()
    {
    }

    public TopicName Topic { get; private set; } = null!;
    public int Qos { get; private set; }
    public bool Retain { get; private set; }
    public string? Principal { get; private set; }
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>The 5.0 properties that every receiver gets, as they stand on the wire, without the length of the block.</summary>
    public ReadOnlySpan<byte> Properties => properties.Span;

    /// <summary>Where in <see cref="Properties"/> the four bytes of the message expiry stand, -1 when there are none.</summary>
    public int ExpiryOffset { get; private set; }

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
        RoutedMessage? message;
        lock (Free)
            Free.TryPop(out message);
        message ??= new RoutedMessage();
        message.rented = bytes;
        message.Say(topic, publish.Qos, publish.Retain, principal, bytes.AsMemory(end - length - head, head), bytes.AsMemory(end - length, length));
        message.Expire(publish.ExpirySeconds, publish.ForwardedExpiryOffset, nowMs);
        return message;
    }

    /// <summary>A message of the host's, a client's or a will; the payload is not copied.</summary>
    public static RoutedMessage Of(TopicName topic, ReadOnlyMemory<byte> payload, int qos, bool retain, string? principal, MqttProperties? properties, long nowMs)
    {
        int expiryOffset = -1;
        byte[]? block = properties?.ToBlock(out expiryOffset);
        RoutedMessage message = new();
        message.Say(topic, qos, retain, principal, block, payload);
        message.Expire(properties?.MessageExpirySeconds, expiryOffset, nowMs);
        return message;
    }

    /// <summary>As <see cref="Of(TopicName, ReadOnlyMemory{byte}, int, bool, string?, MqttProperties?, long)"/>.</summary>
    public static RoutedMessage Of(MqttMessage message, long nowMs) =>
        Of(TopicName.Of(message.Topic), message.Payload, message.Qos, message.Retain, message.Principal, message.ToProperties(), nowMs);

    public bool IsExpired(long now) => ExpiresAtMs != 0 && now >= ExpiresAtMs;

    public uint SecondsLeft(long now) => ExpiresAtMs == 0 ? 0 : (uint)Math.Max(1, (ExpiresAtMs - now + 999) / 1000);

    public void Hold() => Interlocked.Increment(ref holders);

    /// <summary>Lets go. With the last one the array goes back, and the object with it.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref holders) > 0 || rented is not { } bytes)
            return;
        rented = null;
        Payload = default;
        properties = default;
        Topic = null!;
        Principal = null;
        MqttBuffers.Return(bytes);
        lock (Free)
        {
            if (Free.Count < FreeMax)
                Free.Push(this);
        }
    }

    /// <summary>The same message, whose expiry counts from now on.</summary>
    public RoutedMessage StartingAt(long nowMs)
    {
        RoutedMessage later = (RoutedMessage)MemberwiseClone();
        later.Expire(expirySeconds, ExpiryOffset, nowMs);
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

    private void Say(TopicName topic, int qos, bool retain, string? principal, ReadOnlyMemory<byte> block, ReadOnlyMemory<byte> payload)
    {
        Topic = topic;
        Qos = qos;
        Retain = retain;
        Principal = principal;
        properties = block;
        Payload = payload;
        holders = 1;
    }

    private void Expire(uint? seconds, int offset, long nowMs)
    {
        expirySeconds = seconds;
        ExpiryOffset = offset;
        ExpiresAtMs = seconds is { } given ? nowMs + (given * 1000L) : 0;
    }
}
