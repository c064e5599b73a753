namespace EdgeFL.Identity.Tests;

public class IdTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("pi-4-kitchen")]
    [InlineData("0")]
    [InlineData("-")]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345")]
    public void NodeId_Valid_RoundTrips(string text)
    {
        Assert.True(NodeId.TryParse(text, out NodeId node));
        Assert.Equal(text, node.ToString());
        Assert.Equal(node, NodeId.Parse(text));
        Assert.True(FleetId.TryParse(text.AsSpan(), out FleetId fleet));
        Assert.Equal(text, fleet.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Pi")]
    [InlineData("a_b")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a+")]
    [InlineData("a#")]
    [InlineData("a:b")]
    [InlineData("ä")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    [InlineData("٣")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void NodeId_Invalid_IsRefusedWithTheRule(string? text)
    {
        Assert.False(NodeId.TryParse(text, out NodeId node));
        Assert.True(node.IsEmpty);
        Assert.False(FleetId.TryParse(text.AsSpan(), out _));
        FormatException error = Assert.Throws<FormatException>(() => NodeId.Parse(text!));
        Assert.Contains("1 to 32 characters of a-z, 0-9 and '-'", error.Message, StringComparison.Ordinal);
        Assert.Contains("fleet id", Assert.Throws<FormatException>(() => FleetId.Parse(text!)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NodeId_Huge_IsNotEchoedWhole()
    {
        FormatException error = Assert.Throws<FormatException>(() => NodeId.Parse(new string('x', 1_000_000)));
        Assert.InRange(error.Message.Length, 1, 300);
    }

    [Fact]
    public void NodeId_Order_IsOrdinal()
    {
        NodeId[] sorted = [NodeId.Parse("-"), NodeId.Parse("0"), NodeId.Parse("a"), NodeId.Parse("a-"), NodeId.Parse("a0"), NodeId.Parse("b")];
        Assert.Equal(sorted, sorted.Reverse().Order());
        Assert.True(sorted[0] < sorted[1] && sorted[1] > sorted[0] && sorted[0] <= sorted[0] && sorted[0] >= sorted[0]);
        Assert.True(default(NodeId) < sorted[0]);
    }

    [Fact]
    public void KeyId_Bytes_RoundTrip()
    {
        KeyId id = KeyId.Of([1, 2, 3]);
        Span<byte> bytes = stackalloc byte[KeyId.Length];
        id.WriteTo(bytes);
        Assert.Equal(id, KeyId.Read(bytes));
        // sha256sum of 01 02 03
        Assert.Equal("039058c6f2c0cb49", id.ToString());
    }
}
