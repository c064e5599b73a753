namespace EdgeFL.Learning.Aggregation;

/// <summary>How a node's model is merged with those of its neighbours.</summary>
public enum AggregationRule
{
    /// <summary><see cref="Aggregation.GatedClip"/>: every neighbour counts, but none moves the model further than the median one, and what lies far out is left out.</summary>
    GatedClip,

    /// <summary><see cref="Aggregation.TrimmedMean"/> from 5 neighbours on, gated clip below.</summary>
    TrimmedMean,

    /// <summary><see cref="NearestNeighbourMixing"/>, then the trimmed mean, from 5 neighbours on; gated clip below.</summary>
    NearestNeighbourTrimmedMean,

    /// <summary><see cref="WeightedMean"/>: not robust, one attacker moves the model at will.</summary>
    Mean,
}
