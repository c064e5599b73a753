using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>Something that at most a few updates may be under way on.</summary>
internal interface ISendSlot
{
    ref int InFlight { get; }
}

/// <summary>Sends updates at QoS 1 and counts what became of them. A link that does not keep up loses new updates: an old model is worth nothing.</summary>
internal sealed class SendTally
{
    private const int InFlightMax = 4;

    private long sent;
    private long lost;

    /// <summary>Copies put on the wire.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Copies that no broker acknowledged.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>Counts a copy that could not even be tried.</summary>
    public void Drop()
    {
        Interlocked.Increment(ref sent);
        Interlocked.Increment(ref lost);
    }

    /// <summary>Sends the signed frame and then its chunks; does not wait.</summary>
    public void Send(MqttClient client, ISendSlot slot, string topic, ReadOnlyMemory<byte> message, LinkContext context, NodeEffect.SendUpdate update)
    {
        if (!client.IsConnected || Interlocked.Increment(ref slot.InFlight) > InFlightMax)
        {
            if (client.IsConnected)
                Interlocked.Decrement(ref slot.InFlight);
            Drop();
            return;
        }

        Interlocked.Increment(ref sent);
        _ = SendAsync(client, slot, topic, message, context, update);
    }

    private async Task SendAsync(
        MqttClient client, ISendSlot slot, string topic, ReadOnlyMemory<byte> message, LinkContext context, NodeEffect.SendUpdate update)
    {
        bool delivered = await DeliverAsync(client, topic, message).ConfigureAwait(false);
        for (int i = 0; delivered && i < update.Chunks.Count; i++)
            delivered = await DeliverAsync(client, Topics.UpdateChunk(context.Fleet, context.Node, update.Sequence, i), update.Chunks[i]).ConfigureAwait(false);
        Interlocked.Decrement(ref slot.InFlight);
        if (!delivered)
            Interlocked.Increment(ref lost);
    }

    private static async Task<bool> DeliverAsync(MqttClient client, string topic, ReadOnlyMemory<byte> payload) =>
        (await client.PublishAsync(topic, payload, 1).ConfigureAwait(false)).Status == MqttPublishStatus.Delivered;
}
