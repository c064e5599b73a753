using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class HaptImportTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Source => folder["hapt"];

    private string Made => folder["made"];

    private void WriteSmall()
    {
        folder.Write("hapt/RawData/acc_exp01_user01.txt", "0.9180 -0.1120 0.5100\n9.1e-01 -9.3e-02 5.38e-01\r\n1.0005 0.0005 -0.0005\n");
        folder.Write("hapt/RawData/gyro_exp01_user01.txt", "-0.055 -0.070 -0.031\n-0.013 0.019 -0.038\n0 0 0\n");
        folder.Write("hapt/RawData/acc_exp12_user02.txt", "1 0 0\n1 0 0\n");
        folder.Write("hapt/RawData/gyro_exp12_user02.txt", "0 0 0\n0 0 0\n");
        folder.Write("hapt/RawData/labels.txt", "1 1 5 2 3\n12 2 1 1 1\n13 7 1 1 500\n");
    }

    private static string Unzip(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [Fact]
    public void Download_Small_IsConverted()
    {
        WriteSmall();
        var seen = new List<HaptImportProgress>();
        var result = HaptImport.Run(Source, Made, seen.Add);
        Assert.Equal(new HaptImportResult(2, 2, 5, 3), result);
        Assert.Equal([1, 2], seen.Select(progress => progress.Subject));
        Assert.Equal("segment,t_ms,ax,ay,az,gx,gy,gz,label\n1,0,918,-112,510,-55,-70,-31,0\n1,20,910,-93,538,-13,19,-38,5\n1,40,1000,0,0,0,0,0,5\n",
            Unzip(Path.Combine(Made, "subject-01.csv.gz")));
        using var split = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Made, "split.json")));
        Assert.Equal([1], split.RootElement.GetProperty("train").EnumerateArray().Select(item => item.GetInt32()));
        Assert.Equal([2], split.RootElement.GetProperty("test").EnumerateArray().Select(item => item.GetInt32()));
        Assert.Equal(12, split.RootElement.GetProperty("segments").GetProperty("2")[0].GetInt32());
    }

    [Fact]
    public void Download_ConvertedTwice_WritesNothingAnew_AndMendsADamagedFile()
    {
        WriteSmall();
        HaptImport.Run(Source, Made);
        Assert.Equal(0, HaptImport.Run(Path.Combine(Source, "RawData"), Made).FilesWritten);
        string file = Path.Combine(Made, "subject-02.csv.gz");
        File.WriteAllText(file, "cut");
        Assert.Equal(1, HaptImport.Run(Source, Made).FilesWritten);
        Assert.Contains("12,0,1000,0,0,0,0,0,1\n", Unzip(file), StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(Made).Length);
    }

    [Theory]
    [InlineData("gyro_exp01_user01.txt", "-0.055 -0.070 -0.031\n-0.013 x -0.038\n0 0 0\n", "gyro_exp01_user01.txt:2")]
    [InlineData("gyro_exp01_user01.txt", "0 0 0\n0 0 0 0\n0 0 0\n", "gyro_exp01_user01.txt:2")]
    [InlineData("gyro_exp01_user01.txt", "0 0 0\n0 0 NaN\n0 0 0\n", "gyro_exp01_user01.txt:2")]
    [InlineData("gyro_exp01_user01.txt", "0 0 0\n0 0 0\n", "gyro_exp01_user01.txt:3")]
    [InlineData("acc_exp01_user01.txt", "0 0 0\n", "acc_exp01_user01.txt:2")]
    [InlineData("labels.txt", "1 1 5 2 3\n1 1 5 x 3\n", "labels.txt:2")]
    [InlineData("labels.txt", "1 1 5 2 3\n1 1 4 3 3\n", "labels.txt:2")]
    [InlineData("labels.txt", "1 1 5 2 4\n", "labels.txt:1")]
    [InlineData("labels.txt", "1 1 5 3 2\n", "labels.txt:1")]
    [InlineData("labels.txt", "1 1 0 1 2\n", "labels.txt:1")]
    [InlineData("acc_expxx_user01.txt", "0 0 0\n", "acc_expxx_user01.txt")]
    [InlineData("acc_exp05_user01.txt", "0 0 0\n", "gyro_exp05_user01.txt")]
    public void Download_Wrong_NamesFileAndLine(string file, string text, string where)
    {
        WriteSmall();
        folder.Write("hapt/RawData/" + file, text);
        var failure = Assert.Throws<SensorException>(() => HaptImport.Run(Source, Made));
        Assert.Equal("hapt-import", failure.Code);
        Assert.EndsWith(where, failure.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Download_Missing_IsTold()
    {
        Assert.Equal("hapt-import", Assert.Throws<SensorException>(() => HaptImport.Run(folder["no"], Made)).Code);
        Assert.Equal("hapt-import", Assert.Throws<SensorException>(() => HaptImport.Run(folder.Path, Made)).Code);
        WriteSmall();
        File.Delete(Path.Combine(Source, "RawData", "labels.txt"));
        Assert.Equal("sensor-file-missing", Assert.Throws<SensorException>(() => HaptImport.Run(Source, Made)).Code);
    }

    [DataFact("uci-hapt")]
    public void Subject_TakenBackToTheOriginalFormat_ComesOutAsItWas()
    {
        string[] rows = Unzip(DataSets.Path("uci-hapt", "subject-02.csv.gz")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var labels = new StringBuilder();
        foreach (var segment in rows.Skip(1).Select(row => row.Split(',')).GroupBy(cells => int.Parse(cells[0], CultureInfo.InvariantCulture)))
        {
            var all = segment.ToList();
            string Original(int from) => string.Concat(all.Select(cells =>
                string.Join(' ', Enumerable.Range(from, 3).Select(c => (int.Parse(cells[c], CultureInfo.InvariantCulture) / 1000.0).ToString("E16", CultureInfo.InvariantCulture))) + "\n"));
            folder.Write($"hapt/RawData/acc_exp{segment.Key:00}_user02.txt", Original(2));
            folder.Write($"hapt/RawData/gyro_exp{segment.Key:00}_user02.txt", Original(5));
            for (int first = 0; first < all.Count;)
            {
                int last = first;
                while (last + 1 < all.Count && all[last + 1][8] == all[first][8])
                    last++;
                if (all[first][8] != "0")
                    labels.Append(CultureInfo.InvariantCulture, $"{segment.Key} 2 {all[first][8]} {first + 1} {last + 1}\n");
                first = last + 1;
            }
        }
        folder.Write("hapt/RawData/labels.txt", labels.ToString());
        var result = HaptImport.Run(Source, Made);
        Assert.Equal(34591, result.Rows);
        Assert.Equal(Unzip(DataSets.Path("uci-hapt", "subject-02.csv.gz")), Unzip(Path.Combine(Made, "subject-02.csv.gz")));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(DataSets.Path("uci-hapt", "split.json")));
        using var actual = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Made, "split.json")));
        foreach (string member in (string[])["dataset", "rateHz", "units", "window", "labels"])
            Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty(member), actual.RootElement.GetProperty(member)), member);
        Assert.True(JsonElement.DeepEquals(expected.RootElement.GetProperty("segments").GetProperty("2"), actual.RootElement.GetProperty("segments").GetProperty("2")));
    }
}
