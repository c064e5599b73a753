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

    public static Peer Python(string script, params string[] arguments)
    {
        using (Peer probe = Start("/usr/bin/python3", "python3", "-c", "import paho.mqtt.client"))
            Assert.True(probe.ExitCode() == 0, "paho-mqtt is not installed: apt-get install python3-paho-mqtt");
        return Start("/usr/bin/python3", "python3", ["-u", "-c", script, .. arguments]);
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
