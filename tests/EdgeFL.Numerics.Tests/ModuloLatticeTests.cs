using System.Buffers.Binary;

namespace EdgeFL.Numerics.Tests;

public sealed class ModuloLatticeTests
{
    private const ulong Seed = 77;
    private const ulong Stream = 5;

    [Theory]
    [InlineData(0, 4, 0)]
    [InlineData(1, 1, 11)]
    [InlineData(98, 4, 10 + 49)]
    [InlineData(500, 3, 10 + 188)]
    [InlineData(3286, 4, 10 + 1643)]
    [InlineData(44426, 4, 21 * 10 + 22213)]
    public void EncodedLength_OfCount_IsTheBitsAndTenBytesAGroup(int count, int bits, int bytes) =>
        Assert.Equal(bytes, ModuloLattice.EncodedLength(count, bits));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(4095, 1)]
    [InlineData(4096, 2)]
    [InlineData(44426, 21)]
    public void GroupCount_OfCount_LeavesNoSmallGroup(int count, int groups) => Assert.Equal(groups, ModuloLattice.GroupCount(count));

    [Fact]
    public void RoundTrip_AnyLengthAndBits_ErrsByHalfAStepAtMost()
    {
        for (var count = 1; count <= 5000; count += count < 70 ? 1 : 173)
        {
            for (var bits = 1; bits <= 8; bits++)
                RoundTrip(count, bits);
        }
    }

    private static void RoundTrip(int count, int bits)
    {
        var lattice = new Lattice(count, bits);
        var values = Normal(count, 1f, (ulong)count);
        var own = Near(values, 0.01f, 1);
        lattice.Encode(values, 0.01f);
        Assert.Equal(LatticeError.None, lattice.Decode(own, out var back));
        for (var group = 0; group < ModuloLattice.GroupCount(count); group++)
        {
            int first = group * ModuloLattice.GroupLength, length = group == ModuloLattice.GroupCount(count) - 1 ? count - first : ModuloLattice.GroupLength;
            var error = new float[length];
            for (var i = 0; i < length; i++)
                error[i] = back[first + i] - values[first + i];
            var rotated = new float[length];
            RandomRotation.Forward(error, new RandomWords(Seed, Stream), group, rotated);
            var step = lattice.Step(group);
            var least = 0.01 * Lattice.Reach(bits) / (1 << bits);
            Assert.InRange(step, 0.99999 * least, 1.01 * least);
            foreach (var e in rotated)
                Assert.True(Math.Abs(e) <= 0.51 * step + 1e-5, $"{count} values, {bits} bits: {e} off at a step of {step}");
        }
    }

    [Fact]
    public void Decode_WithDifferentReferences_GivesTheSameBits()
    {
        var lattice = new Lattice(3286, 4);
        var values = Normal(3286, 1f, 3);
        lattice.Encode(values, 0.01f);
        var decoded = 0;
        int[]? expected = null;
        for (ulong receiver = 0; receiver < 40; receiver++)
        {
            if (lattice.Decode(Near(values, 0.0101f, receiver), out var back) != LatticeError.None)
                continue;
            decoded++;
            expected ??= Numbers.Bits(back);
            Assert.Equal(expected, Numbers.Bits(back));
        }
        Assert.InRange(decoded, 38, 40);
    }

    [Fact]
    public void Decode_FartherAndFarther_IsRightOrTooFar()
    {
        var lattice = new Lattice(2048, 4);
        var values = Normal(2048, 1f, 3);
        lattice.Encode(values, 0.01f);
        Assert.Equal(LatticeError.None, lattice.Decode(values, out var right));
        var tooFar = 0;
        for (ulong receiver = 0; receiver < 300; receiver++)
        {
            var error = lattice.Decode(Near(values, 0.008f + 0.0001f * receiver, receiver), out var back);
            if (error == LatticeError.None)
                Assert.Equal(Numbers.Bits(right), Numbers.Bits(back));
            else
                Assert.Equal(LatticeError.TooFar, error);
            tooFar += error == LatticeError.None ? 0 : 1;
        }
        Assert.InRange(tooFar, 200, 280);
    }

    [Fact]
    public void Decode_OfAnAttackersValues_IsTooFarOrStaysNearTheReference()
    {
        var lattice = new Lattice(500, 4);
        var own = Normal(500, 1f, 3);
        foreach (var far in new[] { 0.1f, 1f, 1e3f, 1e20f })
        {
            lattice.Encode(Near(own, far, 8), 0.01f);
            Assert.Equal(far > 1e5f ? LatticeError.TooCoarse : LatticeError.TooFar, lattice.Decode(own, out _, stepMax: 1f));
        }
    }

    [Fact]
    public void Decode_StepAboveTheLimit_IsTooCoarse()
    {
        var lattice = new Lattice(5000, 4);
        var values = Normal(5000, 1f, 3);
        lattice.Encode(values, 0.01f);
        Assert.Equal(LatticeError.None, lattice.Decode(values, out _, stepMax: (float)lattice.Step(0)));
        Assert.Equal(LatticeError.TooCoarse, lattice.Decode(values, out _, stepMax: MathF.BitDecrement((float)lattice.Step(0))));
        Assert.Equal(LatticeError.TooCoarse, lattice.Decode(values, out _, stepMax: float.NaN));
    }

    [Fact]
    public void Encode_OverManyStreams_IsRightOnAverage()
    {
        var values = Normal(100, 1f, 4);
        var sum = new double[100];
        const int Times = 2000;
        for (ulong stream = 0; stream < Times; stream++)
        {
            var lattice = new Lattice(100, 2, stream);
            lattice.Encode(values, 0.1f);
            Assert.Equal(LatticeError.None, lattice.Decode(values, out var back));
            for (var i = 0; i < 100; i++)
                sum[i] += back[i];
        }
        var bound = 5 * 0.1 * Lattice.Reach(2) / 4 / Math.Sqrt(12 * Times);
        for (var i = 0; i < 100; i++)
            Assert.True(Math.Abs(sum[i] / Times - values[i]) <= bound, $"value {i}: {values[i]} came to {sum[i] / Times} on average");
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-40f, 1e-45f)]
    [InlineData(1e28f, 0f)]
    [InlineData(1e28f, 3e38f)]
    [InlineData(1f, 3e38f)]
    public void RoundTrip_Extremes_AreFiniteAndNear(float size, float deviation)
    {
        var lattice = new Lattice(300, 8);
        var values = Normal(300, size / 6, 6);
        lattice.Encode(values, deviation);
        Assert.Equal(LatticeError.None, lattice.Decode(values, out var back));
        Assert.True(Vectors.AllFinite(back));
        for (var i = 0; i < 300; i++)
            Assert.True(Math.Abs((double)values[i] - back[i]) <= 10 * lattice.Step(0));
        Assert.InRange(lattice.Step(0), Math.Pow(2, -80), Math.Pow(2, 80));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public void Encode_ValueThatCannotBeEncoded_Throws(float bad)
    {
        foreach (var place in new[] { 0, 66, 99 })
        {
            var values = new float[100];
            values[place] = bad;
            Assert.Throws<ArgumentException>(() => new Lattice(100, 4).Encode(values, 1f));
            if (!float.IsFinite(bad))
            {
                var lattice = new Lattice(100, 4);
                lattice.Encode(new float[100], 1f);
                Assert.Throws<ArgumentException>(() => lattice.Decode(values, out _));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(-1f)]
    [InlineData(float.PositiveInfinity)]
    public void Encode_DeviationThatIsNone_Throws(float bad) => Assert.Throws<ArgumentException>(() => new Lattice(100, 4).Encode(new float[100], bad));

    [Theory]
    [InlineData(98, 4)]
    [InlineData(131, 3)]
    public void Decode_EveryTruncationAndExtension_IsRefused(int count, int bits)
    {
        var lattice = new Lattice(count, bits);
        var values = Normal(count, 1f, 1);
        lattice.Encode(values, 0.1f);
        var whole = lattice.Bytes;
        for (var length = 0; length < whole.Length; length++)
        {
            lattice.Bytes = whole[..length];
            Assert.Equal(LatticeError.BadLength, lattice.Decode(values, out _));
        }
        lattice.Bytes = [.. whole, 0];
        Assert.Equal(LatticeError.BadLength, lattice.Decode(values, out _));
    }

    [Theory]
    [InlineData(0x0000)] // zero
    [InlineData(0x7F80)] // infinity
    [InlineData(0x7FC0)] // not a number
    [InlineData(0xBF80)] // minus one
    [InlineData(0x177F)] // below 2^-80
    [InlineData(0x6781)] // above 2^80
    public void Decode_StepThatNoEncoderWrites_IsMalformed(int step)
    {
        var lattice = new Lattice(70, 4);
        lattice.Encode(new float[70], 1f);
        BinaryPrimitives.WriteUInt16LittleEndian(lattice.Bytes, (ushort)step);
        Assert.Equal(LatticeError.Malformed, lattice.Decode(new float[70], out _));
    }

    [Fact]
    public void Decode_PaddingThatIsNotZero_IsMalformed()
    {
        var lattice = new Lattice(71, 4);
        lattice.Encode(new float[71], 1f);
        lattice.Bytes[^1] |= 0x80;
        Assert.Equal(LatticeError.Malformed, lattice.Decode(new float[71], out _));
    }

    [Fact]
    public void Decode_RandomBytes_IsRefused()
    {
        const ulong FuzzSeed = 424242;
        var random = new Philox(FuzzSeed);
        var reasons = new HashSet<LatticeError>();
        for (var round = 0; round < 2000; round++)
        {
            var lattice = new Lattice(1 + random.NextInt32(300), 1 + random.NextInt32(8));
            for (var i = 0; i < lattice.Bytes.Length; i++)
                lattice.Bytes[i] = (byte)random.NextUInt32();
            if (round % 2 == 0)
                BinaryPrimitives.WriteUInt16LittleEndian(lattice.Bytes, 0x3F80);
            var error = lattice.Decode(Normal(lattice.Count, 1f, 2), out _);
            Assert.True(error != LatticeError.None, $"seed {FuzzSeed}, round {round}");
            reasons.Add(error);
        }
        Assert.Contains(LatticeError.TooFar, reasons);
        Assert.Contains(LatticeError.Malformed, reasons);
    }

    [Fact]
    public void Decode_AnyBitFlipped_NeverGivesOtherValuesOfTheSameMessage()
    {
        // A flipped residue changes what is decoded, by less than an interval; a flipped check or step must be noticed.
        var lattice = new Lattice(98, 4);
        var values = Normal(98, 1f, 9);
        lattice.Encode(values, 0.1f);
        for (var bit = 16; bit < 80; bit++)
        {
            lattice.Bytes[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Equal(LatticeError.TooFar, lattice.Decode(values, out _));
            lattice.Bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void GroupDistance_OfVectors_IsTheRootMeanSquareOfEachGroup()
    {
        float[] a = new float[5000], b = new float[5000], rms = new float[2];
        a.AsSpan(0, 2048).Fill(3f);
        b.AsSpan(2048).Fill(-0.5f);
        ModuloLattice.GroupDistance(a, b, rms);
        Assert.Equal([3f, 0.5f], rms);
    }

    [Fact]
    public void EncodeAndDecode_AllocateNothing()
    {
        var lattice = new Lattice(5000, 4);
        var values = Normal(5000, 1f, 1);
        var far = Near(values, 0.02f, 1);
        var back = new float[5000];
        Assert.Equal(0, Allocation.Least(() => lattice.Encode(values, 0.01f)));
        Assert.Equal(0, Allocation.Least(() => lattice.Decode(values, back, 1f)));
        Assert.Equal(LatticeError.TooFar, lattice.Decode(far, back, 1f));
        Assert.Equal(0, Allocation.Least(() => lattice.Decode(far, back, 1f)));
    }

    internal static float[] Normal(int count, float deviation, ulong seed)
    {
        var random = new Philox(seed, 99);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = deviation * random.NextGaussian();
        return values;
    }

    internal static float[] Near(float[] values, float deviation, ulong seed)
    {
        var near = Normal(values.Length, deviation, seed + 1000);
        Vectors.Add(near, values, near);
        return near;
    }

    /// <summary>A message and the buffers for it.</summary>
    private sealed class Lattice(int count, int bits, ulong stream = Stream)
    {
        private readonly float[] scratch = new float[ModuloLattice.ScratchLength(count)];
        private readonly float[] limits = new float[ModuloLattice.GroupCount(count)];

        internal int Count => count;

        internal static float Reach(int bits) => bits switch { 1 => 12f, 2 => 8.5f, _ => ModuloLattice.DefaultReach };

        internal byte[] Bytes { get; set; } = new byte[ModuloLattice.EncodedLength(count, bits)];

        internal void Encode(float[] values, float deviation)
        {
            limits.AsSpan().Fill(deviation);
            ModuloLattice.Encode(values, bits, limits, Reach(bits), Seed, stream, scratch, Bytes);
        }

        internal LatticeError Decode(float[] own, out float[] back, float stepMax = float.MaxValue)
        {
            back = new float[count];
            return Decode(own, back, stepMax);
        }

        internal LatticeError Decode(float[] own, float[] back, float stepMax)
        {
            limits.AsSpan().Fill(stepMax);
            return ModuloLattice.TryDecode(Bytes, bits, own, limits, Seed, stream, scratch, back);
        }

        internal double Step(int group) => BitConverter.UInt32BitsToSingle(
            (uint)BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(group * (10 + ModuloLattice.GroupLength * bits / 8))) << 16);
    }
}
