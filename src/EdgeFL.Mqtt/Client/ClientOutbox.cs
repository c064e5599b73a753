namespace EdgeFL.Mqtt;

/// <summary>A message on its way to the broker.</summary>
internal sealed class Outgoing(MqttMessage message, bool awaited, long nowMs)
{
    private const int OverheadBytes = 128;

    public MqttMessage Message { get; } = message;
    public MqttProperties? Properties { get; } = message.ToProperties();

    public TaskCompletionSource<MqttPublishResult>? Done { get; } =
        awaited ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    public long ExpiresAtMs { get; } = message.ExpirySeconds is { } seconds ? nowMs + seconds * 1000L : 0;
    public long Bytes => OverheadBytes + Message.Topic.Length * 2L + Message.Payload.Length;
    public ushort PacketId { get; set; }
    public bool Sent { get; set; }
    public bool SentBefore { get; set; }
}

/// <summary>
/// What a client still has to say, over all its connections: the bounded queue and QoS 1 in flight. Used under the client's lock.
/// </summary>
internal sealed class ClientOutbox(int messagesMax, long bytesMax)
{
    private readonly Queue<Outgoing> waiting = new();
    private readonly List<Outgoing> inFlight = [];
    private TaskCompletionSource? space;
    private ushort lastPacketId;
    private int unacknowledged;
    private long bytes;

    public int Count => waiting.Count + inFlight.Count;

    /// <summary>Unacknowledged publishes that the connection of now allows.</summary>
    public int InFlightMax { get; set; } = 1;

    public bool TryAdd(Outgoing outgoing)
    {
        if (Count > 0 && (Count >= messagesMax || bytes + outgoing.Bytes > bytesMax))
            return false;
        waiting.Enqueue(outgoing);
        bytes += outgoing.Bytes;
        return true;
    }

    /// <summary>Ends when something has left the queue since.</summary>
    public Task WaitForSpace() => (space ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The next message that may be sent now; QoS 0 has left the queue with it.</summary>
    public Outgoing? Next(Func<ushort, bool> idInUse)
    {
        if (unacknowledged < InFlightMax && unacknowledged < inFlight.Count)
        {
            foreach (Outgoing again in inFlight)
            {
                if (again.Sent)
                    continue;
                again.Sent = true;
                unacknowledged++;
                return again;
            }
        }
        if (!waiting.TryPeek(out Outgoing? next) || (next.Message.Qos > 0 && unacknowledged >= InFlightMax))
            return null;
        waiting.Dequeue();
        if (next.Message.Qos == 0)
        {
            Left(next);
            return next;
        }
        next.PacketId = NewPacketId(idInUse);
        next.Sent = true;
        unacknowledged++;
        inFlight.Add(next);
        return next;
    }

    /// <summary>Takes a QoS 1 message out; null when none has that identifier.</summary>
    public Outgoing? Complete(ushort packetId)
    {
        for (int i = 0; i < inFlight.Count; i++)
        {
            Outgoing outgoing = inFlight[i];
            if (outgoing.PacketId != packetId || !outgoing.Sent)
                continue;
            inFlight.RemoveAt(i);
            unacknowledged--;
            Left(outgoing);
            return outgoing;
        }
        return null;
    }

    /// <summary>A new connection: what was in flight goes out again, as a duplicate only where the broker remembers the session.</summary>
    public void Resume(bool sessionPresent)
    {
        unacknowledged = 0;
        foreach (Outgoing outgoing in inFlight)
        {
            outgoing.SentBefore = sessionPresent && (outgoing.SentBefore || outgoing.Sent);
            outgoing.Sent = false;
        }
    }

    /// <summary>Empties it and says to all that the client has stopped; returns how many there were.</summary>
    public int Stop()
    {
        int count = Count;
        foreach (Outgoing outgoing in inFlight.Concat(waiting))
            outgoing.Done?.TrySetResult(new(MqttPublishStatus.Stopped, MqttReason.UnspecifiedError));
        inFlight.Clear();
        waiting.Clear();
        bytes = 0;
        space?.TrySetResult();
        space = null;
        return count;
    }

    public ushort NewPacketId(Func<ushort, bool> idInUse)
    {
        while (true)
        {
            lastPacketId = lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(lastPacketId + 1);
            bool used = idInUse(lastPacketId);
            foreach (Outgoing outgoing in inFlight)
                used |= outgoing.PacketId == lastPacketId;
            if (!used)
                return lastPacketId;
        }
    }

    private void Left(Outgoing outgoing)
    {
        bytes -= outgoing.Bytes;
        space?.TrySetResult();
        space = null;
    }
}
