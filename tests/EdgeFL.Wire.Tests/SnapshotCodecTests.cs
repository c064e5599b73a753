namespace EdgeFL.Wire.Tests;

public class SnapshotCodecTests
{
    private static readonly UpdateCodec[] Snapshots = [.. Enum.GetValues<UpdateCodec>().Where(SnapshotCodec.Is)];

    public static TheoryData<UpdateCodec> Rounded => [.. Snapshots.Except([UpdateCodec.Float32])];

    [Theory]
    [MemberData(nameof(Rounded))]
    public void Frame_OfAnySnapshot_RoundTrips(UpdateCodec codec)
    {
        foreach (int count in new[] { 1, 65, 3286, 5000 })
        {
            float[] source = Samples.Parameters(count), result = new float[count];
            byte[] bytes = UpdateFrame.Create(Samples.Header(count, codec), Samples.Data(count, codec)).ToArray();
            Assert.Equal(FrameError.None, UpdateFrame.Read(bytes, new UpdateLimits { ParametersMax = count }, out UpdateFrame? frame));
            Assert.Equal(RejectionReason.None, SnapshotCodec.Decode(frame!.Header.Codec, frame.Data.Span, Samples.Dither, result));
            double error = source.Zip(result, (a, b) => (a - b) * (double)(a - b)).Sum(), size = source.Sum(a => a * (double)a);
            Assert.InRange(error, 0, size);
        }
    }

    [Fact]
    public void Frame_OfASnapshotOfAnotherLength_IsNotMade()
    {
        foreach (UpdateCodec codec in Snapshots)
        {
            int most = SnapshotCodec.EncodedLength(codec, 100);
            Assert.True(SnapshotCodec.LengthFits(codec, 100, most));
            Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(100, codec), new byte[most + 1]));
            Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(100, codec), new byte[5]));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(3286)]
    public void Float32_RoundTrips(int count)
    {
        float[] source = Samples.Parameters(count), result = new float[count];
        Assert.Equal(RejectionReason.None, SnapshotCodec.Decode(UpdateCodec.Float32, Samples.Data(count, UpdateCodec.Float32), Samples.Dither, result));
        Assert.Equal(source, result);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(3286)]
    public void Int8_RoundTrips_WithinHalfAScale(int count)
    {
        float[] source = Samples.Parameters(count), result = new float[count];
        byte[] data = Samples.Data(count);
        Assert.Equal(RejectionReason.None, SnapshotCodec.Decode(UpdateCodec.Int8Block64, data, Samples.Dither, result));
        for (int i = 0; i < count; i++)
            Assert.InRange(MathF.Abs(source[i] - result[i]), 0, 0.5f / 126.5f * 0.5f * 1.01f);
    }

    [Fact]
    public void Data_OfAnotherLength_IsRefused()
    {
        foreach (UpdateCodec codec in Snapshots)
        {
            byte[] data = Samples.Data(100, codec);
            var result = new float[100];
            for (int length = 0; length < data.Length; length++)
                Assert.Equal(RejectionReason.BadCodec, SnapshotCodec.Decode(codec, data.AsSpan(0, length), Samples.Dither, result));
            Assert.Equal(RejectionReason.BadCodec, SnapshotCodec.Decode(codec, [.. data, 0], Samples.Dither, result));
        }
        Assert.Equal(RejectionReason.BadCodec, SnapshotCodec.Decode((UpdateCodec)0, new byte[100], Samples.Dither, new float[100]));
        Assert.Equal(RejectionReason.BadCodec, SnapshotCodec.Decode((UpdateCodec)10, [], Samples.Dither, []));
    }

    [Theory]
    [InlineData(0x7FC00000u)]
    [InlineData(0x7F800000u)]
    [InlineData(0xFF800000u)]
    [InlineData(0xFFFFFFFFu)]
    public void Float32_NotFinite_IsRefused(uint bits)
    {
        byte[] data = Samples.Data(100, UpdateCodec.Float32);
        BitConverter.GetBytes(bits).CopyTo(data, 4 * 99);
        Assert.Equal(RejectionReason.NotFinite, SnapshotCodec.Decode(UpdateCodec.Float32, data, Samples.Dither, new float[100]));
    }

    [Fact]
    public void Bytes_Random_DecodeToFiniteNumbersOrNotAtAll()
    {
        const int seed = 64;
        var random = new Random(seed);
        var result = new float[100];
        for (int i = 0; i < 20_000; i++)
        {
            UpdateCodec codec = Snapshots[i % Snapshots.Length];
            byte[] data = Samples.Data(100, codec);
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                data[random.Next(data.Length)] = (byte)random.Next(256);
            if (SnapshotCodec.Decode(codec, data, Samples.Dither, result) == RejectionReason.None)
                Assert.True(result.All(float.IsFinite), $"seed {seed} case {i}");
        }
    }

    [Fact]
    public void Encode_Misused_Throws()
    {
        foreach (UpdateCodec codec in Snapshots)
        {
            Assert.Throws<ArgumentException>(() => SnapshotCodec.Encode(codec, [1f, float.NaN], Samples.Dither, new byte[SnapshotCodec.EncodedLength(codec, 2)]));
            Assert.Throws<ArgumentException>(() => SnapshotCodec.Encode(codec, [1f], Samples.Dither, new byte[100]));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => SnapshotCodec.EncodedLength((UpdateCodec)10, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnapshotCodec.EncodedLength(UpdateCodec.Float32, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnapshotCodec.EncodedLength(UpdateCodec.Float32, UpdateLimits.ParametersCeiling + 1));
    }

    [Fact]
    public void DitherSeed_DiffersBySenderEpochAndSequence()
    {
        var seen = new HashSet<DitherSeed>();
        foreach (var sender in new[] { Samples.Pi1, Samples.Pi2, Samples.Pi3 })
        {
            for (uint epoch = 1; epoch <= 4; epoch++)
            {
                for (ulong sequence = 1; sequence <= 4; sequence++)
                    Assert.True(seen.Add(DitherSeed.Of(sender, epoch, sequence)));
            }
        }
        // The published FNV-1a vector of "a" carried on over four zero bytes: other implementations must come to the same seed.
        Assert.Equal(0xAF63DC4C8601EC8CUL, Fnv("a"u8));
        Assert.Equal(new DitherSeed(Fnv("a\0\0\0\u0001"u8), 9), DitherSeed.Of(EdgeFL.Identity.NodeId.Parse("a"), 1, 9));
    }

    [Fact]
    public void Int8_DecodedWithAnotherFramesDither_IsAnotherModel()
    {
        float[] right = new float[200], wrong = new float[200];
        byte[] data = Samples.Data(200);
        Assert.Equal(RejectionReason.None, SnapshotCodec.Decode(UpdateCodec.Int8Block64, data, Samples.Dither, right));
        Assert.Equal(RejectionReason.None, SnapshotCodec.Decode(UpdateCodec.Int8Block64, data, DitherSeed.Of(Samples.Pi1, 3, 8), wrong));
        Assert.NotEqual(right, wrong);
    }

    private static ulong Fnv(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in bytes)
            hash = unchecked((hash ^ b) * 1099511628211);
        return hash;
    }
}
