using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Links;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Tests.Links;

public sealed class FrameInboxTests : IDisposable
{
    private readonly TestFleet fleet = new("farm");
    private readonly FrameGate gate;
    private readonly FrameGate sender;
    private readonly List<NodeInput> posted = [];
    private readonly FrameInbox inbox;

    public FrameInboxTests()
    {
        DeviceCredentials a = fleet.Device("a");
        sender = new FrameGate(a);
        gate = new FrameGate(fleet.Device("me"));
        gate.Learn(a.Identity);
        inbox = new FrameInbox(fleet.Id, NodeId.Parse("me"), gate, posted.Add);
    }

    public void Dispose()
    {
        gate.Dispose();
        sender.Dispose();
        fleet.Dispose();
    }

    private NodeInput? Take(string topic, byte[] payload, string? principal = "a")
    {
        posted.Clear();
        inbox.Take(new MqttMessage(topic, payload, 1) { Principal = principal });
        return posted.SingleOrDefault();
    }

    [Theory]
    [InlineData("a")]
    [InlineData(null)] // a shared broker does not tell
    public void Frame_OfItsPublisher_ReachesTheNode(string? principal)
    {
        var update = Assert.IsType<NodeInput.UpdateArrived>(Take("edgefl/v1/farm/a/upd/f", sender.Seal("x"u8), principal));
        Assert.Equal(("a", "x"), (update.From.Value, System.Text.Encoding.ASCII.GetString(update.Payload.Span)));
        var chunk = Assert.IsType<NodeInput.ChunkArrived>(Take("edgefl/v1/farm/a/upd/c/7/3", [1], principal));
        Assert.Equal(("a", 7ul, 3), (chunk.From.Value, chunk.Sequence, chunk.Index));
    }

    [Theory]
    [InlineData("edgefl/v1/farm/a/upd/f")]
    [InlineData("edgefl/v1/farm/a/upd/c/7/3")]
    public void Message_PublishedByAnother_IsRefusedUnread(string topic)
    {
        var refused = Assert.IsType<NodeInput.FrameRefused>(Take(topic, sender.Seal("x"u8), "b"));
        Assert.Equal((NodeId.Parse("a"), RejectionReason.WrongTopic), (refused.From, refused.Reason));
    }

    [Fact]
    public void Message_OfTheNodeItself_IsLeftOut() => Assert.Null(Take("edgefl/v1/farm/me/upd/f", [1], null));

    [Fact]
    public void Frame_ThatIsNotSigned_IsRefused()
    {
        var refused = Assert.IsType<NodeInput.FrameRefused>(Take("edgefl/v1/farm/a/upd/f", [1, 2, 3]));
        Assert.Equal(NodeId.Parse("a"), refused.From);
        Assert.IsType<NodeInput.FrameRefused>(Take("edgefl/v1/farm/a/upd/f", new byte[FrameInbox.FrameBytesMax + 1]));
        Assert.Equal(RejectionReason.Oversized, ((NodeInput.FrameRefused)posted[0]).Reason);
    }

    [Theory]
    [InlineData("edgefl/v1/other/a/upd/f")]
    [InlineData("edgefl/v1/farm/a/upd/x")]
    [InlineData("edgefl/v1/farm/a/upd")]
    [InlineData("edgefl/v1/farm/a/upd/c/1")]
    [InlineData("edgefl/v1/farm/a/upd/c/-1/0")]
    [InlineData("edgefl/v1/farm/a/upd/c/99999999999999999999/0")]
    [InlineData("edgefl/v1/farm/a/status")]
    [InlineData("edgefl/v1/farm/A/upd/f")]
    [InlineData("x")]
    [InlineData("////")]
    public void Message_UnderATopicThatIsNone_IsRefused(string topic) =>
        Assert.Equal(RejectionReason.WrongTopic, Assert.IsType<NodeInput.FrameRefused>(Take(topic, [1])).Reason);

    [Fact]
    public void Topics_OfAnyText_NeverThrow()
    {
        for (int seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            char[] topic = "edgefl/v1/farm/a/upd/c/12/3".ToCharArray();
            for (int i = random.Next(1, 5); i > 0; i--)
                topic[random.Next(topic.Length)] = (char)random.Next(random.Next(2) == 0 ? 128 : 0x10000);
            Exception? thrown = Record.Exception(() => Take(new string(topic)[..random.Next(topic.Length + 1)], [1], null));
            Assert.True(thrown is null, $"seed {seed}: {thrown}");
        }
    }

    [Fact]
    public void Flood_OfOnePublisher_IsCutBeforeItsSignaturesAreLookedAt()
    {
        byte[] frame = sender.Seal("x"u8);
        int limited = 0;
        for (int i = 0; i < FrameInbox.MessagesPerSecondMax * 2; i++)
            Assert.IsType<NodeInput.ChunkArrived>(Take("edgefl/v1/farm/a/upd/c/7/3", [1]));
        for (int i = 0; i < 2000; i++)
            limited += Take("edgefl/v1/farm/a/upd/f", [], "a") is NodeInput.FrameRefused { Reason: RejectionReason.RateLimited } ? 1 : 0;

        Assert.True(limited > 0);
        Assert.IsNotType<NodeInput.FrameRefused>(Take("edgefl/v1/farm/a/upd/f", frame, null)); // the bucket is that publisher's alone
    }
}
