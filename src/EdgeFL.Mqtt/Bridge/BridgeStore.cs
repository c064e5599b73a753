namespace EdgeFL.Mqtt;

/// <summary>A message that waits, and since when.</summary>
internal sealed class WaitingMessage(MqttMessage message, long sinceMs)
{
    public MqttMessage Message => message;

    /// <summary>As it may be sent now: the time that it has waited is taken off its expiry; null when nothing is left.</summary>
    public MqttMessage? LessWait(long nowMs)
    {
        if (message.ExpirySeconds is not { } seconds)
            return message;
        long leftMs = seconds * 1000L - (nowMs - sinceMs);
        return leftMs <= 0 ? null : message with { ExpirySeconds = (uint)((leftMs + 999) / 1000) };
    }
}

/// <summary>
/// What waits for the outside broker: names of topics whose retained message is to be told, which stays where it is, and the other messages
/// in their order. Past its bounds the oldest gives way. Used under the bridge's lock.
/// </summary>
internal sealed class BridgeStore(int messagesMax, int topicsMax, long bytesMax)
{
    private const int OverheadBytes = 128;

    private readonly Queue<string> topics = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Queue<WaitingMessage> messages = new();
    private long bytes;

    public int Count => topics.Count + messages.Count;

    /// <summary>What a message counts for, bytes.</summary>
    public static long BytesOf(MqttMessage message)
    {
        long characters = message.Topic.Length + (message.ContentType?.Length ?? 0) + (message.ResponseTopic?.Length ?? 0);
        foreach ((string name, string value) in message.UserProperties)
            characters += name.Length + value.Length + OverheadBytes / 2;
        return OverheadBytes + (characters * 2) + (message.CorrelationData?.Length ?? 0) + message.Payload.Length;
    }

    /// <summary>Adds a topic unless it waits already; returns how many gave way.</summary>
    public int AddTopic(string topic)
    {
        if (!known.Add(topic))
            return 0;
        topics.Enqueue(topic);
        bytes += topic.Length * 2L;
        return MakeRoom();
    }

    /// <summary>Adds a message; returns how many gave way, itself perhaps among them.</summary>
    public int Add(MqttMessage message, long nowMs)
    {
        messages.Enqueue(new WaitingMessage(message, nowMs));
        bytes += BytesOf(message);
        return MakeRoom();
    }

    /// <summary>Takes the oldest topic.</summary>
    public bool TryTakeTopic(out string topic)
    {
        if (!topics.TryDequeue(out topic!))
            return false;
        known.Remove(topic);
        bytes -= topic.Length * 2L;
        return true;
    }

    /// <summary>Takes the oldest message; null when there is none.</summary>
    public WaitingMessage? TryTake()
    {
        if (messages.TryDequeue(out WaitingMessage? oldest))
            bytes -= BytesOf(oldest.Message);
        return oldest;
    }

    /// <summary>Messages give way before topics do: a state that is not told is wrong for longer than an event is missed.</summary>
    private int MakeRoom()
    {
        int before = Count;
        while (messages.Count > messagesMax || (bytes > bytesMax && messages.Count > 0))
            TryTake();
        while (topics.Count > topicsMax || (bytes > bytesMax && topics.Count > 0))
            TryTakeTopic(out _);
        return before - Count;
    }
}
