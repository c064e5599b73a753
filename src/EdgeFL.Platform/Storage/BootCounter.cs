using System.Globalization;
using System.Text;

namespace EdgeFL.Platform.Storage;

/// <summary>Counts the starts of a node. With a sequence number it makes replays known without a clock; it must have reached the disk before anything is sent.</summary>
public static class BootCounter
{
    // A clock before this was never set: small devices start in 1970, or at the time of their image.
    private static readonly DateTimeOffset Believable = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Raises the counter and returns it. A new one starts from the seconds since 1970, so that a device whose storage was cleared is above all that its peers
    /// have seen of it; from 1 where the clock was never set. The clock is not asked again.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock; null takes the system's.</param>
    /// <exception cref="StorageException">It cannot be written, or holds something else: a counter that started anew would make peers refuse this node.</exception>
    public static uint Next(string path, TimeProvider? time = null)
    {
        uint last = 0;
        if (!File.Exists(path))
            last = First((time ?? TimeProvider.System).GetUtcNow()) - 1;
        else if (!uint.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out last))
            throw new StorageException("damaged", "it does not hold a number", path, "Write a number there that is larger than any boot number the node's peers have seen, e.g. the number of seconds since 1970.");
        if (last == uint.MaxValue)
            throw new StorageException("damaged", "the counter has come to its end", path, "Provision this node under a new name: edgefl node add NAME");
        uint next = last + 1;
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(next.ToString(CultureInfo.InvariantCulture) + "\n"));
        return next;
    }

    private static uint First(DateTimeOffset now) => now > Believable && now.ToUnixTimeSeconds() is < uint.MaxValue and var seconds ? (uint)seconds : 1;
}
