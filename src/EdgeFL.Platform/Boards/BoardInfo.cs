using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Boards;

/// <summary>What kind of machine this is. Holds no serial number or other name of a single machine.</summary>
/// <param name="Model">From the device tree, else from DMI, else <c>unknown</c>; e.g. <c>Raspberry Pi 5 Model B Rev 1.0</c>.</param>
/// <param name="Architecture"><c>x64</c>, <c>arm64</c>, <c>arm</c>, <c>x86</c> or what .NET calls it.</param>
/// <param name="Cores">Processors that are on; at least 1.</param>
/// <param name="MemoryBytes">Memory that the kernel has; 0 when unknown.</param>
/// <param name="PageBytes">Size of the kernel's pages; 16384 on a Raspberry Pi 5.</param>
/// <param name="Kernel">Release of the kernel, or empty.</param>
/// <param name="System">Name of the distribution, or empty.</param>
/// <param name="CpuFeatures">Those that matter for arithmetic, in order; e.g. <c>asimd</c>, <c>asimddp</c>, <c>avx2</c>, <c>fma</c>.</param>
public sealed record BoardInfo(
    string Model, string Architecture, int Cores, long MemoryBytes, int PageBytes, string Kernel, string System, IReadOnlyList<string> CpuFeatures)
{
    private static readonly string[] FeaturesOfNote =
    [
        "asimd", "asimddp", "asimdhp", "bf16", "crc32", "fphp", "i8mm", "neon", "sha2", "sve", "sve2", "vfpv4",
        "avx", "avx2", "avx512_bf16", "avx512_vnni", "avx512f", "avx_vnni", "f16c", "fma", "sha_ni", "sse4_2",
    ];

    /// <summary>Looks the machine over. What cannot be read is left at its "unknown" value; nothing throws.</summary>
    /// <param name="root">Folder under which <c>proc</c>, <c>sys</c> and <c>etc</c> lie. Default <c>/</c>.</param>
    public static BoardInfo Detect(string root = "/")
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        string cpu = Read(root, "proc/cpuinfo", 256 * 1024);
        string model = FirstOf(Read(root, "proc/device-tree/model"), Read(root, "sys/firmware/devicetree/base/model"), Dmi(root), Field(cpu, "Model"), "unknown");
        return new BoardInfo(
            model,
            ArchitectureOf(root, cpu),
            Math.Max(1, CoresOf(Read(root, "sys/devices/system/cpu/online")) is > 0 and var online ? online : CountProcessors(cpu)),
            KibField(Read(root, "proc/meminfo"), "MemTotal") * 1024,
            KibField(Read(root, "proc/self/smaps"), "KernelPageSize") is > 0 and var kib ? (int)kib * 1024 : Environment.SystemPageSize,
            Read(root, "proc/sys/kernel/osrelease"),
            Assignment(Read(root, "etc/os-release"), "PRETTY_NAME"),
            FeaturesOf(cpu));
    }

    private static string ArchitectureOf(string root, string cpu)
    {
        if (Path.GetFullPath(root) == "/")
            return RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();
        // A tree taken from another machine: told by what its processor line is called.
        if (Field(cpu, "CPU architecture") is "8" or "AArch64")
            return "arm64";
        if (Field(cpu, "CPU architecture") is { Length: > 0 })
            return "arm";
        string flags = Field(cpu, "flags");
        return flags.Length == 0 ? "unknown" : flags.Split(' ').Contains("lm") ? "x64" : "x86";
    }

    private static string[] FeaturesOf(string cpu)
    {
        string words = FirstOf(Field(cpu, "Features"), Field(cpu, "flags"));
        var found = words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        return [.. FeaturesOfNote.Where(found.Contains).Order(StringComparer.Ordinal)];
    }

    /// <summary>Processors in a list such as <c>0-3,6</c>; 0 when it is none.</summary>
    private static int CoresOf(string list)
    {
        int cores = 0;
        foreach (string part in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last < first || last > 65535)
                return 0;
            cores += last - first + 1;
        }
        return cores;
    }

    private static int CountProcessors(string cpu) => cpu.Split('\n').Count(line => line.StartsWith("processor", StringComparison.Ordinal));

    private static string Dmi(string root)
    {
        string vendor = Read(root, "sys/class/dmi/id/sys_vendor");
        string product = Read(root, "sys/class/dmi/id/product_name");
        return $"{vendor} {product}".Trim();
    }

    private static string FirstOf(params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            if (text.Length > 0)
                return text;
        }
        return "";
    }

    private static string Field(string text, string name)
    {
        foreach (string line in text.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
                return line[(colon + 1)..].Trim();
        }
        return "";
    }

    private static long KibField(string text, string name) =>
        long.TryParse(Field(text, name).Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long kib) && kib < 1L << 50 ? kib : 0;

    private static string Assignment(string text, string name)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(name + "=", StringComparison.Ordinal))
                return line[(name.Length + 1)..].Trim().Trim('"', '\'');
        }
        return "";
    }

    private static string Read(string root, string path, int bytesMax = 16 * 1024)
    {
        var buffer = new byte[bytesMax];
        return ProcFile.TryRead(Path.Combine(root, path), buffer, out int length)
            ? Encoding.UTF8.GetString(buffer, 0, length).Trim('\0', '\n', ' ', '\t')
            : "";
    }
}
