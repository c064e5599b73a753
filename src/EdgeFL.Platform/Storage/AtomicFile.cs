namespace EdgeFL.Platform.Storage;

/// <summary>Writes whole files so that a reader, a kill or a power cut finds the old content or the new one, never a mixture.</summary>
/// <remarks>Temporary file beside it, fsync, rename, fsync of the folder. One writer per file at a time.</remarks>
public static class AtomicFile
{
    /// <summary>Owner writes, all read: 0644.</summary>
    public const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Owner alone: 0600.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Ending of the temporary file; one left by a kill is replaced by the next writing.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>Puts <paramref name="bytes"/> into the file.</summary>
    /// <param name="path">The file; its folder must be there.</param>
    /// <param name="bytes">The whole content.</param>
    /// <param name="mode">Rights of the file. Default 0644.</param>
    /// <exception cref="StorageException">It could not be written; the old content is untouched, or (when only the last fsync failed) the new one is in place.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode = Readable) => Write(LinuxFiles.Instance, path, mode, bytes, default, default);

    /// <summary>Puts what <paramref name="content"/> writes into the file.</summary>
    /// <param name="path">The file; its folder must be there.</param>
    /// <param name="content">Writes the content; the stream can only be written. An exception from it leaves the old content.</param>
    /// <param name="mode">Rights of the file. Default 0644.</param>
    /// <exception cref="StorageException">It could not be written.</exception>
    public static void Write(string path, Action<Stream> content, UnixFileMode mode = Readable)
    {
        ArgumentNullException.ThrowIfNull(content);
        Replace(LinuxFiles.Instance, path, mode, file =>
        {
            using var stream = new StorageStream(file);
            content(stream);
        });
    }

    /// <summary>Puts up to three parts, one after the other, into the file.</summary>
    internal static void Write(IStorageFiles files, string path, UnixFileMode mode, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        string temporary = Begin(path, out string folder);
        try
        {
            using (var file = files.Create(temporary, mode))
            {
                file.Write(first);
                if (!second.IsEmpty)
                    file.Write(second);
                if (!third.IsEmpty)
                    file.Write(third);
                file.Sync();
            }
            files.Rename(temporary, path);
            files.SyncFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CleanUp(files, temporary, path, e);
        }
    }

    private static void Replace(IStorageFiles files, string path, UnixFileMode mode, Action<IStorageFile> content)
    {
        string temporary = Begin(path, out string folder);
        try
        {
            using (var file = files.Create(temporary, mode))
            {
                content(file);
                file.Sync();
            }
            files.Rename(temporary, path);
            files.SyncFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CleanUp(files, temporary, path, e);
        }
        catch
        {
            files.Delete(temporary);
            throw;
        }
    }

    private static string Begin(string path, out string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        folder = Path.GetDirectoryName(path) ?? throw new ArgumentException("The path names no file.", nameof(path));
        return path + TemporaryEnding;
    }

    private static StorageException CleanUp(IStorageFiles files, string temporary, string path, Exception e)
    {
        try
        {
            files.Delete(temporary);
        }
        catch (Exception second) when (second is IOException or UnauthorizedAccessException)
        {
            // The first fault is the one to tell; a leftover is replaced by the next writing.
        }
        return StorageException.From(e, path);
    }

    private sealed class StorageStream(IStorageFile file) : Stream
    {
        private long written;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => written;

        public override long Position { get => written; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            file.Write(buffer);
            written += buffer.Length;
        }
    }
}
