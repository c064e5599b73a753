using System.Buffers.Binary;
using EdgeFL.Identity;
using Oracle = System.Formats.Cbor;

namespace EdgeFL.Wire.Tests;

public class UpdateFrameTests
{
    private static readonly UpdateLimits Limits = new();

    [Theory]
    [InlineData(1, UpdateCodec.Int8Block64)]
    [InlineData(3286, UpdateCodec.Int8Block64)]
    [InlineData(3286, UpdateCodec.Float32)]
    [InlineData(44_426, UpdateCodec.Int8Block64)]
    [InlineData(44_426, UpdateCodec.Float32)]
    [InlineData(300_000, UpdateCodec.Float32)]
    public void Frame_RoundTrips(int parameters, UpdateCodec codec)
    {
        byte[] data = Samples.Data(parameters, codec);
        foreach (UpdateHeader header in new[] { Samples.Header(parameters, codec), Samples.Header(parameters, codec) with { HeldOutLoss = null }, Samples.LongestHeader(parameters) with { Codec = codec } })
        {
            UpdateFrame frame = UpdateFrame.Create(header, data);
            byte[] bytes = frame.ToArray();
            Assert.Equal(FrameError.None, UpdateFrame.Read(bytes, Limits, out UpdateFrame? read));
            Assert.Equal(header, read!.Header);
            Assert.Equal(data.Length, read.DataLength);
            Assert.Equal(frame.IsInline, read.IsInline);
            Assert.Equal(frame.Data.ToArray(), read.Data.ToArray());
            Assert.Equal(frame.ChunkHashes.ToArray(), read.ChunkHashes.ToArray());
            Assert.Equal(frame.IsInline ? 0 : Chunks.Count(data.Length), read.ChunkCount);
            Assert.Equal(bytes, read.ToArray());
        }
    }

    [Fact]
    public void Frame_OfTheReferenceModel_CostsAtMost170BytesBeyondItsData()
    {
        byte[] data = Samples.Data(3286);
        Assert.Equal(3286 + 2 * 52, data.Length);
        int typical = CoseSign1.EncodedLength(UpdateFrame.Create(Samples.Header(3286), data).ToArray().Length) - data.Length;
        int longest = CoseSign1.EncodedLength(UpdateFrame.Create(Samples.LongestHeader(3286), data).ToArray().Length) - data.Length;
        // Written down in docs/wire.md.
        Assert.Equal(129, typical);
        Assert.Equal(149, longest);
        Assert.InRange(longest, 1, UpdateFrame.InlineOverheadMax);
        Assert.InRange(UpdateFrame.InlineOverheadMax, 1, 170);
    }

    [Fact]
    public void Frame_InAndOutOfLine_ChangesAtSixtyKibibytesSigned()
    {
        bool sawInline = false, sawChunked = false;
        for (int parameters = 59_300; parameters < 59_700; parameters++)
        {
            UpdateFrame frame = Samples.Frame(parameters);
            int signed = CoseSign1.EncodedLength(frame.ToArray().Length);
            Assert.InRange(signed, 1, UpdateLimits.FrameBytesMax);
            if (frame.IsInline)
                Assert.False(sawChunked, "once too large, always too large");
            else if (!sawChunked)
                Assert.True(CoseSign1.EncodedLength(Samples.Frame(parameters - 1).ToArray().Length) + 3 >= UpdateLimits.FrameBytesMax);
            sawInline |= frame.IsInline;
            sawChunked |= !frame.IsInline;
        }
        Assert.True(sawInline && sawChunked);
    }

    [Fact]
    public void Frame_Bytes_AreTheOracles()
    {
        UpdateHeader header = Samples.Header(3286);
        byte[] data = Samples.Data(3286);
        Assert.Equal(OracleFrame(11, w => Write(w, header), w => { w.WriteInt32(11); w.WriteByteString(data); }), UpdateFrame.Create(header, data).ToArray());
    }

    [Theory]
    [InlineData(3286)]
    [InlineData(200_000)]
    public void Frame_Truncated_IsRefusedAtEveryLength(int parameters)
    {
        byte[] bytes = Samples.Frame(parameters).ToArray();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(FrameError.Truncated, UpdateFrame.Read(bytes.AsMemory(0, length), Limits, out UpdateFrame? frame));
            Assert.Null(frame);
        }
        Assert.Equal(FrameError.Malformed, UpdateFrame.Read((byte[])[.. bytes, 0], Limits, out _));
    }

    [Fact]
    public void Frame_OfAnotherVersion_IsRefusedWhateverElseItHolds()
    {
        foreach (string hex in new[] { "a10102", "a10100", "a20102616100", "a1011bffffffffffffffff" })
            Assert.Equal(FrameError.UnknownVersion, UpdateFrame.Read(Convert.FromHexString(hex), Limits, out _));
    }

    [Fact]
    public void Frame_BeyondTheLimits_IsRefused()
    {
        Assert.Equal(FrameError.TooLarge, Read(Samples.Frame(3286), new UpdateLimits { ParametersMax = 3285 }));
        Assert.Equal(FrameError.None, Read(Samples.Frame(3286), new UpdateLimits { ParametersMax = 3286 }));
        Assert.Equal(FrameError.TooLarge, Read(Samples.Frame(3286), new UpdateLimits { DataBytesMax = 3389 }));
        Assert.Equal(FrameError.None, Read(Samples.Frame(3286), new UpdateLimits { DataBytesMax = 3390 }));
        Assert.Equal(FrameError.TooLarge, Read(Samples.Frame(200_000), new UpdateLimits { DataBytesMax = 206_249 }));
        Assert.Equal(FrameError.None, Read(Samples.Frame(200_000), new UpdateLimits { DataBytesMax = 206_250 }));

        static FrameError Read(UpdateFrame frame, UpdateLimits limits) => UpdateFrame.Read(frame.ToArray(), limits, out _);
    }

    public static TheoryData<string, FrameError> BadTails => new()
    {
        // After the ten fields that every frame has (128 parameters, int8: 132 bytes of data).
        { "0b 43 010203", FrameError.BadCodec },
        { "0b 40", FrameError.Malformed },
        { "0b 63 616161", FrameError.Malformed },
        { "0c 1884", FrameError.Malformed },
        { "0e 00", FrameError.Malformed },
        { "0a 00", FrameError.Malformed },
        { "f6 00", FrameError.Malformed },
    };

    [Theory]
    [MemberData(nameof(BadTails))]
    public void Frame_WithABadTail_IsRefused(string tail, FrameError expected)
    {
        byte[] head = OracleFrame(11, w => Write(w, Samples.Header(128)), null);
        byte[] bytes = [.. head, .. Convert.FromHexString(tail.Replace(" ", "", StringComparison.Ordinal))];
        FrameError error = UpdateFrame.Read(bytes, Limits, out UpdateFrame? frame);
        Assert.Null(frame);
        // A map that ends early reads as truncated, and these bytes may well do so first.
        Assert.True(error == expected || (error == FrameError.Truncated && expected == FrameError.Malformed), error.ToString());
    }

    [Fact]
    public void Frame_WithChunkCountsThatContradict_IsRefused()
    {
        byte[] Chunked(int length, int hashes, int hashLength = 16) => OracleFrame(12, w => Write(w, Samples.Header(128)), w =>
        {
            w.WriteInt32(12);
            w.WriteInt32(length);
            w.WriteInt32(13);
            w.WriteStartArray(hashes);
            for (int i = 0; i < hashes; i++)
                w.WriteByteString(new byte[hashLength]);
            w.WriteEndArray();
        });
        Assert.Equal(FrameError.None, UpdateFrame.Read(Chunked(132, 1), Limits, out _));
        Assert.Equal(FrameError.Malformed, UpdateFrame.Read(Chunked(132, 2), Limits, out _));
        Assert.Equal(FrameError.Malformed, UpdateFrame.Read(Chunked(132, 0), Limits, out _));
        Assert.Equal(FrameError.Malformed, UpdateFrame.Read(Chunked(0, 0), Limits, out _));
        Assert.Equal(FrameError.Malformed, UpdateFrame.Read(Chunked(132, 1, 15), Limits, out _));
        Assert.Equal(FrameError.TooLarge, UpdateFrame.Read(Chunked(132, 1, 17), Limits, out _));
        Assert.Equal(FrameError.TooLarge, UpdateFrame.Read(Chunked(132, 1000), Limits, out _));
        Assert.Equal(FrameError.BadCodec, UpdateFrame.Read(Chunked(133, 1), Limits, out _));
        Assert.Equal(FrameError.TooLarge, UpdateFrame.Read(Chunked(int.MaxValue, 1), Limits, out _));
    }

    [Fact]
    public void Frame_WithNumbersOutOfRange_IsRefused()
    {
        // Keys 3 and 5 to 7 are 32 bits wide.
        foreach (int key in new[] { 3, 5, 6, 7 })
            Assert.Equal(FrameError.Malformed, ReadWith(key, w => w.WriteUInt64(1UL << 32)));
        Assert.Equal(FrameError.Malformed, ReadWith(3, w => w.WriteInt32(-1)));
        Assert.Equal(FrameError.TooLarge, ReadWith(2, w => w.WriteByteString(new byte[9])));
        Assert.Equal(FrameError.Malformed, ReadWith(2, w => w.WriteByteString(new byte[7])));
        Assert.Equal(FrameError.NotFinite, ReadWith(8, w => w.WriteEncodedValue(Convert.FromHexString("FA7FC00000"))));
        Assert.Equal(FrameError.NotFinite, ReadWith(8, w => w.WriteEncodedValue(Convert.FromHexString("FAFF800000"))));
        Assert.Equal(FrameError.Malformed, ReadWith(8, w => w.WriteEncodedValue(Convert.FromHexString("F93C00"))));
        Assert.Equal(FrameError.Malformed, ReadWith(8, w => w.WriteDouble(0.1)));
        Assert.Equal(FrameError.BadCodec, ReadWith(9, w => w.WriteInt32(0)));
        Assert.Equal(FrameError.BadCodec, ReadWith(9, w => w.WriteInt32(3)));
        Assert.Equal(FrameError.BadCodec, ReadWith(9, w => w.WriteInt32(258)));
        Assert.Equal(FrameError.Malformed, ReadWith(10, w => w.WriteInt32(0)));
        Assert.Equal(FrameError.TooLarge, ReadWith(10, w => w.WriteUInt64(ulong.MaxValue)));
        Assert.Equal(FrameError.BadCodec, ReadWith(10, w => w.WriteInt32(129)));

        static FrameError ReadWith(int replaced, Action<Oracle.CborWriter> value)
        {
            byte[] bytes = OracleFrame(11, w => Write(w, Samples.Header(128), replaced, value), w => { w.WriteInt32(11); w.WriteByteString(new byte[132]); });
            return UpdateFrame.Read(bytes, Limits, out _);
        }
    }

    [Fact]
    public void Frame_WithAFieldMissing_IsRefused()
    {
        for (int missing = 1; missing <= 10; missing++)
        {
            byte[] bytes = OracleFrame(10, w => Write(w, Samples.Header(128), missing, null), w => { w.WriteInt32(11); w.WriteByteString(new byte[132]); });
            FrameError error = UpdateFrame.Read(bytes, Limits, out _);
            // The loss is the one field that may be left out.
            Assert.Equal(missing == 8 ? FrameError.None : FrameError.Malformed, error);
        }
    }

    [Fact]
    public void Frame_Fuzzed_NeverThrowsAndAllocatesLittle()
    {
        const int seed = 8610;
        var random = new Random(seed);
        byte[][] originals = [Samples.Frame(128).ToArray(), Samples.Frame(200_000).ToArray()];
        int accepted = 0, refused = 0;
        long worst = 0;
        for (int i = 0; i < 40_000; i++)
        {
            byte[] bytes = [.. originals[i % 2]];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(random.Next(2) == 0 ? 64 : bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            UpdateFrame? frame = null;
            FrameError error = FrameError.None;
            try
            {
                worst = Math.Max(worst, Allocation.Least(() => error = UpdateFrame.Read(bytes, Limits, out frame), 2));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed} case {i}: {Convert.ToHexString(bytes)}", e);
            }
            Assert.Equal(error == FrameError.None, frame is not null);
            if (frame is null)
            {
                refused++;
                continue;
            }
            accepted++;
            Assert.True(bytes.AsSpan().SequenceEqual(frame.ToArray()), $"seed {seed} case {i}: accepted but not deterministic");
        }
        Assert.True(accepted > 1000 && refused > 1000, $"{accepted} accepted, {refused} refused: the fuzz is lopsided");
        Assert.InRange(worst, 1, 2048);
    }

    [Fact]
    public void Create_Misused_Throws()
    {
        byte[] data = Samples.Data(128);
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(128), default));
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(0), data));
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(129), data));
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(int.MaxValue), data));
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(128) with { HeldOutLoss = float.NaN }, data));
        Assert.Throws<ArgumentException>(() => UpdateFrame.Create(Samples.Header(128) with { Codec = (UpdateCodec)10 }, data));
        Assert.Throws<ArgumentOutOfRangeException>(() => Samples.Frame(128).ChunkHash(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UpdateLimits { ParametersMax = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new UpdateLimits { DataBytesMax = (1 << 28) + 1 });
    }

    [Theory]
    [InlineData(3, 7, false)]
    [InlineData(3, 6, true)]
    [InlineData(3, 8, false)]
    [InlineData(2, ulong.MaxValue, true)]
    [InlineData(4, 0, false)]
    public void Header_Order_IsBootEpochThenSequence(uint bootEpoch, ulong sequence, bool isAfter) =>
        Assert.Equal(isAfter, Samples.Header(1).IsAfter(bootEpoch, sequence));

    private static byte[] OracleFrame(int pairs, Action<Oracle.CborWriter> head, Action<Oracle.CborWriter>? tail)
    {
        var oracle = new Oracle.CborWriter(Oracle.CborConformanceMode.Strict, allowMultipleRootLevelValues: true);
        if (tail is null)
        {
            head(oracle);
            return [(byte)(0xA0 + pairs), .. oracle.Encode()];
        }
        oracle.WriteStartMap(pairs);
        head(oracle);
        tail(oracle);
        oracle.WriteEndMap();
        return oracle.Encode();
    }

    /// <summary>Fields 1 to 10; one of them replaced, or left out when <paramref name="value"/> is null.</summary>
    private static void Write(Oracle.CborWriter w, UpdateHeader header, int replaced = 0, Action<Oracle.CborWriter>? value = null)
    {
        var hash = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(hash, header.ModelHash);
        Action<Oracle.CborWriter>[] values =
        [
            w => w.WriteInt32(1), w => w.WriteByteString(hash), w => w.WriteUInt32(header.BootEpoch), w => w.WriteUInt64(header.Sequence),
            w => w.WriteUInt32(header.Round), w => w.WriteUInt32(header.Steps), w => w.WriteUInt32(header.Samples),
            w => w.WriteEncodedValue([0xFA, .. BitConverter.GetBytes(header.HeldOutLoss!.Value).Reverse()]),
            w => w.WriteInt32((int)header.Codec), w => w.WriteInt32(header.ParameterCount),
        ];
        for (int key = 1; key <= values.Length; key++)
        {
            Action<Oracle.CborWriter>? write = key == replaced ? value : values[key - 1];
            if (write is null)
                continue;
            w.WriteInt32(key);
            write(w);
        }
    }
}
