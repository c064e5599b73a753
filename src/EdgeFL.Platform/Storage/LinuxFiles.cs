using System.Runtime.InteropServices;
using System.Text;

namespace EdgeFL.Platform.Storage;

/// <summary>The real disk.</summary>
internal sealed class LinuxFiles : IStorageFiles
{
    public static readonly LinuxFiles Instance = new();

    public IStorageFile Create(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        // Made anew, never opened: a file left over could have wider rights, or be a link to somewhere else.
        File.Delete(path);
        var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = mode,
        });
        try
        {
            File.SetUnixFileMode(stream.SafeFileHandle, mode); // the process's umask may have taken bits away
            return new LinuxFile(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void SyncFolder(string folder)
    {
        // File.OpenHandle refuses folders; Linux wants fsync on one after a rename (fsync(2)).
        byte[] path = [.. Encoding.UTF8.GetBytes(folder), 0];
        int handle = Open(ref path[0], DirectoryReadOnlyCloseOnExec);
        if (handle < 0)
            throw new IOException($"open: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());
        int error = Sync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = Close(handle);
        const int invalid = 22; // EINVAL: a file system that has no fsync for folders
        if (error != 0 && error != invalid)
            throw new IOException($"fsync: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    public void Delete(string path) => File.Delete(path);

    public byte[]? Read(string path, int bytesMax)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            long length = RandomAccess.GetLength(handle);
            if (length > bytesMax)
                throw new StorageException("storage-too-large", $"The file has {length} bytes, more than {bytesMax}.", path, "Check what wrote it; move it away.");
            var bytes = new byte[length];
            int at = 0;
            int got;
            while (at < bytes.Length && (got = RandomAccess.Read(handle, bytes.AsSpan(at), at)) > 0)
                at += got;
            return at == bytes.Length ? bytes : bytes[..at];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // O_RDONLY | O_CLOEXEC. O_DIRECTORY differs between x86 and arm64, and a folder opens without it.
    private const int DirectoryReadOnlyCloseOnExec = 0x80000;

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(ref byte path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);

    private sealed class LinuxFile(FileStream stream) : IStorageFile
    {
        public void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

        public void Sync() => stream.Flush(flushToDisk: true);

        public void Dispose() => stream.Dispose();
    }
}
