using EdgeFL.Cli.Framework;
using EdgeFL.Learning;

namespace EdgeFL.Cli.Sim;

/// <summary>Kinds of data.</summary>
internal enum SimDataKind
{
    /// <summary>Made up: a cloud of points for each class.</summary>
    Synthetic,

    /// <summary>Recordings of uci-hapt, windows from a list.</summary>
    Hapt,

    /// <summary>Images in idx files, shared out by a list.</summary>
    Idx,
}

/// <summary>What the nodes measure, and what they are judged by.</summary>
internal sealed record SimData
{
    /// <summary>The kind.</summary>
    public required SimDataKind Kind { get; init; }

    /// <summary>Data folder; may begin with an environment variable, as <c>$EDGEFL_DATA</c>. <c>--data</c> goes before it.</summary>
    public string Folder { get; init; } = "$EDGEFL_DATA";

    /// <summary>List of windows (hapt), in the data folder.</summary>
    public string Windows { get; init; } = "peers/har-windows.json";

    /// <summary>Folder of the idx files (idx), in the data folder unless it is absolute.</summary>
    public string Images { get; init; } = "/usr/share/datasets/fashion-mnist";

    /// <summary>List of images for each node (idx), in the data folder.</summary>
    public string Partition { get; init; } = "peers/fmnist-dir0.5-n10.json";

    /// <summary>Windows of each node (synthetic), 1 to 65,536. Default 64.</summary>
    public int WindowsPerNode { get; init; } = 64;

    /// <summary>Windows of the common test set (synthetic), 1 to 65,536. Default 1000.</summary>
    public int TestWindows { get; init; } = 1000;

    /// <summary>Dirichlet's concentration of each node's classes (synthetic): small is skewed; 0 for all classes alike everywhere. Default 0.5.</summary>
    public double Alpha { get; init; } = 0.5;

    /// <summary>Standard deviation of a class's cloud, the classes lying about 1.4 apart in each value (synthetic), 0 to 1000. Default 2.</summary>
    public double Noise { get; init; } = 2;

    /// <summary>Says what is wrong, or null.</summary>
    public string? Check() => SimConfig.Out("data.windowsPerNode", WindowsPerNode, 1, 65_536) ?? SimConfig.Out("data.testWindows", TestWindows, 1, 65_536)
        ?? SimConfig.Out("data.alpha", Alpha, 0, 1e6) ?? SimConfig.Out("data.noise", Noise, 0, 1000);

    /// <summary>The data folder.</summary>
    /// <param name="given"><c>--data</c>, or null.</param>
    /// <param name="console">Resolves paths and variables.</param>
    /// <exception cref="CliException"><c>data-missing</c>.</exception>
    public string Root(string? given, CliConsole console)
    {
        string text = given ?? Folder;
        if (text.StartsWith('$'))
        {
            string[] parts = text[1..].Split('/', 2);
            string value = console.Environment(parts[0]) is { Length: > 0 } set
                ? set
                : throw new CliException("data-missing", $"The configuration takes its data from {text}, but {parts[0]} is not set.", "--data FOLDER   (the folder that holds uci-hapt and peers)", ExitCodes.Usage);
            text = parts.Length == 1 ? value : Path.Combine(value, parts[1]);
        }

        string folder = console.Resolve(text);
        return Directory.Exists(folder) ? folder : throw new CliException("data-missing", $"There is no folder {folder}.", "--data FOLDER   (the folder that holds uci-hapt and peers)", ExitCodes.Usage);
    }
}

/// <summary>A fleet's data: a stream for each node, and windows of devices that no node has.</summary>
/// <param name="Streams">For each node what its sensor gives.</param>
/// <param name="WindowsMax">Windows of the node that has most.</param>
/// <param name="Test">For each device its windows.</param>
internal sealed record SimWorkload(IReadOnlyList<WindowStream> Streams, int WindowsMax, IReadOnlyList<List<SampleWindow>> Test);

/// <summary>Data that the runs of a sweep share: each is read once.</summary>
internal sealed class KnownData
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<(SimData Data, string Model), Lazy<Task<SimWorkload>>> known = [];

    /// <summary>What has been read for the same shape of windows, or is read now.</summary>
    public Task<SimWorkload> GetAsync(SimData data, ModelSpec model, Func<Task<SimWorkload>> read) =>
        known.GetOrAdd((data, $"{model.Channels} {model.Length} {string.Join(' ', model.Classes)}"), _ => new Lazy<Task<SimWorkload>>(read)).Value;
}

/// <summary>Rows that a window is cut from, and its class.</summary>
/// <param name="Rows">Shape [T,C], row after row.</param>
/// <param name="Label">Class.</param>
internal readonly record struct LabelledRows(ReadOnlyMemory<float> Rows, int Label)
{
    /// <summary>The window that is cut from them.</summary>
    /// <param name="channels">C.</param>
    public SampleWindow ToWindow(int channels)
    {
        int length = Rows.Length / channels;
        float[] values = new float[Rows.Length];
        Numerics.Matrix.Transpose(Rows.Span, length, channels, values);
        return new SampleWindow(values, channels, Label, 0);
    }
}

/// <summary>
/// A sensor that gives exactly the windows of a list: the rows of each as a recording of their own, so that windows as long as they are apart come out as listed.
/// Batches are made when they are asked for, as they would otherwise hold all data twice.
/// </summary>
/// <param name="count">How many windows.</param>
/// <param name="rowsOf">The rows of one; the same each time it is asked for.</param>
/// <param name="channels">C.</param>
internal sealed class WindowStream(int count, Func<int, LabelledRows> rowsOf, int channels) : IReadOnlyList<SampleBatch>
{
    private const int WindowsPerBatch = 64;

    /// <summary>How many windows it gives.</summary>
    public int Windows => count;

    /// <inheritdoc/>
    public int Count => (count + WindowsPerBatch - 1) / WindowsPerBatch;

    /// <inheritdoc/>
    public SampleBatch this[int index]
    {
        get
        {
            int first = index * WindowsPerBatch, windows = Math.Min(WindowsPerBatch, count - first);
            SampleBatch? batch = null;
            for (int w = first; w < first + windows; w++)
            {
                LabelledRows window = rowsOf(w);
                int length = window.Rows.Length / channels;
                batch ??= new SampleBatch(channels, windows * length);
                for (int row = 0; row < length; row++)
                    batch.TryAdd(row, w, window.Label, window.Rows.Span.Slice(row * channels, channels));
            }

            return batch!;
        }
    }

    /// <inheritdoc/>
    public IEnumerator<SampleBatch> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
