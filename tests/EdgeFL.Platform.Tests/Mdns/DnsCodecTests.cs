using System.Net;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

public class DnsCodecTests
{
    private static readonly DnsName Type = DnsName.Parse("_edgefl._tcp.local");
    private static readonly DnsName Instance = Type.Prepend("node 1. étage");
    private static readonly DnsName Host = DnsName.Parse("node-1.local");

    internal static DnsMessage Sample() => new()
    {
        Id = 7,
        IsResponse = true,
        Questions = { new DnsQuestion(Type, DnsType.Ptr), new DnsQuestion(Host, DnsType.Any, UnicastWanted: true) },
        Answers = { DnsRecord.Ptr(Type, Instance, 4500),
            DnsRecord.Txt(Instance, TxtRecord.Encode(new Dictionary<string, string> { ["id"] = "n1" }), 4500) },
        Authorities = { DnsRecord.Srv(Instance, Host, 8883, 120) },
        Additionals =
        {
            DnsRecord.Host(Host, IPAddress.Parse("192.168.7.9"), 120),
            DnsRecord.Host(Host, IPAddress.Parse("fe80::1"), 120),
            DnsRecord.Nsec(Host, [DnsType.A, DnsType.Aaaa], 120),
        },
    };

    internal static List<byte[]> Pack(DnsMessage message)
    {
        var packets = new List<byte[]>();
        DnsPacking.Pack(message, new DnsWriter(), packet => packets.Add(packet.ToArray()));
        return packets;
    }

    [Fact]
    public void Message_WrittenAndRead_IsTheSame()
    {
        var sample = Sample();
        var packet = Assert.Single(Pack(sample));
        Assert.Equal(DnsError.None, DnsReader.Read(packet, out var read));
        Assert.Equal((sample.Id, sample.IsResponse), (read!.Id, read.IsResponse));
        Assert.Equal(sample.Questions, read.Questions);
        foreach (var (expected, actual) in new[]
                 {
                     (sample.Answers, read.Answers), (sample.Authorities, read.Authorities), (sample.Additionals, read.Additionals),
                 })
        {
            Assert.Equal(expected, actual);
            Assert.Equal(expected.Select(r => (r.TtlSeconds, r.CacheFlush)), actual.Select(r => (r.TtlSeconds, r.CacheFlush)));
        }
        Assert.Equal(8883, read.Authorities[0].Port);
        Assert.Equal("node 1. étage", read.Answers[0].Target!.FirstLabel);
    }

    [Fact]
    public void Names_WrittenTwice_ArePointers()
    {
        var message = new DnsMessage { IsResponse = true };
        message.Answers.Add(DnsRecord.Ptr(Type, Instance, 1));
        var once = Pack(message)[0].Length;
        message.Answers.Add(DnsRecord.Ptr(Type, Instance, 2));
        Assert.Equal(once + 2 + 10 + 2, Pack(message)[0].Length);
    }

    [Fact]
    public void Message_CutAnywhere_IsRefused()
    {
        var packet = Pack(Sample())[0];
        for (var length = 0; length < packet.Length; length++)
        {
            Assert.NotEqual(DnsError.None, DnsReader.Read(packet.AsSpan(0, length), out var message));
            Assert.Null(message);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261)]
    [InlineData(777)]
    public void Read_OfDamagedAndRandomBytes_ReturnsAndAllocatesLittle(int seed)
    {
        var random = new Random(seed);
        var good = Pack(Sample())[0];
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            byte[] bytes;
            if (i % 4 == 0)
            {
                bytes = new byte[random.Next(0, 1500)];
                random.NextBytes(bytes);
                if (bytes.Length >= 12)
                    bytes.AsSpan(2, 2).Clear();
            }
            else
            {
                bytes = [.. good];
                for (var hits = random.Next(1, 8); hits > 0; hits--)
                    bytes[random.Next(i % 4 == 1 ? 12 : 0, bytes.Length)] = (byte)random.Next(256);
            }
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = DnsReader.Read(bytes, out var message);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= 4096 + (64L * bytes.Length), $"seed {seed}, round {i}: {allocated} bytes for {bytes.Length}");
            Assert.True((error == DnsError.None) == (message is not null), $"seed {seed}, round {i}: {error}");
            if (error != DnsError.None)
                refused++;
            else
                Pack(message!);
        }
        Assert.InRange(refused, 1000, 19_999);
    }

    [Fact]
    public void Read_OfManyExpandingNames_AllocatesWithinTheBound()
    {
        // The worst known packet: one name of 255 bytes, and as many records as may be whose owner and target point to it.
        var name = DnsName.Parse(string.Join('.', Enumerable.Repeat(new string('a', 63), 3)) + "." + new string('b', 61));
        var bytes = new List<byte> { 0, 0, 0x84, 0, 0, 1, 1, 0xFF, 0, 0, 0, 0 };
        bytes.AddRange(name.Wire.ToArray());
        bytes.AddRange([0, 12, 0, 1]);
        for (var i = 0; i < 511; i++)
            bytes.AddRange([0xC0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, 12]);
        var packet = bytes.ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(DnsError.None, DnsReader.Read(packet, out var message));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(511, message!.Answers.Count);
        Assert.InRange(allocated, 1, 4096 + (64L * packet.Length));
    }

    // Header, then one question that starts at 12.
    [Theory]
    [InlineData("C00C", DnsError.BadPointer)] // to itself
    [InlineData("0161C00C", DnsError.BadPointer)] // label, then back to its own start
    [InlineData("C00E0000", DnsError.BadPointer)] // forwards
    [InlineData("C0000000", DnsError.BadPointer)] // into the header
    [InlineData("4061", DnsError.BadLabel)]
    [InlineData("8061", DnsError.BadLabel)]
    [InlineData("C0", DnsError.Truncated)]
    [InlineData("0561", DnsError.Truncated)]
    public void Name_ThatBreaksTheRules_IsRefused(string hex, object expected)
    {
        byte[] header = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        byte[] packet = [.. header, .. Convert.FromHexString(hex), .. hex == "C0" ? [] : new byte[4]];
        var offset = 12;
        Assert.Equal((DnsError)expected,
            DnsReader.ReadName(hex is "C0" or "0561" ? packet.AsSpan(0, 12 + (hex.Length / 2)) : packet, ref offset, new byte[255], out _));
        Assert.NotEqual(DnsError.None, DnsReader.Read(packet, out _));
    }

    [Fact]
    public void Pointers_InALongChain_AreCapped()
    {
        // 14: "a" root; then pointers each to the one before.
        byte[] Chain(int pointers)
        {
            var bytes = new List<byte>(new byte[12]) { 1, (byte)'a', 0 };
            var target = 12;
            for (var i = 0; i < pointers; i++)
            {
                var at = bytes.Count;
                bytes.AddRange([(byte)(0xC0 | (target >> 8)), (byte)target]);
                target = at;
            }
            return [.. bytes];
        }

        foreach (var (pointers, expected) in new[] { (DnsReader.PointersMax, DnsError.None),
            (DnsReader.PointersMax + 1, DnsError.BadPointer) })
        {
            var bytes = Chain(pointers);
            var offset = bytes.Length - 2;
            Assert.Equal(expected, DnsReader.ReadName(bytes, ref offset, new byte[255], out _));
        }
    }

    [Theory]
    [InlineData(255, DnsError.None)]
    [InlineData(256, DnsError.NameTooLong)]
    public void Name_AtTheLengthLimit_IsTakenAndBeyondRefused(int wireBytes, object expected)
    {
        var bytes = new List<byte>(new byte[12]);
        for (var left = wireBytes - 1; left > 0;)
        {
            var label = Math.Min(63, left - 1);
            if (left - label - 1 == 1)
                label--;
            bytes.Add((byte)label);
            bytes.AddRange(Enumerable.Repeat((byte)'x', label));
            left -= label + 1;
        }
        bytes.Add(0);
        Assert.Equal(12 + wireBytes, bytes.Count);
        var offset = 12;
        Assert.Equal((DnsError)expected, DnsReader.ReadName(bytes.ToArray(), ref offset, new byte[255], out var length));
        if ((DnsError)expected == DnsError.None)
            Assert.Equal(wireBytes, length);
    }

    [Theory]
    [InlineData("0000780000000000000000000000", DnsError.Unsupported)]
    [InlineData("0000800300000000000000000000", DnsError.Unsupported)]
    [InlineData("000080000000FFFF00000000", DnsError.TooManyEntries)]
    [InlineData("0000800000000001000000000000", DnsError.Truncated)]
    [InlineData("000080000000000100000000000001000100000078000301020300", DnsError.BadRecord)]
    public void Header_ThatPromisesTooMuchOrRecordThatDoesNotFit_IsRefused(string hex, object expected) =>
        Assert.Equal((DnsError)expected, DnsReader.Read(Convert.FromHexString(hex), out _));

    [Fact]
    public void Message_OverTheSizeLimit_IsRefused() =>
        Assert.Equal(DnsError.Oversized, DnsReader.Read(new byte[DnsReader.MessageBytesMax + 1], out _));

    [Fact]
    public void Pack_OfManyKnownAnswers_SpreadsThemAndMarksAllButTheLast()
    {
        var message = new DnsMessage { Questions = { new DnsQuestion(Type, DnsType.Ptr) } };
        for (var i = 0; i < 200; i++)
            message.Answers.Add(DnsRecord.Ptr(Type, Type.Prepend($"node-{i:d5}"), 4500));
        var packets = Pack(message);
        Assert.True(packets.Count > 2);
        Assert.All(packets, packet => Assert.InRange(packet.Length, 13, DnsWriter.PacketBytesMax));
        var read = packets.Select(packet => (Error: DnsReader.Read(packet, out var m), Message: m!)).ToList();
        Assert.All(read, r => Assert.Equal(DnsError.None, r.Error));
        Assert.Equal(message.Answers, read.SelectMany(r => r.Message.Answers));
        Assert.All(read.SkipLast(1), r => Assert.True(r.Message.Truncated));
        Assert.False(read[^1].Message.Truncated);
        Assert.Single(read, r => r.Message.Questions.Count == 1);
    }

    [Fact]
    public void Names_ThatDifferInAsciiCaseOnly_AreEqual()
    {
        var upper = DnsName.Parse("_EDGEFL._TCP.Local");
        Assert.Equal(Type, upper);
        Assert.Equal(Type.GetHashCode(), upper.GetHashCode());
        Assert.True(Instance.IsChildOf(upper));
        Assert.False(Host.IsChildOf(Type));
        Assert.NotEqual(DnsName.Parse("é.local"), DnsName.Parse("É.local"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..local")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.local")]
    public void Name_WithBadLabel_Throws(string name) => Assert.Throws<ArgumentException>(() => DnsName.Parse(name));
}
