namespace EdgeFL.Numerics.Tests;

public sealed class EdenTests
{
    private const ulong Seed = 77;

    [Theory]
    [InlineData(1, 0.5708)]
    [InlineData(2, 0.1331)]
    [InlineData(4, 0.00959)]
    public void RoundTrip_OfAnyDistribution_HasTheErrorOfThePaper(int bits, double expected)
    {
        double normal = 0, sparse = 0;
        for (ulong stream = 0; stream < 40; stream++)
        {
            normal += Error(ModuloLatticeTests.Normal(3286, 0.1f, stream), bits, stream) / 40;
            var few = new float[3286];
            for (var i = 0; i < 300; i++)
                few[i] = i % 7 * 1e10f;
            sparse += Error(few, bits, stream) / 40;
        }
        Assert.InRange(normal, 0.97 * expected, 1.03 * expected);
        Assert.InRange(sparse, 0.97 * expected, 1.06 * expected);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void RoundTrip_OverManyStreams_IsRightOnAverage(int bits)
    {
        var values = ModuloLatticeTests.Normal(200, 1f, 3);
        var sum = new double[200];
        const int Times = 3000;
        for (ulong stream = 0; stream < Times; stream++)
        {
            var back = RoundTrip(values, bits, stream);
            for (var i = 0; i < 200; i++)
                sum[i] += back[i];
        }
        // The errors average out to their number, and little is left: the rotation is not quite any rotation.
        var bias = values.Zip(sum, (value, total) => Math.Pow(total / Times - value, 2)).Sum() / values.Sum(value => value * value);
        Assert.InRange(bias, 0, 0.8 / Times + 0.0015);
    }

    [Fact]
    public void RoundTrip_AnyLength_IsFiniteAndNotFar()
    {
        foreach (var bits in new[] { 1, 2, 4 })
        {
            for (var count = 0; count < 5000; count += count < 140 ? 1 : 371)
            {
                Assert.True(Vectors.AllFinite(RoundTrip(Inputs.Wild(count, 1), bits, 1)));
                Assert.Equal(new float[count], RoundTrip(new float[count], bits, 1));
                if (count > 0)
                    Assert.InRange(Error(ModuloLatticeTests.Normal(count, 1e27f, 2), bits, 1), 0, 2.2);
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public void Encode_ValueThatCannotBeEncoded_Throws(float bad)
    {
        var values = new float[100];
        values[66] = bad;
        Assert.Throws<ArgumentException>(() => RoundTrip(values, 4, 1));
    }

    [Fact]
    public void TryDecode_BadBytes_AreRefused()
    {
        var bytes = new byte[Eden.EncodedLength(99, 2)];
        Eden.Encode(ModuloLatticeTests.Normal(99, 1f, 1), 2, Seed, 1, bytes);
        var back = new float[99];
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(Eden.TryDecode(bytes.AsSpan(0, length), 2, Seed, 1, back));
        Assert.False(Eden.TryDecode([.. bytes, 0], 2, Seed, 1, back));
        Assert.True(Eden.TryDecode(bytes, 2, Seed, 1, back));
        bytes[^1] |= 0x80;
        Assert.False(Eden.TryDecode(bytes, 2, Seed, 1, back));
        bytes[^1] = 0;
        foreach (var scale in new[] { float.NaN, -1f, float.PositiveInfinity, 2e30f })
        {
            BitConverter.GetBytes(scale).CopyTo(bytes, 0);
            Assert.False(Eden.TryDecode(bytes, 2, Seed, 1, back));
        }
    }

    [Fact]
    public void TryDecode_RandomBytes_GivesFiniteValuesOrFalse()
    {
        const ulong FuzzSeed = 4242;
        var random = new Philox(FuzzSeed);
        var accepted = 0;
        for (var round = 0; round < 5000; round++)
        {
            var values = new float[random.NextInt32(200)];
            var bytes = new byte[Eden.EncodedLength(values.Length, 4)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.NextUInt32();
            if (!Eden.TryDecode(bytes, 4, Seed, 1, values))
                continue;
            accepted++;
            Assert.True(Vectors.AllFinite(values), $"seed {FuzzSeed}, round {round}");
        }
        Assert.InRange(accepted, 100, 4000);
    }

    [Fact]
    public void EncodeAndDecode_AllocateNothing()
    {
        var values = ModuloLatticeTests.Normal(3286, 1f, 1);
        var bytes = new byte[Eden.EncodedLength(3286, 4)];
        Assert.Equal(0, Allocation.Least(() => Eden.Encode(values, 4, Seed, 1, bytes)));
        Assert.Equal(0, Allocation.Least(() => Eden.TryDecode(bytes, 4, Seed, 1, values)));
    }

    private static float[] RoundTrip(float[] values, int bits, ulong stream)
    {
        var bytes = new byte[Eden.EncodedLength(values.Length, bits)];
        Eden.Encode(values, bits, Seed, stream, bytes);
        var back = new float[values.Length];
        Assert.True(Eden.TryDecode(bytes, bits, Seed, stream, back));
        return back;
    }

    private static double Error(float[] values, int bits, ulong stream)
    {
        var back = RoundTrip(values, bits, stream);
        return values.Zip(back, (a, b) => Math.Pow((double)a - b, 2)).Sum() / values.Sum(a => (double)a * a);
    }
}
