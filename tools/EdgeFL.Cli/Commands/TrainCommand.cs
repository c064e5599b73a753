using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Training;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl train</c>: one device, no network: what a model can learn from recordings, judged by what was held out.</summary>
internal static class TrainCommand
{
    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var options = new RecipeOptions();
        return new CliCommand("train", "Train a recipe's model on recordings, on this machine alone, and judge it by what was held out",
                new Example("edgefl train --recipe activity --data ../shared/data/uci-hapt", "what all recordings in one place can teach"),
                new Example("edgefl train --recipe turbofan --data ../shared/data/cmapss-fd001", "a number instead of a class: how many flights an engine has left"),
                new Example("edgefl train --recipe occupancy --data ../shared/data/occupancy --json", "one JSON object at the end"))
            .With(options.Recipe, options.Data, options.Seed)
            .Runs((context, cancel) => RunAsync(options, context, cancel));
    }

    private static async Task<int> RunAsync(RecipeOptions options, CliContext context, CancellationToken cancel)
    {
        (Recipe recipe, ModelSpec model, RecipeData windows, RecipeResult result) = await LearnAsync(options, _ => { }, context, cancel).ConfigureAwait(false);
        if (context.Json)
        {
            WriteJson(context.Get(options.Recipe)!, recipe, model, windows, result, context.Get(options.Seed), context);
            return ExitCodes.Ok;
        }

        context.Data(result.Score.ToTable(context));
        context.Data(FormattableString.Invariant($"{result.Score.Summary}, {windows.Test.Count} windows, {result.Steps} steps in {result.Seconds:0.0} s"));
        return ExitCodes.Ok;
    }

    /// <summary>Reads recipe and recordings, learns, and tells of it on stderr.</summary>
    /// <param name="options">What is to be learned from what.</param>
    /// <param name="check">Throws if the model is of no use, before the recordings are read.</param>
    /// <param name="context">Command line, streams and paths.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="CliException">The recipe, its model or a recording is missing or wrong, or nothing was learned.</exception>
    internal static async Task<(Recipe Recipe, ModelSpec Model, RecipeData Windows, RecipeResult Result)> LearnAsync(
        RecipeOptions options, Action<ModelSpec> check, CliContext context, CancellationToken cancel)
    {
        Recipe recipe = Recipe.Load(context.Get(options.Recipe)!, context.Console);
        string folder = context.Console.Resolve(context.Get(options.Data)!);
        if (!Directory.Exists(folder))
            throw new CliException("data-missing", $"There is no folder {folder}.", "--data DIR   (the folder of the recordings)", ExitCodes.Usage);
        (ModelSpec model, SensorDescription sensor) = await ResolveAsync(recipe, folder, context.Console).ConfigureAwait(false);
        check(model);
        context.Progress($"{recipe.About}: reading {folder}");
        RecipeData windows = await RecipeData.ReadAsync(recipe, model, sensor, folder, cancel).ConfigureAwait(false);
        if (windows.Train.Count == 0 || windows.Test.Count == 0 || windows.Train.Count > 65536)
        {
            throw new CliException("bad-data", $"{folder} gives {windows.Train.Count} {model.Task switch { TaskKind.Classify => "labelled windows", TaskKind.Regress => "windows with a target", _ => "windows" }} to train on and {windows.Test.Count} to test; 1 to 65,536 and at least one are needed.",
                "edgefl train --help", ExitCodes.Failure);
        }

        if (model.Task == TaskKind.Classify
            && windows.Test.Select(window => window.Label).Except(windows.Train.Select(window => window.Label)).Select(label => model.Classes[label]).FirstOrDefault() is { } unseen)
            throw new CliException("bad-data", $"'{unseen}' is tested but never trained on.", "edgefl train --help", ExitCodes.Failure);

        context.Progress($"{windows.Train.Count} windows to train on, {windows.Test.Count} to test; {model.Name}, {model.ParameterCount} parameters");
        int every = Math.Max(1, recipe.Learning.Epochs / 20);
        RecipeResult result = await Task.Run(
            () => RecipeRun.Train(recipe, model, windows, context.Get(options.Seed), (epoch, loss) =>
            {
                if (epoch % every == 0 || epoch == recipe.Learning.Epochs)
                    context.Progress(FormattableString.Invariant($"epoch {epoch} of {recipe.Learning.Epochs}, training loss {loss:0.0000}"));
            }, cancel), cancel).ConfigureAwait(false);
        if (result.Steps == 0)
            throw new CliException("nothing-learned", $"None of {result.RefusedSteps} steps gave a finite loss and gradient.", "look at the recordings' values, or set \"normalise\": \"running\" in the model", ExitCodes.Failure);
        if (result.RefusedSteps > 0)
            context.Warn($"{result.RefusedSteps} steps were refused because loss or gradient was not finite.");
        return (recipe, model, windows, result);
    }

    private static async Task<(ModelSpec Model, SensorDescription Sensor)> ResolveAsync(Recipe recipe, string folder, CliConsole console)
    {
        try
        {
            await using ISensor sensor = SensorFactory.Create(RecipeData.Sensor(recipe, folder, RecipeData.FirstFile(recipe, folder)));
            ModelSpec model = ModelSpec.Parse(Assets.Model(recipe.Model, console)).Resolve(sensor.Description.Channels.Count);
            return NotFitting(recipe, model, sensor.Description) is { } wrong ? throw new CliException("bad-recipe", wrong, "--recipe activity", ExitCodes.Usage) : (model, sensor.Description);
        }
        catch (ModelFormatException wrong)
        {
            throw new CliException("bad-model", wrong.Message, "--recipe activity", ExitCodes.Usage, wrong);
        }
    }

    /// <summary>Says why recipe, model and sensor do not go together, or null.</summary>
    private static string? NotFitting(Recipe recipe, ModelSpec model, SensorDescription sensor)
    {
        if (recipe.Learning.Rotation > 0 && (model.Task != TaskKind.Classify || model.Channels % 3 != 0))
            return $"\"learning.rotation\" is for models that classify what sensors of three axes measure; '{model.Name}' does not, or its {model.Channels} channels are no multiple of 3.";
        if (model.Target is { } number)
        {
            return recipe.Target is null || recipe.Labels is not null
                ? $"Model '{model.Name}' regresses: the recipe must say with \"target\" where the {number.Name} comes from, and have no \"labels\"."
                : null;
        }

        if (recipe.Target is not null)
            return $"\"target\" is for models that regress; '{model.Name}' does not.";
        if (recipe.Usual is not null && model.Task != TaskKind.Reconstruct)
            return $"\"usual\" is for models that reconstruct; '{model.Name}' does not.";
        if (recipe.Usual is { } usual)
        {
            IReadOnlyList<string> labels = RecipeData.ClassesOf(recipe, model, sensor);
            return usual.Count > 0 && usual.FirstOrDefault(name => !labels.Contains(name)) is not { } unknown
                ? null
                : $"\"usual\" must name one or more of the labels {string.Join(", ", labels)}.";
        }

        if (model.Task != TaskKind.Classify)
            return recipe.Labels is null ? null : $"\"labels\" is for models that classify, or with \"usual\"; '{model.Name}' learns without.";
        return recipe.Labels is null && !model.Classes.SequenceEqual(sensor.Classes)
            ? $"Model '{model.Name}' has the classes {string.Join(", ", model.Classes)}, the recordings {string.Join(", ", sensor.Classes)}: they must be the same in the same order."
            : null;
    }

    private static void WriteJson(string name, Recipe recipe, ModelSpec model, RecipeData windows, RecipeResult result, ulong seed, CliContext context) =>
        context.DataJson("edgefl.train/1", json =>
        {
            json.WriteString("recipe", name);
            json.WriteString("model", model.Name);
            json.WriteNumber("parameters", model.ParameterCount);
            json.WriteNumber("epochs", recipe.Learning.Epochs);
            json.WriteNumber("steps", result.Steps);
            json.WriteNumber("refused_steps", result.RefusedSteps);
            json.WriteNumber("train_windows", windows.Train.Count);
            json.WriteNumber("test_windows", windows.Test.Count);
            result.Score.WriteFigures(json);
            json.WriteNumber("seconds", Math.Round(result.Seconds, 1));
            json.WriteNumber("seed", seed);
            result.Score.WriteDetail(json);
        });
}
