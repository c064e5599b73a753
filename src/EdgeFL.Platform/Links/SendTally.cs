using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>Room for a few updates that are under way on one link.</summary>
internal sealed class SendSlot
{
    private const int InFlightMax = 4;

    private int inFlight;

    /// <summary>Updates that are under way.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Takes a place; false when all are taken. Each place taken is given back once.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref inFlight) <= InFlightMax)
            return true;
        Interlocked.Decrement(ref inFlight);
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref inFlight);
}

/// <summary>Sends updates at QoS 1 and counts what became of them. A link that does not keep up loses new updates: an old model is worth nothing.</summary>
internal sealed class SendTally
{
    private long sent;
    private long lost;

    /// <summary>Copies that were to be sent.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Those of them that no broker acknowledged.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>Counts a copy that could not even be tried.</summary>
    public void Drop()
    {
        Interlocked.Increment(ref sent);
        Interlocked.Increment(ref lost);
    }

    /// <summary>Sends the signed frame and then its chunks; does not wait.</summary>
    public void Send(MqttClient client, SendSlot slot, string topic, ReadOnlyMemory<byte> message, LinkContext context, NodeEffect.SendUpdate update)
    {
        if (!client.IsConnected || !slot.TryEnter())
        {
            Drop();
            return;
        }

        Interlocked.Increment(ref sent);
        _ = SendAsync(client, slot, topic, message, context, update);
    }

    private async Task SendAsync(MqttClient client, SendSlot slot, string topic, ReadOnlyMemory<byte> message, LinkContext context, NodeEffect.SendUpdate update)
    {
        bool delivered = false;
        try
        {
            delivered = await DeliverAsync(client, topic, message).ConfigureAwait(false);
            for (int i = 0; delivered && i < update.Chunks.Count; i++)
                delivered = await DeliverAsync(client, Topics.UpdateChunk(context.Fleet, context.Node, update.Sequence, i), update.Chunks[i]).ConfigureAwait(false);
        }
        finally
        {
            slot.Leave();
            if (!delivered)
                Interlocked.Increment(ref lost);
        }
    }

    private static async Task<bool> DeliverAsync(MqttClient client, string topic, ReadOnlyMemory<byte> payload) =>
        (await client.PublishAsync(topic, payload, 1).ConfigureAwait(false)).Status == MqttPublishStatus.Delivered;
}
