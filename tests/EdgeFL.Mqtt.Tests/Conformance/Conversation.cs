using System.Text;

namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>What the tests of the specification's requirements say to a broker again and again.</summary>
internal static class Conversation
{
    public static TheoryData<MqttVersion> Versions() => [MqttVersion.V311, MqttVersion.V5];

    /// <summary>Connects without a clean start; on 5.0 the session outlives the connection.</summary>
    public static Task<RawPeer> ReturnAsync(MqttBroker broker, string clientId, MqttVersion version) => RawPeer.ConnectAsync(broker, clientId, version, () => new ConnectPacket
    {
        Version = version,
        ClientId = clientId,
        Properties = version == MqttVersion.V5 ? new() { SessionExpirySeconds = 600 } : null,
    });

    /// <summary>Ends the connection without a word and waits until the broker has seen it.</summary>
    public static async Task CutAsync(this RawPeer peer, MqttBroker broker)
    {
        int others = broker.ConnectedClients - 1;
        peer.Dispose();
        await Bench.UntilAsync(() => broker.ConnectedClients <= others, "the broker saw the loss");
    }

    /// <summary>Subscribes in one packet and returns the codes.</summary>
    public static byte[] Subscribe(this RawPeer peer, params SubscribeEntry[] entries)
    {
        peer.Send(new SubscribePacket { PacketId = 77, Entries = entries });
        SubAckPacket answer = peer.Read<SubAckPacket>();
        Assert.Equal(77, answer.PacketId);
        return answer.Codes;
    }

    /// <summary>Publishes at QoS 1 and waits for the answer: what it brings others is queued by then.</summary>
    public static AckPacket Publish(this RawPeer peer, string topic, string payload, bool retain = false, MqttProperties? properties = null)
    {
        peer.Send(new PublishPacket { Topic = topic, Payload = Bench.Bytes(payload), Qos = 1, PacketId = 99, Retain = retain, Properties = properties });
        AckPacket answer = peer.Read<AckPacket>();
        Assert.Equal((MqttPacketType.PubAck, (ushort)99), (answer.Type, answer.PacketId));
        return answer;
    }

    /// <summary>Reads a publish, acknowledges it at QoS 1, and returns it.</summary>
    public static PublishPacket Receive(this RawPeer peer)
    {
        PublishPacket publish = peer.Read<PublishPacket>();
        if (publish.Qos == 1)
            peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = publish.PacketId });
        return publish;
    }

    /// <summary>
    /// Asserts that nothing was queued for the peer. An answer to a ping overtakes messages that wait, so two are asked for: a
    /// message would come between them.
    /// </summary>
    public static void ExpectNothing(this RawPeer peer)
    {
        for (int i = 0; i < 2; i++)
        {
            peer.Send(new PingPacket(MqttPacketType.PingReq));
            Assert.Equal(MqttPacketType.PingResp, peer.Read<PingPacket>().Type);
        }
    }

    public static string Text(this PublishPacket publish) => Encoding.UTF8.GetString(publish.Payload.Span);
}

/// <summary>The system's clock, put forward by as much as a test says: nobody waits for an expiry, and none comes by itself.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private long ahead;

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref ahead);

    public void Jump(int seconds) => Interlocked.Add(ref ahead, seconds * TimestampFrequency);
}
