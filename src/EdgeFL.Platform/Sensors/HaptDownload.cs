using System.Globalization;

namespace EdgeFL.Platform.Sensors;

/// <summary>One recording of the download.</summary>
internal sealed record HaptExperiment(int Number, int Subject, string Acceleration, string Rotation);

/// <summary>The files of a HAPT download: RawData/acc_expXX_userYY.txt, gyro_expXX_userYY.txt, labels.txt.</summary>
internal sealed class HaptDownload
{
    private const long RowsMax = 10_000_000;

    private static readonly string[] StandardNames =
    [
        "UNLABELLED", "WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", "LAYING",
        "STAND_TO_SIT", "SIT_TO_STAND", "SIT_TO_LIE", "LIE_TO_SIT", "STAND_TO_LIE", "LIE_TO_STAND",
    ];

    private readonly Dictionary<int, List<(long First, long Last, int Label, int Line)>> intervals = [];
    private readonly string labelsFile;

    private HaptDownload(string folder)
    {
        labelsFile = Path.Combine(folder, "labels.txt");
        foreach (string file in Directory.EnumerateFiles(folder, "acc_exp*_user*.txt").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            int cut = name.IndexOf("_user", StringComparison.Ordinal);
            if (!int.TryParse(name.AsSpan("acc_exp".Length, cut - "acc_exp".Length), out int number) || !int.TryParse(name.AsSpan(cut + "_user".Length), out int subject) || number < 1 || subject < 1)
                throw Wrong(file, 0, "The name is not of the form acc_expXX_userYY.txt.");
            string rotation = Path.Combine(folder, "gyro" + Path.GetFileName(file)["acc".Length..]);
            if (!File.Exists(rotation))
                throw Wrong(rotation, 0, $"The file that belongs to {Path.GetFileName(file)} is missing.");
            if (!Subjects.TryGetValue(subject, out var experiments))
                Subjects[subject] = experiments = [];
            experiments.Add(new HaptExperiment(number, subject, file, rotation));
        }
        foreach (var experiments in Subjects.Values)
            experiments.Sort((a, b) => a.Number.CompareTo(b.Number));
        if (Subjects.Count == 0)
            throw Wrong(folder, 0, "There is no acc_expXX_userYY.txt in this folder.");
        ReadLabels();
        LabelNames = ReadNames(folder);
    }

    /// <summary>Person to recordings, both in order.</summary>
    public SortedDictionary<int, List<HaptExperiment>> Subjects { get; } = [];

    /// <summary>Label numbers and names, 0 included.</summary>
    public IReadOnlyList<(int Number, string Name)> LabelNames { get; }

    public static HaptDownload Find(string source)
    {
        string raw = Path.Combine(source, "RawData");
        if (!Directory.Exists(raw))
            raw = source;
        if (!Directory.Exists(raw))
            throw Wrong(source, 0, "There is no such folder.");
        try
        {
            return new HaptDownload(raw);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CsvLineReader.Translate(e, raw);
        }
    }

    /// <summary>Appends a recording's rows: both files side by side, times 1000, rounded to the nearest integer, halves to even.</summary>
    /// <returns>Rows appended.</returns>
    public long Append(HaptExperiment experiment, Stream csv)
    {
        using var acceleration = CsvLineReader.Open(experiment.Acceleration);
        using var rotation = CsvLineReader.Open(experiment.Rotation);
        var marks = intervals.GetValueOrDefault(experiment.Number) ?? [];
        Span<long> values = stackalloc long[6];
        Span<byte> text = stackalloc byte[24 * 9];
        long rows = 0;
        int mark = 0;
        while (true)
        {
            bool one = acceleration.TryRead(out var left);
            bool two = rotation.TryRead(out var right);
            if (one != two)
                throw Wrong(one ? experiment.Rotation : experiment.Acceleration, rows + 1, "The file ends before the one that belongs to it.");
            if (!one)
                break;
            Parse(experiment.Acceleration, acceleration.Line, left, values[..3]);
            Parse(experiment.Rotation, rotation.Line, right, values[3..]);
            while (mark < marks.Count && marks[mark].Last < rows + 1)
                mark++;
            int label = mark < marks.Count && marks[mark].First <= rows + 1 ? marks[mark].Label : 0;
            int length = 0;
            Put(text, ref length, experiment.Number, ',');
            Put(text, ref length, rows * 20, ',');
            foreach (long value in values)
                Put(text, ref length, value, ',');
            Put(text, ref length, label, '\n');
            csv.Write(text[..length]);
            if (++rows > RowsMax)
                throw Wrong(experiment.Acceleration, rows, $"More than {RowsMax} rows: this is not a HAPT recording.");
        }
        if (marks.Count > 0 && marks[^1].Last > rows)
            throw Wrong(labelsFile, marks[^1].Line, $"The label ends at row {marks[^1].Last} of experiment {experiment.Number}, which has {rows}.");
        return rows;
    }

    private static void Put(Span<byte> text, ref int length, long value, char end)
    {
        value.TryFormat(text[length..], out int used, default, CultureInfo.InvariantCulture);
        length += used;
        text[length++] = (byte)end;
    }

    private static void Parse(string file, long line, ReadOnlySpan<byte> text, Span<long> values)
    {
        for (int axis = 0; axis < 3; axis++)
        {
            if (!ProcFile.TryNumber(ProcFile.Word(ref text), out double value) || Math.Abs(value) > 1e6)
                throw Wrong(file, line, "Three numbers with blanks between them are expected.");
            values[axis] = (long)Math.Round(value * 1000);
        }
        if (!text.Trim(" \t\r"u8).IsEmpty)
            throw Wrong(file, line, "There is more than three numbers in the line.");
    }

    private void ReadLabels()
    {
        var known = Subjects.Values.SelectMany(list => list).ToDictionary(experiment => (experiment.Number, experiment.Subject));
        using var reader = CsvLineReader.Open(labelsFile);
        Span<long> numbers = stackalloc long[5];
        while (reader.TryRead(out var text))
        {
            foreach (ref long number in numbers)
            {
                if (!ProcFile.TryNumber(ProcFile.Word(ref text), out double value) || value != Math.Floor(value) || value is < 0 or > RowsMax)
                    throw Wrong(labelsFile, reader.Line, "Five whole numbers are expected: experiment, person, label, first row, last row.");
                number = (long)value;
            }
            if (numbers[2] is < 1 or > 255 || numbers[3] < 1 || numbers[4] < numbers[3])
                throw Wrong(labelsFile, reader.Line, "The label is not 1 to 255, or its rows are not in order (the first row is 1).");
            if (!known.ContainsKey(((int)numbers[0], (int)numbers[1])))
                continue; // a slice of the download is good too
            if (!intervals.TryGetValue((int)numbers[0], out var list))
                intervals[(int)numbers[0]] = list = [];
            list.Add((numbers[3], numbers[4], (int)numbers[2], (int)reader.Line));
        }
        foreach (var list in intervals.Values)
        {
            list.Sort();
            for (int i = 1; i < list.Count; i++)
            {
                if (list[i].First <= list[i - 1].Last)
                    throw Wrong(labelsFile, list[i].Line, $"The label overlaps the one in line {list[i - 1].Line}.");
            }
        }
    }

    private static List<(int Number, string Name)> ReadNames(string folder)
    {
        string? file = new[] { folder, Path.GetDirectoryName(Path.GetFullPath(folder)) ?? folder }
            .Select(place => Path.Combine(place, "activity_labels.txt")).FirstOrDefault(File.Exists);
        if (file is null)
            return [.. StandardNames.Select((name, number) => (number, name))];
        var names = new List<(int, string)> { (0, StandardNames[0]) };
        using var reader = CsvLineReader.Open(file);
        while (reader.TryRead(out var text))
        {
            if (!ProcFile.TryNumber(ProcFile.Word(ref text), out double number) || number != names.Count || text.Trim(" \t\r"u8).IsEmpty)
                throw Wrong(file, reader.Line, $"The label number {names.Count} and its name are expected.");
            names.Add((names.Count, System.Text.Encoding.UTF8.GetString(text.Trim(" \t\r"u8))));
        }
        return names;
    }

    private static SensorException Wrong(string file, long line, string cause) => new("hapt-import", cause, line > 0 ? $"{file}:{line}" : file,
        "Unpack the original download (HAPT Data Set.zip) again and name the folder that holds RawData.");
}
