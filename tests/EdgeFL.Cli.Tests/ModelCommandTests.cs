using System.Text.Json;

namespace EdgeFL.Cli.Tests;

public sealed class ModelCommandTests
{
    [Fact]
    public async Task Show_AShippedModel_CountsWhatItCosts()
    {
        CliRun run = await CliRun.Of("model", "show", "activity-cnn", "--json");
        Assert.Equal(0, run.Exit);
        using var json = JsonDocument.Parse(run.Out);
        JsonElement root = json.RootElement;
        // conv1d 16·124·6·5, conv1d 32·58·16·5, dense 32·6.
        Assert.Equal([59_520, 0, 0, 148_480, 0, 0, 192], root.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("multiply_adds").GetInt64()));
        Assert.Equal(208_192, root.GetProperty("multiply_adds").GetInt64());
        Assert.Equal((3286, 13_144), (root.GetProperty("parameters").GetInt32(), root.GetProperty("bytes_per_copy").GetInt32()));
        // Of 16 windows: inputs turned 6·128, activations 16·124 (relu in place), 16·62, 32·58 (in place), 32, 6, and twice the widest for gradients.
        Assert.Equal(4 * 16 * ((6 * 128) + (16 * 124) + (16 * 62) + (32 * 58) + 32 + 6 + (2 * 16 * 124)), root.GetProperty("activation_bytes").GetInt64());
        Assert.Equal(["Pi Zero 2 W", "Pi 4", "Pi 5", "Jetson Orin Nano"], root.GetProperty("boards").EnumerateArray().Select(b => b.GetProperty("name").GetString()));
        Assert.Equal(208_192 / 0.4 / 1000, root.GetProperty("boards")[0].GetProperty("estimated_inference_us").GetDouble(), 0.1);
    }

    [Theory]
    [InlineData("activity-cnn")]
    [InlineData("activity-linear")]
    [InlineData("occupancy-linear")]
    [InlineData("hydraulic-cooler")]
    [InlineData("hydraulic-pump")]
    [InlineData("turbofan-life")]
    public async Task Show_ForPeople_NamesLayersAndBoards(string model)
    {
        CliRun run = await CliRun.Of("model", "show", model);
        Assert.Equal(0, run.Exit);
        foreach (string part in (string[])["dense", model, "MULTIPLY-ADDS", "Pi Zero 2 W", "training at batch 16"])
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
        Assert.Contains("estimated", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfFeatures_SaysWhatIsKeptOfAWindow()
    {
        CliRun run = await CliRun.Of("model", "show", "activity-linear", "--json"), text = await CliRun.Of("model", "show", "activity-linear"), rows = await CliRun.Of("model", "show", "activity-cnn");
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal(4 * 72, json.RootElement.GetProperty("bytes_per_kept_window").GetInt32());
        Assert.Contains("kept in 288 B: its features", text.Out, StringComparison.Ordinal);
        Assert.Contains("a window is kept in 3.07 kB\n", rows.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_AModelOfImages_CountsItsPixels()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["m.json"], """
            {"name":"m","task":"classify","channels":768,"length":1,"classes":["a","b"],"layers":[
             {"type":"image","height":24,"width":32},{"type":"conv2d","filters":6,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},
             {"type":"conv2d","filters":12,"kernel":3},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":0}]}
            """);
        CliRun run = await CliRun.Of(folder.Path, ["model", "show", "m.json", "--json"]), text = await CliRun.Of(folder.Path, ["model", "show", "m.json"]);
        Assert.Equal(0, run.Exit);
        using var json = JsonDocument.Parse(run.Out);
        JsonElement[] layers = [.. json.RootElement.GetProperty("layers").EnumerateArray()];
        Assert.Equal(["768x1", "1x24x32", "6x20x28", "6x20x28", "6x10x14", "12x8x12", "12x8x12", "12"], layers.Select(l => l.GetProperty("input").GetString()));
        Assert.Equal([0, 6 * 20 * 28 * 25, 0, 0, 12 * 8 * 12 * 54, 0, 0, 24], layers.Select(l => l.GetProperty("multiply_adds").GetInt64()));
        Assert.Equal(156 + 12 * 55 + 26, json.RootElement.GetProperty("parameters").GetInt32());
        // A frame need not be turned: activations 6·20·28, 6·10·14, 12·8·12, 12, 2, and twice the widest for gradients.
        Assert.Equal(4 * 16 * (6 * 20 * 28 * 3 + 6 * 10 * 14 + 12 * 8 * 12 + 12 + 2), json.RootElement.GetProperty("activation_bytes").GetInt64());
        foreach (string part in (string[])["image", "conv2d", "maxpool2d", "6x20x28"])
            Assert.Contains(part, text.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_AModelThatRegresses_SaysItsNumber()
    {
        CliRun run = await CliRun.Of("model", "show", "turbofan-life", "--json"), text = await CliRun.Of("model", "show", "turbofan-life");
        using var json = JsonDocument.Parse(run.Out);
        JsonElement target = json.RootElement.GetProperty("target");
        Assert.Equal(("remaining life", "cycles", 125), (target.GetProperty("name").GetString(), target.GetProperty("unit").GetString(), target.GetProperty("cap").GetDouble()));
        Assert.Contains("says: remaining life, cycles, up to 125", text.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_WhatCannotBeShown_SaysWhy()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["m.json"], """{"name":"m","task":"classify","channels":2,"length":4,"classes":["a","b"],"layers":[{"type":"conv1d","filters":3,"kernel":9}]}""");
        CliRun bad = await CliRun.Of(folder.Path, ["model", "show", "m.json"]), open = await CliRun.Of("model", "show", "host-autoencoder"),
            given = await CliRun.Of("model", "show", "host-autoencoder", "--channels", "5"), other = await CliRun.Of("model", "show", "activity-cnn", "--channels", "5"),
            none = await CliRun.Of("model", "show", "soup");
        Assert.Contains("layer 0 (conv1d)", bad.Err, StringComparison.Ordinal);
        Assert.Contains("--channels C", open.Err, StringComparison.Ordinal);
        Assert.Equal(0, given.Exit);
        Assert.Contains("takes 6 channels", other.Err, StringComparison.Ordinal);
        Assert.Contains("no model 'soup'", none.Err, StringComparison.Ordinal);
    }
}
