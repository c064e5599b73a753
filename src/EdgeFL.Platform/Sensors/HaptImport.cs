using System.IO.Compression;
using System.Text;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Platform.Sensors;

/// <summary>How far an import is.</summary>
/// <param name="Subject">The person done last, 1 or more.</param>
/// <param name="Done">Persons done.</param>
/// <param name="Total">Persons in all.</param>
/// <param name="Rows">Rows of all persons done.</param>
/// <param name="Written">False when that person's file was there already and the same.</param>
public readonly record struct HaptImportProgress(int Subject, int Done, int Total, long Rows, bool Written);

/// <summary>What an import gave.</summary>
/// <param name="Subjects">Persons.</param>
/// <param name="Experiments">Recordings.</param>
/// <param name="Rows">Rows.</param>
/// <param name="FilesWritten">Files that are new or changed; the others were the same already.</param>
public sealed record HaptImportResult(int Subjects, int Experiments, long Rows, int FilesWritten);

/// <summary>Converts the public HAPT download (Reyes-Ortiz et al., "Smartphone-Based Recognition of Human Activities and Postural Transitions", 2.1)
/// into one <c>subject-NN.csv.gz</c> a person and a <c>split.json</c>. It can be run again at any time; files are replaced whole.</summary>
public static class HaptImport
{
    /// <summary>Converts a download.</summary>
    /// <param name="source">The unpacked download, or its RawData folder.</param>
    /// <param name="destination">Folder of the files made; made if it is not there.</param>
    /// <param name="progress">Called after each person, on the calling thread's context. Null for none.</param>
    /// <param name="cancellationToken">Stops between two recordings; files made so far stay.</param>
    /// <exception cref="SensorException">A file is missing or wrong; says which and in which line.</exception>
    /// <exception cref="StorageException">A file could not be written.</exception>
    public static HaptImportResult Run(string source, string destination, Action<HaptImportProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        var download = HaptDownload.Find(source);
        try
        {
            Directory.CreateDirectory(destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageException.From(e, destination);
        }
        int done = 0, written = 0;
        long rows = 0;
        foreach (var subject in download.Subjects)
        {
            using var csv = new MemoryStream();
            csv.Write("segment,t_ms,ax,ay,az,gx,gy,gz,label\n"u8);
            foreach (var experiment in subject.Value)
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows += download.Append(experiment, csv);
            }
            bool isNew = WriteIfNew(Path.Combine(destination, $"subject-{subject.Key:00}.csv.gz"), Zip(csv));
            written += isNew ? 1 : 0;
            progress?.Invoke(new HaptImportProgress(subject.Key, ++done, download.Subjects.Count, rows, isNew));
        }
        if (WriteIfNew(Path.Combine(destination, "split.json"), HaptSplit.Text(download)))
            written++;
        return new HaptImportResult(done, download.Subjects.Sum(subject => subject.Value.Count), rows, written);
    }

    private static byte[] Zip(MemoryStream csv)
    {
        using var memory = new MemoryStream();
        using (var zip = new GZipStream(memory, CompressionLevel.SmallestSize, leaveOpen: true))
            zip.Write(csv.GetBuffer(), 0, (int)csv.Length);
        return memory.ToArray();
    }

    private static bool WriteIfNew(string path, byte[] bytes)
    {
        try
        {
            if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageException.From(e, path);
        }
        AtomicFile.Write(path, bytes);
        return true;
    }
}
