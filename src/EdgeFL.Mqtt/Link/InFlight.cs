using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt;

/// <summary>One message for one receiver.</summary>
internal struct Delivery
{
    /// <summary>Null once a QoS 2 receiver has it and only the release is to be said.</summary>
    public RoutedMessage? Message;

    /// <summary>5.0 subscription identifiers, null for none.</summary>
    public List<int>? SubscriptionIds;

    /// <summary>Who waits for the end of a client's own publish, null for nobody.</summary>
    public TaskCompletionSource<MqttPublishResult>? Done;

    public ushort PacketId;
    public byte Qos;
    public bool Retain;

    /// <summary>Sent on the connection of now; reset when the receiver comes back.</summary>
    public bool Sent;

    /// <summary>Sent on an earlier connection: goes out again with the duplicate flag.</summary>
    public bool SentBefore;

    /// <summary>QoS 2: the receiver has it; PUBREL goes out instead of the message.</summary>
    public readonly bool IsReleased => Message is null;
}

/// <summary>
/// QoS 1 and 2 on the way to one receiver, oldest first, over all its connections: the sender's half of 4.3.2, 4.3.3 and 4.4, the same
/// for broker and client. Used under its owner's lock.
/// </summary>
internal sealed class InFlight
{
    private readonly List<Delivery> entries = [];
    private ushort lastPacketId;

    public int Count => entries.Count;

    /// <summary>Those sent on the connection of now and not finished: what the receiver's maximum counts.</summary>
    public int Unfinished { get; private set; }

    public ReadOnlySpan<Delivery> Entries => CollectionsMarshal.AsSpan(entries);

    /// <summary>Adds one that is being sent now.</summary>
    public void Add(ref Delivery delivery)
    {
        delivery.Sent = true;
        Unfinished++;
        entries.Add(delivery);
    }

    /// <summary>The next one that an earlier connection left unfinished, marked as sent.</summary>
    public bool NextAgain(int unfinishedMax, out Delivery again)
    {
        if (Unfinished < unfinishedMax && Unfinished < entries.Count)
        {
            foreach (ref Delivery entry in CollectionsMarshal.AsSpan(entries))
            {
                if (entry.Sent)
                    continue;
                entry.Sent = true;
                Unfinished++;
                again = entry;
                return true;
            }
        }
        again = default;
        return false;
    }

    /// <summary>Ends a delivery; false when there is none of that identifier that this answer can end.</summary>
    /// <param name="packetId">Which.</param>
    /// <param name="answer">PUBACK ends QoS 1, PUBREC (a refusal) and PUBCOMP end QoS 2 before and after its release.</param>
    /// <param name="ended">It.</param>
    public bool Finish(ushort packetId, MqttPacketType answer, out Delivery ended)
    {
        int index = IndexOf(packetId);
        ended = index < 0 ? default : entries[index];
        bool fits = index >= 0 && ended.Sent && answer switch
        {
            MqttPacketType.PubAck => ended.Qos == 1,
            MqttPacketType.PubRec => ended.Qos == 2 && !ended.IsReleased,
            _ => ended.Qos == 2 && ended.IsReleased,
        };
        if (fits)
            RemoveAt(index);
        return fits;
    }

    /// <summary>Whether one of that identifier was sent on the connection of now and is not finished.</summary>
    public bool IsUnderWay(ushort packetId)
    {
        int index = IndexOf(packetId);
        return index >= 0 && entries[index].Sent;
    }

    /// <summary>Takes one out that is not to be sent after all; false when it is gone already.</summary>
    public bool Cancel(ushort packetId, out Delivery ended)
    {
        int index = IndexOf(packetId);
        ended = index < 0 ? default : entries[index];
        if (index >= 0)
            RemoveAt(index);
        return index >= 0;
    }

    /// <summary>PUBREC: from here on only the release is said. False when there is no QoS 2 delivery of that identifier.</summary>
    /// <param name="packetId">Which.</param>
    /// <param name="message">What need not be kept any more; null when it was received before.</param>
    public bool Received(ushort packetId, out RoutedMessage? message)
    {
        message = null;
        int index = IndexOf(packetId);
        if (index < 0)
            return false;
        ref Delivery entry = ref CollectionsMarshal.AsSpan(entries)[index];
        if (entry.Qos != 2 || !entry.Sent)
            return false;
        message = entry.Message;
        entry.Message = null;
        return true;
    }

    /// <summary>A new connection: everything goes out again, in its order; as duplicates where the receiver remembers the session.</summary>
    public void Resume(bool remembered = true)
    {
        Unfinished = 0;
        foreach (ref Delivery entry in CollectionsMarshal.AsSpan(entries))
        {
            entry.SentBefore = remembered && (entry.SentBefore || entry.Sent);
            entry.Sent = false;
        }
    }

    /// <summary>Takes out one of which only the release was to be said; false when there is none.</summary>
    public bool TakeReleased(out Delivery released)
    {
        int index = entries.FindIndex(entry => entry.IsReleased);
        released = index < 0 ? default : entries[index];
        if (index >= 0)
            RemoveAt(index);
        return index >= 0;
    }

    public void Clear()
    {
        entries.Clear();
        Unfinished = 0;
    }

    /// <summary>An identifier that no delivery has.</summary>
    public ushort NewPacketId()
    {
        do
            lastPacketId = lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(lastPacketId + 1);
        while (IndexOf(lastPacketId) >= 0);
        return lastPacketId;
    }

    private int IndexOf(ushort packetId)
    {
        ReadOnlySpan<Delivery> span = CollectionsMarshal.AsSpan(entries);
        // Answers come in the order of what was sent: the first is nearly always it.
        for (int i = 0; i < span.Length; i++)
        {
            if (span[i].PacketId == packetId)
                return i;
        }
        return -1;
    }

    private void RemoveAt(int index)
    {
        if (entries[index].Sent)
            Unfinished--;
        entries.RemoveAt(index);
    }
}
