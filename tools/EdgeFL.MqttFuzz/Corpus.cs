using EdgeFL.Mqtt;
using EdgeFL.Mqtt.Tests;

namespace EdgeFL.MqttFuzz;

/// <summary>Bytes to mutate.</summary>
/// <param name="Version">As what they are a packet.</param>
/// <param name="Bytes">One whole packet, or a few.</param>
internal readonly record struct Seed(MqttVersion Version, byte[] Bytes);

/// <summary>
/// Whole packets and short sequences of them to mutate: at first one of every kind in both versions, later those mutants too that
/// reached something that none had reached before.
/// </summary>
internal sealed class Corpus
{
    private const int SeedsMax = 20_000;
    private const int SeedBytesMax = 2048;

    private readonly List<Seed> first = [];
    private readonly List<Seed> wellFormed = [];
    private readonly List<Seed> refused = [];
    private readonly HashSet<ulong> seen = [];

    /// <summary>Makes the corpus of those kinds of packets that one side sends.</summary>
    public Corpus(Func<MqttPacketType, bool> isWanted)
    {
        foreach (MqttVersion version in new[] { MqttVersion.V311, MqttVersion.V5 })
        {
            foreach (MqttPacket packet in SamplePackets.All(version))
            {
                if (isWanted(packet.Type))
                    first.Add(new Seed(version, MqttEncoder.ToArray(version, packet)));
            }
        }
    }

    /// <summary>Mutants kept.</summary>
    public int Kept => wellFormed.Count + refused.Count;

    /// <summary>A seed: rather one that is well formed, for there are far more ways to be refused.</summary>
    public Seed Pick(Random random)
    {
        List<Seed> from = random.Next(8) switch { < 3 => first, < 7 => wellFormed, _ => refused };
        if (from.Count == 0)
            from = first;
        return from[random.Next(from.Count)];
    }

    /// <summary>Keeps what reached something new.</summary>
    /// <param name="signature">What was reached.</param>
    /// <param name="version">As what the bytes were read.</param>
    /// <param name="bytes">By what.</param>
    /// <param name="isWellFormed">The first packet was accepted.</param>
    public void Offer(ulong signature, MqttVersion version, ReadOnlySpan<byte> bytes, bool isWellFormed)
    {
        List<Seed> target = isWellFormed ? wellFormed : refused;
        if (target.Count < SeedsMax && bytes.Length <= SeedBytesMax && seen.Add(signature))
            target.Add(new Seed(version, bytes.ToArray()));
    }
}
