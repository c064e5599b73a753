using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

public class TxtRecordTests
{
    [Fact]
    public void Pairs_EncodedAndDecoded_AreTheSame()
    {
        var pairs = new Dictionary<string, string> { ["txtvers"] = "1", ["id"] = "node-3", ["fl"] = "größe=1", ["empty"] = "" };
        Assert.True(TxtRecord.TryDecode(TxtRecord.Encode(pairs), out var read));
        Assert.Equal(pairs.OrderBy(p => p.Key), read.OrderBy(p => p.Key));
    }

    [Fact]
    public void NoPairs_AreOneZeroByte()
    {
        Assert.Equal([0], TxtRecord.Encode(new Dictionary<string, string>()));
        Assert.True(TxtRecord.TryDecode([0], out var none));
        Assert.Empty(none);
        Assert.True(TxtRecord.TryDecode([], out _));
    }

    [Fact]
    public void Keys_EqualButForCase_KeepTheFirstValue()
    {
        Assert.True(TxtRecord.TryDecode("\u0004id=a\u0004ID=b\u0002=x\u0004flag"u8, out var read));
        Assert.Equal(2, read.Count);
        Assert.Equal("a", read["Id"]);
        Assert.Equal("", read["flag"]);
    }

    [Fact]
    public void Data_CutInsideAString_IsRefused()
    {
        var data = TxtRecord.Encode(new Dictionary<string, string> { ["key"] = "value" });
        for (var length = 1; length < data.Length; length++)
            Assert.False(TxtRecord.TryDecode(data.AsSpan(0, length), out _));
        Assert.False(TxtRecord.TryDecode(new byte[TxtRecord.BytesMax + 1], out _));
    }

    [Fact]
    public void Data_WithManyPairs_IsReadUpToTheBound()
    {
        var data = Enumerable.Range(0, 100).SelectMany(i =>
            new byte[] { 4, (byte)'k', (byte)('0' + (i / 10)), (byte)('0' + (i % 10)), (byte)'=' });
        Assert.True(TxtRecord.TryDecode(data.ToArray(), out var read));
        Assert.Equal(TxtRecord.PairsMax, read.Count);
    }

    [Theory]
    [InlineData("", "v")]
    [InlineData("a=b", "v")]
    [InlineData("ü", "v")]
    [InlineData("long", null)]
    public void Pair_ThatBreaksTheRules_Throws(string key, string? value) =>
        Assert.Throws<ArgumentException>(() => TxtRecord.Encode(new Dictionary<string, string> { [key] = value ?? new string('x', 251) }));
}
