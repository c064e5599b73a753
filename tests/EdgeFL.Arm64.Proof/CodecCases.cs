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

    internal static void Rotated(int length, Words answer)
    {
        var values = Inputs.Wild(length, 1);
        var decoded = new float[length];
        for (var bits = 1; bits <= 4; bits *= 2)
        {
            var bytes = new byte[Eden.EncodedLength(length, bits)];
            Eden.Encode(values, bits, 3, (ulong)length, bytes);
            answer.Add(bytes);
            answer.Add(Eden.TryDecode(bytes, bits, 3, (ulong)length, decoded));
            answer.Add(decoded);
        }
        for (var bits = 2; bits <= 4; bits++)
        {
            var bytes = new byte[EntropyCoded.EncodedLengthMax(length, bits)];
            var used = bytes.AsSpan(0, EntropyCoded.Encode(values, bits, 3, (ulong)length, bytes));
            answer.Add(EntropyCoded.EncodedLengthMin(length) + used.Length);
            answer.Add(used);
            answer.Add(EntropyCoded.TryDecode(used, bits, 3, (ulong)length, decoded));
            answer.Add(decoded);
        }
    }

    internal static void Int(int length, Words answer)
    {
        for (var bits = 4; bits <= 8; bits += 4)
        {
            var bytes = new byte[IntBlocks.EncodedLength(length, bits)];
            IntBlocks.Encode(Inputs.Wild(length, 1), bits, 3, (ulong)length, bytes);
            answer.Add(bytes);
            var decoded = new float[length];
            answer.Add(IntBlocks.TryDecode(bytes, bits, 3, (ulong)length, decoded));
            answer.Add(decoded);
        }
    }
}
