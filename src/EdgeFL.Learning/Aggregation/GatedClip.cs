using EdgeFL.Numerics;

namespace EdgeFL.Learning.Aggregation;

/// <summary>
/// Moves the own model towards each neighbour by at most the median distance t, and ignores neighbours beyond 1.5 t:
/// x += Σ weight·clip(x_j - x, t)/(m+1). For few neighbours, where trimming has nothing to trim.
/// </summary>
public sealed class GatedClip : IAggregationRule
{
    private const float Gate = 1.5f;

    private readonly MergeShape shape;
    private readonly float[] distance;
    private readonly float[] scratch;
    private readonly float[] step;
    private readonly float[] sum;

    /// <summary>Makes the rule.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public GatedClip(int parameterCount, int peersMax)
    {
        shape = new MergeShape(parameterCount, peersMax);
        distance = new float[peersMax];
        scratch = new float[peersMax];
        step = new float[parameterCount];
        sum = new float[parameterCount];
    }

    /// <inheritdoc/>
    public string Name => "gated-clip";

    /// <inheritdoc/>
    public void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result)
    {
        shape.Check(own, peers, result);
        if (peers.IsEmpty)
        {
            own.CopyTo(result);
            return;
        }
        for (var j = 0; j < peers.Length; j++)
            distance[j] = MathF.Sqrt(Vectors.SquaredDistance(peers[j].Parameters.Span, own));
        distance.AsSpan(0, peers.Length).CopyTo(scratch);
        var t = OrderStatistics.Median(scratch.AsSpan(0, peers.Length));
        sum.AsSpan().Clear();
        for (var j = 0; j < peers.Length; j++)
        {
            if (!(distance[j] <= Gate * t))
                continue;
            Vectors.Subtract(peers[j].Parameters.Span, own, step);
            var share = distance[j] > t ? t / distance[j] : 1f;
            Vectors.Axpy(share * peers[j].Weight, step, sum);
        }
        Vectors.Divide(peers.Length + 1, sum);
        Vectors.Add(own, sum, result);
    }
}
