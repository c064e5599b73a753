using EdgeFL.Identity;
using EdgeFL.Numerics;

namespace EdgeFL.Wire.Tests;

public class ModelRequestTests
{
    private static readonly ModelRequest Request = new(0x0123456789ABCDEF, 7, 1UL << 40, NodeId.Parse("kitchen-2"), UpdateCodec.Lattice4);

    [Fact]
    public void Request_RoundTrips_AndIsTakenForNoUpdate()
    {
        byte[] bytes = Request.ToArray();
        Assert.True(ModelRequest.IsOne(bytes));
        Assert.Equal(FrameError.None, ModelRequest.Read(bytes, out ModelRequest? read));
        Assert.Equal(Request, read);
        Assert.NotEqual(FrameError.None, UpdateFrame.Read(bytes, new UpdateLimits(), out _));
        byte[] update = UpdateFrame.Create(Samples.Header(4, UpdateCodec.Float32), new byte[16]).ToArray();
        Assert.False(ModelRequest.IsOne(update));
        Assert.False(ModelRequest.IsOne([]));
    }

    [Fact]
    public void Request_CutAnywhere_OrWithAByteTooMany_IsRefused()
    {
        byte[] bytes = Request.ToArray();
        for (int length = 0; length < bytes.Length; length++)
            Assert.NotEqual(FrameError.None, ModelRequest.Read(bytes.AsSpan(0, length), out _));
        Assert.NotEqual(FrameError.None, ModelRequest.Read([.. bytes, 0], out _));
    }

    [Fact]
    public void Request_OfAnotherVersion_OrToNoNodeId_IsRefused()
    {
        byte[] bytes = Request.ToArray();
        bytes[2] = 2;
        Assert.Equal(FrameError.UnknownVersion, ModelRequest.Read(bytes, out _));
        bytes = Request.ToArray();
        bytes[Array.IndexOf(bytes, (byte)'k')] = (byte)'#';
        Assert.Equal(FrameError.Malformed, ModelRequest.Read(bytes, out _));
    }

    [Fact]
    public void Request_Fuzzed_IsReadAsWhatItSaysOrRefused()
    {
        const ulong Seed = 20261122;
        var random = new Philox(Seed, 1);
        byte[] bytes = Request.ToArray();
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. bytes];
            for (int k = random.NextInt32(4); k >= 0; k--)
                changed[random.NextInt32(changed.Length)] = (byte)random.NextUInt32();
            if (ModelRequest.Read(changed, out ModelRequest? read) == FrameError.None)
                Assert.Equal(changed, read!.ToArray());
        }
    }
}
