using Oracle = System.Formats.Cbor;

namespace EdgeFL.Wire.Tests;

/// <summary>Our codec against System.Formats.Cbor: the same bytes out, and nothing accepted that it refuses.</summary>
public class CborOracleTests
{
    private const int Seed = 8949;

    [Fact]
    public void Writer_RandomItems_GivesTheOraclesBytes()
    {
        var random = new Random(Seed);
        for (int i = 0; i < 3000; i++)
        {
            var ours = new CborWriter(1);
            var oracle = new Oracle.CborWriter(Oracle.CborConformanceMode.Strict);
            WriteItem(random, ours, oracle, 0, mayHoldOthers: true);
            byte[] expected = oracle.Encode();
            Assert.True(expected.AsSpan().SequenceEqual(ours.Written), $"seed {Seed} case {i}: {Convert.ToHexString(expected)} {Convert.ToHexString(ours.Written)}");
            Assert.Equal(CborError.None, CborTranscoder.TryTranscode(expected, out byte[] again));
            Assert.Equal(expected, again);
        }
    }

    [Fact]
    public void Reader_MutatedItems_AcceptsOnlyWhatIsDeterministic()
    {
        var random = new Random(Seed + 1);
        int accepted = 0, refused = 0;
        for (int i = 0; i < 30_000; i++)
        {
            var writer = new CborWriter();
            WriteItem(random, writer, null, 0, mayHoldOthers: true);
            byte[] bytes = Mutate(random, writer.ToArray());
            string what = $"seed {Seed + 1} case {i}: {Convert.ToHexString(bytes)}";
            CborError error = (CborError)(-1);
            byte[] again = [];
            Exception? thrown = Record.Exception(() => error = CborTranscoder.TryTranscode(bytes, out again));
            Assert.True(thrown is null, $"{what} {thrown}");
            if (error != CborError.None)
            {
                refused++;
                continue;
            }
            accepted++;
            Assert.True(bytes.AsSpan().SequenceEqual(again), what);
            var oracle = new Oracle.CborReader(bytes, Oracle.CborConformanceMode.Strict);
            thrown = Record.Exception(() => oracle.SkipValue());
            Assert.True(thrown is null && oracle.BytesRemaining == 0, $"{what} {thrown}");
        }
        Assert.True(accepted > 1000 && refused > 1000, $"{accepted} accepted, {refused} refused: the fuzz is lopsided");
    }

    [Fact]
    public void Reader_RandomBytes_NeverThrowsNorAllocates()
    {
        var random = new Random(Seed + 2);
        var bytes = new byte[64];
        Assert.Equal(0, Allocation.Least(() =>
        {
            for (int i = 0; i < 40_000; i++)
            {
                random.NextBytes(bytes);
                Skip(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            }
        }));

        static void Skip(ReadOnlySpan<byte> source)
        {
            var reader = new CborReader(source);
            while (reader.TrySkip())
            {
            }
        }
    }

    [Fact]
    public void Writer_Misused_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartMap(2); w.WriteUnsigned(2); w.WriteNull(); w.WriteUnsigned(1); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartMap(2); w.WriteUnsigned(2); w.WriteNull(); w.WriteUnsigned(2); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartMap(1); w.StartArray(0); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartMap(1); w.WriteTag(1); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartArray(1); w.End(); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartArray(1); w.WriteNull(); w.WriteNull(); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.WriteNull(); w.WriteNull(); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => w.End()));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.WriteTag(1); w.End(); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.StartArray(1); _ = w.Written; }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { for (int i = 0; i <= CborReader.DepthMax; i++) w.StartArray(1); }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(w => w.WriteSingle(float.NaN)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(w => w.WriteSingle(float.NegativeInfinity)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(w => w.StartArray(-1)));
        Assert.ThrowsAny<ArgumentException>(() => Write(w => w.WriteText("\ud800")));

        static void Write(Action<CborWriter> action) => action(new CborWriter());
    }

    [Fact]
    public void Writer_Reset_BeginsAnew()
    {
        var writer = new CborWriter(1);
        writer.StartArray(3);
        writer.WriteUnsigned(1);
        writer.Reset();
        writer.WriteBytes([1, 2]);
        Assert.Equal([0x42, 1, 2], writer.ToArray());
    }

    [Fact]
    public void Reader_Limits_AreHeld()
    {
        var reader = new CborReader([0x43, 1, 2, 3]);
        Assert.False(reader.TryReadBytes(2, out _));
        Assert.Equal(CborError.TooLong, reader.Error);
        Assert.False(reader.TryReadBytes(3, out _), "the first error stays");
        reader = new CborReader([0x83, 1, 2, 3]);
        Assert.False(reader.TryStartArray(2, out _));
        Assert.Equal(CborError.TooLong, reader.Error);
        reader = new CborReader([0x18, 100]);
        Assert.False(reader.TryReadUnsigned(out _, 99));
        Assert.Equal(CborError.OutOfRange, reader.Error);
        reader = new CborReader([0x82, 1, 2]);
        Assert.True(reader.TryStartArray(2, out _) && reader.TryReadUnsigned(out _));
        Assert.False(reader.TryEnd());
        Assert.Equal(CborError.WrongCount, reader.Error);
        reader = new CborReader([0x81, 1, 2]);
        Assert.True(reader.TryStartArray(1, out _) && reader.TryReadUnsigned(out _));
        Assert.False(reader.TryReadUnsigned(out _));
        Assert.Equal(CborError.WrongCount, reader.Error);
        reader = new CborReader([0x43, 1, 2, 3]);
        Assert.False(reader.TryReadFixedBytes(4, out _));
        Assert.Equal(CborError.WrongCount, reader.Error);
    }

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        switch (random.Next(4))
        {
            case 0:
                return bytes;
            case 1:
                return bytes[..random.Next(bytes.Length + 1)];
            case 2:
                var longer = new byte[random.Next(1, 4)];
                random.NextBytes(longer);
                int at = random.Next(bytes.Length + 1);
                return [.. bytes[..at], .. longer, .. bytes[at..]];
            default:
                for (int flips = random.Next(1, 3); flips > 0 && bytes.Length > 0; flips--)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    private static void WriteItem(Random random, CborWriter ours, Oracle.CborWriter? oracle, int depth, bool mayHoldOthers)
    {
        switch (random.Next(mayHoldOthers && depth < CborReader.DepthMax ? 10 : 7))
        {
            case 0:
                ulong unsigned = (ulong)random.NextInt64() >> random.Next(64);
                ours.WriteUnsigned(unsigned);
                oracle?.WriteUInt64(unsigned);
                break;
            case 1:
                long signed = -1 - (random.NextInt64() >> random.Next(63));
                ours.WriteSigned(signed);
                oracle?.WriteInt64(signed);
                break;
            case 2:
                var bytes = new byte[random.Next(300)];
                random.NextBytes(bytes);
                ours.WriteBytes(bytes);
                oracle?.WriteByteString(bytes);
                break;
            case 3:
                string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => "aé水𐅑\0"[random.Next(3)]));
                ours.WriteText(text);
                oracle?.WriteTextString(text);
                break;
            case 4:
                float single = BitConverter.Int32BitsToSingle(random.Next());
                single = float.IsFinite(single) ? single : 1f;
                ours.WriteSingle(single);
                // The oracle's own WriteSingle keeps 32 bits only outside the canonical modes; the bytes are given to be sure.
                oracle?.WriteEncodedValue([0xFA, .. BitConverter.GetBytes(single).Reverse()]);
                break;
            case 5:
                bool flag = random.Next(2) == 0;
                ours.WriteBoolean(flag);
                oracle?.WriteBoolean(flag);
                break;
            case 6:
                ours.WriteNull();
                oracle?.WriteNull();
                break;
            case 7:
                // From 64 on, so that no tag comes up whose content the oracle would check.
                ulong tag = 64 + (ulong)(random.NextInt64() >> random.Next(64));
                ours.WriteTag(tag);
                oracle?.WriteTag((Oracle.CborTag)tag);
                WriteItem(random, ours, oracle, depth + 1, mayHoldOthers: true);
                break;
            case 8:
                int count = random.Next(4);
                ours.StartArray(count);
                oracle?.WriteStartArray(count);
                for (int i = 0; i < count; i++)
                    WriteItem(random, ours, oracle, depth + 1, mayHoldOthers: true);
                ours.End();
                oracle?.WriteEndArray();
                break;
            default:
                ulong[] keys = [.. Enumerable.Range(0, random.Next(5)).Select(_ => (ulong)random.NextInt64() >> random.Next(64)).Distinct().Order()];
                ours.StartMap(keys.Length);
                oracle?.WriteStartMap(keys.Length);
                foreach (ulong key in keys)
                {
                    ours.WriteUnsigned(key);
                    oracle?.WriteUInt64(key);
                    WriteItem(random, ours, oracle, depth + 1, mayHoldOthers: true);
                }
                ours.End();
                oracle?.WriteEndMap();
                break;
        }
    }
}
