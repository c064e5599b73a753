using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Node.Peers;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>Turns MQTT messages under <c>upd/</c> into node inputs: the topic must be the sender's, then the signature must hold; only then does the node see it.</summary>
/// <param name="fleet">The fleet.</param>
/// <param name="self">The node itself, whose own messages a shared broker hands back.</param>
/// <param name="gate">Verifies.</param>
/// <param name="post">Takes the inputs.</param>
public sealed class FrameInbox(FleetId fleet, NodeId self, FrameGate gate, Action<NodeInput> post)
{
    /// <summary>Longest message let in, bytes: one chunk with its envelope and header. Of signed frames no more than <see cref="UpdateLimits.FrameBytesMax"/> is opened.</summary>
    public const int FrameBytesMax = 64 * 1024;

    /// <summary>Messages taken from one proven publisher in a second, twice that in a burst: what is more is refused before its signature costs time.</summary>
    public const int MessagesPerSecondMax = 200;

    private const int BucketsMax = 1024;

    private readonly Dictionary<string, TokenBucket> buckets = new(StringComparer.Ordinal);

    /// <summary>Takes one message; never throws for what it holds.</summary>
    /// <param name="message">The message. When its broker knows who published it, that must be the node of the topic.</param>
    public void Take(MqttMessage message)
    {
        if (!TopicName.TryParse(message.Topic, out TopicName topic) || topic.Fleet != fleet)
        {
            post(new NodeInput.FrameRefused(null, RejectionReason.WrongTopic));
            return;
        }

        if (topic.Node == self)
            return;
        if (message.Principal is { } principal && principal != topic.Node.Value)
        {
            post(new NodeInput.FrameRefused(topic.Node, RejectionReason.WrongTopic));
            return;
        }

        if (message.Principal is { } publisher && !TryTake(publisher))
        {
            post(new NodeInput.FrameRefused(topic.Node, RejectionReason.RateLimited));
            return;
        }

        switch (topic.Kind)
        {
            case TopicKind.UpdateFrame:
                RejectionReason reason = gate.TryOpen(topic.Node, message.Payload, UpdateLimits.FrameBytesMax, out ReadOnlyMemory<byte> payload);
                post(reason == RejectionReason.None
                    ? new NodeInput.UpdateArrived(topic.Node, payload)
                    : new NodeInput.FrameRefused(topic.Node, reason));
                break;
            case TopicKind.UpdateChunk:
                post(new NodeInput.ChunkArrived(topic.Node, topic.Sequence, topic.Index, message.Payload));
                break;
            default:
                post(new NodeInput.FrameRefused(topic.Node, RejectionReason.WrongTopic));
                break;
        }
    }

    private bool TryTake(string publisher)
    {
        long now = Environment.TickCount64;
        lock (buckets)
        {
            if (!buckets.TryGetValue(publisher, out TokenBucket bucket))
            {
                if (buckets.Count >= BucketsMax)
                    buckets.Clear();
                bucket = new TokenBucket(MessagesPerSecondMax, now);
            }

            bool taken = bucket.TryTake(now);
            buckets[publisher] = bucket;
            return taken;
        }
    }
}
