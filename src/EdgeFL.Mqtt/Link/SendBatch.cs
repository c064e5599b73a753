using System.Buffers.Binary;

namespace EdgeFL.Mqtt;

/// <summary>Packets gathered for one write to the stream, so that small ones share a segment and a TLS record.</summary>
internal sealed class SendBatch
{
    /// <summary>Once this many bytes are gathered the batch is sent.</summary>
    public const int EnoughBytes = 16 * 1024;

    private readonly MqttWriter bytes = new();

    public int Packets { get; private set; }

    public int Publishes { get; private set; }

    /// <summary>Set by the owner: after this batch the sending side is shut.</summary>
    public bool Last { get; set; }

    public int Length => bytes.Length;

    public bool IsFull => bytes.Length >= EnoughBytes;

    public ReadOnlyMemory<byte> Memory => bytes.WrittenMemory;

    public void Clear()
    {
        bytes.Release();
        Packets = 0;
        Publishes = 0;
    }

    public void Add(MqttVersion version, MqttPacket packet)
    {
        MqttEncoder.Write(bytes, version, packet);
        Packets++;
    }

    /// <summary>Copies packets that are encoded already.</summary>
    public void AddEncoded(ReadOnlySpan<byte> encoded, int packets)
    {
        bytes.Bytes(encoded);
        Packets += packets;
    }

    /// <summary>Copies a shared publish and patches what differs from receiver to receiver.</summary>
    public void AddPublish(EncodedHead head, ReadOnlySpan<byte> payload, ushort packetId, bool dup, bool retain, uint expirySeconds)
    {
        int start = bytes.Length;
        bytes.Bytes(head.Bytes);
        bytes.Written(start, 1)[0] |= (byte)((dup ? 8 : 0) | (retain ? 1 : 0));
        if (head.PacketIdOffset > 0)
            BinaryPrimitives.WriteUInt16BigEndian(bytes.Written(start + head.PacketIdOffset, 2), packetId);
        if (head.ExpiryOffset > 0)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.Written(start + head.ExpiryOffset, 4), expirySeconds);
        bytes.Bytes(payload);
        Packets++;
        Publishes++;
    }
}
