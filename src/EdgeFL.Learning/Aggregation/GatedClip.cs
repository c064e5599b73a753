using EdgeFL.Numerics;

namespace EdgeFL.Learning.Aggregation;

/// <summary>
/// Moves the own model towards each neighbour by at most 3 t, t the (lower) median distance, and ignores neighbours beyond 5 t:
/// x += Σ weight·clip(x_j - x, 3t)/(m+1).
/// </summary>
/// <remarks>
/// The bounds are wide because honest distances have a heavy tail: in most rounds most devices have little left to learn from their minibatches, and the
/// few that meet something hard move far. Clipping those to the median distance loses what the fleet would learn from them. A model that is
/// scaled, negated or made up lies tens of t away once training has begun, and is still dropped; what stays within the gate can move the
/// model by at most 3t/(m+1) a merge.
/// </remarks>
public sealed class GatedClip : IAggregationRule
{
    private const float Gate = 5f;
    private const float Reach = 3f;

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
        // The lower median: of two peers the far one must not set the measure it is judged by.
        var sorted = scratch.AsSpan(0, peers.Length);
        sorted.Sort();
        var t = sorted[(peers.Length - 1) / 2];
        sum.AsSpan().Clear();
        for (var j = 0; j < peers.Length; j++)
        {
            if (!(distance[j] <= Gate * t))
                continue;
            Vectors.Subtract(peers[j].Parameters.Span, own, step);
            var share = distance[j] > Reach * t ? Reach * t / distance[j] : 1f;
            Vectors.Axpy(share * peers[j].Weight, step, sum);
        }
        Vectors.Divide(peers.Length + 1, sum);
        Vectors.Add(own, sum, result);
    }
}
