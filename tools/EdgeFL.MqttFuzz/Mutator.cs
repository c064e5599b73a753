using System.Runtime.InteropServices;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>Changes packets a little: bits, bytes, ranges, pieces of others, lengths. The same seed makes the same changes.</summary>
internal sealed class Mutator(Random random, Corpus corpus)
{
    private const int BytesMax = 8192;

    /// <summary>Values that mean something to a decoder.</summary>
    private static readonly byte[] Telling = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFE, 0xFF, (byte)'#', (byte)'+', (byte)'/', (byte)'$', 0xC0, 0xED];

    private readonly List<byte> bytes = [];

    /// <summary>The next mutant; valid until the next call.</summary>
    /// <param name="version">What its seed was.</param>
    public ReadOnlySpan<byte> Next(out MqttVersion version)
    {
        Seed seed = corpus.Pick(random);
        version = seed.Version;
        bytes.Clear();
        bytes.AddRange(seed.Bytes);
        for (int times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
            ChangeOnce();
        if (bytes.Count > BytesMax)
            bytes.RemoveRange(BytesMax, bytes.Count - BytesMax);
        // Mostly with a true length, so that the faults lie inside.
        if (random.Next(4) > 0)
            RepairLength();
        return CollectionsMarshal.AsSpan(bytes);
    }

    private void ChangeOnce()
    {
        int at = random.Next(bytes.Count);
        switch (random.Next(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] = Telling[random.Next(Telling.Length)];
                break;
            case 3:
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            case 4:
                bytes.RemoveRange(at, random.Next(Math.Min(8, bytes.Count - at) + 1));
                break;
            case 5:
                bytes.Insert(at, Telling[random.Next(Telling.Length)]);
                break;
            case 6:
                InsertPiece(at, CollectionsMarshal.AsSpan(bytes).ToArray());
                break;
            case 7:
                InsertPiece(at, corpus.Pick(random).Bytes);
                break;
            default:
                bytes.AddRange(corpus.Pick(random).Bytes);
                break;
        }
    }

    private void InsertPiece(int at, byte[] source)
    {
        if (source.Length == 0)
            return;
        int from = random.Next(source.Length);
        bytes.InsertRange(at, source.AsSpan(from, random.Next(Math.Min(64, source.Length - from) + 1)));
    }

    /// <summary>Makes the remaining length of the first packet what follows it.</summary>
    private void RepairLength()
    {
        int end = 1;
        while (end < bytes.Count && end < 4 && bytes[end] >= 0x80)
            end++;
        if (end >= bytes.Count)
            return;
        bytes.RemoveRange(1, end);
        int left = bytes.Count - 1, at = 1;
        do
        {
            int low = left & 0x7F;
            left >>= 7;
            bytes.Insert(at++, (byte)(left > 0 ? low | 0x80 : low));
        }
        while (left > 0);
    }
}
