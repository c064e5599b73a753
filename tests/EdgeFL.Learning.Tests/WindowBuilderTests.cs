namespace EdgeFL.Learning.Tests;

public sealed class WindowBuilderTests
{
    private readonly List<SampleWindow> windows = [];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(4, 3)]
    [InlineData(4, 4)]
    [InlineData(4, 7)]
    public void Add_OneRun_CutsAtEveryStepWhateverTheBatches(int length, int step)
    {
        for (var rows = 0; rows < 30; rows++)
        {
            for (var capacity = 1; capacity < 12; capacity += 5)
            {
                windows.Clear();
                var builder = new WindowBuilder(new WindowOptions { Length = length, Step = step }, 2);
                var made = 0;
                for (var first = 0; first < rows; first += capacity)
                    made += builder.Add(Rows(Enumerable.Range(first, Math.Min(capacity, rows - first)).Select(r => (r * 20L, 0, 1))), windows);
                var expected = rows < length ? 0 : (rows - length) / step + 1;
                Assert.Equal(expected, made);
                Assert.Equal(expected, windows.Count);
                for (var w = 0; w < expected; w++)
                {
                    // Values are the row's time, and its negative in the second channel.
                    var times = Enumerable.Range(w * step, length).Select(r => r * 20f).ToArray();
                    Assert.Equal([.. times, .. times.Select(t => -t)], windows[w].Values);
                    Assert.Equal(1, windows[w].Label);
                    Assert.Equal((w * step + length - 1) * 20L, windows[w].TimeMs);
                }
                Assert.Equal(rows == 0 ? 0 : 1, builder.Runs);
            }
        }
    }

    [Fact]
    public void Add_LabelOrSegmentChanges_NoWindowSpansThem()
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 3, Step = 1 }, 2);
        builder.Add(Rows([(0, 0, 1), (1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 0, 2), (5, 1, 2), (6, 1, 2), (7, 1, 2), (8, 1, -1)]), windows);
        Assert.Equal([(4L, 2), (7L, 2)], windows.Select(w => (w.TimeMs, w.Label)));
        Assert.Equal(4, builder.Runs);
    }

    [Fact]
    public void Add_LabelOfTheLastRow_WindowsSpanAChangeOfLabelButNotOfSegment()
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 3, Step = 1, Label = WindowLabel.LastRow }, 2);
        builder.Add(Rows([(0, 0, 1), (1, 0, 1), (2, 0, 2), (3, 0, -1), (4, 0, 2), (5, 1, 1), (6, 1, 1), (7, 1, 2)]), windows);
        Assert.Equal([(2L, 2), (3L, -1), (4L, 2), (7L, 2)], windows.Select(w => (w.TimeMs, w.Label)));
        Assert.Equal(2, builder.Runs);
    }

    [Fact]
    public void Add_RowsWithTargets_WindowHasThatOfItsLastRowAndItsSegment()
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 2, Step = 1 }, 1);
        var batch = new SampleBatch(1, 8);
        foreach (var (time, segment, target) in new[] { (0L, 4, 9f), (1L, 4, 8f), (2L, 4, SampleBatch.NoTarget), (3L, 4, 6f), (0L, 7, 2f), (1L, 7, 1f) })
            batch.TryAdd(time, segment, SampleBatch.NoLabel, [1f], target);
        builder.Add(batch.Copy(), windows);
        Assert.Equal([(4, 1L, 8f), (4, 2L, SampleBatch.NoTarget), (4, 3L, 6f), (7, 1L, 1f)], windows.Select(w => (w.Segment, w.TimeMs, w.Target)));
    }

    [Fact]
    public void Add_GapOrTimeGoingBack_StartsARun()
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 2, Step = 1, PeriodMs = 20 }, 2);
        builder.Add(Rows([(0, 0, 1), (30, 0, 1), (61, 0, 1), (81, 0, 1), (80, 0, 1), (80, 0, 1)]), windows);
        Assert.Equal([30L, 81L, 80L], windows.Select(w => w.TimeMs));
        windows.Clear();
        var unknown = new WindowBuilder(new WindowOptions { Length = 2, Step = 1 }, 2);
        unknown.Add(Rows([(0, 0, 1), (1_000_000, 0, 1)]), windows);
        Assert.Single(windows);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Add_RowThatIsNotFinite_IsRefusedCountedAndEndsTheRun(float bad)
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 2, Step = 1 }, 2);
        var batch = Rows([(0, 0, 1), (20, 0, 1)]);
        batch.TryAdd(40, 0, 1, [1f, bad]);
        batch.TryAdd(60, 0, 1, [1f, 1f]);
        builder.Add(batch, windows);
        Assert.Single(windows);
        Assert.Equal(1, builder.RefusedRows);
        builder.Add(Rows([(80, 0, 1)]), windows);
        Assert.Equal(2, windows.Count);
    }

    [Fact]
    public void Break_InTheMiddle_StartsARun()
    {
        var builder = new WindowBuilder(new WindowOptions { Length = 2, Step = 2 }, 2);
        builder.Add(Rows([(0, 0, 1)]), windows);
        builder.Break();
        builder.Add(Rows([(20, 0, 1)]), windows);
        Assert.Empty(windows);
        builder.Add(Rows([(40, 0, 1)]), windows);
        Assert.Single(windows);
    }

    [Fact]
    public void Builder_OptionsOrBatchThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WindowBuilder(new WindowOptions { Length = 0 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WindowBuilder(new WindowOptions { Step = 0 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WindowBuilder(new WindowOptions { PeriodMs = double.NaN }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WindowBuilder(new WindowOptions(), 0));
        Assert.Throws<ArgumentException>(() => new WindowBuilder(new WindowOptions(), 3).Add(new SampleBatch(2, 1), windows));
    }

    private static SampleBatch Rows(IEnumerable<(long TimeMs, int Segment, int Label)> rows)
    {
        var batch = new SampleBatch(2, 32);
        foreach (var row in rows)
            Assert.True(batch.TryAdd(row.TimeMs, row.Segment, row.Label, [row.TimeMs, -row.TimeMs]));
        return batch;
    }
}
