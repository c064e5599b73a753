using System.Buffers.Binary;
using System.Numerics;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Wire;

namespace EdgeFL.Simulation;

/// <summary>An update on its way: what was sent, by which start of the sender, under which signature.</summary>
/// <param name="Send">The update.</param>
/// <param name="BootEpoch">The sender's.</param>
/// <param name="Signature">Of the seeded signer.</param>
internal sealed record Shipment(NodeEffect.SendUpdate Send, uint BootEpoch, ulong Signature);

/// <summary>
/// Signs by a seed, in the place of ES256: the same payload of the same sender always has the same signature, a changed payload another one. It says nothing about
/// security, and its bytes enter no hash; on the wire it takes as many as ES256 does.
/// </summary>
internal static class SeededSigner
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static ulong Sign(ulong seed, int sender, ReadOnlySpan<byte> payload)
    {
        ulong hash = unchecked((seed ^ Multiplier) * (2 * (ulong)sender + 1)) ^ (ulong)payload.Length;
        while (payload.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(payload));
            payload = payload[8..];
        }

        foreach (byte last in payload)
            hash = Mix(hash, last);
        return hash;
    }

    private static ulong Mix(ulong hash, ulong word) => unchecked(BitOperations.RotateLeft(hash ^ word, 29) * Multiplier);
}

/// <summary>
/// Bytes of an update on the wire, for one receiver: MQTT 5 PUBLISH packets at QoS 1 without properties (OASIS MQTT 5.0, section 3.3: first byte, remaining length,
/// topic with its length, packet id, length of properties), the frame in its COSE_Sign1 envelope. TLS, TCP and IP are not counted.
/// </summary>
public static class WireBytes
{
    private const int PacketIdAndProperties = 2 + 1;

    /// <summary>Bytes of the signed frame in its PUBLISH.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="from">The sender.</param>
    /// <param name="payloadBytes">Bytes that are signed.</param>
    public static int OfFrame(FleetId fleet, NodeId from, int payloadBytes) =>
        Publish(Length(fleet, from) + Topics.UpdateFrame.Length, CoseSign1.EncodedLength(payloadBytes));

    /// <summary>Bytes of a chunk in its PUBLISH.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="from">The sender.</param>
    /// <param name="sequence">Sequence number of the update.</param>
    /// <param name="index">Place of the chunk.</param>
    /// <param name="chunkBytes">Its bytes.</param>
    public static int OfChunk(FleetId fleet, NodeId from, ulong sequence, int index, int chunkBytes) =>
        Publish(Topics.UpdateChunk(fleet, from, sequence, index).Length, chunkBytes);

    private static int Length(FleetId fleet, NodeId from) => Topics.Prefix.Length + fleet.Value.Length + 1 + from.Value.Length + 1;

    private static int Publish(int topicBytes, int payloadBytes)
    {
        int rest = 2 + topicBytes + PacketIdAndProperties + payloadBytes;
        return 1 + (rest < 1 << 7 ? 1 : rest < 1 << 14 ? 2 : rest < 1 << 21 ? 3 : 4) + rest;
    }
}
