using System.Text;
using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>The channels that a machine has: found once, then sampled in that order.</summary>
internal sealed class HostChannels
{
    private const int ChannelsMax = 256;

    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly List<HostGroup> groups;
    private readonly float[] all;
    private readonly int[] wanted;
    private readonly bool[] needed;
    private long staleReads;

    private HostChannels(List<HostGroup> groups, int[] wanted, ChannelDescription[] descriptions)
    {
        this.groups = groups;
        this.wanted = wanted;
        all = new float[groups.Sum(group => group.Channels.Count)];
        needed = new bool[groups.Count];
        for (int g = 0, at = 0; g < groups.Count; at += groups[g++].Channels.Count)
            needed[g] = Array.Exists(wanted, channel => channel >= at && channel < at + groups[g].Channels.Count);
        Descriptions = descriptions;
    }

    /// <summary>Shape [C].</summary>
    public IReadOnlyList<ChannelDescription> Descriptions { get; }

    /// <summary>Groups of values that were repeated because their file could not be read.</summary>
    public long StaleReads => Volatile.Read(ref staleReads);

    /// <summary>Looks for what there is under a root folder.</summary>
    /// <exception cref="SensorException">Nothing was found, or a channel asked for is missing.</exception>
    public static HostChannels Find(string root, IReadOnlyList<string>? names)
    {
        var groups = new List<HostGroup>();
        var buffer = new byte[64 * 1024];
        foreach (var group in Candidates(root))
        {
            if (ProcFile.TryRead(group.Path, buffer, out int length) && group.Start(buffer.AsSpan(0, length)))
                groups.Add(group);
        }
        var found = Distinct(groups.SelectMany(group => group.Channels));
        if (found.Count == 0)
            throw new SensorException("sensor-host-nothing", "None of the files that say how the machine does is there.", $"{Path.Combine(root, "proc")}",
                "Check that \"root\" is right and that /proc and /sys are mounted.");
        var wanted = new int[names?.Count ?? Math.Min(found.Count, ChannelsMax)];
        for (int i = 0; i < wanted.Length; i++)
        {
            wanted[i] = names is null ? i : found.FindIndex(channel => channel.Name == names[i]);
            if (wanted[i] < 0)
                throw new SensorException("sensor-channel-missing", $"This machine has no channel \"{names![i]}\"; it has {string.Join(", ", found.Select(channel => channel.Name))}.",
                    "host.channels", "Name channels that every machine of the fleet has.");
        }
        return new HostChannels(groups, wanted, Array.ConvertAll(wanted, at => found[at]));
    }

    /// <summary>Reads everything once.</summary>
    /// <param name="seconds">Time since the last call; 0 on the first, which only sets the starting points of the rates.</param>
    /// <param name="values">Shape [C].</param>
    public void Sample(double seconds, Span<float> values)
    {
        int at = 0;
        for (int g = 0; g < groups.Count; g++)
        {
            var group = groups[g];
            var slots = all.AsSpan(at, group.Channels.Count);
            if (needed[g] && (!ProcFile.TryRead(group.Path, buffer, out int length) || !group.TrySample(buffer.AsSpan(0, length), seconds, slots)))
                Volatile.Write(ref staleReads, staleReads + 1);
            at += slots.Length;
        }
        for (int c = 0; c < wanted.Length; c++)
            values[c] = all[wanted[c]];
    }

    private static IEnumerable<HostGroup> Candidates(string root)
    {
        string proc = Path.Combine(root, "proc");
        string sys = Path.Combine(root, "sys");
        yield return new CpuGroup(Path.Combine(proc, "stat"));
        yield return new LoadGroup(Path.Combine(proc, "loadavg"));
        yield return new MemoryGroup(Path.Combine(proc, "meminfo"));
        yield return new NetworkGroup(Path.Combine(proc, "net", "dev"));
        yield return new DiskGroup(Path.Combine(proc, "diskstats"), Path.Combine(sys, "block"));
        foreach (string kind in (string[])["cpu", "memory", "io"])
            yield return new PressureGroup(Path.Combine(proc, "pressure", kind), kind);
        foreach (string zone in Folders(Path.Combine(sys, "class", "thermal"), "thermal_zone*"))
            yield return new ScaledGroup(Path.Combine(zone, "temp"), $"temp_{Clean(TextOf(Path.Combine(zone, "type")) ?? Path.GetFileName(zone))}", "°C", 0.001);
        foreach (string chip in Folders(Path.Combine(sys, "class", "hwmon"), "hwmon*"))
        {
            foreach (var group in HwmonInputs(chip))
                yield return group;
        }
    }

    /// <summary>Inputs of one chip; scales from the kernel's Documentation/hwmon/sysfs-interface.rst.</summary>
    private static IEnumerable<HostGroup> HwmonInputs(string chip)
    {
        string name = Clean(TextOf(Path.Combine(chip, "name")) ?? Path.GetFileName(chip));
        foreach (string file in Directory.EnumerateFiles(chip, "*_input").Order(StringComparer.Ordinal))
        {
            string input = Path.GetFileName(file)[..^"_input".Length];
            (string Unit, double Scale)? kind = input.TrimEnd("0123456789".ToCharArray()) switch
            {
                "temp" => ("°C", 0.001),
                "in" => ("V", 0.001),
                "curr" => ("A", 0.001),
                "power" => ("W", 0.000001),
                "humidity" => ("%", 0.001),
                "fan" => ("1/min", 1),
                _ => null,
            };
            if (kind is { } known)
                yield return new ScaledGroup(file, $"{name}_{Clean(TextOf(Path.Combine(chip, input + "_label")) ?? input)}", known.Unit, known.Scale);
        }
    }

    private static IEnumerable<string> Folders(string parent, string pattern)
    {
        try
        {
            return Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern).Order(StringComparer.Ordinal) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? TextOf(string path)
    {
        var text = new byte[64];
        return ProcFile.TryRead(path, text, out int length) && Encoding.UTF8.GetString(text, 0, length).Trim() is { Length: > 0 } found ? found : null;
    }

    private static string Clean(string name) =>
        string.Create(name.Length, name, static (clean, raw) =>
        {
            for (int i = 0; i < clean.Length; i++)
                clean[i] = char.ToLowerInvariant(raw[i]) is var lower && char.IsAsciiLetterOrDigit(lower) ? lower : '_';
        });

    private static List<ChannelDescription> Distinct(IEnumerable<ChannelDescription> channels)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<ChannelDescription>();
        foreach (var channel in channels)
        {
            string name = channel.Name;
            for (int i = 2; !names.Add(name); i++)
                name = $"{channel.Name}_{i}";
            result.Add(channel with { Name = name });
        }
        return result;
    }
}
