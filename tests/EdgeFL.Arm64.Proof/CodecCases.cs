using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Random numbers, and parameters at few bits.</summary>
internal static class CodecCases
{
    internal static void RandomNumbers(int length, Words answer)
    {
        var random = new Philox(0xED6E_F100_0000_0000ul + (ulong)length, (ulong)length << 40);
        var order = new int[length];
        for (var i = 0; i < length; i++)
        {
            order[i] = i;
            answer.Add(random.NextUInt32());
            answer.Add(random.NextUInt64());
            answer.Add(random.NextSingle());
            answer.Add(random.NextDouble());
            answer.Add(random.NextInt32(i + 1));
            answer.Add(random.NextGaussian());
        }
        random.Shuffle(order.AsSpan());
        answer.Add(order);
    }

    internal static void Lattice(int length, Words answer)
    {
        var bits = 1 + length % ModuloLattice.BitsMax;
        float[] values = Inputs.Gaussian(length, 1), own = Inputs.Gaussian(length, 2), decoded = new float[length], distance = new float[ModuloLattice.GroupCount(length)];
        // So far apart that some receivers correct, and some are too far.
        for (var i = 0; i < length; i++)
            own[i] = MathF.FusedMultiplyAdd(1.2f, own[i], values[i]);
        var limits = new float[distance.Length];
        limits.AsSpan().Fill(1f);
        ModuloLattice.GroupDistance(values, own, distance);
        answer.Add(distance);
        var scratch = new float[ModuloLattice.ScratchLength(length)];
        var bytes = new byte[ModuloLattice.EncodedLength(length, bits)];
        ModuloLattice.Encode(values, bits, limits, ModuloLattice.DefaultReach, 3, (ulong)length, scratch, bytes);
        answer.Add(bytes);
        limits.AsSpan().Fill(100f);
        answer.Add((int)ModuloLattice.TryDecode(bytes, bits, own, limits, 3, (ulong)length, scratch, decoded));
        answer.Add(decoded);
    }

    internal static void Int8(int length, Words answer)
    {
        var bytes = new byte[Int8Blocks.EncodedLength(length)];
        Int8Blocks.Encode(Inputs.Wild(length, 1), 3, (ulong)length, bytes);
        answer.Add(bytes);
        var decoded = new float[length];
        answer.Add(Int8Blocks.TryDecode(bytes, 3, (ulong)length, decoded));
        answer.Add(decoded);
    }
}
