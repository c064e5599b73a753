using System.Text.Json;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Sim;

/// <summary>Recordings of people: each node is one of them, and has the windows that a list names.</summary>
internal static class HaptData
{
    private const string Folder = "uci-hapt";

    /// <summary>Reads recordings and list.</summary>
    /// <param name="options">Where the list stands.</param>
    /// <param name="model">Resolved model of 6 channels.</param>
    /// <param name="root">Data folder.</param>
    /// <exception cref="CliException">Something is missing, or does not fit together.</exception>
    public static async Task<SimWorkload> ReadAsync(SimData options, ModelSpec model, string root, CancellationToken cancel)
    {
        string path = Path.Combine(root, options.Windows);
        try
        {
            using JsonDocument list = JsonDocument.Parse(await File.ReadAllBytesAsync(path, cancel).ConfigureAwait(false));
            JsonElement windows = list.RootElement.GetProperty("windows");
            var streams = new List<WindowStream>();
            foreach (JsonElement subject in list.RootElement.GetProperty("clients").EnumerateArray())
            {
                List<LabelledRows> rows = await OfAsync(subject, windows, model, root, path, cancel).ConfigureAwait(false);
                streams.Add(new WindowStream(rows.Count, w => rows[w], model.Channels));
            }

            var test = new List<List<SampleWindow>>();
            foreach (JsonElement subject in list.RootElement.GetProperty("test").EnumerateArray())
                test.Add([.. (await OfAsync(subject, windows, model, root, path, cancel).ConfigureAwait(false)).Select(rows => rows.ToWindow(model.Channels))]);
            return new SimWorkload(streams, streams.Max(stream => stream.Windows), test);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CliException("bad-data", $"{path} is no list of windows: {wrong.Message}", "--data FOLDER   (the folder that holds uci-hapt and peers)", ExitCodes.Failure, wrong);
        }
    }

    private static async Task<List<LabelledRows>> OfAsync(JsonElement subject, JsonElement windows, ModelSpec model, string root, string list, CancellationToken cancel)
    {
        int number = subject.GetInt32();
        string file = Path.Combine(root, Folder, $"subject-{number:00}.csv.gz");
        ReplayOptions preset = SensorOptions.Parse(Assets.Preset("uci-hapt"), "uci-hapt").Replay!;
        var options = new SensorOptions { Kind = "replay", Name = $"subject-{number:00}", Replay = preset with { Path = [file], Speed = 0, BatchRows = 4096 } };
        var values = new List<float>();
        var runs = new List<(int Segment, int Label)>();
        await using (ISensor sensor = SensorFactory.Create(options))
        {
            if (sensor.Description.Channels.Count != model.Channels || sensor.Description.Classes.Count != model.Classes.Count)
                throw new CliException("bad-model", $"The recordings have {sensor.Description.Channels.Count} channels and {sensor.Description.Classes.Count} classes, model '{model.Name}' {model.Channels} and {model.Classes.Count}.", "\"model\": \"activity-cnn\"", ExitCodes.Usage);
            await foreach (SampleBatch batch in sensor.ReadAsync(cancel).ConfigureAwait(false))
            {
                for (int row = 0; row < batch.Count; row++)
                {
                    values.AddRange(batch.Values(row));
                    runs.Add((batch.Segment(row), batch.Label(row)));
                }
            }
        }

        float[] all = [.. values];
        var found = new List<LabelledRows>();
        foreach (JsonElement window in windows.GetProperty(subject.GetRawText()).EnumerateArray())
        {
            int first = window[0].GetInt32(), label = window[1].GetInt32();
            if (first < 0 || first + model.Length > runs.Count || runs.Skip(first).Take(model.Length).Any(run => run.Label != label || run.Segment != runs[first].Segment))
                throw new CliException("bad-data", $"{list}: the {model.Length} rows of {file} from row {first} on are not one recording of class {label}.", "--data FOLDER   (the folder that the list was made for)", ExitCodes.Failure);
            found.Add(new LabelledRows(all.AsMemory(first * model.Channels, model.Length * model.Channels), label));
        }

        return found;
    }
}
