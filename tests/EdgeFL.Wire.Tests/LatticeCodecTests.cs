using EdgeFL.Numerics;

namespace EdgeFL.Wire.Tests;

public class LatticeCodecTests
{
    private const float Deviation = 0.001f;

    public static TheoryData<int> Bits => [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory]
    [MemberData(nameof(Bits))]
    public void Frame_OfALattice_RoundTrips(int bits)
    {
        float[] source = Samples.Parameters(3286), result = new float[3286], scratch = new float[ModuloLattice.ScratchLength(3286)];
        UpdateCodec codec = LatticeCodec.Of(bits);
        var data = new byte[LatticeCodec.EncodedLength(codec, 3286)];
        LatticeCodec.Encode(codec, source, [Deviation], Samples.Dither, scratch, data);
        byte[] bytes = UpdateFrame.Create(Samples.Header(3286, codec), data).ToArray();
        Assert.Equal(FrameError.None, UpdateFrame.Read(bytes, new UpdateLimits { ParametersMax = 3286 }, out UpdateFrame? frame));
        Assert.Equal(codec, frame!.Header.Codec);
        float[] near = source.Select(value => value + Deviation / 2).ToArray();
        Assert.Equal(RejectionReason.None, LatticeCodec.Decode(frame.Header.Codec, frame.Data.Span, near, [1f], Samples.Dither, scratch, result));
        for (int i = 0; i < source.Length; i++)
            Assert.InRange(result[i] - source[i], -12 * Deviation, 12 * Deviation);
    }

    [Fact]
    public void Frame_OfALatticeOfAnotherLength_IsRefused()
    {
        byte[] data = new byte[LatticeCodec.EncodedLength(UpdateCodec.Lattice4, 100)];
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(100, UpdateCodec.Lattice4), data.AsMemory(1)));
        byte[] frame = UpdateFrame.Create(Samples.Header(100, UpdateCodec.Lattice4), data).ToArray();
        int codec = Array.IndexOf(frame, (byte)UpdateCodec.Lattice4);
        Assert.Equal(FrameError.None, UpdateFrame.Read(frame, new UpdateLimits { ParametersMax = 100 }, out _));
        frame[codec] = (byte)UpdateCodec.Lattice5;
        Assert.Equal(FrameError.BadCodec, UpdateFrame.Read(frame, new UpdateLimits { ParametersMax = 100 }, out _));
        frame[codec] = 19;
        Assert.Equal(FrameError.BadCodec, UpdateFrame.Read(frame, new UpdateLimits { ParametersMax = 100 }, out _));
    }

    [Fact]
    public void Decode_EachError_HasItsReason()
    {
        float[] own = Samples.Parameters(100), result = new float[100], scratch = new float[ModuloLattice.ScratchLength(100)];
        var data = new byte[LatticeCodec.EncodedLength(UpdateCodec.Lattice4, 100)];
        LatticeCodec.Encode(UpdateCodec.Lattice4, own, [Deviation], Samples.Dither, scratch, data);
        float[] far = own.Select((value, i) => i % 2 == 0 ? value + 1 : value).ToArray();
        Assert.Equal(RejectionReason.TooFar, LatticeCodec.Decode(UpdateCodec.Lattice4, data, far, [1f], Samples.Dither, scratch, result));
        Assert.Equal(RejectionReason.TooFar, LatticeCodec.Decode(UpdateCodec.Lattice4, data, own, [1f], DitherSeed.Of(Samples.Pi1, 3, 8), scratch, result));
        Assert.Equal(RejectionReason.TooCoarse, LatticeCodec.Decode(UpdateCodec.Lattice4, data, own, [Deviation / 10], Samples.Dither, scratch, result));
        Assert.Equal(RejectionReason.BadCodec, LatticeCodec.Decode(UpdateCodec.Lattice4, data.AsSpan(1), own, [1f], Samples.Dither, scratch, result));
        Assert.Equal(RejectionReason.BadCodec, LatticeCodec.Decode(UpdateCodec.Int8Block64, data, own, [1f], Samples.Dither, scratch, result));
        data[1] = 0xFF;
        Assert.Equal(RejectionReason.BadCodec, LatticeCodec.Decode(UpdateCodec.Lattice4, data, own, [1f], Samples.Dither, scratch, result));
    }

    [Fact]
    public void Codecs_OfOtherKinds_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LatticeCodec.Of(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatticeCodec.Of(9));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatticeCodec.EncodedLength(UpdateCodec.Float32, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatticeCodec.EncodedLength(UpdateCodec.Lattice8 + 1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatticeCodec.EncodedLength(UpdateCodec.Lattice4, UpdateLimits.ParametersCeiling + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnapshotCodec.EncodedLength(UpdateCodec.Lattice4, 5));
    }
}
