using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("EdgeFL.Platform.Tests")]

namespace EdgeFL.Platform.Storage;

/// <summary>The few file operations that safe writing is made of; tests put a disk behind it that fails at any of them.</summary>
internal interface IStorageFiles
{
    /// <summary>Makes a file that is empty, replacing one of that name.</summary>
    IStorageFile Create(string path, UnixFileMode mode);

    /// <summary>Gives a file another name, replacing one of that name in one step.</summary>
    void Rename(string from, string to);

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    void SyncFolder(string folder);

    /// <summary>Removes a file if it is there.</summary>
    void Delete(string path);

    /// <summary>Reads a whole file; null when there is none.</summary>
    /// <exception cref="StorageException"><c>storage-too-large</c>: it is longer than <paramref name="bytesMax"/>.</exception>
    byte[]? Read(string path, int bytesMax);
}

/// <summary>A file being written.</summary>
internal interface IStorageFile : IDisposable
{
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Makes the bytes survive a power cut.</summary>
    void Sync();
}
