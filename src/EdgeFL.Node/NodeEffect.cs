using EdgeFL.Identity;

namespace EdgeFL.Node;

/// <summary>Everything a node can ask of the world. Effects go out through the <see cref="Outbox"/>; the node never waits for them.</summary>
public abstract record NodeEffect
{
    private NodeEffect()
    {
    }

    /// <summary>Connect to the peer and keep the link up.</summary>
    /// <param name="Peer">Its id.</param>
    public sealed record OpenLink(NodeId Peer) : NodeEffect;

    /// <summary>Close the link to the peer and forget it.</summary>
    /// <param name="Peer">Its id.</param>
    public sealed record CloseLink(NodeId Peer) : NodeEffect;

    /// <summary>Sign the payload and send it, then its chunks, to each peer. A broker that all peers share needs one copy.</summary>
    /// <param name="To">The peers, at least one.</param>
    /// <param name="Sequence">Sequence number of the update.</param>
    /// <param name="Payload">The payload to sign: an <see cref="EdgeFL.Wire.UpdateFrame"/>.</param>
    /// <param name="Chunks">Raw chunks, empty when the payload holds the data itself.</param>
    public sealed record SendUpdate(IReadOnlyList<NodeId> To, ulong Sequence, ReadOnlyMemory<byte> Payload, IReadOnlyList<ReadOnlyMemory<byte>> Chunks) : NodeEffect;

    /// <summary>Store the checkpoint so that a power cut finds it, or the one before it, whole.</summary>
    /// <param name="State">A <see cref="Checkpoint"/> in its own encoding.</param>
    /// <param name="Quantized">The model in integers, as <see cref="QuantizedModelFile"/> writes it; empty unless the node infers in integers and has what it
    /// takes to calibrate them.</param>
    public sealed record Persist(ReadOnlyMemory<byte> State, ReadOnlyMemory<byte> Quantized) : NodeEffect;

    /// <summary>What training has come to.</summary>
    /// <param name="Report">The figures.</param>
    public sealed record Trained(TrainReport Report) : NodeEffect;

    /// <summary>What the model says about the newest window.</summary>
    /// <param name="Inference">Label and score.</param>
    public sealed record Inferred(Inference Inference) : NodeEffect;

    /// <summary>Something that a person or a program may want to act on.</summary>
    /// <param name="Event">Code, severity, message and remedy.</param>
    public sealed record Raised(NodeEvent Event) : NodeEffect;
}

/// <summary>The effects of one call of <see cref="NodeCore.Handle"/>, in order. The host empties it after each call.</summary>
public sealed class Outbox
{
    private readonly List<NodeEffect> effects = [];

    /// <summary>The effects, oldest first.</summary>
    public IReadOnlyList<NodeEffect> Effects => effects;

    /// <summary>Appends an effect.</summary>
    /// <param name="effect">The effect.</param>
    public void Add(NodeEffect effect) => effects.Add(effect);

    /// <summary>Forgets all effects.</summary>
    public void Clear() => effects.Clear();
}
