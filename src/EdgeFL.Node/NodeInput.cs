using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>Everything that can happen to a node. Inputs come in with the time; nothing else moves a node.</summary>
public abstract record NodeInput
{
    private NodeInput()
    {
    }

    /// <summary>Rows came from the sensor.</summary>
    /// <param name="Batch">The rows; the node reads them before it returns and keeps no reference.</param>
    public sealed record SamplesRead(SampleBatch Batch) : NodeInput;

    /// <summary>The sensor's recording has come to its end: no more rows will come.</summary>
    public sealed record SensorEnded : NodeInput;

    /// <summary>A model update whose signature has been verified.</summary>
    /// <param name="From">The node that signed it.</param>
    /// <param name="Payload">The signed payload: an <see cref="UpdateFrame"/>.</param>
    public sealed record UpdateArrived(NodeId From, ReadOnlyMemory<byte> Payload) : NodeInput;

    /// <summary>A raw chunk of a chunked update; the signed frame before it holds its hash.</summary>
    /// <param name="From">The node under whose topic it came.</param>
    /// <param name="Sequence">Sequence number of the update it belongs to.</param>
    /// <param name="Index">Place of the chunk, from 0.</param>
    /// <param name="Data">The chunk's bytes.</param>
    public sealed record ChunkArrived(NodeId From, ulong Sequence, int Index, ReadOnlyMemory<byte> Data) : NodeInput;

    /// <summary>A frame was refused before the node could see it (signature, signer, topic): counted here, so that all refusals are in one place.</summary>
    /// <param name="From">The claimed sender, or null when not even that could be read.</param>
    /// <param name="Reason">Why.</param>
    public sealed record FrameRefused(NodeId? From, RejectionReason Reason) : NodeInput;

    /// <summary>Discovery, a static list or a broker's status topic shows a peer.</summary>
    /// <param name="Peer">Its id: a hint only, trust comes from its certificate.</param>
    public sealed record PeerSeen(NodeId Peer) : NodeInput;

    /// <summary>Discovery no longer shows the peer.</summary>
    /// <param name="Peer">Its id.</param>
    public sealed record PeerGone(NodeId Peer) : NodeInput;

    /// <summary>The link that <see cref="NodeEffect.OpenLink"/> asked for is up and its far end has proved its identity.</summary>
    /// <param name="Peer">Its id.</param>
    public sealed record LinkUp(NodeId Peer) : NodeInput;

    /// <summary>The link is down; the platform goes on trying until <see cref="NodeEffect.CloseLink"/>.</summary>
    /// <param name="Peer">Its id.</param>
    public sealed record LinkDown(NodeId Peer) : NodeInput;

    /// <summary>Time passes: at most one minibatch step is made for each tick, so that the inbox never waits long.</summary>
    public sealed record Tick : NodeInput;

    /// <summary>The host is about to stop: persist now.</summary>
    public sealed record Shutdown : NodeInput;
}
