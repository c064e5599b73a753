using System.Globalization;
using EdgeFL.Cli.Demo;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Training;

/// <summary>The windows a recipe trains on and those it is judged by.</summary>
/// <param name="Train">To train on, in the order of the recordings.</param>
/// <param name="Test">To judge by; none of their rows is trained on, but for what overlapping neighbours share at the edge of a stretch.</param>
internal sealed record RecipeData(IReadOnlyList<SampleWindow> Train, IReadOnlyList<SampleWindow> Test)
{
    // As far as a float counts rows one by one.
    private const int RestMax = 1 << 24;

    /// <summary>Names of the labels that windows may have, in the order of their indices; may be empty.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>What is measured, channel by channel.</summary>
    public required IReadOnlyList<ChannelDescription> Channels { get; init; }

    /// <summary>Reads the recordings.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">Its model; resolved.</param>
    /// <param name="sensor">What the recordings hold.</param>
    /// <param name="folder">Folder of the recordings.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="CliException">A file is wrong.</exception>
    /// <exception cref="SensorException">A recording is missing or wrong.</exception>
    public static async Task<RecipeData> ReadAsync(Recipe recipe, ModelSpec model, SensorDescription sensor, string folder, CancellationToken cancel)
    {
        IReadOnlyList<string> classes = ClassesOf(recipe, model, sensor);
        Dictionary<int, int>? labels = recipe.Labels is { } table ? ReadLabels(table, model, classes, folder) : null;
        var rows = new RecipeRows(recipe.Target, labels, rest: null);
        (IReadOnlyList<string> trainFiles, IReadOnlyList<string> testFiles) = Files(recipe.Split, folder);
        List<SampleWindow> train = [], test = [];
        foreach (string file in trainFiles)
            train.AddRange(await WindowsAsync(recipe, model, folder, file, rows, cancel).ConfigureAwait(false));
        if (recipe.Split.TestShare > 0)
            (train, test) = Divide(train, recipe.Split.TestShare);
        rows = new RecipeRows(recipe.Target, labels, recipe.Target?.TestRest is { } rest ? ReadRest(rest, folder) : null);
        foreach (string file in testFiles)
        {
            List<SampleWindow> windows = await WindowsAsync(recipe, model, folder, file, rows, cancel).ConfigureAwait(false);
            test.AddRange(recipe.Split.TestWindows == TestWindows.Last ? windows.GroupBy(window => window.Segment).Select(recording => recording.Last()) : windows);
        }

        if (recipe.Usual is { } usual)
        {
            train.RemoveAll(window => window.Label < 0 || !usual.Contains(classes[window.Label]));
            test.RemoveAll(window => window.Label < 0);
        }

        return new RecipeData(train, test) { Classes = classes, Channels = sensor.Channels };
    }

    /// <summary>Names of the labels that windows may have: the model's classes, or, of a model without, those of the recordings.</summary>
    public static IReadOnlyList<string> ClassesOf(Recipe recipe, ModelSpec model, SensorDescription sensor) =>
        model.Task == TaskKind.Classify ? model.Classes : recipe.Labels is { } table ? [.. table.Classes.Values.Distinct()] : sensor.Classes;

    /// <summary>The sensor of a recipe over a recording.</summary>
    public static SensorOptions Sensor(Recipe recipe, string folder, string file)
    {
        ReplayOptions preset = SensorOptions.Parse(Assets.Preset(recipe.Sensor), recipe.Sensor).Replay!;
        if (recipe.Channels is { } wanted)
        {
            ReplayColumn[] columns = [.. wanted.Select(name => preset.Columns?.FirstOrDefault(column => column.Name == name)
                ?? throw new CliException("bad-recipe", $"\"channels\": preset '{recipe.Sensor}' has no channel '{name}', only {string.Join(", ", preset.Columns!.Select(c => c.Name))}.", "--recipe activity", ExitCodes.Usage))];
            preset = preset with { Columns = columns };
        }

        preset = preset with { Path = [Path.Combine(folder, file)], TargetColumn = recipe.Target?.Column, Speed = 0, BatchRows = 1024 };
        return new SensorOptions { Kind = "replay", Name = recipe.Sensor, Replay = preset };
    }

    /// <summary>A file to look at first: what the sensor's channels are.</summary>
    public static string FirstFile(Recipe recipe, string folder) => Files(recipe.Split, folder).Train[0];

    private static async Task<List<SampleWindow>> WindowsAsync(Recipe recipe, ModelSpec model, string folder, string file, RecipeRows rows, CancellationToken cancel)
    {
        await using ISensor sensor = SensorFactory.Create(Sensor(recipe, folder, file));
        var batches = new List<SampleBatch>();
        await foreach (SampleBatch batch in sensor.ReadAsync(cancel).ConfigureAwait(false))
            batches.Add(batch.Copy());
        var windows = new List<SampleWindow>();
        WindowBuilder builder = WindowSet.Builder(sensor.Description, model, recipe.WindowStep, recipe.WindowLabel);
        foreach (SampleBatch batch in rows.Complete(batches, file))
            builder.Add(batch, windows);
        windows.RemoveAll(window => !model.CanLearn(window));
        return windows;
    }

    private static (List<SampleWindow> Train, List<SampleWindow> Test) Divide(List<SampleWindow> windows, double testShare)
    {
        List<SampleWindow> train = [], test = [];
        for (int from = 0; from < windows.Count;)
        {
            int to = from;
            while (to < windows.Count && windows[to].Label == windows[from].Label)
                to++;
            int kept = (int)Math.Round((to - from) * (1 - testShare));
            train.AddRange(windows[from..(from + kept)]);
            test.AddRange(windows[(from + kept)..to]);
            from = to;
        }

        return (train, test);
    }

    private static (IReadOnlyList<string> Train, IReadOnlyList<string> Test) Files(RecipeSplit split, string folder)
    {
        if (split.Subjects is not { } list)
            return Apart(split.Train!, split.Test ?? []);
        SubjectSplit subjects = SubjectSplit.Read(Path.Combine(folder, list));
        return Apart(Of(subjects.Train), Of(subjects.Test));
        string[] Of(IReadOnlyList<int> part) => [.. part.Select(subject => string.Format(CultureInfo.InvariantCulture, split.SubjectFile!, subject))];
    }

    /// <summary>Refuses a recording on both sides: what is known by heart would look learned.</summary>
    private static (IReadOnlyList<string> Train, IReadOnlyList<string> Test) Apart(IReadOnlyList<string> train, IReadOnlyList<string> test)
    {
        if (train.Count == 0)
            throw new CliException("bad-data", "The split names no recording to train on.", "edgefl train --help", ExitCodes.Failure);
        return train.Intersect(test).FirstOrDefault() is { } both
            ? throw new CliException("bad-data", $"The split trains on {both} and tests on it, too.", "edgefl train --help", ExitCodes.Failure)
            : (train, test);
    }

    private static Dictionary<int, float> ReadRest(RecipeTable table, string folder) => table.Read<float>(folder, $"number from 0 to {RestMax}",
        cell => float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float rows) && rows is >= 0 and <= RestMax ? rows : null);

    private static Dictionary<int, int> ReadLabels(RecipeLabels table, ModelSpec model, IReadOnlyList<string> classes, string folder)
    {
        if (table.Classes.Values.FirstOrDefault(name => !classes.Contains(name)) is { } unknown)
        {
            throw new CliException("bad-recipe", $"\"labels.classes\" names '{unknown}', which model '{model.Name}' does not know: {string.Join(", ", classes)}.",
                "edgefl train --help", ExitCodes.Usage);
        }

        List<string> names = [.. classes];
        return table.Read<int>(folder, "label", cell => table.Classes.TryGetValue(cell, out string? name) ? names.IndexOf(name) : SampleBatch.NoLabel);
    }
}
