using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class ReplayBadInputTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static ReplayOptions Fast(params string[] paths) => new() { Path = paths, Speed = 0 };

    [Theory]
    [InlineData("t_ms,x,y\n0,1,2\n20,abc,4\n40,5,6\n", "sensor-not-a-number", ":3:4", "\"abc\"")]
    [InlineData("t_ms,x,y\n0,1,2\n20,,4\n40,5,6\n", "sensor-not-a-number", ":3:4", "holds nothing")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3 4,4\n40,5,6\n", "sensor-not-a-number", ":3:4", "\"3 4\"")]
    [InlineData("t_ms,x,y\n0,1,2\n20,0x10,4\n40,5,6\n", "sensor-not-a-number", ":3:4", "\"x\"")]
    [InlineData("t_ms,x,y\n0,1,2\n20,NaN,4\n40,5,6\n", "sensor-not-finite", ":3:4", "NaN")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3,-inf\n40,5,6\n", "sensor-not-finite", ":3:6", "-inf")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3,Infinity\n40,5,6\n", "sensor-not-finite", ":3:6", "Infinity")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3,1e300\n40,5,6\n", "sensor-not-finite", ":3:6", "1e300")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3\n40,5,6\n", "sensor-ragged-row", ":3:1", "2 cells, the header 3")]
    [InlineData("t_ms,x,y\n0,1,2\n20,3,4,5\n40,5,6\n", "sensor-ragged-row", ":3:1", "4 cells, the header 3")]
    [InlineData("t_ms,x,y\n0,1,2\nsoon,3,4\n40,5,6\n", "sensor-not-a-number", ":3:1", "t_ms")]
    [InlineData("t_ms,x,y\n0,1,2\n1e40,3,4\n40,5,6\n", "sensor-not-a-number", ":3:1", "t_ms")]
    [InlineData("t_ms,x,segment,y\n0,1,1,2\n20,3,1.5,4\n40,5,1,6\n", "sensor-not-a-number", ":3:6", "segment")]
    public async Task Row_Bad_FailsWithItsPlaceAfterTheRowsBeforeIt_OrIsSkippedAndCounted(string text, string code, string place, string said)
    {
        string file = folder.Write("a.csv", text);
        await using var strict = ReplaySensor.Open(Fast(file));
        var (rows, failure) = await Reading.Take(strict);
        Assert.Equal([0L], rows.Select(row => row.TimeMs));
        Assert.NotNull(failure);
        Assert.Equal(code, failure.Code);
        Assert.Equal(file + place, failure.Where);
        Assert.Contains(said, failure.Cause, StringComparison.Ordinal);
        Assert.Contains("onBadRow", failure.Remedy, StringComparison.Ordinal);

        await using var lenient = ReplaySensor.Open(Fast(file) with { OnBadRow = BadRowPolicy.Skip });
        (rows, failure) = await Reading.Take(lenient);
        Assert.Null(failure);
        Assert.Equal([0L, 40L], rows.Select(row => row.TimeMs));
        Assert.Equal(1, lenient.Counters.SkippedRows);
    }

    [Theory]
    [InlineData("soon", "sensor-not-a-number")]
    [InlineData("nan", "sensor-not-finite")]
    [InlineData("1e39", "sensor-not-finite")]
    public async Task Target_Bad_FailsWithItsPlace(string target, string code)
    {
        string file = folder.Write("a.csv", $"t_ms,x,life\n0,1,2\n20,3,{target}\n");
        await using var sensor = ReplaySensor.Open(Fast(file) with { TargetColumn = "life" });
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Equal([2f], rows.Select(row => row.Target));
        Assert.Equal((code, file + ":3:6"), (failure!.Code, failure.Where));
        failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(Fast(file) with { TargetColumn = "death" }));
        Assert.Equal("sensor-column-missing", failure.Code);
        Assert.Contains("targetColumn", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv", "", "sensor-empty-file")]
    [InlineData("a.csv", "\n\n", "sensor-empty-file")]
    [InlineData("a.csv", "t_ms,x\n", "sensor-empty-file")]
    [InlineData("a.csv.gz", "t_ms,x\n0,1\n", "sensor-not-gzip")]
    [InlineData("a.csv", "x,y\n1,2\n", "sensor-no-time")]
    [InlineData("a.csv", "t_ms,note\n0,hello\n", "sensor-no-channel")]
    public void File_ThatCannotBePlayed_FailsWhenOpened(string name, string text, string code)
    {
        string file = folder.Write(name, text);
        var failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(Fast(file)));
        Assert.Equal(code, failure.Code);
        Assert.StartsWith(file, failure.Where, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Remedy);
    }

    [Fact]
    public void File_Missing_IsNamed()
    {
        var failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(Fast(folder["no.csv"])));
        Assert.Equal(("sensor-file-missing", folder["no.csv"]), (failure.Code, failure.Where));
    }

    [Fact]
    public void File_ThatIsAFolder_IsNamed()
    {
        var failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(Fast(folder.Path)));
        Assert.Contains("folder", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Column_Missing_IsNamedWithTheHeader()
    {
        var options = Fast(folder.Write("a.csv", "t_ms,x\n0,1\n")) with { Columns = [new() { Name = "az" }] };
        var failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(options));
        Assert.Equal("sensor-column-missing", failure.Code);
        Assert.Contains("\"az\"", failure.Cause, StringComparison.Ordinal);
        Assert.Contains("t_ms,x", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Column_MissingInASecondFile_IsFoundWhenOpened()
    {
        string a = folder.Write("a.csv", "t_ms,x\n0,1\n");
        string b = folder.Write("b.csv", "t_ms,y\n0,1\n");
        var failure = Assert.Throws<SensorException>(() => ReplaySensor.Open(Fast(a, b)));
        Assert.Equal(($"{b}:1:1", "sensor-column-missing"), (failure.Where, failure.Code));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(3000)]
    public async Task Gzip_Cut_GivesTheRowsBeforeTheCut(int cutBytes)
    {
        string text = "t_ms,x\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i * 20},{i * 7919L % 10007}\n"));
        string file = folder.WriteGzip("a.csv.gz", text, cutBytes);
        await using var sensor = ReplaySensor.Open(Fast(file));
        var (rows, failure) = await Reading.Take(sensor);
        Assert.NotNull(failure);
        Assert.Equal("sensor-gzip-cut", failure.Code);
        Assert.InRange(rows.Count, 1, 20_000);
        Assert.Contains($"{rows.Count} rows", failure.Cause, StringComparison.Ordinal);
        for (int i = 0; i < rows.Count; i++)
            Assert.Equal((i * 20L, i * 7919L % 10007), (rows[i].TimeMs, (long)rows[i].Values[0]));

        await using var lenient = ReplaySensor.Open(Fast(file) with { OnBadRow = BadRowPolicy.Skip });
        var (again, none) = await Reading.Take(lenient);
        Assert.Null(none);
        Assert.Equal(rows.Count, again.Count);
        Assert.Equal(1, lenient.Counters.SkippedRows);
    }

    [Fact]
    public async Task Gzip_OfTwoMembers_IsReadToItsEnd()
    {
        string file = folder.WriteGzip("a.csv.gz", "t_ms,x\n0,1\n");
        string more = folder.WriteGzip("b.csv.gz", "20,2\n");
        File.WriteAllBytes(file, [.. File.ReadAllBytes(file), .. File.ReadAllBytes(more)]);
        await using var sensor = ReplaySensor.Open(Fast(file));
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public async Task Gzip_CutAtAnyByte_NeverGivesAWrongRow()
    {
        string text = "t_ms,x\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i * 20},{i * 7919L % 10007}\n"));
        byte[] whole = File.ReadAllBytes(folder.WriteGzip("a.csv.gz", text));
        for (int length = 2; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder["a.csv.gz"], whole[..length]);
            SensorException? failure;
            try
            {
                await using var sensor = ReplaySensor.Open(Fast(folder["a.csv.gz"]));
                (var rows, failure) = await Reading.Take(sensor);
                for (int i = 0; i < rows.Count; i++)
                    Assert.Equal((i * 20L, i * 7919L % 10007), (rows[i].TimeMs, (long)rows[i].Values[0]));
            }
            catch (SensorException e)
            {
                failure = e;
            }
            Assert.Equal("sensor-gzip-cut", failure?.Code);
        }
    }

    [Fact]
    public async Task Gzip_WithAFlippedByte_FailsAndHangsNot()
    {
        string text = "t_ms,x\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i * 20},{i * 7919L % 10007}\n"));
        string file = folder.WriteGzip("a.csv.gz", text);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^5] ^= 0x40; // the checksum at the end
        File.WriteAllBytes(file, bytes);
        await using var sensor = ReplaySensor.Open(Fast(file));
        Assert.Equal("sensor-gzip-cut", (await Reading.Take(sensor)).Failure?.Code);
    }

    [Fact]
    public async Task Line_WithoutEnd_IsRefused()
    {
        string file = folder.Write("a.csv", "t_ms,x\n0,1\n" + new string('7', 200_000));
        await using var sensor = ReplaySensor.Open(Fast(file));
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Single(rows);
        Assert.Equal("sensor-line-too-long", failure?.Code);
    }

    [Fact]
    public async Task Loop_OverNothingUsable_Ends()
    {
        string file = folder.Write("a.csv", "t_ms,x\n0,1\n");
        await using var sensor = ReplaySensor.Open(Fast(file) with { Loop = true, OnBadRow = BadRowPolicy.Skip });
        File.WriteAllText(file, "t_ms,x\n0,bad\n");
        Assert.Equal("sensor-empty-file", (await Reading.Take(sensor)).Failure?.Code);
    }

    [Fact]
    public async Task Fuzz_AnyBytes_GiveRowsOrASensorException()
    {
        const int seed = 20150607;
        var random = new Random(seed);
        byte[] alphabet = "0123456789.,-+eE\"\n\r;\t NaIif\0\xff"u8.ToArray();
        for (int round = 0; round < 400; round++)
        {
            var bytes = new byte[random.Next(1, 300)];
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = alphabet[random.Next(alphabet.Length)];
            string file = folder["fuzz.csv"];
            File.WriteAllBytes(file, [.. "t_ms,x\n0,1\n"u8, .. bytes]);
            try
            {
                await using var sensor = ReplaySensor.Open(Fast(file) with { OnBadRow = round % 2 == 0 ? BadRowPolicy.Fail : BadRowPolicy.Skip });
                var (rows, _) = await Reading.Take(sensor);
                Assert.NotEmpty(rows);
                Assert.All(rows, row => Assert.True(float.IsFinite(row.Values[0]), $"seed {seed} round {round}"));
            }
            catch (Exception e) when (e is not SensorException and not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed} round {round}: {e}");
            }
        }
    }
}
