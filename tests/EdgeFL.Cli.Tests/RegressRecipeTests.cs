using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Training;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Tests;

/// <summary>Recipes whose model says a number: where it comes from, and how it is judged.</summary>
public sealed class RegressRecipeTests
{
    private const string Recipe =
        """
        {
          "format": 1, "about": "how long they last", "sensor": "cmapss", "channels": ["t24"],
          "target": { "rowsLeft": true, "testRest": { "file": "rul.csv", "segment": "unit", "column": "rul" } },
          "split": { "train": ["train.csv"], "test": ["test.csv"], "testWindows": "last" },
          "model": "model.json", "windowStep": 1, "learning": { "epochs": 30, "learningRate": 0.02 }
        }
        """;

    private const string Model =
        """{"name":"life","task":"regress","channels":1,"length":4,"target":{"name":"life","unit":"h","cap":25,"scale":0.1},"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":1}]}""";

    [Fact]
    public async Task Read_RowsLeft_CountsToTheEndAndAddsTheRestOfThoseThatTest()
    {
        using TemporaryFolder folder = Files();
        RecipeData data = await ReadAsync(folder, Recipe);
        // Engine u has 20 + u rows: windows of 4 from its fourth row on.
        for (int unit = 1; unit <= 5; unit++)
            Assert.Equal(Enumerable.Range(0, 17 + unit).Reverse().Select(left => (float)left), data.Train.Where(w => w.Segment == unit).Select(w => w.Target));
        Assert.Equal(17 * 5 + 15, data.Train.Count);
        Assert.Equal([(1, 12f), (2, 3.5f), (3, 0f)], data.Test.Select(w => (w.Segment, w.Target)));

        data = await ReadAsync(folder, Recipe.Replace(", \"testWindows\": \"last\"", "", StringComparison.Ordinal));
        Assert.Equal([6.5f, 5.5f, 4.5f, 3.5f], data.Test.Where(w => w.Segment == 2).Select(w => w.Target));
        data = await ReadAsync(folder, Recipe.Replace(""", "testRest": { "file": "rul.csv", "segment": "unit", "column": "rul" }""", "", StringComparison.Ordinal));
        Assert.Equal([0f, 0f, 0f], data.Test.Select(w => w.Target));
    }

    [Fact]
    public async Task Read_Column_TakesTheNumbersThatAreThere()
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["train.csv"], "unit,cycle,s2,wear\n1,1,1,0.5\n1,2,1,0.25\n1,3,1,\n1,4,1,\n1,5,1,-2\n1,6,1,\n1,7,1,7\n");
        RecipeData data = await ReadAsync(folder, Recipe
            .Replace("\"rowsLeft\": true, \"testRest\": { \"file\": \"rul.csv\", \"segment\": \"unit\", \"column\": \"rul\" }", "\"column\": \"wear\"", StringComparison.Ordinal)
            .Replace("\"test\": [\"test.csv\"], \"testWindows\": \"last\"", "\"testShare\": 0.5", StringComparison.Ordinal));
        Assert.Equal([-2f], data.Train.Select(w => w.Target));
        Assert.Equal([7f], data.Test.Select(w => w.Target));
    }

    [Fact]
    public async Task Train_ANumber_LearnsItAndSaysHowFarOffItIs()
    {
        using TemporaryFolder folder = Files();
        CliRun text = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", ".", "--json"]);
        Assert.Equal((0, 0), (text.Exit, run.Exit));
        foreach (string part in (string[])["LIFE, H", "MEAN ERROR", "life: RMSE", " h, mean absolute error", "true values above 25 taken as 25, 3 windows"])
            Assert.Contains(part, text.Out, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(run.Out);
        JsonElement root = json.RootElement;
        Assert.Equal(
            ["schema", "recipe", "model", "parameters", "epochs", "steps", "refused_steps", "train_windows", "test_windows", "target", "unit", "rmse", "mae", "cap", "rmse_uncapped", "seconds", "seed", "ranges"],
            root.EnumerateObject().Select(p => p.Name));
        Assert.Equal((100, 3, 5), (root.GetProperty("train_windows").GetInt32(), root.GetProperty("test_windows").GetInt32(), root.GetProperty("parameters").GetInt32()));
        // The sensor tells the rows left to a tenth; guessing the mean would err by 5.
        Assert.InRange(root.GetProperty("rmse").GetDouble(), 0.0001, 1.5);
        Assert.Equal(3, root.GetProperty("ranges").EnumerateArray().Sum(r => r.GetProperty("windows").GetInt32()));
    }

    [Theory]
    [InlineData("1,12", "1,soon", "line 2 has no number from 0 to 16777216 under 'rul'")]
    [InlineData("1,12", "1,-1", "line 2 has no number from 0 to")]
    [InlineData("1,12", "1,NaN", "line 2 has no number from 0 to")]
    [InlineData("1,12", "1,1e9", "line 2 has no number from 0 to")]
    [InlineData("1,12", "4,12", "rul.csv has no row for recording 1 of test.csv")]
    [InlineData("1,12", "2,12", "line 3 has number 2 a second time")]
    [InlineData("1,12", "one,12", "line 2 is no row of 2 cells with a number under 'unit'")]
    [InlineData("unit,rul", "unit,left", "no columns 'unit' and 'rul', but: unit, left")]
    public async Task Train_RestThatIsWrong_SaysWhere(string from, string to, string says)
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["rul.csv"], (await File.ReadAllTextAsync(folder["rul.csv"])).Replace(from, to, StringComparison.Ordinal));
        await RefusesAsync(folder, says);
    }

    [Theory]
    [InlineData("\"rowsLeft\": true", "\"rowsLeft\": true, \"column\": \"s2\"", "either a \"column\" or \"rowsLeft\"")]
    [InlineData("\"rowsLeft\": true, ", "", "either a \"column\" or \"rowsLeft\"")]
    [InlineData("\"rowsLeft\": true", "\"column\": \"s2\"", "\"target.testRest\" goes with \"rowsLeft\"")]
    [InlineData("\"test\": [\"test.csv\"], \"testWindows\": \"last\"", "\"testShare\": 0.5", "\"target.testRest\" goes with")]
    [InlineData("\"test\": [\"test.csv\"]", "\"testShare\": 0.5", "\"split.testWindows\" goes with")]
    [InlineData("\"last\"", "\"first\"", "testWindows")]
    [InlineData("\"target\": { \"rowsLeft\": true, \"testRest\": { \"file\": \"rul.csv\", \"segment\": \"unit\", \"column\": \"rul\" } },", "", "must say with \"target\" where the life comes from")]
    [InlineData("\"windowStep\"", "\"labels\": { \"file\": \"rul.csv\", \"segment\": \"unit\", \"column\": \"rul\", \"classes\": {} }, \"windowStep\"", "have no \"labels\"")]
    [InlineData("\"epochs\": 30", "\"epochs\": 30, \"rotation\": 0.1", "models that classify")]
    [InlineData("model.json", "activity-cnn", "takes 6 channels")]
    [InlineData("model.json", "classes.json", "\"target\" is for models that regress; 'two' does not")]
    [InlineData("model.json", "next.json", "is for models that regress; 'next' does not")]
    [InlineData("rul.csv", "gone.csv", "gone.csv")]
    [InlineData("train.csv", "short.csv", "0 windows with a target to train on")]
    public async Task Train_RecipeThatIsWrong_SaysWhere(string from, string to, string says)
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["recipe.json"], Recipe.Replace(from, to, StringComparison.Ordinal));
        await File.WriteAllTextAsync(folder["short.csv"], "unit,cycle,s2\n1,1,3\n1,2,2\n");
        await File.WriteAllTextAsync(folder["classes.json"], """{"name":"two","task":"classify","channels":1,"length":4,"classes":["a","b"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""");
        await File.WriteAllTextAsync(folder["next.json"], """{"name":"next","task":"forecast","channels":1,"length":4,"horizon":1,"layers":[{"type":"flatten"},{"type":"dense","outputs":1}]}""");
        await RefusesAsync(folder, says);
    }

    [Fact]
    public async Task Demo_OfAModelThatLearnsANumber_IsRefused()
    {
        using TemporaryFolder folder = Files();
        await File.WriteAllTextAsync(folder["model.json"], Model.Replace("\"channels\":1", "\"channels\":0", StringComparison.Ordinal));
        CliRun run = await CliRun.Of(folder.Path, ["demo", "--model", "model.json"]);
        Assert.Equal(2, run.Exit);
        Assert.Contains("learns a number, life, which no sensor of the demonstration gives", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_OfNumbers_CapsWhatIsTrueAndDividesByTheScale()
    {
        var target = new TargetSpec("life", "h", 100, 0.01f);
        SampleWindow[] test = [Window(10), Window(60), Window(150)];
        // Said: 13, 56, 112; true, capped: 10, 60, 100.
        var score = new RegressScore(target, test, [0.13f, 0.56f, 1.12f]);
        using JsonDocument json = JsonDocument.Parse(JsonText.Object(j =>
        {
            score.WriteFigures(j);
            score.WriteDetail(j);
        }));
        JsonElement root = json.RootElement;
        Assert.Equal(Math.Sqrt((9.0 + 16 + 144) / 3), root.GetProperty("rmse").GetDouble(), 1e-3);
        Assert.Equal((3.0 + 4 + 12) / 3, root.GetProperty("mae").GetDouble(), 1e-3);
        Assert.Equal(Math.Sqrt((9.0 + 16 + (38 * 38)) / 3), root.GetProperty("rmse_uncapped").GetDouble(), 1e-3);
        Assert.Equal([(0.0, 20.0, 1, 3.0), (60.0, 80.0, 1, -4.0), (80.0, 100.0, 1, 12.0)], root.GetProperty("ranges").EnumerateArray().Select(r => (
            r.GetProperty("from").GetDouble(), r.GetProperty("to").GetDouble(), r.GetProperty("windows").GetInt32(), Math.Round(r.GetProperty("mean_error").GetDouble(), 3))));
        Assert.Contains("RMSE 7.51 h, mean absolute error 6.33 h, true values above 100 taken as 100", score.Summary, StringComparison.Ordinal);

        var same = new RegressScore(target with { Cap = float.PositiveInfinity, Unit = "" }, [Window(3), Window(3)], [0.03f, 0.05f]);
        Assert.Contains("life: RMSE 1.41, mean absolute error 1.00", same.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("cap", JsonText.Object(same.WriteFigures), StringComparison.Ordinal);
        Assert.Contains("\"from\": 3,\n", JsonText.Object(same.WriteDetail), StringComparison.Ordinal);
    }

    private static SampleWindow Window(float target) => new([0f], 1, SampleBatch.NoLabel, 0) { Target = target };

    private static async Task RefusesAsync(TemporaryFolder folder, string says)
    {
        CliRun run = await CliRun.Of(folder.Path, ["train", "--recipe", "recipe.json", "--data", "."]);
        Assert.NotEqual(0, run.Exit);
        Assert.Contains(says, run.Err, StringComparison.Ordinal);
        Assert.Contains("next:", run.Err, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("[internal]", run.Err, StringComparison.Ordinal);
    }

    private static async Task<RecipeData> ReadAsync(TemporaryFolder folder, string recipe)
    {
        await File.WriteAllTextAsync(folder["recipe.json"], recipe);
        var console = new CliConsole { Out = TextWriter.Null, Err = TextWriter.Null, In = TextReader.Null, WorkingFolder = folder.Path };
        var sensor = new SensorDescription("engines", "replay", [new ChannelDescription("s2", "")], 1, []);
        return await RecipeData.ReadAsync(Training.Recipe.Load("recipe.json", console), ModelSpec.Parse(Encoding.UTF8.GetBytes(Model)), sensor, folder.Path, CancellationToken.None);
    }

    /// <summary>Engines that run to their end, three that are stopped before, and a sensor that tells the rows left, the rest of the stopped ones included.</summary>
    private static TemporaryFolder Files()
    {
        var folder = new TemporaryFolder();
        StringBuilder train = new("unit,cycle,s2\n"), test = new("unit,cycle,s2\n");
        for (int unit = 1; unit <= 5; unit++)
        {
            for (int cycle = 1; cycle <= 20 + unit; cycle++)
                train.Append(CultureInfo.InvariantCulture, $"{unit},{cycle},{600 - (20 + unit - cycle) + (0.1 * (cycle % 3))}\n");
        }

        double[] rest = [12, 3.5, 0];
        for (int unit = 1; unit <= 3; unit++)
        {
            for (int cycle = 1; cycle <= 5 + unit; cycle++)
                test.Append(CultureInfo.InvariantCulture, $"{unit},{cycle},{600 - (5 + unit - cycle) - rest[unit - 1]}\n");
        }

        File.WriteAllText(folder["train.csv"], train.ToString());
        File.WriteAllText(folder["test.csv"], test.ToString());
        File.WriteAllText(folder["rul.csv"], "unit,rul\n1,12\n2,3.5\n3,0\n");
        File.WriteAllText(folder["recipe.json"], Recipe);
        File.WriteAllText(folder["model.json"], Model);
        return folder;
    }
}
