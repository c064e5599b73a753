using System.Net.Sockets;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>
/// What is sent on one live connection: mutants, most of them well formed so that they reach beyond the decoder, among packets that are none. What the other side
/// answered decides which of them become seeds.
/// </summary>
internal sealed class LiveTraffic(Random random, Corpus corpus)
{
    private const int PacketsMax = 12;
    private const int WellFormedTries = 6;
    private const int PacketBytesMax = 1 << 20;

    private readonly Mutator mutator = new(random, corpus);
    private readonly List<(byte[] Bytes, bool IsWellFormed)> mutants = [];

    public long Packets { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>The next burst.</summary>
    public byte[] Next(MqttVersion version)
    {
        mutants.Clear();
        List<byte> burst = [];
        for (int count = random.Next(1, PacketsMax + 1); count > 0; count--)
        {
            mutants.Add(Mutant(version));
            burst.AddRange(mutants[^1].Bytes);
            if (random.Next(3) == 0)
                burst.AddRange(corpus.Pick(random).Bytes);
        }
        Packets += mutants.Count;
        return [.. burst];
    }

    /// <summary>Reads answers to the end of the stream; each must be a packet. What they were decides whether the burst was worth keeping.</summary>
    /// <param name="socket">The connection; its time-out bounds each wait.</param>
    /// <param name="version">As what the answers are read.</param>
    /// <exception cref="SocketException">The other side neither answered nor closed.</exception>
    public void ReadAnswers(Socket socket, MqttVersion version)
    {
        MqttFramer framer = new(PacketBytesMax);
        Signature reached = new();
        reached.Add((long)version);
        try
        {
            while (Receive(socket, framer))
            {
                while (framer.Next(out byte first, out ReadOnlySpan<byte> body) is var framed && framed != MqttDecodeError.NeedMore)
                {
                    MqttPacket? packet = null;
                    MqttDecodeError error = framed == MqttDecodeError.None ? MqttDecoder.Decode(version, first, body, out packet) : framed;
                    if (packet is null)
                        throw new InvalidOperationException($"the answer {first:X2}{Convert.ToHexString(body)} is none: {error}");
                    reached.Add(packet);
                }
            }
        }
        finally
        {
            framer.Release(always: true);
        }
        foreach ((byte[] bytes, bool isWellFormed) in mutants)
            corpus.Offer(reached.Value, version, bytes, isWellFormed);
    }

    private (byte[] Bytes, bool IsWellFormed) Mutant(MqttVersion version)
    {
        int tries = random.Next(4) == 0 ? 1 : WellFormedTries;
        ReadOnlySpan<byte> mutant;
        bool isWellFormed;
        do
        {
            mutant = mutator.Next(out _);
            isWellFormed = IsWellFormed(version, mutant);
        }
        while (!isWellFormed && --tries > 0);
        Accepted += isWellFormed ? 1 : 0;
        return (mutant.ToArray(), isWellFormed);
    }

    private static bool IsWellFormed(MqttVersion version, ReadOnlySpan<byte> bytes)
    {
        MqttFramer framer = new(PacketBytesMax);
        try
        {
            framer.Feed(bytes);
            return framer.Next(out byte first, out ReadOnlySpan<byte> body) == MqttDecodeError.None
                && MqttDecoder.Decode(version, first, body, out _) == MqttDecodeError.None;
        }
        finally
        {
            framer.Release(always: true);
        }
    }

    private static bool Receive(Socket socket, MqttFramer framer)
    {
        try
        {
            int count = socket.Receive(framer.Room().Span);
            framer.Advance(count);
            return count > 0;
        }
        catch (SocketException fault) when (IsCut(fault))
        {
            return false;
        }
    }

    /// <summary>The other side has cut the connection, which is its right.</summary>
    public static bool IsCut(SocketException fault) => fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown;
}
