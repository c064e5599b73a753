using System.Diagnostics;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>
/// Mutants through framer and decoder: whatever they are, the answer is a value; what is decoded is encoded again, and reads the same;
/// the readers that make no object agree with the one that does.
/// </summary>
public static class CodecFuzz
{
    private const int PacketBytesMax = 64 * 1024;
    private const int CheckEvery = 65_536;

    /// <summary>Runs.</summary>
    /// <param name="seed">Same seed, same mutants.</param>
    /// <param name="packets">Mutated packets to try.</param>
    /// <param name="heapBytesMax">Most managed memory at any time, bytes.</param>
    /// <exception cref="FuzzException">A fault was found.</exception>
    public static FuzzReport Run(int seed, long packets, long heapBytesMax)
    {
        Random random = new(seed);
        Corpus corpus = new(_ => true);
        Mutator mutator = new(random, corpus);
        Stopwatch watch = Stopwatch.StartNew();
        long accepted = 0;
        for (long i = 0; i < packets; i++)
        {
            ReadOnlySpan<byte> bytes = mutator.Next(out MqttVersion version);
            if (random.Next(8) == 0)
                version = version == MqttVersion.V5 ? MqttVersion.V311 : MqttVersion.V5;
            try
            {
                bool isWellFormed = Read(version, bytes, random.Next(bytes.Length + 1), out ulong signature);
                accepted += isWellFormed ? 1 : 0;
                corpus.Offer(signature, version, bytes, isWellFormed);
            }
            catch (Exception fault)
            {
                throw new FuzzException($"codec: seed {seed}, packet {i}, {version}, bytes {Convert.ToHexString(bytes)}: {fault.Message}", fault);
            }
            if (i % CheckEvery == 0)
                FaultWatch.CheckHeap("codec", seed, heapBytesMax);
        }
        return new FuzzReport("codec", packets, accepted, corpus.Kept, watch.Elapsed.TotalSeconds);
    }

    /// <summary>Reads packets until one is none.</summary>
    /// <returns>Whether at least one was accepted.</returns>
    private static bool Read(MqttVersion version, ReadOnlySpan<byte> bytes, int cut, out ulong signature)
    {
        MqttFramer framer = new(PacketBytesMax);
        Signature reached = new();
        reached.Add((long)version);
        bool any = false;
        try
        {
            framer.Feed(bytes[..cut]);
            bool isWhole = false;
            while (true)
            {
                MqttDecodeError error = framer.Next(out byte first, out ReadOnlySpan<byte> body);
                if (error == MqttDecodeError.NeedMore && !isWhole)
                {
                    framer.Feed(bytes[cut..]);
                    isWhole = true;
                    continue;
                }
                MqttPacket? packet = null;
                if (error == MqttDecodeError.None)
                {
                    error = Decode(version, first, body, out packet);
                    reached.Add(first);
                    reached.AddLength(body.Length);
                }
                reached.Add((long)error);
                if (packet is null)
                    break;
                reached.Add(packet);
                any = true;
            }
        }
        finally
        {
            framer.Release(always: true);
        }
        signature = reached.Value;
        return any;
    }

    private static MqttDecodeError Decode(MqttVersion version, byte first, ReadOnlySpan<byte> body, out MqttPacket? packet)
    {
        MqttDecodeError error = MqttDecoder.Decode(version, first, body, out packet);
        Hold(error == MqttDecodeError.None == packet is not null, "a packet comes exactly where there is no error");
        MqttPacketType type = (MqttPacketType)(first >> 4);
        if (MqttDecoder.IsAck(type))
        {
            MqttDecodeError other = MqttDecoder.DecodeAck(version, first, body, out ushort id, out MqttReason reason);
            Hold(other == error, $"both readers of acknowledgements agree: {error}, {other}");
            Hold(packet is not AckPacket ack || (ack.PacketId == id && ack.Reason == reason), "both read the same acknowledgement");
        }
        if (packet is PublishPacket publish)
        {
            MqttDecodeError other = MqttDecoder.DecodePublish(version, first, body, out PublishFields fields);
            Hold(other == MqttDecodeError.None, $"the reader without objects takes it too: {other}");
            Hold(fields.PacketId == publish.PacketId && fields.Qos == publish.Qos && fields.Payload.SequenceEqual(publish.Payload.Span), "both read the same publish");
        }
        if (packet is not null)
            SayAgain(packet is ConnectPacket connect ? connect.Version : version, packet);
        return error;
    }

    private static void SayAgain(MqttVersion version, MqttPacket packet)
    {
        byte[] once = MqttEncoder.ToArray(version, packet);
        MqttFramer framer = new(MqttWriter.RemainingLengthMax);
        framer.Feed(once);
        Hold(framer.Next(out byte first, out ReadOnlySpan<byte> body) == MqttDecodeError.None, "what was written is framed");
        MqttDecodeError error = MqttDecoder.Decode(version, first, body, out MqttPacket? again);
        framer.Release(always: true);
        Hold(error == MqttDecodeError.None, $"what was written is read: {error}");
        Hold(again!.Type == packet.Type && Signature.PropertiesOf(again) == Signature.PropertiesOf(packet), "it is the same packet");
        Hold(once.AsSpan().SequenceEqual(MqttEncoder.ToArray(version, again)), "it is written the same way again");
    }

    private static void Hold(bool rule, string what)
    {
        if (!rule)
            throw new InvalidOperationException("does not hold: " + what);
    }
}
