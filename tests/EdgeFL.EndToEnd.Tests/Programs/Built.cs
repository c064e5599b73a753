using System.Runtime.InteropServices;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>The programs under test, as they were built: the CLI of the tests' own configuration, and the native agent where it is published.</summary>
internal static class Built
{
    /// <summary>The source tree.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The agent's file.</summary>
    public static string Agent { get; } = FindAgent();

    /// <summary><c>aot</c> or <c>jit</c>, as <c>info</c> says it.</summary>
    public static string AgentKind => Agent.EndsWith(".dll", StringComparison.Ordinal) ? "jit" : "aot";

    /// <summary>What starts the agent.</summary>
    public static IReadOnlyList<string> AgentCommand => AgentKind == "jit" ? ["dotnet", Agent] : [Agent];

    /// <summary>What starts the CLI.</summary>
    public static IReadOnlyList<string> CliCommand { get; } = ["dotnet", Beside("EdgeFL.Cli", "edgefl.dll")];

    /// <summary>The benchmarks.</summary>
    public static string Bench { get; } = Beside("EdgeFL.Bench", "EdgeFL.Bench.dll");

    /// <summary>What the MQTT benchmark measures with.</summary>
    public static string MqttLoad { get; } = Beside("EdgeFL.MqttLoad", "edgefl-mqttload");

    /// <summary>The real recordings' folder, or null.</summary>
    public static string? Recordings { get; } = DataSets.Has("uci-hapt") ? Path.Combine(DataSets.Root!, "uci-hapt") : null;

    /// <summary>For each test's output: which agent it ran.</summary>
    public static string Which => $"agent: {Agent} ({AgentKind})";

    public static string Model(string name) => Path.Combine(Root, "firmware-config", "models", name + ".json");

    /// <summary>Runs the CLI to its end.</summary>
    public static Task<(int Exit, string Output, string Errors)> CliAsync(TimeSpan patience, params IEnumerable<string> arguments) =>
        Child.RunAsync([.. CliCommand, .. arguments], patience);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeFL.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No EdgeFL.sln above {AppContext.BaseDirectory}.");
    }

    private static string FindAgent()
    {
        if (Environment.GetEnvironmentVariable("EDGEFL_AGENT") is { Length: > 0 } named)
            return named;
        string rid = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        string native = Path.Combine(Root, "artifacts", "publish", rid, "edgefl-agent");
        return File.Exists(native) ? native : Beside("EdgeFL.Agent", "edgefl-agent.dll");
    }

    /// <summary>artifacts/TFM/bin/PROJECT/CONFIGURATION/FILE, with the tests' own TFM and configuration.</summary>
    private static string Beside(string project, string file)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        string path = Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, file);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is not built. Next: dotnet build tests/EdgeFL.EndToEnd.Tests");
    }
}
