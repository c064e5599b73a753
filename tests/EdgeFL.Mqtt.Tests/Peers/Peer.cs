using System.Diagnostics;
using System.Text;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A foreign MQTT program, run as a process. Where it is not installed the test fails and names the package.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private Peer(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public static Peer Start(string program, string package, params string[] arguments)
    {
        Assert.True(File.Exists(program), $"{program} is not installed: apt-get install {package}");
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        return new Peer(Process.Start(start)!);
    }

    public static Peer Pub(params string[] arguments) => Start("/usr/bin/mosquitto_pub", "mosquitto-clients", arguments);

    public static Peer Sub(params string[] arguments) => Start("/usr/bin/mosquitto_sub", "mosquitto-clients", arguments);

    /// <summary>A script beside the source of these tests.</summary>
    public static string Script(string name)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "EdgeFL.sln")))
            root = root.Parent;
        Assert.True(root is not null, $"no EdgeFL.sln above {AppContext.BaseDirectory}");
        return Path.Combine(root.FullName, "tests", "EdgeFL.Mqtt.Tests", "Peers", name);
    }

    public int ExitCode()
    {
        Assert.True(process.WaitForExit(Bench.Patience), "the peer does not end: " + Output);
        process.WaitForExit();
        return process.ExitCode;
    }

    public Task SaysAsync(string text) => Bench.UntilAsync(() => Output.Contains(text, StringComparison.Ordinal), $"the peer says '{text}', but: {Output}");

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.WaitForExit(Bench.Patience);
        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
    }
}
