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
        var options = new RecipeOptions();
        var file = new Option<string>("--out") { Description = "File of the quantized model", HelpName = "FILE" };
        return new CliCommand("quantize", "Train a recipe's model and bring it to 8-bit integers; says size and accuracy before and after",
                new Example("edgefl model quantize --recipe activity --data ../shared/data/uci-hapt --out activity.int8", "the model file for inference in integers"),
                new Example("edgefl model quantize --recipe activity --data ../shared/data/uci-hapt --json", "only what it would cost"))
            .With(options.Recipe, options.Data, file, options.Seed)
            .Runs((context, cancel) => RunAsync(options, context.Get(file), context, cancel));
    }

    private static async Task<int> RunAsync(RecipeOptions options, string? file, CliContext context, CancellationToken cancel)
    {
        (_, ModelSpec model, RecipeData windows, RecipeResult result) = await TrainCommand.LearnAsync(options, Check, context, cancel).ConfigureAwait(false);
        var quantized = QuantizedRun.Of(model, windows, result);
        byte[] bytes = QuantizedModelFile.Write(quantized.Model);
        if (file is not null)
            Save(context.Console.Resolve(file), bytes);
        double loss = 100 * (quantized.FloatAccuracy - quantized.Accuracy);
        int floatBytes = sizeof(float) * model.ParameterCount;
        if (context.Json)
        {
            context.DataJson("edgefl.quantize/1", json =>
            {
                json.WriteString("recipe", context.Get(options.Recipe));
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
                json.WriteNumber("seed", context.Get(options.Seed));
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

    private static void Check(ModelSpec model)
    {
        if (model.Task != TaskKind.Classify)
            throw new CliException("bad-model", $"Model '{model.Name}' does not classify: what integers cost it is not judged here.", "edgefl model quantize --recipe activity", ExitCodes.Usage);
        if (!QuantizedModel.IsSupported(model, out string why))
            throw new CliException("bad-model", why, "edgefl model quantize --recipe activity   (docs/models.md says what runs on integers)", ExitCodes.Usage);
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
