using System.Text.Json;
using EdgeFL.Learning;
using EdgeFL.Node;

namespace EdgeFL.Cli.Tests;

public sealed class QuantizeCommandTests
{
    /// <summary>As activity, but for the epochs.</summary>
    private const string ShortRecipe =
        """
        {
          "format": 1, "about": "six activities, a fifth of the time", "sensor": "uci-hapt",
          "split": { "subjects": "split.json", "subjectFile": "subject-{0:00}.csv.gz" },
          "model": "activity-cnn", "learning": { "epochs": 12, "learningRate": 0.06, "rotation": 0.2 }
        }
        """;

    [DataFact("uci-hapt")]
    public async Task Quantize_ActivityOfAnySeed_LosesAtMostHalfAPoint()
    {
        // What is lost differs from one training to the next: one that loses nothing proves nothing. Fewer epochs, so that there is time for more than one.
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["short.json"], ShortRecipe);
        foreach (int seed in (int[])[1, 2, 3, 4, 5])
        {
            CliRun run = await CliRun.Of(folder.Path, ["model", "quantize", "--recipe", "short.json", "--data", Path.Combine(DataSets.Root!, "uci-hapt"), "--seed", $"{seed}", "--json"], limitSeconds: 300);
            Assert.Equal(0, run.Exit);
            using var json = JsonDocument.Parse(run.Out);
            Assert.InRange(json.RootElement.GetProperty("accuracy").GetDouble(), 0.9, 1);
            double lost = json.RootElement.GetProperty("loss_points").GetDouble(), agreement = json.RootElement.GetProperty("agreement").GetDouble();
            Assert.True(lost <= 0.5 && agreement >= 0.98, $"seed {seed}: {lost} points lost, {agreement} the same");
        }
    }

    [Fact]
    public async Task Quantize_ARecipe_WritesTheModelAndSaysWhatItCosts()
    {
        using TemporaryFolder folder = TrainCommandTests.Files();
        CliRun text = await CliRun.Of(folder.Path, ["model", "quantize", "--recipe", "recipe.json", "--data", ".", "--out", "a.int8"]);
        CliRun json = await CliRun.Of(folder.Path, ["model", "quantize", "--recipe", "recipe.json", "--data", ".", "--out", "b.int8", "--json"]);
        Assert.Equal((0, 0), (text.Exit, json.Exit));
        Assert.Contains("0.00 points lost on 20 windows", text.Out, StringComparison.Ordinal);
        byte[] file = await File.ReadAllBytesAsync(folder["a.int8"]);
        Assert.Equal(file, await File.ReadAllBytesAsync(folder["b.int8"]));
        ModelSpec spec = ModelSpec.Parse(await File.ReadAllBytesAsync(folder["model.json"]));
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(file, spec, out _));
        using var document = JsonDocument.Parse(json.Out);
        JsonElement root = document.RootElement;
        Assert.Equal(["schema", "recipe", "model", "parameters", "float_bytes", "int8_bytes", "calibration_windows", "test_windows", "accuracy", "int8_accuracy", "loss_points", "agreement", "seed"],
            root.EnumerateObject().Select(p => p.Name));
        Assert.Equal((136, file.Length, 20, 20), (root.GetProperty("float_bytes").GetInt32(), root.GetProperty("int8_bytes").GetInt32(), root.GetProperty("calibration_windows").GetInt32(), root.GetProperty("test_windows").GetInt32()));
        Assert.Equal((1, 1), (root.GetProperty("int8_accuracy").GetDouble(), root.GetProperty("agreement").GetDouble()));
    }

    [Fact]
    public async Task Quantize_WhatCannotBe_SaysWhy()
    {
        using TemporaryFolder folder = TrainCommandTests.Files();
        CliRun unwritable = await CliRun.Of(folder.Path, ["model", "quantize", "--recipe", "recipe.json", "--data", ".", "--out", "no/such/folder/a.int8"]);
        string model = await File.ReadAllTextAsync(folder["model.json"]);
        await File.WriteAllTextAsync(folder["model.json"], model.Replace("{\"type\":\"dense\"", "{\"type\":\"tanh\"},{\"type\":\"dense\"", StringComparison.Ordinal));
        CliRun unsupported = await CliRun.Of(folder.Path, ["model", "quantize", "--recipe", "recipe.json", "--data", "."]);
        Assert.Contains("cannot-write", unwritable.Err, StringComparison.Ordinal);
        Assert.Contains("layer 1 (tanh)", unsupported.Err, StringComparison.Ordinal);
        // Before anything is learned.
        Assert.Contains("epoch", unwritable.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("reading", unsupported.Err, StringComparison.Ordinal);
        Assert.Contains("next:", unsupported.Err, StringComparison.OrdinalIgnoreCase);
        Assert.True(unwritable.Exit != 0 && unsupported.Exit != 0);
    }
}
