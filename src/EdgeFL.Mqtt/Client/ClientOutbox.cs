namespace EdgeFL.Mqtt;

/// <summary>
/// What a client still has to say, over all its connections: the bounded queue, and QoS 1 and 2 in flight. Used under the client's lock.
/// </summary>
internal sealed class ClientOutbox(int messagesMax, long bytesMax)
{
    private readonly Queue<Delivery> waiting = new();
    private readonly InFlight inFlight = new();
    private TaskCompletionSource? space;
    private long bytes;

    public int Count => waiting.Count + inFlight.Count;

    /// <summary>Unfinished publishes that the connection of now allows.</summary>
    public int InFlightMax { get; set; } = 1;

    public bool TryAdd(in Delivery outgoing)
    {
        long size = outgoing.Message!.QueueBytes;
        if (Count > 0 && (Count >= messagesMax || bytes + size > bytesMax))
            return false;
        waiting.Enqueue(outgoing);
        bytes += size;
        return true;
    }

    /// <summary>Ends when something has left the queue since.</summary>
    public Task WaitForSpace() => (space ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The next message that may be sent now; QoS 0 has left the queue with it.</summary>
    public bool Next(Func<ushort, bool> idInUse, out Delivery next)
    {
        if (inFlight.NextAgain(InFlightMax, out next))
            return true;
        if (!waiting.TryPeek(out next) || (next.Qos > 0 && inFlight.Unfinished >= InFlightMax))
            return false;
        waiting.Dequeue();
        if (next.Qos == 0)
        {
            Left(next.Message);
            return true;
        }
        next.PacketId = NewPacketId(idInUse);
        inFlight.Add(ref next);
        return true;
    }

    /// <summary>Takes out a message that the broker has answered for good; false when none has that identifier in that state.</summary>
    public bool Finish(ushort packetId, MqttPacketType answer, out Delivery ended)
    {
        bool found = inFlight.Finish(packetId, answer, out ended);
        if (found)
            Left(ended.Message);
        return found;
    }

    /// <summary>Takes out a message that is not to be sent after all.</summary>
    public void Cancel(ushort packetId)
    {
        if (inFlight.Cancel(packetId, out Delivery ended))
            Left(ended.Message);
    }

    /// <summary>The broker has a QoS 2 message; false when none has that identifier.</summary>
    public bool Received(ushort packetId)
    {
        bool found = inFlight.Received(packetId, out RoutedMessage? message);
        if (message is not null)
            Left(message);
        return found;
    }

    /// <summary>A new connection: what was in flight goes out again, as a duplicate only where the broker remembers the session.</summary>
    public void Resume(bool sessionPresent)
    {
        inFlight.Resume(sessionPresent);
        // A broker without the session has nothing to release; it had the message, and that is what was asked of it.
        while (!sessionPresent && inFlight.TakeReleased(out Delivery released))
        {
            released.Done?.TrySetResult(new(MqttPublishStatus.Delivered, MqttReason.Success));
            Left(null);
        }
    }

    /// <summary>Empties it and says to all that the client has stopped; returns how many there were.</summary>
    public int Stop()
    {
        int count = Count;
        foreach (Delivery outgoing in inFlight.Entries)
            outgoing.Done?.TrySetResult(new(MqttPublishStatus.Stopped, MqttReason.UnspecifiedError));
        foreach (Delivery outgoing in waiting)
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
        ushort id;
        do
            id = inFlight.NewPacketId();
        while (idInUse(id));
        return id;
    }

    private void Left(RoutedMessage? message)
    {
        bytes -= message?.QueueBytes ?? 0;
        space?.TrySetResult();
        space = null;
    }
}
