using EdgeFL.Identity;
using EdgeFL.Platform.Links;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Tests.Links;

public sealed class FrameGateTests : IDisposable
{
    private const int LengthMax = 4096;
    private static readonly NodeId A = NodeId.Parse("a"), B = NodeId.Parse("b");

    private readonly TestFleet fleet = new("farm");
    private readonly DeviceCredentials a;
    private readonly FrameGate sender;
    private readonly FrameGate receiver;
    private readonly LaterClock clock = new();

    public FrameGateTests()
    {
        a = fleet.Device("a");
        sender = new FrameGate(a);
        receiver = new FrameGate(fleet.Device("b"), clock);
    }

    public void Dispose()
    {
        sender.Dispose();
        receiver.Dispose();
        fleet.Dispose();
    }

    [Fact]
    public void Frame_OfAKnownSigner_Opens()
    {
        receiver.Learn(a.Identity);
        Assert.Equal(RejectionReason.None, receiver.TryOpen(A, sender.Seal("hello"u8), LengthMax, out ReadOnlyMemory<byte> payload));
        Assert.Equal("hello"u8.ToArray(), payload.ToArray());
    }

    [Fact]
    public void Frame_OfAnUnknownSigner_IsRefused()
    {
        byte[] message = sender.Seal("hello"u8);
        Assert.Equal(RejectionReason.UnknownSigner, receiver.TryOpen(A, message, LengthMax, out _));
        receiver.Learn(fleet.Operator("a").Identity); // of that name, and no device
        Assert.Equal(RejectionReason.UnknownSigner, receiver.TryOpen(A, message, LengthMax, out _));
    }

    [Fact]
    public void Frame_UnderAnothersName_IsRefused()
    {
        receiver.Learn(a.Identity);
        receiver.Learn(fleet.Device("b").Identity);
        Assert.Equal(RejectionReason.UnknownSigner, receiver.TryOpen(B, sender.Seal("hello"u8), LengthMax, out _));
    }

    [Fact]
    public void Frame_OfAnotherFleetsNodeOfThatName_IsRefused()
    {
        using var other = new TestFleet("other");
        receiver.Learn(a.Identity);
        using var stranger = new FrameGate(other.Device("a"));
        Assert.Equal(RejectionReason.UnknownSigner, receiver.TryOpen(A, stranger.Seal("hello"u8), LengthMax, out _));
    }

    [Theory]
    [InlineData("farm", "b")]
    [InlineData("other", "a")]
    public void Frame_SignedForAnotherTopic_IsRefused(string inFleet, string ofNode)
    {
        receiver.Learn(a.Identity);
        byte[] context = Topics.UpdateContext(FleetId.Parse(inFleet), NodeId.Parse(ofNode));
        byte[] message = CoseSign1.Encode(a.Identity.KeyId, "hello"u8, Es256.Sign(a.Key, CoseSign1.SigStructure(context, "hello"u8)));
        Assert.Equal(RejectionReason.BadSignature, receiver.TryOpen(A, message, LengthMax, out _));
    }

    [Fact]
    public void Frame_CutAnywhere_IsRefused()
    {
        receiver.Learn(a.Identity);
        byte[] message = sender.Seal(new byte[300]);
        for (int length = 0; length < message.Length; length++)
        {
            RejectionReason reason = receiver.TryOpen(A, message.AsMemory(0, length), LengthMax, out ReadOnlyMemory<byte> payload);
            Assert.True(reason is RejectionReason.Truncated or RejectionReason.BadEnvelope && payload.IsEmpty, $"{length} bytes: {reason}");
        }
    }

    [Fact]
    public void Frame_WithAnyBitTurned_IsRefused()
    {
        receiver.Learn(a.Identity);
        byte[] message = sender.Seal("hello"u8);
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            message[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(receiver.TryOpen(A, message, LengthMax, out _) != RejectionReason.None, $"bit {bit}");
            message[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(RejectionReason.None, receiver.TryOpen(A, message, LengthMax, out _));
    }

    [Fact]
    public void Frame_LongerThanTaken_IsRefused()
    {
        receiver.Learn(a.Identity);
        byte[] message = sender.Seal(new byte[1000]);
        Assert.Equal(RejectionReason.Oversized, receiver.TryOpen(A, message, message.Length - 1, out _));
        Assert.Equal(RejectionReason.None, receiver.TryOpen(A, message, message.Length, out _));
    }

    [Fact]
    public void Frame_AfterTheCertificatesEnd_IsRefusedUntilItIsRenewed()
    {
        receiver.Learn(a.Identity);
        byte[] message = sender.Seal("hello"u8);
        clock.Now = DateTimeOffset.UtcNow.AddDays(31);
        Assert.Equal(RejectionReason.ExpiredSigner, receiver.TryOpen(A, message, LengthMax, out _));

        receiver.Learn(fleet.Device("a", clock.Now, a.Key).Identity); // the same key

        Assert.Equal(RejectionReason.None, receiver.TryOpen(A, message, LengthMax, out _));
    }

    [Fact]
    public void Frame_OfARevokedSigner_IsRefused()
    {
        DeviceCredentials mine = fleet.Device("c");
        using var gate = new FrameGate(mine);
        gate.Learn(a.Identity);
        byte[] message = sender.Seal("hello"u8);
        Assert.Equal(RejectionReason.None, gate.TryOpen(A, message, LengthMax, out _));
        mine.Trust.ReplaceRevoked([a.Identity.SerialNumber]);
        Assert.Equal(RejectionReason.RevokedSigner, gate.TryOpen(A, message, LengthMax, out _));
    }

    [Fact]
    public void Signer_WithANewKey_ReplacesTheOldOne()
    {
        receiver.Learn(a.Identity);
        DeviceCredentials again = fleet.Device("a");
        using var renewed = new FrameGate(again);
        receiver.Learn(again.Identity);
        Assert.Equal(RejectionReason.None, receiver.TryOpen(A, renewed.Seal("hello"u8), LengthMax, out _));
        Assert.Equal(RejectionReason.UnknownSigner, receiver.TryOpen(A, sender.Seal("hello"u8), LengthMax, out _));
    }

    private sealed class LaterClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
