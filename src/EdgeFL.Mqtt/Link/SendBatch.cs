using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt;

/// <summary>Packets gathered for one write, so that small ones share a segment and a TLS record.</summary>
/// <param name="gathers">Whether large payloads may be sent from where they lie, beside what is copied.</param>
internal sealed class SendBatch(bool gathers)
{
    /// <summary>Once this many bytes are gathered the batch is sent.</summary>
    public const int EnoughBytes = 64 * 1024;

    /// <summary>From this size on a payload is not copied.</summary>
    private const int LargeBytes = 16 * 1024;

    private readonly MqttWriter bytes = new();
    private List<Outside>? outside;
    private List<ArraySegment<byte>>? segments;
    private int outsideBytes;

    public int Packets { get; private set; }

    public int Publishes { get; private set; }

    /// <summary>Set by the owner: after this batch the sending side is shut.</summary>
    public bool Last { get; set; }

    public int Length => bytes.Length + outsideBytes;

    public bool IsFull => Length >= EnoughBytes;

    /// <summary>All of it in one piece, where nothing lies outside.</summary>
    public ReadOnlyMemory<byte> Memory => bytes.WrittenMemory;

    /// <summary>Its pieces in their order, where some lie outside; null where <see cref="Memory"/> is all.</summary>
    public List<ArraySegment<byte>>? Pieces()
    {
        if (outside is not { Count: > 0 })
            return null;
        MemoryMarshal.TryGetArray(bytes.WrittenMemory, out ArraySegment<byte> written);
        segments ??= [];
        int from = 0;
        foreach (Outside large in outside)
        {
            segments.Add(written[from..large.At]);
            segments.Add(large.Payload);
            from = large.At;
        }
        if (from < written.Count)
            segments.Add(written[from..]);
        return segments;
    }

    public void Clear()
    {
        bytes.Release();
        Packets = 0;
        Publishes = 0;
        outsideBytes = 0;
        segments?.Clear();
        if (outside is null)
            return;
        foreach (Outside large in outside)
            large.Message.Drop();
        outside.Clear();
    }

    public void Add(MqttVersion version, MqttPacket packet)
    {
        MqttEncoder.Write(bytes, version, packet);
        Packets++;
    }

    /// <summary>Moves packets that are encoded already into the batch; false when there are none.</summary>
    /// <param name="encoded">They; empty afterwards.</param>
    /// <param name="packets">How many they are; 0 afterwards.</param>
    public bool Move(MqttWriter encoded, ref int packets)
    {
        if (encoded.Length == 0)
            return false;
        bytes.Bytes(encoded.WrittenSpan);
        encoded.Release();
        Packets += packets;
        packets = 0;
        return true;
    }

    /// <summary>Adds a PUBREL: what is left to say of a QoS 2 message that the receiver has.</summary>
    public void AddRelease(MqttVersion version, ushort packetId)
    {
        MqttEncoder.WriteAck(bytes, version == MqttVersion.V5, MqttPacketType.PubRel, packetId, MqttReason.Success);
        Packets++;
    }

    /// <summary>Adds a message for its receiver; the batch holds it where it does not copy it.</summary>
    public void AddPublish(MqttVersion version, RoutedMessage message, in Delivery delivery, ushort alias, bool aliasKnown, uint expirySeconds)
    {
        PublishCodec.WriteHead(bytes, version == MqttVersion.V5, message, delivery, alias, aliasKnown, expirySeconds);
        if (gathers && message.Payload.Length >= LargeBytes && MemoryMarshal.TryGetArray(message.Payload, out ArraySegment<byte> payload))
        {
            message.Hold();
            (outside ??= []).Add(new Outside(bytes.Length, payload, message));
            outsideBytes += payload.Count;
        }
        else
            bytes.Bytes(message.Payload.Span);
        Packets++;
        Publishes++;
    }

    /// <summary>A payload that is sent from where it lies.</summary>
    /// <param name="At">Bytes of the copied part that come before it.</param>
    /// <param name="Payload">It.</param>
    /// <param name="Message">Its owner, held.</param>
    private readonly record struct Outside(int At, ArraySegment<byte> Payload, RoutedMessage Message);
}
