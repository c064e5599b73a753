namespace EdgeFL.Platform.Storage;

/// <summary>Something could not be written or read: what, where, and what to do about it. What was stored before is untouched.</summary>
public sealed class StorageException : IOException
{
    private const int NoSpace = 28, ReadOnlyFileSystem = 30, QuotaExceeded = 122; // errno(3), Linux

    /// <summary>Makes the error.</summary>
    /// <param name="code"><c>storage-full</c>, <c>storage-permission</c>, <c>storage-read-only</c>, <c>storage-missing</c>, <c>storage-too-large</c> or <c>storage-io</c>.</param>
    /// <param name="cause">What is wrong, one sentence.</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="remedy">The next thing to do.</param>
    /// <param name="inner">What the system said.</param>
    public StorageException(string code, string cause, string path, string remedy, Exception? inner = null)
        : base($"{path}: {cause} [{code}] {remedy}", inner)
    {
        Code = code;
        Cause = cause;
        Path = path;
        Remedy = remedy;
    }

    /// <summary>Stable kebab-case code.</summary>
    public string Code { get; }

    /// <summary>What is wrong, one sentence.</summary>
    public string Cause { get; }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>The next thing to do.</summary>
    public string Remedy { get; }

    internal static StorageException From(Exception e, string path)
    {
        string folder = System.IO.Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        return e switch
        {
            StorageException known => known,
            UnauthorizedAccessException => new("storage-permission", "The file or its folder may not be written or read by this user.", path,
                $"Run: ls -ld '{folder}' and give it to the user that runs EdgeFL (chown), or choose another folder.", e),
            DirectoryNotFoundException or FileNotFoundException => new("storage-missing", "The folder or file is not there.", path, $"Run: mkdir -p '{folder}'", e),
            IOException { HResult: NoSpace or QuotaExceeded } => new("storage-full", "No space is left; what was stored before is still there.", path,
                $"Run: df -h '{folder}' and make room.", e),
            IOException { HResult: ReadOnlyFileSystem } => new("storage-read-only", "The file system is mounted read-only, as Linux does when a card fails.", path,
                "Run: dmesg | tail; then check or replace the card, or choose another folder.", e),
            _ => new("storage-io", e.Message, path, "Run: dmesg | tail and check the disk.", e),
        };
    }
}
