using System.Text;
using System.Text.Json;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class SensorFactoryTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static SensorOptions Parse(string json) => SensorOptions.Parse(Encoding.UTF8.GetBytes(json), "agent.json");

    [Fact]
    public async Task Replay_WithAPathAlone_IsOpenedFromTheBaseFolder()
    {
        folder.WriteGzip("subject-01.csv.gz", "segment,t_ms,ax,label\n1,0,918,1\n1,20,911,1\n");
        await using var sensor = SensorFactory.Create(Parse("""{ "kind":"replay","replay":{"path":"subject-01.csv.gz","speed":0} }"""),
            new SensorContext { BaseFolder = folder.Path });
        var (rows, _) = await Reading.Take(sensor);
        Assert.Equal([918f, 911f], rows.Select(row => row.Values.Single()));
        Assert.Equal("subject-01.csv.gz", sensor.Description.Name);
    }

    [Theory]
    [InlineData("simulated")]
    [InlineData("host")]
    public async Task Kind_WithoutOptions_TakesTheDefaults(string kind)
    {
        await using var sensor = SensorFactory.Create(new SensorOptions { Kind = kind, Name = "mine" });
        Assert.Equal((kind, "mine"), (sensor.Description.Kind, sensor.Description.Name));
        Assert.NotEmpty(sensor.Description.Channels);
    }

    [Theory]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","sped":0} }""", "sped")]
    [InlineData("""{ "kind":"host","hosst":{} }""", "hosst")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","columns":[{"name":"x","sclae":1}]} }""", "sclae")]
    [InlineData("""{ "kind":"replay","replay":{"path":["a",3]} }""", "path")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","onBadRow":"ignore"} }""", "onBadRow")]
    [InlineData("""{ "name":"x" }""", "kind")]
    [InlineData("""{ "kind":"host" """, "agent.json:1:")]
    [InlineData("null", "null")]
    public void Json_Wrong_NamesTheMember(string json, string named)
    {
        var failure = Assert.Throws<SensorException>(() => Parse(json));
        Assert.Equal("sensor-option", failure.Code);
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "kind":"lidar" }""", "kind")]
    [InlineData("""{ "kind":"host","simulated":{} }""", "kind")]
    [InlineData("""{ "kind":"replay" }""", "replay.path")]
    [InlineData("""{ "kind":"replay","replay":{"path":""} }""", "replay.path")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","speed":-1} }""", "replay.speed")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","timeUnitMs":0} }""", "replay.timeUnitMs")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","rateHz":0} }""", "replay.rateHz")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","batchRows":0} }""", "replay.batchRows")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","columns":[]} }""", "replay.columns")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","columns":[{"name":"x"},{"name":"x"}]} }""", "replay.columns")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","columns":[{"name":"x","scale":0}]} }""", "replay.columns")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","classes":["a","a"]} }""", "replay.classes")]
    [InlineData("""{ "kind":"replay","replay":{"path":"a","classes":["a"],"labels":{"1":"b"}} }""", "replay.labels")]
    [InlineData("""{ "kind":"host","host":{"intervalMs":1} }""", "host.intervalMs")]
    [InlineData("""{ "kind":"host","host":{"channels":["a","a"]} }""", "host.channels")]
    [InlineData("""{ "kind":"simulated","simulated":{"device":-1} }""", "simulated.device")]
    [InlineData("""{ "kind":"simulated","simulated":{"rateHz":1} }""", "simulated.rateHz")]
    [InlineData("""{ "kind":"simulated","simulated":{"speed":1e9} }""", "simulated.speed")]
    [InlineData("""{ "kind":"simulated","simulated":{"batchRows":5000} }""", "simulated.batchRows")]
    public void Option_OutOfRange_IsNamed(string json, string option)
    {
        var failure = Assert.Throws<SensorException>(() => SensorFactory.Create(Parse(json)));
        Assert.Equal(("sensor-option", option), (failure.Code, failure.Where));
        Assert.NotEmpty(failure.Remedy);
    }

    [Fact]
    public void Options_WrittenAndReadAgain_AreTheSame()
    {
        var options = Parse("""
            { "kind":"replay", // a comment
              "replay":{"path":["a","b"],"onBadRow":"skip","labels":{"1":"walk"},"columns":[{"name":"x","scale":0.5}],} }
            """);
        byte[] once = JsonSerializer.SerializeToUtf8Bytes(options, SensorJsonContext.Default.SensorOptions);
        byte[] twice = JsonSerializer.SerializeToUtf8Bytes(SensorOptions.Parse(once), SensorJsonContext.Default.SensorOptions);
        Assert.Equal(Encoding.UTF8.GetString(once), Encoding.UTF8.GetString(twice));
        Assert.Contains("\"skip\"", Encoding.UTF8.GetString(once), StringComparison.Ordinal);
        Assert.Equal(["a", "b"], options.Replay!.Path);
    }

    [Fact]
    public async Task Preset_ByName_FillsInWhatIsLeftOpen()
    {
        folder.Write("p/mine.json", """{ "kind":"replay","replay":{"columns":[{"name":"up","column":"ax","scale":2}],"classes":["walk"],"labels":{"1":"walk"},"targetColumn":"left"} }""");
        folder.Write("a.csv", "t_ms,ax,label,left\n0,3,1,7\n");
        var context = new SensorContext { BaseFolder = folder.Path, PresetFolders = [folder["p"]] };
        await using var sensor = SensorFactory.Create(Parse("""{ "kind":"replay","replay":{"preset":"mine","path":"a.csv","speed":0,"classes":["sit","walk"]} }"""), context);
        var (rows, _) = await Reading.Take(sensor);
        Assert.Equal((1, 6f, 7f), (rows[0].Label, rows[0].Values[0], rows[0].Target));
    }

    [Theory]
    [InlineData("nothere", "sensor-preset")]
    [InlineData("./nothere.json", "sensor-file-missing")]
    [InlineData("./other.json", "sensor-preset")]
    public void Preset_Wrong_IsTold(string preset, string code)
    {
        folder.Write("other.json", """{ "kind":"host" }""");
        var options = new SensorOptions { Kind = "replay", Replay = new() { Path = ["a.csv"], Preset = preset } };
        Assert.Equal(code, Assert.Throws<SensorException>(() => SensorFactory.Create(options, new SensorContext { BaseFolder = folder.Path })).Code);
    }
}
