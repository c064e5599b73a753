using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Demo;

/// <summary>One agent as a process of its own, as it would run on a device.</summary>
internal sealed class AgentProcess : IDisposable
{
    private const int SigTerm = 15, SigKill = 9;

    private readonly IReadOnlyList<string> command;
    private readonly string folder;
    private Process? process;
    private Task logging = Task.CompletedTask;

    /// <param name="command">The agent's binary and what comes before its arguments.</param>
    /// <param name="folder">The node's folder, with <c>agent.json</c>; <c>agent.log</c> is written there.</param>
    public AgentProcess(IReadOnlyList<string> command, string folder)
    {
        this.command = command;
        this.folder = folder;
    }

    /// <summary>Largest proportional set size seen, MB (10^6 bytes); NaN before the first look.</summary>
    public double PssMbMax { get; private set; } = double.NaN;

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => process is { HasExited: false };

    /// <summary>Its last words.</summary>
    public string LogPath => Path.Combine(folder, "agent.log");

    /// <summary>Finds the agent: the native binary that build/publish made, or the built one.</summary>
    /// <param name="named">A path, or null to look for it.</param>
    /// <exception cref="CliException"><c>agent-missing</c>.</exception>
    public static IReadOnlyList<string> Find(string? named)
    {
        if (named is not null)
        {
            return File.Exists(named) ? named.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", named] : [named]
                : throw new CliException("agent-missing", $"There is no agent at {named}.", "build/publish linux-x64", ExitCodes.Usage);
        }

        string rid = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string native = Path.Combine(folder.FullName, "artifacts", "publish", rid, "edgefl-agent");
            if (File.Exists(native))
                return [native];
            string built = Path.Combine(folder.FullName, "artifacts", "net10.0", "bin", "EdgeFL.Agent", "release", "edgefl-agent.dll");
            if (File.Exists(Path.Combine(folder.FullName, "EdgeFL.sln")) && File.Exists(built))
                return ["dotnet", built];
        }

        return File.Exists("/usr/bin/edgefl-agent") ? ["/usr/bin/edgefl-agent"]
            : throw new CliException("agent-missing", "The agent has not been built.", $"build/publish {rid}", ExitCodes.Failure);
    }

    /// <summary>Starts it.</summary>
    public void Start()
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        foreach (string argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(Path.Combine(folder, "agent.json"));
        process = Process.Start(start)!;
        process.StandardInput.Close();
        logging = LogAsync(process.StandardError);
    }

    /// <summary>Cuts its power.</summary>
    public void Kill()
    {
        if (process is not null)
            _ = NativeKill(process.Id, SigKill);
    }

    /// <summary>Asks it to stop and waits; what does not stop in time is killed. False when it had to be, or ended badly.</summary>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (process is null)
            return true;
        if (!process.HasExited)
            _ = NativeKill(process.Id, SigTerm);
        using var limit = new CancellationTokenSource(patience);
        bool inTime = true;
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            inTime = false;
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
        }

        await logging.ConfigureAwait(false);
        return inTime && process.ExitCode == 0;
    }

    /// <summary>Looks at its memory.</summary>
    public void SampleMemory()
    {
        if (!IsRunning)
            return;
        try
        {
            foreach (string line in File.ReadLines($"/proc/{process!.Id}/smaps_rollup"))
            {
                if (line.StartsWith("Pss:", StringComparison.Ordinal) && double.TryParse(line[4..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double kib))
                    PssMbMax = double.IsNaN(PssMbMax) ? kib * 1024 / 1e6 : Math.Max(PssMbMax, kib * 1024 / 1e6);
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>The end of its log, for an error text.</summary>
    public string LastWords()
    {
        try
        {
            return File.ReadLines(LogPath).LastOrDefault() ?? "it said nothing";
        }
        catch (IOException)
        {
            return "it left no log";
        }
    }

    public void Dispose()
    {
        if (IsRunning)
            Kill();
        process?.Dispose();
    }

    private async Task LogAsync(StreamReader errors)
    {
        await using var log = new StreamWriter(new FileStream(LogPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        while (await errors.ReadLineAsync().ConfigureAwait(false) is { } line)
            await log.WriteLineAsync(line).ConfigureAwait(false);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int NativeKill(int pid, int signal);
}
