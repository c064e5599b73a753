namespace EdgeFL.Mqtt;

/// <summary>What became of a message on its way into a session's queue.</summary>
internal enum EnqueueResult
{
    Queued,
    Dropped,

    /// <summary>Dropped, and the bound is exceeded: a connected client is too slow.</summary>
    Overflow,
}

/// <summary>What the broker remembers of a client, with or without a connection (4.1). Used under the router's lock.</summary>
internal sealed class Session(string principal, string clientId, MqttBrokerOptions options)
{
    private readonly Queue<Delivery> waiting = new(0);
    private readonly InFlight inFlight = new();
    private HashSet<ushort>? unreleased;

    public string Principal { get; } = principal;
    public string ClientId { get; } = clientId;
    public BrokerConnection? Connection { get; set; }
    public Dictionary<string, Subscription> Subscriptions { get; } = new(0, StringComparer.Ordinal);
    public uint ExpirySeconds { get; set; }

    /// <summary>When it ends, ms of the clock; 0 while connected.</summary>
    public long EndsAtMs { get; set; }

    public RoutedMessage? Will { get; set; }
    public uint WillDelaySeconds { get; set; }

    /// <summary>When the will is due, ms of the clock; 0 while it is not.</summary>
    public long WillDueAtMs { get; set; }

    public int InFlightMax { get; set; } = 1;
    public long QueuedBytes { get; private set; }
    public int QueuedMessages => waiting.Count + inFlight.Count;

    /// <summary>QoS 2 publishes taken from the client and not released yet.</summary>
    public int UnreleasedCount => unreleased?.Count ?? 0;

    // Marks of the publish that is being routed, so that a client with overlapping subscriptions gets one copy.
    public long MatchStamp { get; set; }
    public int MatchQos { get; set; }
    public bool MatchRetain { get; set; }
    public List<int>? MatchIds { get; set; }

    /// <summary>Whether a QoS 2 identifier was taken before and not released: the publish came again (4.3.3).</summary>
    public bool IsUnreleased(ushort packetId) => unreleased?.Contains(packetId) == true;

    public void Take(ushort packetId) => (unreleased ??= []).Add(packetId);

    public bool Release(ushort packetId) => unreleased?.Remove(packetId) == true;

    /// <summary>Half full or more: a shared subscription looks for another member.</summary>
    public bool IsBusy => QueuedMessages > options.QueueMessagesMax / 2 || QueuedBytes > options.QueueBytesMax / 2;

    /// <summary>Queues one message, which the queue then holds.</summary>
    public EnqueueResult Enqueue(in Delivery delivery)
    {
        if (delivery.Qos == 0 && Connection is null)
            return EnqueueResult.Dropped;
        RoutedMessage message = delivery.Message!;
        long bytes = QueuedBytes + message.QueueBytes;
        int messages = QueuedMessages + 1;
        // One message always fits into an empty queue: the packet limit has bounded it already.
        bool over = messages > 1 && (messages > options.QueueMessagesMax || bytes > options.QueueBytesMax);
        if (over)
            return EnqueueResult.Overflow;
        if (delivery.Qos == 0 && messages > 1 && (messages > options.QueueMessagesMax / 2 || bytes > options.QueueBytesMax / 2))
            return EnqueueResult.Dropped;
        message.Hold();
        waiting.Enqueue(delivery);
        QueuedBytes = bytes;
        return EnqueueResult.Queued;
    }

    /// <summary>The next delivery that may be sent now, marked as sent. The caller holds its message, and lets go when it is written.</summary>
    public bool Next(out Delivery next)
    {
        if (inFlight.NextAgain(InFlightMax, out next))
        {
            next.Message?.Hold();
            return true;
        }
        if (!waiting.TryPeek(out next) || (next.Qos > 0 && inFlight.Unfinished >= InFlightMax))
            return false;
        waiting.Dequeue();
        if (next.Qos == 0)
        {
            QueuedBytes -= next.Message!.QueueBytes;
            return true;
        }
        next.PacketId = inFlight.NewPacketId();
        next.Message!.Hold();
        inFlight.Add(ref next);
        return true;
    }

    /// <summary>PUBACK or PUBCOMP, or a PUBREC that refuses: the delivery is over. False when there is none of that identifier in that state.</summary>
    public bool Finish(ushort packetId, MqttPacketType answer)
    {
        if (!inFlight.Finish(packetId, answer, out Delivery ended))
            return false;
        Left(ended.Message);
        return true;
    }

    /// <summary>Whether the client was sent something of that identifier on its connection of now, and has not finished it.</summary>
    public bool IsUnderWay(ushort packetId) => inFlight.IsUnderWay(packetId);

    /// <summary>A delivery is not to be sent after all.</summary>
    public void Cancel(ushort packetId)
    {
        if (inFlight.Cancel(packetId, out Delivery ended))
            Left(ended.Message);
    }

    /// <summary>PUBREC: the client has the message, and its bytes need not be kept (4.3.3). False when there is none of that identifier.</summary>
    public bool Received(ushort packetId)
    {
        if (!inFlight.Received(packetId, out RoutedMessage? message))
            return false;
        Left(message);
        return true;
    }

    /// <summary>A new connection takes over: what was in flight goes out again; waiting QoS 0 is of the past.</summary>
    public void Resume()
    {
        inFlight.Resume();
        for (int i = waiting.Count; i > 0; i--)
        {
            Delivery delivery = waiting.Dequeue();
            if (delivery.Qos > 0)
                waiting.Enqueue(delivery);
            else
                Left(delivery.Message);
        }
    }

    /// <summary>The session has ended: nothing is held any more.</summary>
    public void Clear()
    {
        foreach (Delivery delivery in waiting)
            Left(delivery.Message);
        waiting.Clear();
        foreach (Delivery delivery in inFlight.Entries)
            Left(delivery.Message);
        inFlight.Clear();
    }

    private void Left(RoutedMessage? message)
    {
        if (message is null)
            return;
        QueuedBytes -= message.QueueBytes;
        message.Drop();
    }
}
