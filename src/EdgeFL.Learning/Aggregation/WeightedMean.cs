using EdgeFL.Numerics;

namespace EdgeFL.Learning.Aggregation;

/// <summary>Mean of all models, the own one with weight 1. Not robust: one attacker moves it at will.</summary>
public sealed class WeightedMean : IAggregationRule
{
    private readonly MergeShape shape;

    /// <summary>Makes the rule.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public WeightedMean(int parameterCount, int peersMax) => shape = new MergeShape(parameterCount, peersMax);

    /// <inheritdoc/>
    public string Name => "weighted-mean";

    /// <inheritdoc/>
    public void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result)
    {
        shape.Check(own, peers, result);
        own.CopyTo(result);
        var total = 1f;
        foreach (var peer in peers)
        {
            Vectors.Axpy(peer.Weight, peer.Parameters.Span, result);
            total += peer.Weight;
        }
        if (!peers.IsEmpty)
            Vectors.Divide(total, result);
    }
}
