using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>A program that runs beside the test; what it says is kept, line by line, and it ends with the test at the latest.</summary>
internal sealed class Child : IDisposable
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15;

    private readonly Process process;
    private readonly List<string> output = [];
    private readonly List<string> errors = [];
    private readonly string name;

    private Child(Process process, string name, Action<string>? onLine)
    {
        this.process = process;
        this.name = name;
        process.OutputDataReceived += (_, e) => Keep(output, e.Data, onLine);
        process.ErrorDataReceived += (_, e) => Keep(errors, e.Data, null);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public string Output => Joined(output);

    public string Errors => Joined(errors);

    /// <summary>What it said on both, for a failure's text.</summary>
    public string Said => $"{name}{(HasExited ? $" (ended with {process.ExitCode})" : "")}:\n{Tail(Output)}\n{Tail(Errors)}";

    /// <param name="command">Program and arguments.</param>
    /// <param name="onLine">Gets each line of its standard output.</param>
    public static Child Start(IReadOnlyList<string> command, Action<string>? onLine = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["NO_COLOR"] = "1";
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment.Remove("JOURNAL_STREAM");
        return new Child(Process.Start(start)!, Path.GetFileName(command[0]), onLine);
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(IReadOnlyList<string> command, TimeSpan patience)
    {
        using Child child = Start(command);
        int exit = await child.ExitAsync(patience);
        return (exit, child.Output, child.Errors);
    }

    /// <summary>Waits for its end, and fails when that does not come.</summary>
    public async Task<int> ExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token); // and until both streams are read
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{name} does not end within {patience.TotalSeconds:0} s.\n{Said}");
        }

        return process.ExitCode;
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    private bool disposed;

    public void Dispose()
    {
        // A test disposes its agent, and the fleet disposes all of them once more.
        if (disposed)
            return;
        disposed = true;
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(5000);
        }

        process.Dispose();
    }

    private static string Tail(string text) => text.Length <= 6000 ? text : "..." + text[^6000..];

    private static string Joined(List<string> lines)
    {
        lock (lines)
            return string.Join('\n', lines);
    }

    private static void Keep(List<string> lines, string? line, Action<string>? onLine)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
        onLine?.Invoke(line);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
