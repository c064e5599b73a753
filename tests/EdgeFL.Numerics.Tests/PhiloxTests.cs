namespace EdgeFL.Numerics.Tests;

public sealed class PhiloxTests
{
    // Known answers of philox4x32-10 from Random123's kat_vectors.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_KnownCounters_GivesKnownAnswers(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal((r0, r1, r2, r3), Philox.Block(c0, c1, c2, c3, k0, k1));

    [Fact]
    public void Stream_FromSeedZero_IsTheBlocksInOrder()
    {
        var random = new Philox(0);
        Assert.Equal([0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u], Enumerable.Range(0, 4).Select(_ => random.NextUInt32()));
        Assert.Equal(Philox.Block(1, 0, 0, 0, 0, 0).R0, random.NextUInt32());
    }

    [Fact]
    public void Streams_OfOneSeed_Differ()
    {
        Philox first = new(5, 0), second = new(5, 1), again = new(5, 1);
        var a = Enumerable.Range(0, 64).Select(_ => first.NextUInt32()).ToArray();
        var b = Enumerable.Range(0, 64).Select(_ => second.NextUInt32()).ToArray();
        Assert.Empty(a.Intersect(b));
        Assert.Equal(b, Enumerable.Range(0, 64).Select(_ => again.NextUInt32()));
    }

    [Fact]
    public void Floats_ManyDraws_StayInRangeWithTheRightMoments()
    {
        var random = new Philox(11);
        double sum = 0, normal = 0, square = 0;
        const int Count = 100_000;
        for (var i = 0; i < Count; i++)
        {
            var u = random.NextSingle();
            Assert.InRange(u, 0f, 0.99999994f);
            Assert.InRange(random.NextDouble(), 0.0, 0.9999999999999999);
            sum += u;
            double g = random.NextGaussian();
            normal += g;
            square += g * g;
        }
        Assert.Equal(0.5, sum / Count, 0.005);
        Assert.Equal(0.0, normal / Count, 0.015);
        Assert.Equal(1.0, square / Count, 0.02);
    }

    [Fact]
    public void NextInt32_ManyDraws_HitsEveryValueEvenly()
    {
        var random = new Philox(3);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
            counts[random.NextInt32(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
        Assert.Equal(0, random.NextInt32(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt32(0));
    }

    [Fact]
    public void Shuffle_AnyLength_IsAPermutationAndRepeats()
    {
        for (var length = 0; length < 40; length++)
        {
            Philox random = new(8), again = new(8);
            var values = Enumerable.Range(0, length).ToArray();
            var same = values.ToArray();
            random.Shuffle<int>(values);
            again.Shuffle<int>(same);
            Assert.Equal(values, same);
            Assert.Equal(Enumerable.Range(0, length), values.Order());
        }
    }
}
