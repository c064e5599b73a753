using System.Text;
using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>Where in one file's header the channels, time, segment, label and target are, and how a line becomes a row.</summary>
internal sealed class ReplayLayout
{
    private readonly string file;
    private readonly List<string> header;
    private readonly CsvRow row;
    private readonly int[] channelCells;
    private readonly double[] scales;
    private readonly double[] offsets;
    private readonly int timeCell;
    private readonly int segmentCell;
    private readonly int labelCell;
    private readonly int targetCell;
    private readonly double timeUnitMs;
    private readonly (byte[] Text, int Class)[] labels;

    /// <summary>Finds the columns.</summary>
    /// <param name="file">Shown in errors.</param>
    /// <param name="headerLine">The first line.</param>
    /// <param name="options">Options with nothing left open among the columns.</param>
    /// <exception cref="SensorException"><c>sensor-column-missing</c>, <c>sensor-no-time</c>.</exception>
    public ReplayLayout(string file, ReadOnlySpan<byte> headerLine, ReplayOptions options)
    {
        this.file = file;
        header = CsvRow.Names(headerLine);
        row = new CsvRow(CsvRow.SeparatorOf(headerLine), header.Count);
        ReplayColumn[] columns = [.. options.Columns!];
        channelCells = Array.ConvertAll(columns, column => Find(column.Column ?? column.Name));
        scales = Array.ConvertAll(columns, column => column.Scale);
        offsets = Array.ConvertAll(columns, column => column.Offset);
        timeCell = FindOptional(options.TimeColumn);
        segmentCell = FindOptional(options.SegmentColumn);
        labelCell = FindOptional(options.LabelColumn);
        targetCell = FindOptional(options.TargetColumn);
        timeUnitMs = options.TimeUnitMs ?? 1;
        if (timeCell < 0 && options.RateHz is null)
            throw new SensorException("sensor-no-time", $"No column holds the time; the header has {string.Join(",", header)}.", $"{file}:1:1",
                "Name one with \"timeColumn\" (and \"timeUnitMs\"), or give the rows a second with \"rateHz\".");
        if (channelCells.Length == 0)
            throw new SensorException("sensor-no-channel", $"No column can be a channel; the header has {string.Join(",", header)}.", $"{file}:1:1",
                "Name the channels with \"columns\".");
        labels = MakeLabels(options);
    }

    /// <summary>True when the time stamps come from the file.</summary>
    public bool HasTime => timeCell >= 0;

    /// <summary>True when the segment numbers come from the file.</summary>
    public bool HasSegment => segmentCell >= 0;

    /// <summary>Reads a line; null when it is sound, else what is wrong with it.</summary>
    public SensorException? Read(ReadOnlySpan<byte> line, long lineNumber, Span<float> values, ref long timeMs, ref int segment, out int label, out float target)
    {
        label = SampleBatch.NoLabel;
        target = SampleBatch.NoTarget;
        row.Split(line);
        if (row.Count != header.Count)
            return new SensorException("sensor-ragged-row", $"The row has {row.Count} cells, the header {header.Count}.", $"{file}:{lineNumber}:1",
                "Repair the row, or set \"onBadRow\": \"skip\" to leave such rows out.");
        for (int c = 0; c < channelCells.Length; c++)
        {
            if (!CsvRow.TryNumber(row.Cell(line, channelCells[c]), out double value, out bool finite))
                return NotNumber(line, lineNumber, channelCells[c], finite);
            values[c] = (float)((value * scales[c]) + offsets[c]);
            if (!float.IsFinite(values[c]))
                return NotNumber(line, lineNumber, channelCells[c], finite: false);
        }
        if (timeCell >= 0)
        {
            if (!CsvRow.TryNumber(row.Cell(line, timeCell), out double time, out bool finite))
                return NotNumber(line, lineNumber, timeCell, finite);
            time = Math.Round(time * timeUnitMs);
            if (Math.Abs(time) > 1L << 52)
                return NotNumber(line, lineNumber, timeCell, finite: true);
            timeMs = (long)time;
        }
        if (segmentCell >= 0)
        {
            if (!CsvRow.TryNumber(row.Cell(line, segmentCell), out double number, out bool finite) || number != Math.Floor(number) || Math.Abs(number) > int.MaxValue)
                return NotNumber(line, lineNumber, segmentCell, finite);
            segment = (int)number;
        }
        if (targetCell >= 0 && !row.Cell(line, targetCell).IsEmpty)
        {
            bool number = CsvRow.TryNumber(row.Cell(line, targetCell), out double value, out bool finite);
            if (!number || !float.IsFinite((float)value))
                return NotNumber(line, lineNumber, targetCell, finite && !number);
            target = (float)value;
        }
        if (labelCell >= 0)
            label = ClassOf(row.Cell(line, labelCell));
        return null;
    }

    /// <summary>For each column of a line: is it a number?</summary>
    public static bool[] Numeric(ReadOnlySpan<byte> headerLine, ReadOnlySpan<byte> line)
    {
        int count = CsvRow.Names(headerLine).Count;
        var row = new CsvRow(CsvRow.SeparatorOf(headerLine), count);
        row.Split(line);
        var numeric = new bool[count];
        for (int i = 0; i < Math.Min(count, row.Count); i++)
            numeric[i] = CsvRow.TryNumber(row.Cell(line, i), out _, out bool finite) || !finite;
        return numeric;
    }

    private static (byte[] Text, int Class)[] MakeLabels(ReplayOptions options)
    {
        var classes = options.ClassOrder();
        string[] texts = [.. options.Labels?.Keys ?? classes];
        return Array.ConvertAll(texts, text => (Encoding.UTF8.GetBytes(text), IndexOf(classes, options.Labels?[text] ?? text)));
    }

    private static int IndexOf(IReadOnlyList<string> classes, string name)
    {
        int at = 0;
        while (at < classes.Count && classes[at] != name)
            at++;
        return at;
    }

    private int ClassOf(ReadOnlySpan<byte> text)
    {
        foreach (var (known, index) in labels)
        {
            if (text.SequenceEqual(known))
                return index;
        }
        return -1;
    }

    private int FindOptional(string? name) => string.IsNullOrEmpty(name) ? -1 : Find(name);

    private int Find(string name)
    {
        int at = header.IndexOf(name);
        return at >= 0 ? at : throw new SensorException("sensor-column-missing", $"There is no column \"{name}\"; the header has {string.Join(",", header)}.",
            $"{file}:1:1", "Correct the name under \"columns\", \"timeColumn\", \"segmentColumn\", \"labelColumn\" or \"targetColumn\".");
    }

    private SensorException NotNumber(ReadOnlySpan<byte> line, long lineNumber, int cell, bool finite)
    {
        var text = row.Cell(line, cell);
        string shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 40)]);
        return new SensorException(finite ? "sensor-not-a-number" : "sensor-not-finite",
            $"Column \"{header[cell]}\" holds {(shown.Length == 0 ? "nothing" : $"\"{shown}\"")}, which is not a {(finite ? "usable" : "finite")} number.",
            $"{file}:{lineNumber}:{row.ColumnOf(cell)}", "Repair the row, or set \"onBadRow\": \"skip\" to leave such rows out.");
    }
}
