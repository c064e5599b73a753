namespace EdgeFL.Platform.Sensors;

/// <summary>Looks at the beginning of a recording: completes the options from its header and finds its rate.</summary>
internal static class ReplayProbe
{
    private const int RowsMax = 17;

    /// <summary>Reads header and first rows.</summary>
    /// <returns>The options with columns filled in, and the rate seen; 0 when it could not be told.</returns>
    /// <exception cref="SensorException">The file cannot be opened, is empty, or lacks a column.</exception>
    public static (ReplayOptions Options, double RateHz) Read(string file, ReplayOptions options)
    {
        using var reader = CsvLineReader.Open(file);
        if (!reader.TryRead(out var line))
            throw new SensorException("sensor-empty-file", "The file has no header line.", $"{file}:1:1", "Name a CSV file with a header.");
        byte[] header = line.ToArray();
        if (!reader.TryRead(out line))
            throw new SensorException("sensor-empty-file", "The file has a header but no rows.", $"{file}:2:1", "Copy the recording again, or name another file.");
        options = options.ForHeader(CsvRow.Names(header), ReplayLayout.Numeric(header, line));
        var layout = new ReplayLayout(file, header, options);
        return (options, layout.HasTime ? Rate(reader, line, layout, options) : options.RateHz ?? 0);
    }

    /// <summary>From the middle one of the first steps in time: one gap or one bad row does not mislead it.</summary>
    private static double Rate(CsvLineReader reader, ReadOnlySpan<byte> line, ReplayLayout layout, ReplayOptions options)
    {
        var steps = new List<long>(RowsMax);
        Span<float> values = new float[options.Columns!.Count];
        long timeMs = 0;
        long last = long.MinValue;
        int segment = 0;
        for (int i = 0; i < RowsMax; i++)
        {
            if (layout.Read(line, reader.Line, values, ref timeMs, ref segment, out _, out _) is null)
            {
                if (last != long.MinValue && timeMs > last)
                    steps.Add(timeMs - last);
                last = timeMs;
            }
            try
            {
                if (!reader.TryRead(out line))
                    break;
            }
            catch (SensorException)
            {
                break; // met again, and told, when the rows are played
            }
        }
        steps.Sort();
        return steps.Count == 0 ? 0 : 1000.0 / steps[steps.Count / 2];
    }
}
