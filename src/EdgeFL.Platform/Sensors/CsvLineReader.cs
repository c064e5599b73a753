namespace EdgeFL.Platform.Sensors;

/// <summary>Lines of a CSV or CSV.gz file as UTF-8 bytes, from one fixed buffer.</summary>
internal sealed class CsvLineReader : IDisposable
{
    /// <summary>Longest line, in bytes.</summary>
    public const int LineBytesMax = 64 * 1024;

    private readonly byte[] buffer = new byte[2 * LineBytesMax];
    private readonly Stream stream;
    private readonly bool zipped;
    private int start;
    private int end;
    private bool ended;

    private CsvLineReader(string file, Stream stream, bool zipped)
    {
        File = file;
        this.stream = stream;
        this.zipped = zipped;
    }

    /// <summary>Path, as shown in errors.</summary>
    public string File { get; }

    /// <summary>Number of the line read last, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Lines read that were not blank and not the header; for the message about a cut file.</summary>
    public long Rows => Math.Max(0, filled - 1);

    private long filled;

    public static CsvLineReader Open(string file)
    {
        FileStream? source = null;
        try
        {
            source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Span<byte> magic = stackalloc byte[2];
            int got = source.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            if (got == 0)
                throw new SensorException("sensor-empty-file", "The file is empty.", $"{file}:1:1", "Copy the recording again, or name another file.");
            bool zipped = got == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
            if (!zipped && file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
                throw new SensorException("sensor-not-gzip", "The name ends in .gz but the file does not begin as gzip does (1f 8b).", $"{file}:1:1",
                    "Compress it with gzip, or take .gz off the name if it is plain CSV.");
            source.Position = 0;
            return new CsvLineReader(file, zipped ? new WholeGzipStream(source) : source, zipped);
        }
        catch (Exception e) when (e is not SensorException)
        {
            source?.Dispose();
            throw Translate(e, file);
        }
        catch (SensorException)
        {
            source?.Dispose();
            throw;
        }
    }

    /// <summary>The next line that is not blank, without its end; false at the end of the file.</summary>
    /// <exception cref="SensorException">The file is cut, damaged or has a line that is too long.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (TryReadAny(out line))
        {
            if (!line.Trim(" \t"u8).IsEmpty)
            {
                filled++;
                return true;
            }
        }
        return false;
    }

    public void Dispose() => stream.Dispose();

    private bool TryReadAny(out ReadOnlySpan<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int length = buffer.AsSpan(start + searched, end - start - searched).IndexOf((byte)'\n');
            if (length >= 0 || (ended && end > start))
            {
                length = length >= 0 ? length + searched : end - start;
                line = buffer.AsSpan(start, length);
                start = Math.Min(end, start + length + 1);
                if (line.EndsWith("\r"u8))
                    line = line[..^1];
                if (++Line == 1 && line.StartsWith("\uFEFF"u8))
                    line = line[3..];
                return true;
            }
            if (ended)
            {
                line = default;
                return false;
            }
            searched = end - start;
            if (searched > LineBytesMax)
                throw new SensorException("sensor-line-too-long", $"The line is longer than {LineBytesMax} bytes.", $"{File}:{Line + 1}:1",
                    "Check that this is a text file with line ends.");
            Fill();
        }
    }

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
        try
        {
            int got = stream.Read(buffer, end, buffer.Length - end);
            ended = got == 0;
            end += got;
        }
        catch (InvalidDataException e) when (zipped)
        {
            throw new SensorException("sensor-gzip-cut",
                $"The gzip data is cut or damaged; {Rows} rows were read before that place and stay usable.", $"{File}:{Line + 1}:1",
                "Copy the file again, or set \"onBadRow\": \"skip\" to go on with what can be read.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Translate(e, File);
        }
    }

    internal static SensorException Translate(Exception e, string file) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new("sensor-file-missing", "There is no such file.", file,
            "Check the path; relative paths are counted from the folder of the configuration file.", e),
        UnauthorizedAccessException => new("sensor-permission", Directory.Exists(file) ? "This is a folder, not a file." : "The file may not be read.", file,
            Directory.Exists(file) ? "Name the files in it." : $"Run: chmod a+r '{file}' (and check the folders above it), or run as a user who may.", e),
        _ => new("sensor-read", e.Message, file, "Check the disk and the path.", e),
    };
}
