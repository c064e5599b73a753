using System.Buffers.Binary;

namespace EdgeFL.Numerics.Tests;

public sealed class IntBlocksTests
{
    private const ulong Seed = 77;
    private const ulong Stream = 5;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 3)]
    [InlineData(64, 66)]
    [InlineData(65, 69)]
    [InlineData(3286, 3286 + 52 * 2)]
    public void EncodedLength_OfCount_IsAByteAValueAndTwoABlock(int count, int bytes) => Assert.Equal(bytes, IntBlocks.EncodedLength(count, 8));

    [Fact]
    public void RoundTrip_AnyValues_ErrsByHalfAScaleAtMost()
    {
        for (var count = 0; count < 300; count++)
        {
            var values = Inputs.Wild(count, (ulong)count);
            var bytes = new byte[IntBlocks.EncodedLength(count, 8)];
            IntBlocks.Encode(values, 8, Seed, Stream, bytes);
            var back = new float[count];
            Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, back));
            for (var i = 0; i < count; i++)
            {
                var scale = Scale(bytes, i / 64);
                Assert.True(Math.Abs((double)values[i] - back[i]) <= 0.5001 * scale, $"count {count}, value {i}: {values[i]} came back as {back[i]}");
            }
        }
    }

    [Fact]
    public void RoundTrip_AnyBits_ErrsByHalfAScaleAtMostAndTakesItsBytes()
    {
        for (var bits = IntBlocks.BitsMin; bits <= IntBlocks.BitsMax; bits++)
        {
            for (var count = 0; count < 200; count += 7)
            {
                var values = Inputs.Wild(count, (ulong)count);
                var bytes = new byte[(count + 63) / 64 * 2 + (count * bits + 7) / 8];
                IntBlocks.Encode(values, bits, Seed, Stream, bytes);
                var back = new float[count];
                Assert.True(IntBlocks.TryDecode(bytes, bits, Seed, Stream, back));
                for (var i = 0; i < count; i++)
                {
                    double scale = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i / 64 * (2 + 8 * bits))) << 16);
                    Assert.True(Math.Abs((double)values[i] - back[i]) <= 0.5001 * scale, $"{bits} bits, count {count}, value {i}: {values[i]} came back as {back[i]}");
                    Assert.True(scale * ((1 << (bits - 1)) - 1.5) >= 0.9999 * Math.Abs((double)values[i]));
                }
            }
        }
    }

    [Fact]
    public void TryDecode_LowestLevelOrPaddingOfFourBits_IsRefused()
    {
        var bytes = new byte[IntBlocks.EncodedLength(3, 4)];
        IntBlocks.Encode([1f, -1f, 0.5f], 4, Seed, Stream, bytes);
        Assert.True(IntBlocks.TryDecode(bytes, 4, Seed, Stream, new float[3]));
        bytes[3] |= 0x10;
        Assert.False(IntBlocks.TryDecode(bytes, 4, Seed, Stream, new float[3]));
        bytes[3] = 0x08;
        Assert.False(IntBlocks.TryDecode(bytes, 4, Seed, Stream, new float[3]));
    }

    [Fact]
    public void RoundTrip_OfWhatWasDecoded_ErrsByHalfAScaleAtMost()
    {
        var bytes = new byte[IntBlocks.EncodedLength(200, 8)];
        IntBlocks.Encode(Inputs.Wild(200, 4), 8, Seed, Stream, bytes);
        var once = new float[200];
        Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, once));
        IntBlocks.Encode(once, 8, Seed, Stream, bytes);
        var twice = new float[200];
        Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, twice));
        for (var i = 0; i < 200; i++)
            Assert.True(Math.Abs(once[i] - twice[i]) <= 0.5001 * Scale(bytes, i / 64));
    }

    [Fact]
    public void Encode_LargestValueOfABlock_DoesNotClip()
    {
        var random = new Philox(9);
        for (var round = 0; round < 2000; round++)
        {
            float[] values = [random.NextGaussian() * MathF.Pow(10, random.NextInt32(30) - 15)];
            var bytes = new byte[3];
            IntBlocks.Encode(values, 8, Seed, Stream, bytes);
            Assert.True(Scale(bytes, 0) * 126.5 >= Math.Abs((double)values[0]) * 0.9999999, $"{values[0]}");
            Assert.InRange(Math.Abs((int)(sbyte)bytes[2]), 124, 127);
        }
    }

    [Fact]
    public void Encode_ZerosAndTinyValues_RoundTrip()
    {
        float[] values = [0f, -0f, float.Epsilon, -float.Epsilon, 1e-40f];
        var bytes = new byte[IntBlocks.EncodedLength(values.Length, 8)];
        IntBlocks.Encode(values, 8, Seed, Stream, bytes);
        var back = new float[values.Length];
        Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, back));
        Assert.All(back, value => Assert.InRange(value, -2e-38f, 2e-38f));
        IntBlocks.Encode(new float[5], 8, Seed, Stream, bytes);
        Assert.All(bytes, b => Assert.Equal(0, b));
    }

    [Fact]
    public void Encode_OverManyStreams_IsRightOnAverage()
    {
        // 0.3 of a scale would be rounded to nothing, and 0.7 to a whole one, by plain rounding.
        float[] values = [1f, 0.3f / 127, -0.7f / 127, 0.25f, -0.6180339f];
        const int Times = 4000;
        var sum = new double[values.Length];
        var bytes = new byte[IntBlocks.EncodedLength(values.Length, 8)];
        var back = new float[values.Length];
        for (ulong stream = 0; stream < Times; stream++)
        {
            IntBlocks.Encode(values, 8, Seed, stream, bytes);
            Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, stream, back));
            for (var i = 0; i < values.Length; i++)
                sum[i] += back[i];
        }
        // The error of one is uniform over a scale (deviation scale/sqrt 12); five deviations of the mean are allowed.
        var bound = 5 * Scale(bytes, 0) / Math.Sqrt(12 * Times);
        for (var i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(sum[i] / Times - values[i]) <= bound, $"value {i}: {values[i]} came to {sum[i] / Times} on average");
    }

    [Fact]
    public void Encode_AnyStream_KeepsTheLargestValueWithinItsError()
    {
        for (ulong stream = 0; stream < 3000; stream++)
        {
            float[] values = [1f, -1f, 126.4f / 127];
            var bytes = new byte[5];
            IntBlocks.Encode(values, 8, Seed, stream, bytes);
            var back = new float[3];
            Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, stream, back));
            for (var i = 0; i < 3; i++)
                Assert.True(Math.Abs((double)values[i] - back[i]) <= 0.5001 * Scale(bytes, 0), $"stream {stream}, value {i}: {back[i]}");
        }
    }

    [Fact]
    public void Encode_DitherOfTheDocument_IsWhatIsDrawn()
    {
        var random = new Philox(Seed, Stream);
        var first = random.NextUInt32();
        var second = random.NextUInt32();
        float[] values = [1f, -0.5f, 0.25f];
        var bytes = new byte[5];
        IntBlocks.Encode(values, 8, Seed, Stream, bytes);
        var back = new float[3];
        Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, back));
        uint[] halves = [first & 0xFFFF, first >> 16, second & 0xFFFF];
        for (var i = 0; i < 3; i++)
        {
            var u = (halves[i] + 0.5) / 65536 - 0.5;
            Assert.Equal((float)(((sbyte)bytes[2 + i] - u) * Scale(bytes, 0)), back[i]);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e38f * 2)]
    public void Encode_ValueThatCannotBeEncoded_Throws(float bad)
    {
        var values = new float[70];
        values[66] = bad;
        Assert.Throws<ArgumentException>(() => IntBlocks.Encode(values, 8, Seed, Stream, new byte[IntBlocks.EncodedLength(70, 8)]));
    }

    [Fact]
    public void TryDecode_EveryTruncationAndExtension_IsRefused()
    {
        var bytes = new byte[IntBlocks.EncodedLength(130, 8)];
        IntBlocks.Encode(Inputs.Wild(130, 1), 8, Seed, Stream, bytes);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(IntBlocks.TryDecode(bytes.AsSpan(0, length), 8, Seed, Stream, new float[130]));
        Assert.False(IntBlocks.TryDecode([.. bytes, 0], 8, Seed, Stream, new float[130]));
        Assert.True(IntBlocks.TryDecode(bytes, 8, Seed, Stream, new float[130]));
    }

    [Theory]
    [InlineData(0x7F80)] // infinity
    [InlineData(0x7FC0)] // not a number
    [InlineData(0x8000)] // minus zero
    [InlineData(0xBF80)] // minus one
    [InlineData(0x7F00)] // finite, but 127 times it is not
    public void TryDecode_ScaleThatNoEncoderWrites_IsRefused(int scale)
    {
        var bytes = new byte[IntBlocks.EncodedLength(70, 8)];
        IntBlocks.Encode(Inputs.Wild(70, 2), 8, Seed, Stream, bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(66), (ushort)scale);
        Assert.False(IntBlocks.TryDecode(bytes, 8, Seed, Stream, new float[70]));
    }

    [Fact]
    public void TryDecode_LevelMinus128_IsRefused()
    {
        var bytes = new byte[IntBlocks.EncodedLength(3, 8)];
        bytes[3] = 0x80;
        Assert.False(IntBlocks.TryDecode(bytes, 8, Seed, Stream, new float[3]));
    }

    [Fact]
    public void TryDecode_RandomBytes_GivesFiniteValuesOrFalse()
    {
        const ulong FuzzSeed = 424242;
        var random = new Philox(FuzzSeed);
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var values = new float[random.NextInt32(80)];
            var bytes = new byte[IntBlocks.EncodedLength(values.Length, 8)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.NextUInt32();
            if (!IntBlocks.TryDecode(bytes, 8, Seed, Stream, values))
                continue;
            accepted++;
            Assert.True(Vectors.AllFinite(values), $"seed {FuzzSeed}, round {round}");
        }
        Assert.InRange(accepted, 100, 19_000);
    }

    private static double Scale(byte[] bytes, int block) =>
        BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(block * 66)) << 16);
}
