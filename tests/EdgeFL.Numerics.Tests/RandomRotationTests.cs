namespace EdgeFL.Numerics.Tests;

public sealed class RandomRotationTests
{
    private static readonly RandomWords Words = new(0x0123456789ABCDEF, 0xFEDCBA9876543210);

    [Fact]
    public void Draw_AnyBatch_IsPhiloxWithItsCounters()
    {
        var words = new uint[RandomWords.BatchLength];
        foreach (var batch in new[] { 0, 1, 12345, (1 << 28) - 1 })
        {
            foreach (var use in Enum.GetValues<RandomWords.Use>())
            {
                Words.Draw(use, batch, words);
                for (var j = 0; j < 16; j++)
                {
                    var (r0, r1, r2, r3) = Philox.Block((uint)(16 * batch + j), (uint)use, 0x76543210, 0xFEDCBA98, 0x89ABCDEF, 0x01234567);
                    Assert.Equal([r0, r1, r2, r3], new[] { words[j], words[16 + j], words[32 + j], words[48 + j] });
                }
            }
        }
    }

    [Fact]
    public void DrawDither_OfTwoBatches_IsTheHalvesOfTheirWords()
    {
        var dither = new float[2 * RandomWords.DitherLength];
        Words.DrawDither(3, dither);
        var words = new uint[RandomWords.BatchLength];
        for (var batch = 0; batch < 2; batch++)
        {
            Words.Draw(RandomWords.Use.Dither, 3 + batch, words);
            for (var i = 0; i < 128; i++)
            {
                var word = words[16 * (i / 32) + i % 16];
                var half = i % 32 < 16 ? word & 0xFFFF : word >> 16;
                Assert.Equal((half + 0.5) / 65536 - 0.5, dither[128 * batch + i]);
            }
        }
    }

    [Fact]
    public void Forward_AnyLength_KeepsTheLengthAndInverseUndoesIt()
    {
        for (var length = 1; length <= RandomRotation.LongestLength; length += length < 300 ? 1 : 211)
        {
            var x = ModuloLatticeTests.Normal(length, 1f, (ulong)length);
            float[] z = new float[length], back = new float[length];
            RandomRotation.Forward(x, Words, 7, z);
            Assert.Equal(Vectors.SumOfSquares(x), Vectors.SumOfSquares(z), 1e-5 * length);
            RandomRotation.Inverse(z, Words, 7, back);
            for (var i = 0; i < length; i++)
                Assert.Equal(x[i], back[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(98)]
    [InlineData(500)]
    [InlineData(2048)]
    [InlineData(3286)]
    public void Forward_OfOneLargeValue_SpreadsIt(int length)
    {
        // No value of the result holds more than an eighth of the whole, wherever it all was.
        for (var place = 0; place < length; place += 7)
        {
            float[] x = new float[length], z = new float[length];
            x[place] = 1f;
            RandomRotation.Forward(x, Words, place, z);
            foreach (var value in z)
                Assert.True(value * value <= 0.125f, $"{length} values, all at {place}: {value}");
        }
    }

    [Theory]
    [InlineData(70)]
    [InlineData(98)]
    [InlineData(500)]
    [InlineData(3286)]
    [InlineData(4000)]
    public void Forward_OfWhatIsAtOneEnd_ComesToAllPlacesAlike(int length)
    {
        var start = 0;
        foreach (var (first, count) in new[] { (0, length / 8), (length - length / 8, length / 8), (length / 2, length / 8), (0, length / 2), (length / 2, length / 2) })
        {
            var squares = new double[length];
            var x = new float[length];
            x.AsSpan(first, count).Fill(1f);
            var z = new float[length];
            for (var group = 0; group < 60; group++)
            {
                RandomRotation.Forward(x, Words, group + start, z);
                for (var i = 0; i < length; i++)
                    squares[i] += z[i] * z[i] * length / (60.0 * count);
            }
            start += 60;
            // In eighths of the places, for the squares of single ones scatter.
            for (var eighth = 0; eighth < 8; eighth++)
                Assert.InRange(squares.Skip(length * eighth / 8).Take(length / 8).Average(), 0.6, 1.25);
        }
    }

    [Fact]
    public void Pack_AnyNumbers_ComeBackAndLieWhereTheyShould()
    {
        var random = new Philox(31);
        for (var bits = 1; bits <= 8; bits++)
        {
            for (var count = 0; count < 70; count++)
            {
                byte[] values = new byte[(count + 7) & ~7], packed = new byte[BitPacking.Length(count, bits)], back = new byte[values.Length];
                for (var i = 0; i < count; i++)
                    values[i] = (byte)random.NextInt32(1 << bits);
                BitPacking.Pack(values, count, bits, packed);
                for (var bit = 0; bit < count * bits; bit++)
                    Assert.Equal((values[bit / bits] >> bit % bits) & 1, (packed[bit / 8] >> bit % 8) & 1);
                Assert.True(BitPacking.TryUnpack(packed, count, bits, back));
                Assert.Equal(values, back);
                if (count * bits % 8 == 0)
                    continue;
                packed[^1] |= 0x80;
                Assert.False(BitPacking.TryUnpack(packed, count, bits, back));
            }
        }
    }
}
