using System.Globalization;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Checks;

/// <summary>Checks of this machine: clock, folder, disk, memory.</summary>
internal static class MachineChecks
{
    private const double DiskLeast = 50e6;
    private const double DiskComfortable = 500e6;
    private const double MemoryLeast = 24e6;
    private const double MemoryComfortable = 64e6;

    /// <summary>A device without a clock battery starts in the past: certificates have not begun then.</summary>
    public static Finding Clock(CheckScope scope)
    {
        var built = new DateTimeOffset(File.GetLastWriteTimeUtc(typeof(MachineChecks).Assembly.Location is { Length: > 0 } path ? path : Environment.ProcessPath!));
        var text = $"{scope.Now:yyyy-MM-dd HH:mm:ss} UTC";
        if (scope.Now < built - TimeSpan.FromDays(1))
            return Finding.Error($"{text} is before this program was built ({built:yyyy-MM-dd})", "timedatectl set-ntp true   (or: date --set ...)");
        return scope.Now > built + TimeSpan.FromDays(20 * 365)
            ? Finding.Error($"{text} is twenty years after this program was built", "timedatectl status")
            : Finding.Ok(text);
    }

    /// <summary>A file can be made in the data folder, written to the disk, and removed.</summary>
    public static Finding DataFolder(CheckScope scope)
    {
        if (!Directory.Exists(scope.DataFolder))
            return Finding.Warn($"{scope.DataFolder} does not exist", $"mkdir -p {scope.DataFolder}   (or name it: --data-dir DIR)");
        var probe = Path.Combine(scope.DataFolder, $".edgefl-check-{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(probe, FileMode.CreateNew, FileAccess.Write))
            {
                stream.WriteByte(1);
                stream.Flush(flushToDisk: true);
            }

            return Finding.Ok($"{scope.DataFolder} is writable");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Finding.Error($"{scope.DataFolder} is not writable: {refused.Message}", $"ls -ld {scope.DataFolder}   (then chown it to who runs the agent)");
        }
        finally
        {
            try
            {
                File.Delete(probe);
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                // It was never made.
            }
        }
    }

    /// <summary>Room for checkpoints and logs.</summary>
    public static Finding Disk(CheckScope scope)
    {
        var folder = scope.DataFolder;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        var free = (double)new DriveInfo(folder).AvailableFreeSpace;
        var text = $"{PlotScale.Bytes(free)} free at {folder}";
        return free < DiskLeast ? Finding.Error(text + ", too little", $"df -h {folder}")
            : free < DiskComfortable ? Finding.Warn(text + ", little", $"df -h {folder}")
            : Finding.Ok(text);
    }

    /// <summary>Room for an agent.</summary>
    public static Finding Memory(CheckScope scope)
    {
        var path = Path.Combine(scope.Root, "proc/meminfo");
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal)) : null;
        var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [_, var number, ..] || !double.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kib))
            return Finding.Skip($"{path} does not say how much is available");
        var free = kib * 1024;
        var text = $"{PlotScale.Bytes(free)} available";
        return free < MemoryLeast ? Finding.Error(text + ", too little for an agent", "free -h")
            : free < MemoryComfortable ? Finding.Warn(text + ", little", "free -h")
            : Finding.Ok(text);
    }
}
