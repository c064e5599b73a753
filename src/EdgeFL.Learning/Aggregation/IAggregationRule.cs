namespace EdgeFL.Learning.Aggregation;

/// <summary>A neighbour's model as it takes part in a merge.</summary>
/// <param name="Parameters">Shape [P], finite.</param>
/// <param name="Weight">Above 0, up to 1: what age leaves of it. Rules that rank (trimmed mean, nearest neighbours) count every model once.</param>
public readonly record struct PeerModel(ReadOnlyMemory<float> Parameters, float Weight);

/// <summary>Merges the device's own model with those of its neighbours. Rules own their scratch, allocate nothing in a merge, and are not thread-safe.</summary>
public interface IAggregationRule
{
    /// <summary>Stable kebab-case name, for configuration and lineage.</summary>
    string Name { get; }

    /// <summary>Merges. Without peers the result is the own model.</summary>
    /// <param name="own">Own parameters, shape [P].</param>
    /// <param name="peers">Neighbours' models, in NodeId order, so that every re-execution sums in the same order.</param>
    /// <param name="result">Shape [P]; overwritten; may be <paramref name="own"/> itself, but no peer's memory.</param>
    /// <exception cref="ArgumentException">Lengths differ from P, or there are more peers than the rule was made for.</exception>
    void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result);
}
