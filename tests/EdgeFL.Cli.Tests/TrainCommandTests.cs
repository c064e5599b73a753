using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeFL.Cli.Tests;

public sealed class TrainCommandTests
{
    private const string Recipe =
        """
        {
          "format": 1, "about": "two states", "sensor": "hydraulic", "channels": ["ts1", "vs1"],
          "labels": { "file": "labels.csv", "segment": "cycle", "column": "state", "classes": { "1": "good", "2": "bad" } },
          "split": { "train": ["rows.csv"], "testShare": 0.5 },
          "model": "model.json", "windowStep": 8, "learning": { "epochs": 20, "learningRate": 0.05 }
        }
        """;

    private const string Model =
        """{"name":"two","task":"classify","channels":2,"length":8,"classes":["good","bad"],"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""";

    [DataFact("uci-hapt")]
    public Task Train_Activity_ReachesItsAccuracy() => ReachesAsync("activity", "uci-hapt", 0.93);

    [DataFact("uci-hapt")]
    public Task Train_ActivityByFeatures_ReachesItsAccuracy() => ReachesAsync("activity-linear", "uci-hapt", 0.93);

    [DataFact("occupancy")]
    public Task Train_Occupancy_ReachesItsAccuracy() => ReachesAsync("occupancy", "occupancy", 0.90);

    [DataFact("hydraulic")]
    public Task Train_HydraulicCooler_ReachesItsAccuracy() => ReachesAsync("hydraulic-cooler", "hydraulic", 0.98);

    [DataFact("hydraulic")]
    public Task Train_HydraulicPump_ReachesItsAccuracy() => ReachesAsync("hydraulic-pump", "hydraulic", 0.92);

    [DataFact("hydraulic")]
    public async Task Train_HydraulicAnomaly_FindsWhatItHasNeverSeen()
    {
        using JsonDocument json = await TrainAsync("hydraulic-anomaly", "hydraulic");
        JsonElement root = json.RootElement;
        Assert.InRange(root.GetProperty("detected").GetDouble(), 0.99, 1);
        Assert.InRange(root.GetProperty("false_alarms").GetDouble(), 0, 0.03);
        Assert.InRange(root.GetProperty("auc").GetDouble(), 0.99, 1);
        Assert.Equal([false, false, true], root.GetProperty("labels").EnumerateArray().Select(label => label.GetProperty("usual").GetBoolean()));
    }

    [DataFact("occupancy")]
    public async Task Train_OccupancyForecast_BeatsThatNothingChanges()
    {
        using JsonDocument json = await TrainAsync("occupancy-forecast", "occupancy");
        Assert.InRange(json.RootElement.GetProperty("skill").GetDouble(), 0.15, 0.9);
        JsonElement[] channels = [.. json.RootElement.GetProperty("channels").EnumerateArray()];
        Assert.Equal(["temperature", "humidity", "co2"], channels.Select(channel => channel.GetProperty("channel").GetString()));
        Assert.All(channels, channel => Assert.True(channel.GetProperty("rmse").GetDouble() < channel.GetProperty("rmse_unchanged").GetDouble()));
    }

    [Fact]
    public async Task Train_OnTheUsualAlone_JudgesBoth()
    {
        using TemporaryFolder folder = Files();
        const string model = """{"name":"auto","task":"reconstruct","channels":2,"length":8,"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":1},{"type":"dense","outputs":0}]}""";
        await File.WriteAllTextAsync(folder["model.json"], model);
        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace("\"split\"", "\"usual\": [\"good\"], \"split\"", StringComparison.Ordinal));
        CliRun text = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]), run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        Assert.Equal((0, 0), (text.Exit, run.Exit));
        Assert.Contains("good (usual)", text.Out, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(run.Out);
        Assert.Equal(["good", "bad"], json.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetProperty("label").GetString()));
        Assert.True(json.RootElement.GetProperty("train_windows").GetInt32() < json.RootElement.GetProperty("test_windows").GetInt32(), "the unusual must not train");

        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace("\"split\"", "\"usual\": [\"fine\"], \"split\"", StringComparison.Ordinal));
        CliRun unknown = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("\"usual\" must name one or more of the labels good, bad.", unknown.Err, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["model.json"], Model);
        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace("\"split\"", "\"usual\": [\"good\"], \"split\"", StringComparison.Ordinal));
        CliRun classifies = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("\"usual\" is for models that reconstruct", classifies.Err, StringComparison.Ordinal);
    }

    [DataFact("cmapss-fd001")]
    public async Task Train_Turbofan_ReachesItsError()
    {
        using JsonDocument json = await TrainAsync("turbofan", "cmapss-fd001");
        Assert.Equal((17_731, 100), (json.RootElement.GetProperty("train_windows").GetInt32(), json.RootElement.GetProperty("test_windows").GetInt32()));
        Assert.Equal("cycles", json.RootElement.GetProperty("unit").GetString());
        Assert.InRange(json.RootElement.GetProperty("rmse").GetDouble(), 5, 15.5);
    }

    [DataFact("uci-hapt")]
    public async Task Train_ActivityClusters_UsesThemAllAndPartsRestFromWalking()
    {
        using JsonDocument json = await TrainAsync("activity-clusters", "uci-hapt");
        JsonElement root = json.RootElement;
        Assert.Equal((12, 12, 2996), (root.GetProperty("clusters").GetInt32(), root.GetProperty("clusters_used").GetInt32(), root.GetProperty("labelled_windows").GetInt32()));
        // Lloyd's algorithm with the best of ten starts by k-means++ gets 0.191; one cluster alone has 1 or so.
        Assert.InRange(root.GetProperty("distance").GetDouble(), 0.15, 0.21);
        Assert.InRange(root.GetProperty("purity").GetDouble(), 0.55, 0.9);
        Assert.InRange(root.GetProperty("adjusted_rand").GetDouble(), 0.3, 0.9);
        string[] moving = ["walking", "walking-upstairs", "walking-downstairs"];
        int mixed = 0;
        foreach (JsonElement cluster in root.GetProperty("by_cluster").EnumerateArray())
        {
            JsonProperty[] labels = [.. cluster.GetProperty("labels").EnumerateObject()];
            int moves = labels.Where(label => moving.Contains(label.Name)).Sum(label => label.Value.GetInt32());
            mixed += Math.Min(moves, labels.Sum(label => label.Value.GetInt32()) - moves);
        }

        Assert.True(mixed < 0.02 * 2996, $"{mixed} windows lie in clusters of the other kind");
    }

    [Fact]
    public async Task Train_WithoutAnyLabels_FindsTheStates()
    {
        using TemporaryFolder folder = Files();
        const string labels = """  "labels": { "file": "labels.csv", "segment": "cycle", "column": "state", "classes": { "1": "good", "2": "bad" } },""";
        Assert.Contains(labels, Recipe, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace(labels, "", StringComparison.Ordinal)
            .Replace(", \"vs1\"", "", StringComparison.Ordinal).Replace("\"testShare\": 0.5", "\"test\": [\"again.csv\"]", StringComparison.Ordinal));
        File.Copy(folder["rows.csv"], folder["again.csv"]);
        await File.WriteAllTextAsync(folder["labelled.json"], Recipe);
        await File.WriteAllTextAsync(folder["model.json"], """{"name":"states","task":"cluster","channels":0,"length":8,"normalise":"running","layers":[{"type":"features","bands":1},{"type":"kmeans","clusters":2}]}""");
        CliRun text = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]), run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        Assert.Equal((0, 0), (text.Exit, run.Exit));
        using JsonDocument json = JsonDocument.Parse(run.Out);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("purity").ValueKind);
        Assert.Equal(2, json.RootElement.GetProperty("clusters_used").GetInt32());
        Assert.Contains("2 of 2 clusters", text.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("purity", text.Out, StringComparison.Ordinal);

        CliRun wrong = await CliRun.Of(folder.Path, ["train", "--recipe", "labelled.json", "--data", "."]);
        Assert.Equal(2, wrong.Exit);
        Assert.Contains("\"labels\" is for models that classify", wrong.Err, StringComparison.Ordinal);
    }

    /// <summary>With two seeds, so that the luck of one does not count.</summary>
    private static async Task ReachesAsync(string recipe, string set, double least)
    {
        foreach (int seed in (int[])[1, 2])
        {
            using JsonDocument json = await TrainAsync(recipe, set, seed);
            Assert.InRange(json.RootElement.GetProperty("accuracy").GetDouble(), least, 1);
        }
    }

    private static async Task<JsonDocument> TrainAsync(string recipe, string set, int seed = 1)
    {
        CliRun run = await CliRun.Of(
            Path.GetTempPath(), ["train", "--recipe", recipe, "--data", Path.Combine(DataSets.Root!, set), "--seed", seed.ToString(CultureInfo.InvariantCulture), "--json"], limitSeconds: 300);
        Assert.Equal(0, run.Exit);
        return JsonDocument.Parse(run.Out);
    }

    [Fact]
    public async Task Train_RecordingsWithATableOfLabels_LearnsThemAndSaysSo()
    {
        using TemporaryFolder folder = Files();
        CliRun text = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        CliRun first = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        CliRun again = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        CliRun other = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json", "--seed", "2"]);

        Assert.Equal((0, 0, 0, 0), (text.Exit, first.Exit, again.Exit, other.Exit));
        Assert.Contains("accuracy 100.0 %", text.Out, StringComparison.Ordinal);
        Assert.Contains("epoch 20 of 20", text.Err, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(first.Out), repeated = JsonDocument.Parse(again.Out), reseeded = JsonDocument.Parse(other.Out);
        JsonElement root = json.RootElement;
        Assert.Equal(["schema", "recipe", "model", "parameters", "epochs", "steps", "refused_steps", "train_windows", "test_windows", "accuracy", "loss", "seconds", "seed", "recall"],
            root.EnumerateObject().Select(p => p.Name));
        // Cycles 1 to 20 are good, 21 to 40 bad, 41 has a state without a name: half of each stretch tests.
        Assert.Equal((20, 20, 34, 40), (root.GetProperty("train_windows").GetInt32(), root.GetProperty("test_windows").GetInt32(), root.GetProperty("parameters").GetInt32(), root.GetProperty("steps").GetInt32()));
        Assert.Equal(1, root.GetProperty("recall").GetProperty("bad").GetDouble());
        Assert.Equal(root.GetProperty("loss").GetDouble(), repeated.RootElement.GetProperty("loss").GetDouble());
        Assert.NotEqual(root.GetProperty("loss").GetDouble(), reseeded.RootElement.GetProperty("loss").GetDouble());
    }

    [Theory]
    [InlineData("\"format\": 1", "\"format\": 2", "format 2")]
    [InlineData("\"sensor\": \"hydraulic\"", "\"sensor\": \"steam\"", "there is no preset 'steam', only")]
    [InlineData("\"vs1\"", "\"vs9\"", "no channel 'vs9'")]
    [InlineData("\"testShare\": 0.5", "\"testShare\": 1.5", "testShare")]
    [InlineData("\"testShare\": 0.5", "\"test\": [\"rows.csv\"], \"testShare\": 0.5", "either \"test\" or \"testShare\"")]
    [InlineData("\"testShare\": 0.5", "\"subjects\": \"s.json\", \"subjectFile\": \"x\"", "names either")]
    [InlineData("\"epochs\": 20", "\"epochs\": 0", "learning.epochs")]
    [InlineData("\"epochs\": 20", "\"epochs\": 20, \"rotation\": 7", "learning.rotation")]
    [InlineData("\"epochs\": 20", "\"epoch\": 20", "epoch")]
    [InlineData("\"epochs\": 20", "\"epochs\": 20, \"rotation\": 0.1", "no multiple of 3")]
    [InlineData("\"windowStep\": 8", "\"windowStep\": 0", "windowStep")]
    [InlineData("\"1\": \"good\"", "\"1\": \"goood\"", "'goood', which model 'two' does not know")]
    [InlineData("\"testShare\": 0.5", "\"test\": [\"rows.csv\"]", "trains on rows.csv and tests on it, too")]
    [InlineData("\"testShare\": 0.5", "\"subjectFile\": \"x\", \"testShare\": 0.5", "names either")]
    [InlineData("\"train\": [\"rows.csv\"], \"testShare\": 0.5", "\"subjects\": \"s.json\", \"subjectFile\": \"rows{1}.csv\"", "where the number goes")]
    [InlineData("\"model\": \"model.json\"", "\"model\": null", "model")]
    [InlineData("\"train\": [\"rows.csv\"]", "\"train\": [null]", "split")]
    [InlineData("model.json", "no-such-model", "no model 'no-such-model'")]
    [InlineData("rows.csv", "gone.csv", "gone.csv")]
    [InlineData("labels.csv", "gone.csv", "gone.csv")]
    [InlineData("\"train\": [\"rows.csv\"], \"testShare\": 0.5", "\"subjects\": \"gone.json\", \"subjectFile\": \"s{0}.csv\"", "gone.json does not list train and test subjects")]
    [InlineData("\"state\"", "\"shape\"", "no columns 'cycle' and 'shape'")]
    public async Task Train_RecipeThatIsWrong_SaysWhere(string from, string to, string says)
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace(from, to, StringComparison.Ordinal));
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.NotEqual(0, run.Exit);
        Assert.Contains(says, run.Err, StringComparison.Ordinal);
        Assert.Contains("next:", run.Err, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Train_DataThatIsWrong_SaysWhere()
    {
        using TemporaryFolder folder = Files();
        await File.AppendAllTextAsync(folder["labels.csv"], "42,one,two,three\n");
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("line 43", run.Err, StringComparison.Ordinal);

        await File.WriteAllTextAsync(folder["labels.csv"], "cycle,state\n1,3\n");
        run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("0 labelled windows", run.Err, StringComparison.Ordinal);

        await File.WriteAllTextAsync(folder["labels.csv"], "cycle,state\n1,1\n1,2\n");
        run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("a second time", run.Err, StringComparison.Ordinal);

        run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "nowhere"]);
        Assert.Contains("no folder", run.Err, StringComparison.Ordinal);
        run = await CliRun.Of(folder.Path, ["train", "--recipe", "soup", "--data", "."]);
        Assert.Contains("no recipe 'soup'", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ValuesThatGiveNoFiniteGradient_IsNoResult()
    {
        using TemporaryFolder folder = Files("e36");
        await File.WriteAllTextAsync(folder["model.json"], Model.Replace("running", "none", StringComparison.Ordinal));
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        Assert.NotEqual(0, run.Exit);
        Assert.Contains("nothing-learned", run.Err + run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ModelWhoseClassesAreInAnotherOrder_IsRefused()
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["room.csv"], "id,date,Temperature,Humidity,Light,CO2,HumidityRatio,Occupancy\n1,x,20,30,1,400,0.004,0\n2,x,20,30,1,400,0.004,1\n");
        await File.WriteAllTextAsync(folder["model.json"], """{"name":"m","task":"classify","channels":5,"length":1,"classes":["occupied","empty"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""");
        await File.WriteAllTextAsync(folder["recipe.json"],
            """{"format":1,"about":"a","sensor":"occupancy","split":{"train":["room.csv"],"testShare":0.5},"model":"model.json","learning":{"epochs":1,"learningRate":0.1}}""");
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.NotEqual(0, run.Exit);
        Assert.Contains("the same in the same order", run.Err, StringComparison.Ordinal);
    }

    /// <summary>A recipe and 41 cycles of 8 s whose first channel tells the state.</summary>
    internal static TemporaryFolder Files(string exponent = "")
    {
        var folder = new TemporaryFolder();
        StringBuilder rows = new("cycle,t_ms,ts1,vs1\n"), labels = new("cycle,state\n");
        for (int cycle = 1; cycle <= 41; cycle++)
        {
            int state = cycle <= 20 ? 1 : cycle <= 40 ? 2 : 3;
            labels.Append(CultureInfo.InvariantCulture, $"{cycle},{state}\n");
            for (int second = 0; second < 8; second++)
                rows.Append(CultureInfo.InvariantCulture, $"{cycle},{second * 1000},{(state * 10) + (second % 3)}{exponent},{(cycle * 7) + second}\n");
        }

        File.WriteAllText(folder["rows.csv"], rows.ToString());
        File.WriteAllText(folder["labels.csv"], labels.ToString());
        File.WriteAllText(folder["recipe.json"], Recipe);
        File.WriteAllText(folder["model.json"], Model);
        return folder;
    }
}
