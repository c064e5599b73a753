using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>Where the replay stands: file, row, run and pass.</summary>
internal sealed class ReplayCursor(string[] files, ReplayOptions options, Pacer pacer, double periodMs) : IDisposable
{
    /// <summary>A batch is handed out when its first row is this old on the clock, even if it is not full.</summary>
    private const double HoldMs = 250;

    private readonly float[] values = new float[options.Columns!.Count];
    private CsvLineReader? reader;
    private ReplayLayout? layout;
    private int file;
    private long rowsThisPass;
    private bool pending;
    private bool started;
    private long timeMs;
    private long lastTimeMs;
    private int segment = -1;
    private int lastSegment;
    private int label;
    private float target;
    private double dueMs;
    private long rowInFile;

    /// <summary>Rows left out.</summary>
    public long SkippedRows { get; private set; }

    /// <summary>Times that the last file has ended.</summary>
    public long Passes { get; private set; }

    /// <summary>When the batch filled last is due: the moment of its last row.</summary>
    public double BatchDueMs { get; private set; }

    /// <summary>Adds rows until the batch is full, the next row is due later, or the recordings end.</summary>
    /// <returns>False when there will be no more rows.</returns>
    /// <exception cref="SensorException">A row or file cannot be read; the rows before it are in the batch.</exception>
    public bool Fill(SampleBatch batch)
    {
        double first = 0;
        while (batch.Count < batch.Capacity)
        {
            if (!pending && !Advance())
                return false;
            pending = true;
            if (batch.Count == 0)
                first = dueMs;
            else if (pacer.Paces && dueMs - first > HoldMs)
                break;
            batch.TryAdd(timeMs, segment, label, values, target);
            BatchDueMs = dueMs;
            pending = false;
        }
        return true;
    }

    public void Dispose() => reader?.Dispose();

    private bool Advance()
    {
        while (true)
        {
            if (reader is null && !OpenNext())
                return false;
            try
            {
                if (!reader!.TryRead(out var line))
                {
                    Close();
                    continue;
                }
                if (layout is null)
                {
                    layout = new ReplayLayout(reader.File, line, options);
                    continue;
                }
                if (layout.Read(line, reader.Line, values, ref timeMs, ref segment, out label, out target) is { } wrong)
                {
                    if (!layout.HasTime)
                        rowInFile++;
                    if (options.OnBadRow == BadRowPolicy.Fail)
                        throw wrong;
                    SkippedRows++;
                    continue;
                }
            }
            catch (SensorException e) when (options.OnBadRow == BadRowPolicy.Skip && e.Code == "sensor-gzip-cut")
            {
                SkippedRows++;
                Close();
                continue;
            }
            Place();
            return true;
        }
    }

    /// <summary>Gives the row its time, run and moment.</summary>
    private void Place()
    {
        rowsThisPass++;
        if (!layout!.HasTime)
            timeMs = (long)Math.Round(rowInFile++ * periodMs);
        bool newRun = !started || timeMs < lastTimeMs || segment != lastSegment;
        if (newRun && started && segment == lastSegment && !layout.HasSegment)
            segment++;
        dueMs = pacer.DueMs(timeMs, newRun);
        started = true;
        lastTimeMs = timeMs;
        lastSegment = segment;
    }

    private bool OpenNext()
    {
        if (file == files.Length)
        {
            Passes++;
            if (!options.Loop)
                return false;
            if (rowsThisPass == 0)
                throw new SensorException("sensor-empty-file", "A whole pass gave no usable row.", files[0], "Repair the recording: looping over nothing would never end.");
            file = 0;
            rowsThisPass = 0;
        }
        reader = CsvLineReader.Open(files[file++]);
        layout = null;
        rowInFile = 0;
        if (!started)
            segment = 0;
        else if (options.SegmentColumn == "")
            segment = lastSegment + 1;
        return true;
    }

    private void Close()
    {
        reader?.Dispose();
        reader = null;
    }
}
