using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EdgeFL.Identity;

/// <summary>Key and certificate files: written whole or not at all, read with a bound.</summary>
internal static class IdentityFile
{
    public const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode PublicMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>A chain of three P-256 certificates in PEM takes 3 KB.</summary>
    private const int BytesMax = 64 * 1024;

    /// <summary>Writes beside the target, syncs, renames over it and syncs the folder, so that power may go at any instant; the mode holds from the first byte on.</summary>
    public static void Write(string path, string text, UnixFileMode mode)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        string temporary = $"{full}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                // The process' umask may have narrowed what was asked for; it can never have widened it.
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(stream.SafeFileHandle, mode);
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
        SyncFolder(folder);
    }

    /// <summary>Reads a text file of bounded size.</summary>
    /// <exception cref="IdentityException">The file is missing, unreadable, too large, or (when private) open to others.</exception>
    public static string Read(string path, bool isPrivate, string remedy)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (isPrivate && !OperatingSystem.IsWindows())
            {
                UnixFileMode mode = File.GetUnixFileMode(stream.SafeFileHandle);
                if ((mode & ~PrivateMode) != 0)
                    throw new IdentityException(
                        IdentityCodes.KeyMode,
                        $"The private key {path} has mode {Octal(mode)}: others than its owner may get at it",
                        $"Type: chmod 600 {path}");
            }
            if (stream.Length > BytesMax)
                throw new IdentityException(
                    isPrivate ? IdentityCodes.KeyCorrupt : IdentityCodes.CertificateCorrupt,
                    $"{path} has {stream.Length} bytes: no PEM file of ours is larger than {BytesMax}",
                    remedy);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IdentityException(IdentityCodes.FileMissing, $"{path} does not exist", remedy, e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new IdentityException(IdentityCodes.FileMissing, $"{path} cannot be read ({e.Message})", $"Check who owns it: ls -l {path}", e);
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>Makes a rename durable. Best effort: some file systems refuse to sync a folder, and the file itself is whole either way.</summary>
    private static void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int descriptor = open(Encoding.UTF8.GetBytes(folder + '\0'), 0);
        if (descriptor < 0)
            return;
        _ = fsync(descriptor);
        _ = close(descriptor);
    }

#pragma warning disable SYSLIB1054 // The arguments are blittable; generated marshalling would need unsafe code.
    [DllImport("libc")]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc")]
    private static extern int fsync(int descriptor);

    [DllImport("libc")]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054
}
