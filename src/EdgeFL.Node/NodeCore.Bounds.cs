namespace EdgeFL.Node;

// What a simulation holds against the bounds after every event.
public sealed partial class NodeCore
{
    private static readonly long ChunkBytesMax = new Wire.ChunkOptions().BytesMax;

    /// <summary>Whether all that the node keeps of others is within its bounds: peers, links, models, senders' rates, chunks.</summary>
    public bool IsWithinBounds => peers.Count <= options.KnownPeersMax && peers.UpCount <= options.ActiveViewSize && replicas.Count <= options.ReplicasMax
        && buckets.Count <= options.KnownPeersMax && chunkBuckets.Count <= options.KnownPeersMax && chunks.BytesHeld <= ChunkBytesMax;
}
