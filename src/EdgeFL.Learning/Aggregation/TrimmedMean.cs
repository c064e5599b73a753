using EdgeFL.Numerics;

namespace EdgeFL.Learning.Aggregation;

/// <summary>
/// Per coordinate, the mean without the b largest and the b smallest of all models, the own one included. Source: Yin, Chen, Ramchandran,
/// Bartlett, "Byzantine-Robust Distributed Learning", ICML 2018. Where 2b would leave nothing, b is lowered to what leaves one or two.
/// </summary>
public sealed class TrimmedMean : IAggregationRule
{
    private const int Block = 256;

    private readonly MergeShape shape;
    private readonly int trim;
    private readonly float[] table;

    /// <summary>Makes the rule.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="peersMax">Most peers in a merge, 1 to 63.</param>
    /// <param name="trim">b, attackers withstood, 0 to 31. Default 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public TrimmedMean(int parameterCount, int peersMax, int trim = 3)
    {
        shape = new MergeShape(parameterCount, peersMax);
        if (trim is < 0 or > 31)
            throw new ArgumentOutOfRangeException(nameof(trim), trim, "0 to 31 values are trimmed on either side.");
        this.trim = trim;
        table = new float[(peersMax + 1) * Block];
    }

    /// <inheritdoc/>
    public string Name => "trimmed-mean";

    /// <inheritdoc/>
    public void Aggregate(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, Span<float> result)
    {
        shape.Check(own, peers, result);
        var rows = peers.Length + 1;
        var b = Math.Min(trim, (rows - 1) / 2);
        for (var first = 0; first < own.Length; first += Block)
        {
            var width = Math.Min(Block, own.Length - first);
            var columns = table.AsSpan(0, rows * width);
            own.Slice(first, width).CopyTo(columns);
            for (var j = 0; j < peers.Length; j++)
                peers[j].Parameters.Span.Slice(first, width).CopyTo(columns[((j + 1) * width)..]);
            OrderStatistics.SortColumns(columns, rows, width);
            var sum = result.Slice(first, width);
            columns.Slice(b * width, width).CopyTo(sum);
            for (var row = b + 1; row < rows - b; row++)
                Vectors.Add(columns.Slice(row * width, width), sum, sum);
            Vectors.Divide(rows - 2 * b, sum);
        }
    }
}
