namespace EdgeFL.Mqtt;

/// <summary>What became of a message on its way into a session's queue.</summary>
internal enum EnqueueResult
{
    Queued,
    Dropped,

    /// <summary>Dropped, and the bound is exceeded: a connected client is too slow.</summary>
    Overflow,
}

/// <summary>One message for one client.</summary>
internal sealed class Delivery(RoutedMessage message, int qos, bool retain, List<int>? subscriptionIds)
{
    public RoutedMessage Message { get; } = message;
    public int Qos { get; } = qos;
    public bool Retain { get; } = retain;
    public List<int>? SubscriptionIds { get; } = subscriptionIds;
    public ushort PacketId { get; set; }

    /// <summary>Sent on the connection of now; reset when the client comes back.</summary>
    public bool Sent { get; set; }

    /// <summary>Sent on an earlier connection: goes out again with the duplicate flag.</summary>
    public bool SentBefore { get; set; }
}

/// <summary>What the broker remembers of a client, with or without a connection (4.1). Used under the router's lock.</summary>
internal sealed class Session(string principal, string clientId, MqttBrokerOptions options)
{
    private readonly Queue<Delivery> waiting = new(0);
    private readonly List<Delivery> inFlight = [];
    private ushort lastPacketId;
    private int unacknowledged;

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

    // Marks of the publish that is being routed, so that a client with overlapping subscriptions gets one copy.
    public long MatchStamp { get; set; }
    public int MatchQos { get; set; }
    public bool MatchRetain { get; set; }
    public List<int>? MatchIds { get; set; }

    public EnqueueResult Enqueue(Delivery delivery)
    {
        if (delivery.Qos == 0 && Connection is null)
            return EnqueueResult.Dropped;
        long bytes = QueuedBytes + delivery.Message.QueueBytes;
        int messages = QueuedMessages + 1;
        // One message always fits into an empty queue: the packet limit has bounded it already.
        bool over = messages > 1 && (messages > options.QueueMessagesMax || bytes > options.QueueBytesMax);
        if (over)
            return EnqueueResult.Overflow;
        if (delivery.Qos == 0 && messages > 1 && (messages > options.QueueMessagesMax / 2 || bytes > options.QueueBytesMax / 2))
            return EnqueueResult.Dropped;
        waiting.Enqueue(delivery);
        QueuedBytes = bytes;
        return EnqueueResult.Queued;
    }

    /// <summary>The next delivery that may be sent now, marked as sent; null when there is none.</summary>
    public Delivery? Next()
    {
        if (unacknowledged < InFlightMax && unacknowledged < inFlight.Count)
        {
            foreach (Delivery again in inFlight)
            {
                if (again.Sent)
                    continue;
                again.Sent = true;
                unacknowledged++;
                return again;
            }
        }
        if (!waiting.TryPeek(out Delivery? next) || (next.Qos > 0 && unacknowledged >= InFlightMax))
            return null;
        waiting.Dequeue();
        if (next.Qos == 0)
        {
            QueuedBytes -= next.Message.QueueBytes;
            return next;
        }
        next.PacketId = NewPacketId();
        next.Sent = true;
        unacknowledged++;
        inFlight.Add(next);
        return next;
    }

    /// <summary>Ends a QoS 1 delivery; false when there is none of that identifier.</summary>
    public bool Acknowledge(ushort packetId)
    {
        for (int i = 0; i < inFlight.Count; i++)
        {
            Delivery delivery = inFlight[i];
            if (delivery.PacketId != packetId)
                continue;
            if (!delivery.Sent)
                return false;
            inFlight.RemoveAt(i);
            unacknowledged--;
            QueuedBytes -= delivery.Message.QueueBytes;
            return true;
        }
        return false;
    }

    /// <summary>A new connection takes over: what was in flight goes out again; waiting QoS 0 is of the past.</summary>
    public void Resume()
    {
        unacknowledged = 0;
        foreach (Delivery delivery in inFlight)
        {
            delivery.SentBefore |= delivery.Sent;
            delivery.Sent = false;
        }
        for (int i = waiting.Count; i > 0; i--)
        {
            Delivery delivery = waiting.Dequeue();
            if (delivery.Qos > 0)
                waiting.Enqueue(delivery);
            else
                QueuedBytes -= delivery.Message.QueueBytes;
        }
    }

    private ushort NewPacketId()
    {
        while (true)
        {
            lastPacketId = lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(lastPacketId + 1);
            bool used = false;
            foreach (Delivery delivery in inFlight)
                used |= delivery.PacketId == lastPacketId;
            if (!used)
                return lastPacketId;
        }
    }
}
