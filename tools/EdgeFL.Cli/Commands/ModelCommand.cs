using System.CommandLine;
using System.Globalization;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Plots;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl model show</c>: what a model costs, before any device has to find out.</summary>
internal static class ModelCommand
{
    private const int Batch = 16;

    // Parameters, round's start, merged, decoded, momentum, anchor, gradient, average, the merge's two: and eight neighbours' models.
    private const int Copies = 10 + 8;

    // What kernels reach of a core's peak on models this small; an estimate.
    private const double Share = 0.2;

    private static readonly Board[] Boards =
    [
        new("Pi Zero 2 W", "Cortex-A53, 1.0 GHz", 2 * 1.0, 512),
        new("Pi 4", "Cortex-A72, 1.8 GHz", 4 * 1.8, 2048),
        new("Pi 5", "Cortex-A76, 2.4 GHz", 8 * 2.4, 4096),
        new("Jetson Orin Nano", "Cortex-A78AE, 1.5 GHz", 8 * 1.5, 8192),
    ];

    /// <summary>A board's processor; float32 multiply-adds in a nanosecond that one core can do at most, and memory.</summary>
    private sealed record Board(string Name, string Core, double PeakPerNs, int MemoryMb);

    /// <summary>Builds the group.</summary>
    public static Command Build()
    {
        var group = new CliCommand("model", "Model files");
        group.Add(Show());
        group.Add(QuantizeCommand.Build());
        return group;
    }

    private static CliCommand Show()
    {
        var model = new Argument<string>("model") { Description = $"Model name or file (shipped: {string.Join(", ", Assets.Names("models"))})", HelpName = "MODEL" };
        model.CompletionSources.Add(_ => Assets.Names("models").Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var channels = new Option<int?>("--channels") { Description = "Channels of the sensor, for a model that takes as many as there are", HelpName = "C" };
        return new CliCommand("show", "A model's layers, parameters, multiply-adds and memory, and what that means on common boards",
                new Example("edgefl model show activity-cnn", "a shipped model"),
                new Example("edgefl model show my-model.json --json", "a file of yours; errors name the layer and the shapes"),
                new Example("edgefl model show host-autoencoder --channels 40", "one that takes as many channels as the sensor has"))
            .Takes(model)
            .With(channels)
            .Runs((context, _) =>
            {
                ModelSpec spec = Resolve(context.Get(model)!, context.Get(channels), context.Console);
                long activations = Batch * new Network(spec, 1).ActivationBytes; // Every part of it grows with the batch.
                if (context.Json)
                    WriteJson(spec, activations, context);
                else
                    WriteTables(spec, activations, context);
                return Task.FromResult(ExitCodes.Ok);
            });
    }

    private static ModelSpec Resolve(string name, int? channels, CliConsole console)
    {
        const string next = "edgefl model show activity-cnn   (docs/models.md has the file format)";
        if (channels is < 1 or > 4096)
            throw new CliException("bad-usage", $"--channels {channels} is out of range: 1 to 4096.", "--channels 6", ExitCodes.Usage);
        try
        {
            ModelSpec spec = ModelSpec.Parse(Assets.Model(name, console));
            if (channels is { } given)
                return spec.Resolve(given);
            return spec.IsResolved ? spec : throw new CliException("channels-missing", $"Model '{spec.Name}' takes as many channels as the sensor has.", "--channels C", ExitCodes.Usage);
        }
        catch (ModelFormatException wrong)
        {
            throw new CliException("bad-model", wrong.Message, next, ExitCodes.Usage, wrong);
        }
    }

    private static long MultiplyAdds(ModelSpec spec) => spec.Layers.Sum(layer => layer.MultiplyAdds);

    private static double InferenceUs(ModelSpec spec, Board board) => MultiplyAdds(spec) / (board.PeakPerNs * Share) / 1000;

    private static double StepUs(ModelSpec spec, Board board) => 3 * Batch * InferenceUs(spec, board);

    private static long TrainingBytes(ModelSpec spec, long activations) => (Copies * sizeof(float) * (long)spec.ParameterCount) + activations;

    private static void WriteJson(ModelSpec spec, long activations, CliContext context) => context.DataJson("edgefl.model/1", json =>
    {
        json.WriteString("name", spec.Name);
        json.WriteString("task", spec.Task.ToString().ToLowerInvariant());
        json.WriteString("hash", Convert.ToHexStringLower(spec.Hash.Span));
        json.WriteString("input", $"{spec.Channels}x{spec.InputLength}");
        json.WriteNumber("outputs", spec.OutputCount);
        if (spec.Target is { } target)
        {
            json.WriteStartObject("target");
            json.WriteString("name", target.Name);
            json.WriteString("unit", target.Unit);
            if (float.IsFinite(target.Cap))
                json.WriteNumber("cap", target.Cap);
            json.WriteEndObject();
        }

        json.WriteNumber("parameters", spec.ParameterCount);
        json.WriteNumber("bytes_per_copy", sizeof(float) * spec.ParameterCount);
        json.WriteNumber("activation_bytes", activations);
        json.WriteNumber("training_bytes", TrainingBytes(spec, activations));
        json.WriteNumber("multiply_adds", MultiplyAdds(spec));
        json.WriteNumber("bytes_per_kept_window", sizeof(float) * spec.KeptCount);
        json.WriteStartArray("layers");
        foreach (LayerSpec layer in spec.Layers)
        {
            json.WriteStartObject();
            json.WriteString("type", layer.Kind.ToString().ToLowerInvariant());
            json.WriteString("input", layer.Input.ToString());
            json.WriteString("output", layer.Output.ToString());
            json.WriteNumber("parameters", layer.ParameterCount);
            json.WriteNumber("multiply_adds", layer.MultiplyAdds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("boards");
        foreach (Board board in Boards)
        {
            json.WriteStartObject();
            json.WriteString("name", board.Name);
            json.WriteNumber("estimated_inference_us", Math.Round(InferenceUs(spec, board), 1));
            json.WriteNumber("estimated_step_us", Math.Round(StepUs(spec, board), 1));
            json.WriteNumber("memory_share", Math.Round(TrainingBytes(spec, activations) / (board.MemoryMb * 1e6), 6));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static void WriteTables(ModelSpec spec, long activations, CliContext context)
    {
        Table layers = context.NewTable("layer", "takes", "gives", "parameters", "multiply-adds");
        foreach (LayerSpec layer in spec.Layers)
            layers.AddRow(new Text(layer.Kind.ToString().ToLowerInvariant()), new Text($"{layer.Input}"), new Text($"{layer.Output}"), Number(layer.ParameterCount), Number(layer.MultiplyAdds));
        layers.AddRow(new Text(spec.Name), new Text($"{spec.Channels}x{spec.InputLength}"), new Text($"{spec.OutputCount}"), Number(spec.ParameterCount), Number(MultiplyAdds(spec)));
        context.Data(layers);
        if (spec.Target is { } target)
            context.Data($"says: {target.Name}{(target.Unit.Length > 0 ? ", " + target.Unit : "")}{(float.IsFinite(target.Cap) ? FormattableString.Invariant($", up to {target.Cap}") : "")}");
        context.Data(FormattableString.Invariant(
            $"a copy takes {PlotScale.Bytes(sizeof(float) * spec.ParameterCount)}; training at batch {Batch} {PlotScale.Bytes(TrainingBytes(spec, activations))}: {Copies} copies and {PlotScale.Bytes(activations)} of activations"));
        context.Data($"a window is kept in {PlotScale.Bytes(sizeof(float) * spec.KeptCount)}{(spec.Features is null ? "" : $": its features, made once as rows arrive; its rows would be {PlotScale.Bytes(sizeof(float) * spec.Channels * spec.Length)}")}");
        Table boards = context.NewTable("board", "core", "one window", $"step of {Batch}", "memory");
        foreach (Board board in Boards)
            boards.AddRow(board.Name, board.Core, Time(InferenceUs(spec, board)), Time(StepUs(spec, board)), (TrainingBytes(spec, activations) / (board.MemoryMb * 1e6)).ToString("0.00 %", CultureInfo.InvariantCulture));
        context.Data(boards);
        context.Progress("times are estimated: one core at a fifth of its peak; nothing was measured on these boards");
    }

    private static Text Number(long value) => new(value.ToString("#,0", CultureInfo.InvariantCulture));

    private static string Time(double us) => us >= 1000 ? FormattableString.Invariant($"{us / 1000:0.0} ms") : FormattableString.Invariant($"{us:0} µs");
}
