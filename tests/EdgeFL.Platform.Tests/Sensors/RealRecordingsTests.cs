using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class RealRecordingsTests
{
    /// <summary>Windows of labels 1 to 6 of subject 1, from the table in the data set's README.</summary>
    private static readonly int[] WindowsOfSubject1 = [95, 53, 49, 47, 55, 48];

    private static SensorContext Context { get; } = new() { PresetFolders = [Presets()] };

    private static string Presets()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, "firmware-config", "sensors")))
            folder = folder.Parent;
        return Path.Combine(folder!.FullName, "firmware-config", "sensors");
    }

    private static ISensor Open(string preset, string set, params string[] files) => SensorFactory.Create(
        new SensorOptions { Kind = "replay", Replay = new() { Preset = preset, Path = [.. files.Select(file => DataSets.Path(set, file))], Speed = 0 } }, Context);

    [Theory]
    [InlineData("uci-hapt", 6)]
    [InlineData("occupancy", 5)]
    [InlineData("hydraulic", 8)]
    [InlineData("cmapss", 15)]
    public void Preset_Shipped_IsSound(string preset, int channels)
    {
        var options = SensorOptions.Parse(File.ReadAllBytes(Path.Combine(Presets(), preset + ".json")));
        Assert.Null((options with { Replay = options.Replay! with { Path = ["x"] } }).Check());
        Assert.Equal(channels, options.Replay!.Columns!.Count);
    }

    [DataFact("uci-hapt")]
    public async Task Hapt_WithThePreset_GivesTheOfficialWindows()
    {
        await using var sensor = Open("uci-hapt", "uci-hapt", "subject-01.csv.gz");
        Assert.Equal(50, sensor.Description.RateHz);
        Assert.Equal("walking-upstairs", sensor.Description.Classes[1]);
        var builder = new WindowBuilder(new WindowOptions { PeriodMs = 20 }, 6);
        var windows = new List<SampleWindow>();
        await foreach (var batch in sensor.ReadAsync())
            builder.Add(batch, windows);
        Assert.Equal(39884, sensor.Counters.Rows);
        Assert.Equal(WindowsOfSubject1, Enumerable.Range(0, 6).Select(label => windows.Count(window => window.Label == label)));
    }

    [DataFact("uci-hapt")]
    public async Task Hapt_WithoutOptions_GivesTheRawNumbers()
    {
        await using var sensor = ReplaySensor.Open(new ReplayOptions { Path = [DataSets.Path("uci-hapt", "subject-01.csv.gz")], Speed = 0 });
        var (rows, _) = await Reading.Take(sensor, 2);
        Assert.Equal(["ax", "ay", "az", "gx", "gy", "gz"], sensor.Description.Channels.Select(channel => channel.Name));
        Assert.Equal([918, -112, 510, -55, -70, -31], rows[0].Values);
    }

    [DataFact("occupancy")]
    public async Task Occupancy_AllThreeFiles_ArePlayed()
    {
        await using var sensor = Open("occupancy", "occupancy", "datatraining.csv", "datatest.csv", "datatest2.csv");
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal((8143 + 2665 + 9752, 1729 + 972 + 2049), (rows.Count, rows.Count(row => row.Label == 1)));
        Assert.Equal([0, 1, 2], rows.Select(row => row.Segment).Distinct());
        Assert.InRange(rows[0].Values[4], 1, 20);
    }

    [DataFact("hydraulic")]
    public async Task Hydraulic_Cycles_AreSegmentsOfSixtyRows()
    {
        await using var sensor = Open("hydraulic", "hydraulic", "cycles.csv.gz");
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal(132_300, rows.Count);
        Assert.All(rows.GroupBy(row => row.Segment), cycle => Assert.Equal(60, cycle.Count()));
    }

    [DataFact("cmapss-fd001")]
    public async Task Cmapss_Engines_AreSegments()
    {
        await using var sensor = Open("cmapss", "cmapss-fd001", "train.csv.gz");
        var (rows, failure) = await Reading.Take(sensor);
        Assert.Null(failure);
        Assert.Equal((20_631, 100), (rows.Count, rows.Select(row => row.Segment).Distinct().Count()));
        Assert.Equal(1000, rows[1].TimeMs - rows[0].TimeMs);
    }
}
