using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Sensors;

/// <summary>What to do with a row that cannot be read.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BadRowPolicy>))]
public enum BadRowPolicy
{
    /// <summary>Hand out the rows before it, then fail with its place.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,

    /// <summary>Leave it out and count it.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,
}

/// <summary>One channel taken from a column: value = number × <see cref="Scale"/> + <see cref="Offset"/>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReplayColumn
{
    /// <summary>Name of the channel; must be given.</summary>
    public string Name { get; set; } = "";

    /// <summary>Column in the file's header; null means a column of the channel's name.</summary>
    public string? Column { get; set; }

    /// <summary>Unit after scaling. Default none.</summary>
    public string Unit { get; set; } = "";

    /// <summary>Factor, finite and not 0. Default 1.</summary>
    public double Scale { get; set; } = 1;

    /// <summary>Added after scaling, finite. Default 0.</summary>
    public double Offset { get; set; }
}

/// <summary>Plays recordings: CSV or CSV.gz files with a header line.</summary>
/// <remarks>Members left null are taken from <see cref="Preset"/>, then found by <see cref="ForHeader"/>.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReplayOptions
{
    /// <summary>One file or several, played one after the other; relative to the configuration's folder. 1 to 4096 files.</summary>
    [JsonConverter(typeof(PathListConverter))]
    public IReadOnlyList<string> Path { get; set; } = [];

    /// <summary>Name or path of a preset, a sensor options file whose values hold where these are null. Default none.</summary>
    public string? Preset { get; set; }

    /// <summary>The channels in their order; null takes every numeric column that is not time, segment, label or target. At most 256.</summary>
    public IReadOnlyList<ReplayColumn>? Columns { get; set; }

    /// <summary>Column of the time stamps; "" for none; null looks for <c>t_ms</c>, <c>time_ms</c>, <c>time</c>.</summary>
    public string? TimeColumn { get; set; }

    /// <summary>Milliseconds that 1 in the time column stands for, above 0. Default 1.</summary>
    public double? TimeUnitMs { get; set; }

    /// <summary>Column of the recording's number, an integer; "" for none; null looks for <c>segment</c>.</summary>
    public string? SegmentColumn { get; set; }

    /// <summary>Column of the labels; "" for none; null looks for <c>label</c>.</summary>
    public string? LabelColumn { get; set; }

    /// <summary>Column of the number that a regress model learns; "" for none; an empty cell means that the row has none. Default none.</summary>
    public string? TargetColumn { get; set; }

    /// <summary>Raw label text to class name; texts that are not listed mean no label. Null: the texts are the class names themselves.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; set; }

    /// <summary>Class names in the order of their index, at most 256. Null: those of <see cref="Labels"/>, by label number where all labels
    /// are integers, else by label text. With neither given rows are unlabelled: an order found in one device's data would not be its neighbours'.</summary>
    public IReadOnlyList<string>? Classes { get; set; }

    /// <summary>Nominal rows a second, above 0; null takes it from the first time stamps. Needed where there is no time column.</summary>
    public double? RateHz { get; set; }

    /// <summary>Seconds of recording a second of clock: 1 real time, 60 sixty times as fast, 0 as fast as taken; at most 1e6. Default 1.</summary>
    public double Speed { get; set; } = 1;

    /// <summary>Start again after the last file. Default false.</summary>
    public bool Loop { get; set; }

    /// <summary>What to do with a row that cannot be read: <c>fail</c> or <c>skip</c>. Default fail.</summary>
    public BadRowPolicy OnBadRow { get; set; }

    /// <summary>Rows handed out at once, 1 to 4096. Default 64; fewer when pacing would hold rows back for long.</summary>
    public int BatchRows { get; set; } = 64;

    /// <summary>Says which option is wrong, or null.</summary>
    public SensorException? Check()
    {
        if (Path.Count is 0 or > 4096 || Path.Any(string.IsNullOrEmpty))
            return SensorOptions.Wrong("replay.path", $"{Path.Count} files are named, or one of the names is empty.", "Name 1 to 4096 CSV or CSV.gz files.");
        if (!(Speed >= 0 && Speed <= 1e6))
            return SensorOptions.Wrong("replay.speed", $"{Speed} is not a speed.", "Use 1 for real time, 60 for sixty times as fast, 0 for as fast as taken.");
        if (TimeUnitMs is { } unit && !(unit > 0 && double.IsFinite(unit)))
            return SensorOptions.Wrong("replay.timeUnitMs", $"{unit} is not a time unit.", "Use the milliseconds that 1 stands for, e.g. 1000 for seconds.");
        if (RateHz is { } rate && !(rate > 0 && double.IsFinite(rate)))
            return SensorOptions.Wrong("replay.rateHz", $"{rate} is not a rate.", "Use rows a second, e.g. 50.");
        if (BatchRows is < 1 or > 4096)
            return SensorOptions.Wrong("replay.batchRows", $"{BatchRows} is out of range.", "Use 1 to 4096.");
        return CheckColumns() ?? CheckLabels();
    }

    /// <summary>Fills in what was left open from a file's header and first row.</summary>
    /// <param name="header">Column names.</param>
    /// <param name="numeric">For each column: its first cell is a number.</param>
    /// <returns>Options with no null among columns, time, segment and label column.</returns>
    public ReplayOptions ForHeader(IReadOnlyList<string> header, IReadOnlyList<bool> numeric)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(numeric);
        string time = TimeColumn ?? Known(header, "t_ms", "time_ms", "time");
        string segment = SegmentColumn ?? Known(header, "segment");
        string label = LabelColumn ?? Known(header, "label");
        var columns = Columns ?? [.. header
            .Where((name, i) => numeric[i] && name != time && name != segment && name != label && name != TargetColumn)
            .Select(name => new ReplayColumn { Name = name })];
        return this with { Columns = columns, TimeColumn = time, SegmentColumn = segment, LabelColumn = label };
    }

    /// <summary>These options with <paramref name="preset"/>'s values where these have none.</summary>
    /// <param name="preset">The values to fall back on.</param>
    public ReplayOptions Over(ReplayOptions preset)
    {
        ArgumentNullException.ThrowIfNull(preset);
        return this with
        {
            Columns = Columns ?? preset.Columns,
            TimeColumn = TimeColumn ?? preset.TimeColumn,
            TimeUnitMs = TimeUnitMs ?? preset.TimeUnitMs,
            SegmentColumn = SegmentColumn ?? preset.SegmentColumn,
            LabelColumn = LabelColumn ?? preset.LabelColumn,
            TargetColumn = TargetColumn ?? preset.TargetColumn,
            Labels = Labels ?? preset.Labels,
            Classes = Classes ?? preset.Classes,
            RateHz = RateHz ?? preset.RateHz,
        };
    }

    /// <summary>Class names in the order of their index, as <see cref="Classes"/> says.</summary>
    internal IReadOnlyList<string> ClassOrder()
    {
        if (Classes is not null)
            return Classes;
        if (Labels is null)
            return [];
        bool integers = Labels.Keys.All(key => int.TryParse(key, out _));
        var keys = Labels.Keys.ToList();
        keys.Sort(integers ? ByNumber : string.CompareOrdinal);
        return [.. keys.Select(key => Labels[key]).Distinct()];
    }

    private static int ByNumber(string a, string b) =>
        int.Parse(a).CompareTo(int.Parse(b)) is not 0 and var order ? order : string.CompareOrdinal(a, b);

    private static string Known(IReadOnlyList<string> header, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (header.Contains(name))
                return name;
        }
        return "";
    }

    private SensorException? CheckColumns()
    {
        if (Columns is null)
            return null;
        if (Columns.Count is 0 or > 256)
            return SensorOptions.Wrong("replay.columns", $"{Columns.Count} channels are named.", "Name 1 to 256, or leave the member out to take every numeric column.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in Columns)
        {
            if (string.IsNullOrEmpty(column.Name) || !seen.Add(column.Name))
                return SensorOptions.Wrong("replay.columns", $"Channel name \"{column.Name}\" is empty or given twice.", "Give every channel a name of its own.");
            if (!double.IsFinite(column.Scale) || column.Scale == 0 || !double.IsFinite(column.Offset))
                return SensorOptions.Wrong("replay.columns", $"Scale or offset of channel \"{column.Name}\" is no finite number other than 0.", "Use e.g. 0.001 for milli-units.");
        }
        return null;
    }

    private SensorException? CheckLabels()
    {
        var classes = ClassOrder();
        if (classes.Count > 256 || classes.Distinct().Count() != classes.Count || classes.Any(string.IsNullOrEmpty))
            return SensorOptions.Wrong("replay.classes", "Class names are empty, given twice, or more than 256.", "List each class once, in the model's order.");
        if (Labels?.Values.FirstOrDefault(name => !classes.Contains(name)) is { } unknown)
            return SensorOptions.Wrong("replay.labels", $"Class \"{unknown}\" is not among the classes {string.Join(", ", classes)}.", "Add it to \"classes\" or leave the label out.");
        return null;
    }
}
