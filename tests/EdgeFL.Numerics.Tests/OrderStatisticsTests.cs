namespace EdgeFL.Numerics.Tests;

public sealed class OrderStatisticsTests
{
    [Fact]
    public void Median_OddAndEven_IsTheMiddle()
    {
        Assert.Equal(2f, OrderStatistics.Median([3f, 1f, 2f]));
        Assert.Equal(2.5f, OrderStatistics.Median([4f, 1f, 2f, 3f]));
        Assert.Equal(7f, OrderStatistics.Median([7f]));
        Assert.Equal(3e38f, OrderStatistics.Median([3e38f, 3e38f]));
        Assert.Throws<ArgumentException>(() => OrderStatistics.Median([]));
    }

    [Fact]
    public void TrimmedMean_WithOutliers_IgnoresThem()
    {
        Assert.Equal(2f, OrderStatistics.TrimmedMean([1f, 1e30f, 2f, -1e30f, 3f], 1));
        Assert.Equal(2f, OrderStatistics.TrimmedMean([1f, 2f, 3f], 0));
        Assert.Throws<ArgumentException>(() => OrderStatistics.TrimmedMean([1f, 2f], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderStatistics.TrimmedMean([1f, 2f], -1));
    }

    [Fact]
    public void SortColumns_AnySize_SortsEveryColumn()
    {
        for (var rows = 0; rows <= 18; rows++)
        {
            foreach (var columns in new[] { 0, 1, 7, 33 })
            {
                var table = Inputs.Wild(rows * columns, (ulong)(rows * 100 + columns));
                var sorted = table.ToArray();
                OrderStatistics.SortColumns(sorted, rows, columns);
                for (var c = 0; c < columns; c++)
                {
                    var expected = Enumerable.Range(0, rows).Select(r => table[r * columns + c]).Order().ToArray();
                    Assert.Equal(expected, Enumerable.Range(0, rows).Select(r => sorted[r * columns + c]));
                }
            }
        }
        Assert.Throws<ArgumentException>(() => OrderStatistics.SortColumns(new float[5], 2, 3));
    }
}
