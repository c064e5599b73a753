using EdgeFL.Numerics;

namespace EdgeFL.Learning.Aggregation;

/// <summary>
/// Replaces every model by the mean of the n'-b models nearest to it, itself included, and hands those to another rule. Source: Allouah, Farhadkhani,
/// Guerraoui, Gupta, Pinot, Stephan, "Fixing by Mixing", AISTATS 2023 (arXiv:2302.01772). Ties go to the model that comes first, the own one first.
/// </summary>
public sealed class NearestNeighbourMixing : IAggregationRule
{
    private readonly MergeShape shape;
    private readonly IAggregationRule inner;
    private readonly int byzantine;
    private readonly float[] squared;
    private readonly int[] order;
    private readonly float[][] mixed;
    private readonly PeerModel[] mixedPeers;

    /// <summary>Makes the rule.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63. The rule holds peersMax+1 models.</param>
    /// <param name="inner">What merges the mixed models, made for the same sizes.</param>
    /// <param name="byzantine">b, attackers withstood, 0 to 31. Default 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public NearestNeighbourMixing(int parameterCount, int peersMax, IAggregationRule inner, int byzantine = 3)
    {
        ArgumentNullException.ThrowIfNull(inner);
        shape = new MergeShape(parameterCount, peersMax);
        if (byzantine is < 0 or > 31)
            throw new ArgumentOutOfRangeException(nameof(byzantine), byzantine, "0 to 31 attackers are withstood.");
        this.inner = inner;
        this.byzantine = byzantine;
        squared = new float[(peersMax + 1) * (peersMax + 1)];
        order = new int[peersMax + 1];
        mixed = new float[peersMax + 1][];
        mixedPeers = new PeerModel[peersMax];
        for (var i = 0; i < mixed.Length; i++)
            mixed[i] = new float[parameterCount];
        for (var i = 0; i < peersMax; i++)
            mixedPeers[i] = new PeerModel(mixed[i + 1], 1f);
    }

    /// <inheritdoc/>
    public string Name => $"nearest-neighbour-mixing+{inner.Name}";

    /// <inheritdoc/>
    public void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result)
    {
        shape.Check(own, peers, result);
        var n = peers.Length + 1;
        var near = n - Math.Min(byzantine, (n - 1) / 2);
        MeasureDistances(own, peers, n);
        for (var i = 0; i < n; i++)
        {
            Rank(i, n);
            // Summed in model order, not in order of distance: a tie broken otherwise then still gives the same sum.
            order.AsSpan(0, near).Sort();
            var mean = mixed[i].AsSpan();
            mean.Clear();
            foreach (var j in order.AsSpan(0, near))
                Vectors.Add(j == 0 ? own : peers[j - 1].Parameters.Span, mean, mean);
            Vectors.Divide(near, mean);
        }
        inner.Aggregate(mixed[0], mixedPeers.AsSpan(0, peers.Length), result);
    }

    private void MeasureDistances(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, int n)
    {
        for (var i = 0; i < n; i++)
        {
            squared[i * n + i] = 0f;
            for (var j = i + 1; j < n; j++)
            {
                var first = i == 0 ? own : peers[i - 1].Parameters.Span;
                var d = Vectors.SquaredDistance(first, peers[j - 1].Parameters.Span);
                squared[i * n + j] = d;
                squared[j * n + i] = d;
            }
        }
    }

    /// <summary>Insertion sort of 0..n-1 by distance from model i; stable, so ties keep model order, but the model itself always comes first.</summary>
    private void Rank(int i, int n)
    {
        var row = squared.AsSpan(i * n, n);
        order[0] = i;
        var count = 1;
        for (var j = 0; j < n; j++)
        {
            if (j == i)
                continue;
            var at = count++;
            for (; at > 1 && row[order[at - 1]] > row[j]; at--)
                order[at] = order[at - 1];
            order[at] = j;
        }
    }
}
