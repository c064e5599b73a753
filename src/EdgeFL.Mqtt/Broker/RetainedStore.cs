namespace EdgeFL.Mqtt;

/// <summary>
/// The last retained message of each topic, within a bound of messages and bytes that all clients share. What the host publishes
/// itself counts too but is never refused: clients cannot fill the store against it. Used under the router's lock.
/// </summary>
internal sealed class RetainedStore(int messagesMax, long bytesMax)
{
    private readonly Dictionary<string, RoutedMessage> messages = new(StringComparer.Ordinal);

    public int Count => messages.Count;

    public long Bytes { get; private set; }

    /// <summary>Keeps, replaces or, on an empty payload, forgets (3.3.1.3). False when there is no room; the old one then stays.</summary>
    /// <param name="message">What to keep.</param>
    /// <param name="byHost">The host's own: there is always room for it.</param>
    public bool TryKeep(RoutedMessage message, bool byHost)
    {
        messages.TryGetValue(message.Topic.Text, out RoutedMessage? old);
        long without = Bytes - (old?.QueueBytes ?? 0);
        if (message.Payload.IsEmpty)
        {
            messages.Remove(message.Topic.Text);
            Bytes = without;
            return true;
        }
        if (!byHost && (without + message.QueueBytes > bytesMax || (old is null && messages.Count >= messagesMax)))
            return false;
        messages[message.Topic.Text] = message.Kept();
        Bytes = without + message.QueueBytes;
        return true;
    }

    /// <summary>Those that a filter covers and that have not expired.</summary>
    public void Match(string filter, long nowMs, List<RoutedMessage> found)
    {
        if (!filter.AsSpan().ContainsAny('+', '#'))
        {
            if (messages.TryGetValue(filter, out RoutedMessage? exact) && !exact.IsExpired(nowMs))
                found.Add(exact);
            return;
        }
        foreach (RoutedMessage message in messages.Values)
        {
            if (!message.IsExpired(nowMs) && MqttTopic.Matches(filter, message.Topic.Text))
                found.Add(message);
        }
    }

    /// <summary>Forgets expired ones; returns how many.</summary>
    public int Sweep(long nowMs)
    {
        int removed = 0;
        foreach ((string topic, RoutedMessage message) in messages)
        {
            if (!message.IsExpired(nowMs))
                continue;
            messages.Remove(topic);
            Bytes -= message.QueueBytes;
            removed++;
        }
        return removed;
    }
}
