namespace EdgeFL.Learning.Aggregation;

/// <summary>One rule while neighbours are few, another once they are enough for it.</summary>
public sealed class ByPeerCount : IAggregationRule
{
    private const int TrimFrom = 5;

    private readonly IAggregationRule few;
    private readonly IAggregationRule many;
    private readonly int manyFrom;

    /// <summary>Joins two rules.</summary>
    /// <param name="few">Used below <paramref name="manyFrom"/> peers.</param>
    /// <param name="many">Used from there on.</param>
    /// <param name="manyFrom">1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="manyFrom"/> is below 1.</exception>
    public ByPeerCount(IAggregationRule few, IAggregationRule many, int manyFrom)
    {
        ArgumentNullException.ThrowIfNull(few);
        ArgumentNullException.ThrowIfNull(many);
        ArgumentOutOfRangeException.ThrowIfLessThan(manyFrom, 1);
        this.few = few;
        this.many = many;
        this.manyFrom = manyFrom;
    }

    /// <summary>The default: gated clip below 5 peers, from there nearest-neighbour mixing and then the trimmed mean.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63.</param>
    /// <param name="byzantine">b, attackers withstood, 0 to 31. Default 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static ByPeerCount CreateDefault(int parameterCount, int peersMax, int byzantine = 3) =>
        new(
            new GatedClip(parameterCount, peersMax),
            new NearestNeighbourMixing(parameterCount, peersMax, new TrimmedMean(parameterCount, peersMax, byzantine), byzantine),
            TrimFrom);

    /// <summary>Makes a rule by its kind; those that trim give way to gated clip below 5 peers, where there is too little to trim.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63.</param>
    /// <param name="byzantine">b, attackers withstood by rules that trim, 0 to 31.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static IAggregationRule Create(AggregationRule kind, int parameterCount, int peersMax, int byzantine) => kind switch
    {
        AggregationRule.GatedClip => new GatedClip(parameterCount, peersMax),
        AggregationRule.TrimmedMean => new ByPeerCount(
            new GatedClip(parameterCount, peersMax), new TrimmedMean(parameterCount, peersMax, byzantine), TrimFrom),
        AggregationRule.NearestNeighbourTrimmedMean => CreateDefault(parameterCount, peersMax, byzantine),
        AggregationRule.Mean => new WeightedMean(parameterCount, peersMax),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such rule."),
    };

    /// <inheritdoc/>
    public string Name => $"{few.Name}|{many.Name}";

    /// <inheritdoc/>
    public void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result) =>
        (peers.Length < manyFrom ? few : many).Aggregate(own, peers, result);
}
