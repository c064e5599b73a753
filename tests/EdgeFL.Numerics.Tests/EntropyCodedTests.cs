namespace EdgeFL.Numerics.Tests;

public sealed class EntropyCodedTests
{
    private const ulong Seed = 77;

    [Theory]
    [InlineData(2, 0.0889)]
    [InlineData(3, 0.02224)]
    [InlineData(4, 0.00556)]
    public void RoundTrip_OfAnyDistribution_HasTheErrorAndTheBitsOfTheTable(int bits, double expected)
    {
        double error = 0, length = 0;
        for (ulong stream = 0; stream < 40; stream++)
        {
            var values = ModuloLatticeTests.Normal(3286, 0.1f, stream);
            if (stream % 2 == 0)
                values.AsSpan(100).Clear();
            var bytes = Encode(values, bits, stream);
            var back = new float[3286];
            Assert.True(EntropyCoded.TryDecode(bytes, bits, Seed, stream, back));
            error += values.Zip(back, (a, b) => Math.Pow((double)a - b, 2)).Sum() / values.Sum(a => (double)a * a) / 40;
            length += 8.0 * bytes.Length / 3286 / 40;
        }
        Assert.InRange(error, 0.97 * expected, 1.03 * expected);
        Assert.InRange(length, bits - 0.02, bits + 0.03);
    }

    [Fact]
    public void RoundTrip_AnyLengthAndValues_IsNear()
    {
        for (var bits = 2; bits <= 4; bits++)
        {
            for (var count = 0; count < 5000; count += count < 140 ? 1 : 371)
            {
                foreach (var values in new[] { Inputs.Wild(count, 1), new float[count], ModuloLatticeTests.Normal(count, 1e27f, 2), ModuloLatticeTests.Normal(count, 1e-40f, 2) })
                {
                    var bytes = Encode(values, bits, 9);
                    Assert.InRange(bytes.Length, EntropyCoded.EncodedLengthMin(count), EntropyCoded.EncodedLengthMax(count, bits));
                    var back = new float[count];
                    Assert.True(EntropyCoded.TryDecode(bytes, bits, Seed, 9, back), $"{count} values, {bits} bits");
                    var size = values.Sum(a => (double)a * a);
                    Assert.InRange(values.Zip(back, (a, b) => Math.Pow((double)a - b, 2)).Sum(), 0, 0.3 * size + 1e-45);
                }
            }
        }
    }

    [Fact]
    public void RoundTrip_OfOneSpikeThatNoNormalNumberHas_IsNear()
    {
        // Rotated back, this is a spike of 40 deviations: far beyond the table.
        var spike = new float[2048];
        spike[5] = 1f;
        float[] values = new float[2048], back = new float[2048], rotated = new float[2048];
        RandomRotation.Inverse(spike, new RandomWords(Seed, 3), 0, values);
        Assert.True(EntropyCoded.TryDecode(Encode(values, 4, 3), 4, Seed, 3, back));
        RandomRotation.Forward(back, new RandomWords(Seed, 3), 0, rotated);
        Assert.InRange(rotated[5], 0.95f, 1.05f);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public void Encode_ValueThatCannotBeEncoded_Throws(float bad)
    {
        var values = new float[100];
        values[66] = bad;
        Assert.Throws<ArgumentException>(() => Encode(values, 4, 1));
    }

    [Fact]
    public void TryDecode_EveryTruncationAndExtension_IsRefused()
    {
        var bytes = Encode(ModuloLatticeTests.Normal(300, 1f, 1), 3, 1);
        var back = new float[300];
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(EntropyCoded.TryDecode(bytes.AsSpan(0, length), 3, Seed, 1, back));
        Assert.False(EntropyCoded.TryDecode([.. bytes, 0], 3, Seed, 1, back));
        Assert.False(EntropyCoded.TryDecode([.. bytes, 0, 0], 3, Seed, 1, back));
        Assert.False(EntropyCoded.TryDecode([0], 3, Seed, 1, []));
        Assert.True(EntropyCoded.TryDecode(bytes, 3, Seed, 1, back));
    }

    [Fact]
    public void TryDecode_ChangedBytes_GivesFiniteValuesOrFalse()
    {
        const ulong FuzzSeed = 4242;
        var random = new Philox(FuzzSeed);
        var good = Encode(ModuloLatticeTests.Normal(150, 1f, 1), 4, 1);
        var back = new float[150];
        var refused = 0;
        for (var round = 0; round < 5000; round++)
        {
            byte[] bytes = [.. good];
            for (var flips = 1 + random.NextInt32(3); flips > 0; flips--)
                bytes[random.NextInt32(bytes.Length)] = (byte)random.NextUInt32();
            if (EntropyCoded.TryDecode(bytes, 4, Seed, 1, back))
                Assert.True(Vectors.AllFinite(back), $"seed {FuzzSeed}, round {round}");
            else
                refused++;
        }
        Assert.InRange(refused, 4000, 5000);
    }

    [Fact]
    public void EncodeAndDecode_AllocateNothing()
    {
        var values = ModuloLatticeTests.Normal(3286, 1f, 1);
        var bytes = new byte[EntropyCoded.EncodedLengthMax(3286, 4)];
        var length = 0;
        Assert.Equal(0, Allocation.Least(() => length = EntropyCoded.Encode(values, 4, Seed, 1, bytes)));
        Assert.Equal(0, Allocation.Least(() => EntropyCoded.TryDecode(bytes.AsSpan(0, length), 4, Seed, 1, values)));
    }

    private static byte[] Encode(float[] values, int bits, ulong stream)
    {
        var bytes = new byte[EntropyCoded.EncodedLengthMax(values.Length, bits)];
        return bytes[..EntropyCoded.Encode(values, bits, Seed, stream, bytes)];
    }
}
