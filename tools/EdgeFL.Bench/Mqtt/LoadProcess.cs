using System.Diagnostics;
using System.Globalization;

namespace EdgeFL.Bench.Mqtt;

/// <summary>A process of the load: what it says in NAME=VALUE lines, and its end with its stdin.</summary>
internal sealed class LoadProcess : IDisposable
{
    private const int PatienceMs = 120_000;

    private readonly Process process;
    private readonly string name;
    private readonly Dictionary<string, string> said = [];
    private readonly List<string> errors = [];
    private bool ended;

    private LoadProcess(Process process, string name)
    {
        this.process = process;
        this.name = name;
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Complained(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    /// <summary>The most memory it ever held, in 10^6 bytes.</summary>
    public double PeakMb => Kilobytes("status", "VmHWM:") * 1024 / 1e6;

    /// <summary>Its own pages and its share of those it has in common with others, in bytes. What the kernel holds for its sockets is not in it.</summary>
    public long ProportionalBytes => Kilobytes("smaps_rollup", "Pss:") * 1024;

    public static LoadProcess Start(string program, params IEnumerable<string> arguments)
    {
        string[] given = [.. arguments];
        var start = new ProcessStartInfo(program, given) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        string name = $"{Path.GetFileName(program)} {(given.Length > 0 ? given[0] : "")}";
        return new LoadProcess(Process.Start(start) ?? throw new BenchException($"{program} cannot be started"), name);
    }

    /// <summary>Waits for a line.</summary>
    public string Text(string key)
    {
        long deadline = Environment.TickCount64 + PatienceMs;
        lock (said)
        {
            while (true)
            {
                if (said.TryGetValue(key, out string? value))
                    return value;
                if (ended)
                    throw Fault($"ended without saying '{key}'");
                long left = deadline - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(said, (int)left))
                    throw Fault($"did not say '{key}' within {PatienceMs} ms");
            }
        }
    }

    public double Number(string key) => double.Parse(Text(key), CultureInfo.InvariantCulture);

    /// <summary>Tells a process that waits for it to go on.</summary>
    public void GiveTheWord()
    {
        process.StandardInput.WriteLine();
        process.StandardInput.Flush();
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <param name="messages">Messages it has to wait for: one more millisecond each.</param>
    public void End(int messages = 0)
    {
        int patienceMs = PatienceMs + messages;
        if (!process.WaitForExit(patienceMs))
            throw Fault($"did not end within {patienceMs} ms");
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw Fault($"ended with {process.ExitCode}");
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(200))
                process.Kill();
        }

        process.WaitForExit();
        process.Dispose();
    }

    private long Kilobytes(string file, string field)
    {
        string line = File.ReadLines($"/proc/{process.Id}/{file}").First(text => text.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private BenchException Fault(string what)
    {
        lock (errors)
            return new BenchException($"{name} {what}: {string.Join(" | ", errors)}");
    }

    private void Heard(string? line)
    {
        lock (said)
        {
            if (line is null)
                ended = true;
            else if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
                said[line[..at]] = line[(at + 1)..];
            Monitor.PulseAll(said);
        }
    }

    private void Complained(string? line)
    {
        if (line is null)
            return;
        lock (errors)
            errors.Add(line);
    }
}
