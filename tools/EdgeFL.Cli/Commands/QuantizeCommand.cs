using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Plots;
using EdgeFL.Cli.Training;
using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Node;
using EdgeFL.Platform.Storage;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl model quantize</c>: a recipe's model, trained, in integers, and what that costs in accuracy.</summary>
internal static class QuantizeCommand
{
    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var recipe = new Option<string>("--recipe") { Description = $"Recipe name or file (shipped: {string.Join(", ", Assets.Names("recipes"))})", HelpName = "NAME", Required = true };
        recipe.CompletionSources.Add(_ => Assets.Names("recipes").Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var data = new Option<string>("--data") { Description = "Folder of the recordings", HelpName = "DIR", Required = true };
        var file = new Option<string>("--out") { Description = "File of the quantized model", HelpName = "FILE" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of initial weights and order (default 1)", HelpName = "S", DefaultValueFactory = _ => 1UL };
        return new CliCommand("quantize", "Train a recipe's model and bring it to 8-bit integers; says size and accuracy before and after",
                new Example("edgefl model quantize --recipe activity --data ../shared/data/uci-hapt --out activity.int8", "the model file for inference in integers"),
                new Example("edgefl model quantize --recipe activity --data ../shared/data/uci-hapt --json", "only what it would cost"))
            .With(recipe, data, file, seed)
            .Runs((context, cancel) => RunAsync(context.Get(recipe)!, context.Get(data)!, context.Get(file), context.Get(seed), context, cancel));
    }

    private static async Task<int> RunAsync(string name, string dataFolder, string? file, ulong seed, CliContext context, CancellationToken cancel)
    {
        (_, ModelSpec model, RecipeData windows, RecipeResult result) = await TrainCommand.LearnAsync(name, dataFolder, seed, context, cancel).ConfigureAwait(false);
        if (model.Task != TaskKind.Classify)
            throw new CliException("bad-model", $"Model '{model.Name}' does not classify: what integers cost it is not judged here.", "edgefl model quantize --recipe activity", ExitCodes.Usage);
        QuantizedRun quantized;
        try
        {
            quantized = QuantizedRun.Of(model, windows, result);
        }
        catch (NotSupportedException unsupported)
        {
            throw new CliException("bad-model", unsupported.Message, "edgefl model quantize --recipe activity   (docs/models.md says what runs on integers)", ExitCodes.Usage, unsupported);
        }

        byte[] bytes = QuantizedModelFile.Write(quantized.Model);
        if (file is not null)
            Save(context.Console.Resolve(file), bytes);
        double loss = 100 * (quantized.FloatAccuracy - quantized.Accuracy);
        int floatBytes = sizeof(float) * model.ParameterCount;
        if (context.Json)
        {
            context.DataJson("edgefl.quantize/1", json =>
            {
                json.WriteString("recipe", name);
                json.WriteString("model", model.Name);
                json.WriteNumber("parameters", model.ParameterCount);
                json.WriteNumber("float_bytes", floatBytes);
                json.WriteNumber("int8_bytes", bytes.Length);
                json.WriteNumber("calibration_windows", quantized.CalibrationWindows);
                json.WriteNumber("test_windows", windows.Test.Count);
                json.WriteNumber("accuracy", Math.Round(quantized.FloatAccuracy, 6));
                json.WriteNumber("int8_accuracy", Math.Round(quantized.Accuracy, 6));
                json.WriteNumber("loss_points", Math.Round(loss, 4));
                json.WriteNumber("agreement", Math.Round(quantized.Agreement, 6));
                json.WriteNumber("seed", seed);
            });
            return ExitCodes.Ok;
        }

        Table table = context.NewTable("", "float32", "int8");
        table.AddRow("size", PlotScale.Bytes(floatBytes), PlotScale.Bytes(bytes.Length));
        table.AddRow("accuracy", FormattableString.Invariant($"{100 * quantized.FloatAccuracy:0.00} %"), FormattableString.Invariant($"{100 * quantized.Accuracy:0.00} %"));
        context.Data(table);
        context.Data(FormattableString.Invariant($"{loss:0.00} points lost on {windows.Test.Count} windows; both say the same of {100 * quantized.Agreement:0.00} %"));
        return ExitCodes.Ok;
    }

    private static void Save(string path, byte[] bytes)
    {
        try
        {
            AtomicFile.Write(path, bytes);
        }
        catch (StorageException wrong)
        {
            throw new CliException("cannot-write", wrong.Message, $"ls -ld {Path.GetDirectoryName(path)}", ExitCodes.Failure, wrong);
        }
    }
}
