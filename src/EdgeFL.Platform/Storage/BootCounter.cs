using System.Globalization;
using System.Text;

namespace EdgeFL.Platform.Storage;

/// <summary>Counts the starts of a node. With a sequence number it makes replays known without a clock; it must have reached the disk before anything is sent.</summary>
public static class BootCounter
{
    /// <summary>Raises the counter and returns it: 1 at the first start.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="StorageException">It cannot be written, or holds something else: a counter that started anew would make peers refuse this node.</exception>
    public static uint Next(string path)
    {
        uint last = 0;
        if (File.Exists(path) && !uint.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out last))
            throw new StorageException("damaged", "it does not hold a number", path, "Write a number there that is larger than any boot number the node's peers have seen, e.g. the number of seconds since 1970.");
        if (last == uint.MaxValue)
            throw new StorageException("damaged", "the counter has come to its end", path, "Provision this node under a new name: edgefl node add NAME");
        uint next = last + 1;
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(next.ToString(CultureInfo.InvariantCulture) + "\n"));
        return next;
    }
}
