using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

/// <summary>Pumps one node by hand and keeps what it asks for.</summary>
internal sealed class Host(NodeCore node)
{
    private readonly Outbox outbox = new();

    public NodeCore Node { get; } = node;

    public long NowMs { get; set; }

    public List<NodeEffect> Effects { get; } = [];

    public IEnumerable<NodeEffect.SendUpdate> Sent => Effects.OfType<NodeEffect.SendUpdate>();

    public IEnumerable<string> Events => Effects.OfType<NodeEffect.Raised>().Select(r => r.Event.Code);

    public Host Give(NodeInput input)
    {
        Node.Handle(input, NowMs, outbox);
        Effects.AddRange(outbox.Effects);
        outbox.Clear();
        return this;
    }

    public Host Feed(int device)
    {
        foreach (SampleBatch batch in Synthetic.Stream(device))
            Give(new NodeInput.SamplesRead(batch));
        return this;
    }

    public Host Connect(params int[] peers)
    {
        foreach (int peer in peers)
            Give(new NodeInput.PeerSeen(Synthetic.Id(peer))).Give(new NodeInput.LinkUp(Synthetic.Id(peer)));
        return this;
    }

    public Host Ticks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            NowMs += 20;
            Give(new NodeInput.Tick());
        }

        return this;
    }

    public Host Update(int from, ReadOnlyMemory<byte> payload) => Give(new NodeInput.UpdateArrived(Synthetic.Id(from), payload));

    /// <summary>Gives an update and checks that it is refused for the reason, counted, told, and mixed into nothing.</summary>
    public void Refuses(RejectionReason reason, int from, ReadOnlyMemory<byte> payload)
    {
        NowMs += 60_000;
        long before = Node.Rejections.Of(reason);
        long received = Node.Received;
        Effects.Clear();
        Update(from, payload);
        Assert.Equal(before + 1, Node.Rejections.Of(reason));
        Assert.Equal(received, Node.Received);
        Assert.Contains($"refused-{reason.Text()}", Events);
    }

    public static float[] Parameters(NodeCore node) => node.Parameters.ToArray();
}
