using System.IO.Compression;
using System.Text.Json;
using EdgeFL.Cli.Sim;
using EdgeFL.Learning;

namespace EdgeFL.Cli.Tests;

public sealed class SimCommandTests
{
    private const string Points = """{"name":"points","task":"classify","channels":2,"length":3,"classes":["a","b","c"],"layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""";

    private static readonly string Small =
        $$$"""{"name":"small","nodes":6,"rounds":20,"model":{{{Points}}},"data":{"kind":"synthetic","windowsPerNode":24,"testWindows":60,"noise":1},"node":{"stepsPerRound":2,"learningRate":0.3},"world":{"sensorIntervalMs":1,"loss":0.1,"topology":{"kind":"ring"} } }""";

    [Fact]
    public async Task Sim_Json_EndsWithOneLine_TheSameForTheSameSeedOnAnyThreads()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["small.json"], Small);
        JsonElement first = await RunAsync(folder, "--threads", "1"), second = await RunAsync(folder, "--threads", "2"), other = await RunAsync(folder, "--seed", "2");
        string hash = first.GetProperty("hash").GetString()!;
        Assert.Equal(64, hash.Length);
        Assert.Equal(hash, second.GetProperty("hash").GetString());
        Assert.NotEqual(hash, other.GetProperty("hash").GetString());
        Assert.Equal((6, 20, 1), (first.GetProperty("nodes").GetInt32(), first.GetProperty("rounds").GetInt32(), first.GetProperty("seed").GetInt32()));
        Assert.True(first.GetProperty("finished").GetBoolean());
        Assert.Equal(0, first.GetProperty("message_circles").GetInt32());
        Assert.True(first.GetProperty("messages_lost").GetInt32() > 0);
        Assert.InRange(first.GetProperty("accuracy_min").GetDouble(), 0.34, first.GetProperty("accuracy_mean").GetDouble());
        Assert.True(first.GetProperty("bytes_total").GetInt64() > 100 * first.GetProperty("messages_sent").GetInt64());
        foreach (string member in new[] { "virtual_seconds", "wall_seconds", "consensus_distance" })
            Assert.True(first.GetProperty(member).GetDouble() > 0, member);
    }

    [Fact]
    public async Task Sim_Table_NamesThePlots()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["small.json"], Small);
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", "small.json", "--out", "plots"]);
        Assert.Equal(0, run.Exit);
        Assert.Contains("accuracy, worst node", run.Out, StringComparison.Ordinal);
        Assert.Contains("round 1.0 of 20", run.Err, StringComparison.Ordinal);
        foreach (string plot in new[] { "accuracy-rounds", "accuracy-bytes", "accuracy-time", "consensus", "topology" })
        {
            Assert.Contains(plot + ".svg", run.Out, StringComparison.Ordinal);
            Assert.StartsWith("<svg", await File.ReadAllTextAsync(Path.Combine(folder["plots"], plot + ".svg")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Sweep_RunsEachCombination_AndWritesOneTable()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["small.json"], Small);
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", "small.json", "--sweep", "node.fanOut=1,2", "--sweep", "seed=4..6", "--out", "plots", "--quiet"]);
        Assert.Equal(0, run.Exit);
        Assert.Equal(6, run.Out.Split('\n').Count(line => line.StartsWith("1  ", StringComparison.Ordinal) || line.StartsWith("2  ", StringComparison.Ordinal)));
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(folder["plots"], "runs.jsonl"));
        Assert.Equal(6, lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("hash").GetString()).Distinct().Count());
        Assert.Equal("2", JsonDocument.Parse(lines[3]).RootElement.GetProperty("sweep").GetProperty("node.fanOut").GetString());
    }

    [Theory]
    [InlineData("\"nodes\":6", "\"nodez\":6", "nodez")]
    [InlineData("\"nodes\":6", "\"nodes\":\"six\"", "$.nodes")]
    [InlineData("\"rounds\":20", "\"rounds\":0", "\"rounds\" is 0")]
    [InlineData("\"kind\":\"ring\"", "\"kind\":\"torus\"", "$.world.topology.kind")]
    [InlineData("\"loss\":0.1", "\"loss\":2", "\"loss\" is 2")]
    [InlineData("\"stepsPerRound\":2", "\"stepsPerRound\":0", "StepsPerRound is 0")]
    [InlineData("\"stepsPerRound\":2", "\"fleet\":\"x\"", "fleet")]
    [InlineData("\"name\":\"small\",\"nodes\"", "\"name\":\"Small\",\"nodes\"", "\"name\" is 'Small'")]
    [InlineData("\"rounds\":20", "\"rounds\":20,\"adversaries\":[{\"kind\":\"nan\",\"nodes\":\"6\"}]", "'6' is no list of nodes 0 to 5")]
    [InlineData("\"rounds\":20", "\"rounds\":20,\"adversaries\":[{\"kind\":\"nan\",\"nodes\":\"0-5\"}]", "no node is honest")]
    [InlineData("\"type\":\"flatten\"", "\"type\":\"bend\"", "bend")]
    public async Task BadConfiguration_IsRefused_NamingFileAndPlace(string part, string instead, string named)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(part, Small, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["small.json"], Small.Replace(part, instead, StringComparison.Ordinal));
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", "small.json"]);
        Assert.Equal(2, run.Exit);
        Assert.Contains("small.json", run.Err, StringComparison.Ordinal);
        Assert.Contains(named, run.Err, StringComparison.Ordinal);
        Assert.Contains("docs/simulation.md", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_WithoutFile_WithBoth_OrWithoutData_SaysWhatToType()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("--config", (await CliRun.Of(folder.Path, ["sim"])).Err, StringComparison.Ordinal);
        Assert.Contains("no file", (await CliRun.Of(folder.Path, ["sim", "--config", "none.json"])).Err, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["small.json"], Small);
        Assert.Equal(2, (await CliRun.Of(folder.Path, ["sim", "--config", "small.json", "--fuzz", "3"])).Exit);
        Assert.Contains("--sweep", (await CliRun.Of(folder.Path, ["sim", "--config", "small.json", "--sweep", "seed"])).Err, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["hapt.json"], """{"name":"h","rounds":1,"model":"activity-cnn","data":{"kind":"hapt"}}""");
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", "hapt.json"]);
        Assert.Contains("EDGEFL_DATA is not set", run.Err, StringComparison.Ordinal);
        Assert.Contains("--data FOLDER", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fuzz_CountsItsWorlds()
    {
        CliRun run = await CliRun.Of("sim", "--fuzz", "5", "--seed", "100", "--json");
        Assert.Equal(0, run.Exit);
        JsonElement line = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal((5, 0), (line.GetProperty("worlds").GetInt32(), line.GetProperty("broken").GetInt32()));
    }

    [Theory]
    [InlineData("ring-64", 64)]
    [InlineData("line-32", 32)]
    [InlineData("gateway", 32)]
    public async Task SparseFleet_Converges_WithoutCircles(string name, int nodes)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(Repository(), "firmware-config", "simulations", name + ".json");
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", file, "--sweep", "rounds=200", "--sweep", "evaluate.everyRounds=200", "--out", "plots", "--json"], limitSeconds: 300);
        Assert.Equal(0, run.Exit);
        JsonElement result = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(nodes, result.GetProperty("nodes").GetInt32());
        Assert.Equal(0, result.GetProperty("message_circles").GetInt32());
        double average = result.GetProperty("accuracy_average_model").GetDouble();
        Assert.True(average > 0.83, $"{average}");
        Assert.True(result.GetProperty("accuracy_min").GetDouble() > average - 0.04, run.Out);
        Assert.True(result.GetProperty("consensus_distance").GetDouble() < 0.2, run.Out);
    }

    [Fact]
    public async Task Images_OfIdxFiles_ComeWhole_AndAsShared()
    {
        using var folder = new TemporaryFolder();
        ModelSpec model = ModelSpec.Parse("""{"name":"four","task":"classify","channels":1,"length":4,"classes":["a","b"],"layers":[{"type":"image","height":2,"width":2},{"type":"flatten"},{"type":"dense","outputs":0}]}"""u8);
        byte[] pixels = [0, 51, 102, 255, 1, 2, 3, 4, 9, 8, 7, 6];
        await File.WriteAllBytesAsync(folder["train-images-idx3-ubyte"], [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, .. pixels]);
        await PackAsync(folder["train-labels-idx1-ubyte.gz"], [0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1]);
        await PackAsync(folder["t10k-images-idx3-ubyte.gz"], [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 255, 0, 255, 0]);
        await PackAsync(folder["t10k-labels-idx1-ubyte.gz"], [0, 0, 8, 1, 0, 0, 0, 1, 1]);
        await File.WriteAllTextAsync(folder["parts.json"], """{"clients":[[2,0],[1]]}""");
        var options = new SimData { Kind = SimDataKind.Idx, Images = "", Partition = "parts.json" };
        SimWorkload workload = IdxData.Read(options, model, folder.Path);
        Assert.Equal([2, 1], workload.Streams.Select(stream => stream.Windows));
        List<SampleWindow> windows = Windows(workload.Streams[0], model);
        Assert.Equal([9f / 255, 8f / 255, 7f / 255, 6f / 255], windows[0].Values);
        Assert.Equal([0, 51f / 255, 102f / 255, 1], windows[1].Values);
        Assert.Equal([1, 1], windows.Select(window => window.Label));
        Assert.Equal([1, 0, 1, 0], Assert.Single(workload.Test[0]).Values);
        await File.WriteAllBytesAsync(folder["train-images-idx3-ubyte"], [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 1]);
        Assert.Contains("12", Assert.Throws<EdgeFL.Cli.Framework.CliException>(() => IdxData.Read(options, model, folder.Path)).Message, StringComparison.Ordinal);
    }

    /// <summary>The logits of a dense layer after PyTorch's formula y = W·x + b, with W [O,I].</summary>
    [Fact]
    public void PytorchsWeights_GivePytorchsLogits()
    {
        ModelSpec model = ModelSpec.Parse("""{"name":"two","task":"classify","channels":1,"length":3,"classes":["a","b"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2},{"type":"dense","outputs":2}]}"""u8);
        float[] state = [1, 2, 3, 4, 5, 6, 0.5f, -0.5f, 1, 0, 2, 1, 0, 0.25f];
        float[] x = [1, -1, 2], hidden = [1 - 2 + 6 + 0.5f, 4 - 5 + 12 - 0.5f], logits = new float[2];
        new Network(model, 1).Predict(SimFleet.FromPytorch(state, model), x, 1, logits);
        Assert.Equal([hidden[0], (2 * hidden[0]) + hidden[1] + 0.25f], logits);
    }

    [DataFact("peers")]
    public async Task ListedWindows_ComeOutOfTheStreams_ExactlyAsListed()
    {
        ModelSpec model = ModelSpec.Parse(EdgeFL.Cli.Fleet.Assets.Model("activity-cnn", new EdgeFL.Cli.Framework.CliConsole { Out = TextWriter.Null, Err = TextWriter.Null }));
        SimWorkload workload = await HaptData.ReadAsync(new SimData { Kind = SimDataKind.Hapt }, model, DataSets.Root!, default);
        Assert.Equal((21, 9), (workload.Streams.Count, workload.Test.Count));
        Assert.Equal((7415, 2996), (workload.Streams.Sum(stream => stream.Windows), workload.Test.Sum(windows => windows.Count)));
        List<SampleWindow> windows = Windows(workload.Streams[0], model);
        Assert.Equal(workload.Streams[0].Windows, windows.Count);
        Assert.Equal(4, windows[0].Label); // [249, 4] is the first of subject 1
        Assert.InRange(windows[0].Values.Take(128).Average(), 0.9f, 1.1f); // who stands has gravity on the first axis
        float[] initial = new float[model.ParameterCount], logits = new float[6];
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(DataSets.Path("peers", "init-har-seed42.f32"))).CopyTo(initial);
        new Network(model, 1).Predict(SimFleet.FromPytorch(initial, model), windows[0].Values, 1, logits);
        Assert.All(logits, logit => Assert.InRange(logit, -1f, 1f)); // Fresh weights say little.
    }

    private static List<SampleWindow> Windows(WindowStream stream, ModelSpec model)
    {
        var windows = new List<SampleWindow>();
        var builder = new WindowBuilder(new WindowOptions { Length = model.Length, Step = model.Length }, model);
        foreach (SampleBatch batch in stream)
            builder.Add(batch, windows);
        return windows;
    }

    private static async Task PackAsync(string path, byte[] bytes)
    {
        await using var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        await packed.WriteAsync(bytes);
    }

    private static async Task<JsonElement> RunAsync(TemporaryFolder folder, params string[] more)
    {
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--config", "small.json", "--out", "plots", "--json", "--quiet", .. more]);
        Assert.Equal(0, run.Exit);
        return JsonDocument.Parse(run.Out.TrimEnd().Split('\n')[^1]).RootElement;
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "EdgeFL.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
