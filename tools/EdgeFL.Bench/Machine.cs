using System.Runtime.InteropServices;

namespace EdgeFL.Bench;

/// <summary>Where a figure was taken, and where the tree lies.</summary>
internal static class Machine
{
    /// <summary>Processor, how many of it, and architecture.</summary>
    public static string Describe()
    {
        string model = "unknown processor";
        if (File.Exists("/proc/cpuinfo"))
            model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim() ?? model;
        return $"{model}, {Environment.ProcessorCount} CPUs, {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
    }

    /// <summary>The root of the source tree.</summary>
    /// <exception cref="BenchException">The program does not lie in the tree.</exception>
    public static string Root()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "EdgeFL.sln")))
                return folder;
        }

        throw new BenchException($"{AppContext.BaseDirectory} does not lie in EdgeFL's source tree");
    }
}
