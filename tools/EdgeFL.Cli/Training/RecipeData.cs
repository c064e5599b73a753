using System.Globalization;
using System.Text.Json;
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
    /// <summary>Reads the recordings.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">Its model; resolved.</param>
    /// <param name="folder">Folder of the recordings.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="CliException">A file is missing or wrong.</exception>
    public static async Task<RecipeData> ReadAsync(Recipe recipe, ModelSpec model, string folder, CancellationToken cancel)
    {
        IReadOnlyDictionary<int, int>? labels = recipe.Labels is { } table ? ReadLabels(table, model, folder) : null;
        (IReadOnlyList<string> train, IReadOnlyList<string> test) = Files(recipe.Split, folder);
        try
        {
            List<SampleWindow> first = await WindowsAsync(recipe, model, folder, train, labels, cancel).ConfigureAwait(false);
            if (recipe.Split.TestShare > 0)
                return Divide(first, recipe.Split.TestShare);
            return new RecipeData(first, await WindowsAsync(recipe, model, folder, test, labels, cancel).ConfigureAwait(false));
        }
        catch (SensorException wrong)
        {
            throw new CliException(wrong.Code, $"{wrong.Where}: {wrong.Cause}", wrong.Remedy, ExitCodes.Failure, wrong);
        }
    }

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

        return new SensorOptions { Kind = "replay", Name = recipe.Sensor, Replay = preset with { Path = [Path.Combine(folder, file)], Speed = 0, BatchRows = 1024 } };
    }

    /// <summary>A file to look at first: what the sensor's channels are.</summary>
    public static string FirstFile(Recipe recipe, string folder) => Files(recipe.Split, folder).Train[0];

    private static async Task<List<SampleWindow>> WindowsAsync(
        Recipe recipe, ModelSpec model, string folder, IReadOnlyList<string> files, IReadOnlyDictionary<int, int>? labels, CancellationToken cancel)
    {
        var windows = new List<SampleWindow>();
        foreach (string file in files)
        {
            await using ISensor sensor = SensorFactory.Create(Sensor(recipe, folder, file));
            double rate = sensor.Description.RateHz;
            var builder = new WindowBuilder(
                new WindowOptions { Length = model.Length, Step = recipe.WindowStep ?? Math.Max(1, model.Length / 2), Label = recipe.WindowLabel, PeriodMs = rate > 0 ? 1000 / rate : 0 },
                model.Channels);
            await foreach (SampleBatch batch in sensor.ReadAsync(cancel).ConfigureAwait(false))
                builder.Add(labels is null ? batch : Relabel(batch, labels), windows);
        }

        if (model.Task == TaskKind.Classify)
            windows.RemoveAll(window => window.Label < 0);
        return windows;
    }

    private static SampleBatch Relabel(SampleBatch batch, IReadOnlyDictionary<int, int> labels)
    {
        var labelled = new SampleBatch(batch.Channels, batch.Capacity);
        for (int row = 0; row < batch.Count; row++)
            labelled.TryAdd(batch.TimeMs(row), batch.Segment(row), labels.GetValueOrDefault(batch.Segment(row), SampleBatch.NoLabel), batch.Values(row));
        return labelled;
    }

    private static RecipeData Divide(List<SampleWindow> windows, double testShare)
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

        return new RecipeData(train, test);
    }

    private static (IReadOnlyList<string> Train, IReadOnlyList<string> Test) Files(RecipeSplit split, string folder)
    {
        if (split.Subjects is not { } list)
            return Apart(split.Train!, split.Test ?? []);
        string path = Path.Combine(folder, list);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Apart(Of("train"), Of("test"));
            string[] Of(string part) => [.. document.RootElement.GetProperty(part).EnumerateArray().Select(e => string.Format(CultureInfo.InvariantCulture, split.SubjectFile!, e.GetInt32()))];
        }
        catch (Exception wrong) when (wrong is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CliException("bad-data", $"{path} does not list train and test subjects: {wrong.Message}", "--data DIR   (the folder of the recordings)", ExitCodes.Failure, wrong);
        }
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

    private static Dictionary<int, int> ReadLabels(RecipeLabels table, ModelSpec model, string folder)
    {
        string path = Path.Combine(folder, table.File);
        if (table.Classes.Values.FirstOrDefault(name => !model.Classes.Contains(name)) is { } unknown)
        {
            throw new CliException("bad-recipe", $"\"labels.classes\" names '{unknown}', which model '{model.Name}' does not know: {string.Join(", ", model.Classes)}.",
                "edgefl train --help", ExitCodes.Usage);
        }

        CliException Wrong(string what, Exception? cause = null) => new("bad-data", $"{path}: {what}", "--data DIR   (the folder of the recordings)", ExitCodes.Failure, cause);
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (IOException e)
        {
            throw Wrong(e.Message, e);
        }

        string[] header = lines.Length > 0 ? lines[0].Split(',') : [];
        int segment = Array.IndexOf(header, table.Segment), column = Array.IndexOf(header, table.Column);
        if (segment < 0 || column < 0)
            throw Wrong($"its first line has no columns '{table.Segment}' and '{table.Column}', but: {string.Join(", ", header)}.");
        var labels = new Dictionary<int, int>();
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
                continue;
            string[] cells = lines[i].Split(',');
            if (cells.Length != header.Length || !int.TryParse(cells[segment], NumberStyles.Integer, CultureInfo.InvariantCulture, out int number))
                throw Wrong($"line {i + 1} is no row of {header.Length} cells with a number under '{table.Segment}': {lines[i]}");
            int label = table.Classes.TryGetValue(cells[column], out string? name) ? model.Classes.ToList().IndexOf(name) : SampleBatch.NoLabel;
            if (!labels.TryAdd(number, label))
                throw Wrong($"line {i + 1} labels number {number} a second time: {lines[i]}");
        }

        return labels;
    }
}
