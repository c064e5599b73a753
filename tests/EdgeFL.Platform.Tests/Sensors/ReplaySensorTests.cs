using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class ReplaySensorTests : IDisposable
{
    private const string Small = "segment,t_ms,ax,ay,label\n1,0,1000,2,1\n1,20,-500,3.5,2\n2,0,0,4,0\n";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static ReplayOptions Fast(params string[] paths) => new() { Path = paths, Speed = 0 };

    [Fact]
    public async Task Columns_NotGiven_EveryNumericColumnIsAChannel()
    {
        await using var sensor = ReplaySensor.Open(Fast(folder.Write("a.csv", Small)));
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal(["ax", "ay"], sensor.Description.Channels.Select(channel => channel.Name));
        Assert.Equal(50, sensor.Description.RateHz);
        Assert.Empty(sensor.Description.Classes);
        Assert.Equal([(0L, 1), (20L, 1), (0L, 2)], rows.Select(row => (row.TimeMs, row.Segment)));
        Assert.Equal([-500, 3.5f], rows[1].Values);
        Assert.All(rows, row => Assert.Equal(-1, row.Label));
        Assert.Equal(new SensorCounters(3, 0, 0, 1), sensor.Counters);
    }

    [Fact]
    public async Task ColumnsAndLabels_Given_AreScaledNamedAndMapped()
    {
        var options = Fast(folder.Write("a.csv", Small)) with
        {
            Columns = [new() { Name = "lift", Column = "ay", Unit = "m", Offset = 1 }, new() { Name = "ax", Unit = "g", Scale = 0.001 }],
            Labels = new Dictionary<string, string> { ["2"] = "sit", ["1"] = "walk" },
        };
        await using var sensor = ReplaySensor.Open(options);
        var (rows, _) = await Reading.Take(sensor);
        Assert.Equal(["walk", "sit"], sensor.Description.Classes);
        Assert.Equal([0, 1, -1], rows.Select(row => row.Label));
        Assert.Equal([4.5f, -0.5f], rows[1].Values);
        Assert.Equal("m", sensor.Description.Channels[0].Unit);
    }

    [Fact]
    public async Task TargetColumn_Given_IsTheRowsNumberAndNoChannel()
    {
        string file = folder.Write("a.csv", "t_ms,x,life\n0,1,12.5\n20,2,\n40,3,-1e3\n");
        await using var sensor = ReplaySensor.Open(Fast(file) with { TargetColumn = "life" });
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.True(sensor.Description.HasTarget);
        Assert.Equal(["x"], sensor.Description.Channels.Select(channel => channel.Name));
        Assert.Equal([12.5f, float.NaN, -1000f], rows.Select(row => row.Target));

        await using var without = ReplaySensor.Open(Fast(folder.Write("b.csv", "t_ms,x,life\n0,1,12.5\n")));
        (rows, _) = await Reading.Take(without);
        Assert.False(without.Description.HasTarget);
        Assert.Equal([1f, 12.5f], rows.Single().Values);
        Assert.True(float.IsNaN(rows.Single().Target));
    }

    [Fact]
    public async Task Gzip_Csv_GivesTheSameRowsAsPlain()
    {
        await using var plain = ReplaySensor.Open(Fast(folder.Write("a.csv", Small)));
        await using var zipped = ReplaySensor.Open(Fast(folder.WriteGzip("a.csv.gz", Small)));
        var expected = (await Reading.Take(plain)).Rows;
        var actual = (await Reading.Take(zipped)).Rows;
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Values, pair.Second.Values));
    }

    [Theory]
    [InlineData("\uFEFFt_ms,a\r\n0,1\r\n\r\n10,2")]
    [InlineData("t_ms;a\n0;1\n10;2\n\n")]
    [InlineData("t_ms\ta\n0\t1\n10\t+2e0\n")]
    [InlineData("\"t_ms\",\"a\"\n\"0\", 1 \n10,\"2\"\n")]
    [InlineData("time_ms,a,note\n0,1,\"x, \"\"y\"\"\"\n10,2,z\n")]
    public async Task Csv_OfAnyUsualForm_IsRead(string text)
    {
        await using var sensor = ReplaySensor.Open(Fast(folder.Write("a.csv", text)));
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal([(0L, 1f), (10L, 2f)], rows.Select(row => (row.TimeMs, row.Values.Single())));
    }

    [Fact]
    public async Task Files_Several_ArePlayedInTurnAsSegmentsOfTheirOwn()
    {
        string a = folder.Write("a.csv", "t_ms,x\n0,1\n20,2\n");
        string b = folder.Write("b.csv", "x,t_ms\n3,40\n4,60\n");
        await using var sensor = ReplaySensor.Open(Fast(a, b) with { BatchRows = 3 });
        var (rows, _) = await Reading.Take(sensor);
        Assert.Equal([(0, 0L, 1f), (0, 20L, 2f), (1, 40L, 3f), (1, 60L, 4f)], rows.Select(row => (row.Segment, row.TimeMs, row.Values[0])));
    }

    [Fact]
    public async Task Loop_StartsAgainInANewSegment()
    {
        await using var sensor = ReplaySensor.Open(Fast(folder.Write("a.csv", "t_ms,x\n0,1\n20,2\n")) with { Loop = true, BatchRows = 1 });
        var (rows, _) = await Reading.Take(sensor, 5);
        Assert.Equal([0, 0, 1, 1, 2], rows.Select(row => row.Segment));
        Assert.Equal(2, sensor.Counters.Passes);
    }

    [Theory]
    [InlineData(1, new double[] { 0, 20, 1020, 1040, 1060 })]
    [InlineData(10, new double[] { 0, 2, 102, 104, 106 })]
    public async Task Speed_PacesGapsAndRestartsOfTime(double speed, double[] dueMs)
    {
        // A gap of a second inside segment 1; segment 2 begins at 0 again and follows one period later.
        string file = folder.Write("a.csv", "segment,t_ms,x\n1,0,1\n1,20,2\n1,1020,3\n2,0,4\n2,20,5\n");
        var time = new ManualTime();
        await using var sensor = ReplaySensor.Open(Fast(file) with { Speed = speed, BatchRows = 1 }, new SensorContext { Time = time });
        var moments = new List<double>();
        await Reading.Take(sensor, seen: _ => moments.Add(time.NowMs));
        Assert.Equal(dueMs, moments);
    }

    [Fact]
    public async Task Pacing_HoldsNoRowBackForLong_AndNeverHandsOutEarly()
    {
        string file = folder.Write("a.csv", "t_ms,x\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"{i * 20},{i}\n")));
        var time = new ManualTime();
        await using var sensor = ReplaySensor.Open(Fast(file) with { Speed = 1 }, new SensorContext { Time = time });
        var late = new List<double>();
        await Reading.Take(sensor, seen: row => late.Add(time.NowMs - row.TimeMs));
        Assert.Equal(100, late.Count);
        Assert.All(late, ms => Assert.InRange(ms, 0, 260));
    }

    [Fact]
    public async Task Reader_ThatIsLate_GetsTheRowsItMissedAtOnce()
    {
        string file = folder.Write("a.csv", "t_ms,x\n0,1\n20,2\n40,3\n60,4\n");
        var time = new ManualTime();
        await using var sensor = ReplaySensor.Open(Fast(file) with { Speed = 1, BatchRows = 1 }, new SensorContext { Time = time });
        var moments = new List<double>();
        await Reading.Take(sensor, seen: row =>
        {
            moments.Add(time.NowMs);
            if (row.TimeMs == 0)
                time.Advance(50);
        });
        Assert.Equal([0, 50, 50, 60], moments);
    }

    [Fact]
    public async Task Cancel_WhileWaiting_EndsTheReading()
    {
        string file = folder.Write("a.csv", "t_ms,x\n0,1\n3600000,2\n");
        await using var sensor = ReplaySensor.Open(new ReplayOptions { Path = [file], BatchRows = 1 });
        using var cancel = new CancellationTokenSource();
        int rows = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in sensor.ReadAsync(cancel.Token))
            {
                rows += batch.Count;
                cancel.Cancel();
            }
        });
        Assert.Equal(1, rows);
    }

    [Fact]
    public async Task Sensor_ReadTwiceAtOnce_Refuses()
    {
        await using var sensor = ReplaySensor.Open(Fast(folder.Write("a.csv", Small)));
        await using var first = sensor.ReadAsync().GetAsyncEnumerator();
        Assert.True(await first.MoveNextAsync());
        await using var second = sensor.ReadAsync().GetAsyncEnumerator();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.MoveNextAsync());
    }

    [Fact]
    public async Task TimeColumn_None_CountsRowsByTheRate()
    {
        string file = folder.Write("a.csv", "x\n1\nbad\n3\n");
        await using var sensor = ReplaySensor.Open(Fast(file) with { RateHz = 4, OnBadRow = BadRowPolicy.Skip });
        var (rows, _) = await Reading.Take(sensor);
        Assert.Equal([0L, 500L], rows.Select(row => row.TimeMs));
        Assert.Equal(1, sensor.Counters.SkippedRows);
    }

    [Fact]
    public async Task Rows_AsFastAsTaken_AllocateNextToNothing()
    {
        string file = folder.Write("a.csv", "segment,t_ms,ax,ay,az,label\n"
            + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"1,{i * 20},{i % 977},-{i % 31},3.25,{i % 7}\n")));
        await using var sensor = ReplaySensor.Open(Fast(file) with { Labels = new Dictionary<string, string> { ["1"] = "walk" } });
        await using var reader = sensor.ReadAsync().GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        long mine = GC.GetAllocatedBytesForCurrentThread();
        long rows = 0;
        while (await reader.MoveNextAsync())
            rows += reader.Current.Count;
        mine = GC.GetAllocatedBytesForCurrentThread() - mine;
        Assert.Equal(50_000 - 64, rows);
        Assert.InRange(mine, 0, 64 * 1024);
    }
}
