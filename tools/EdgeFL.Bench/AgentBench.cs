using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Bench;

/// <summary>
/// What the published agent costs a device: bytes on disk, and proportional set size while it trains alone. Alone, because a fleet on one machine
/// shares pages that a device would pay for in full. The sensor runs fifty times as fast as life, so that all the windows the agent ever keeps are
/// there when the warm-up ends.
/// </summary>
internal static class AgentBench
{
    private const double DiskGoalMb = 8, MemoryGoalMb = 25;
    private const double SensorSpeed = 50;

    public static BenchRow[] Run(Arguments given)
    {
        int seconds = given.Number("--seconds", 60, 1, 3600);
        int warmup = given.Number("--warmup", 30, 3, 3600);
        given.End();
        string root = Machine.Root();
        string agent = Path.Combine(root, "artifacts/publish", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64", "edgefl-agent");
        if (!File.Exists(agent))
            throw new BenchException($"{agent} is not there; build/publish makes it");
        string folder = Directory.CreateTempSubdirectory("edgefl-bench-").FullName;
        try
        {
            WriteNode(folder, Path.Combine(root, "firmware-config/models/activity-cnn.json"));
            double peak = PeakMb(agent, folder, warmup, seconds);
            CheckTrained(Path.Combine(folder, "state"));
            return
            [
                BenchRow.Lower("agent/disk-mb", "MB", Math.Round(new FileInfo(agent).Length / 1e6, 3), DiskGoalMb),
                BenchRow.Lower("agent/pss-mb", "MB", Math.Round(peak, 2), MemoryGoalMb),
            ];
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static void WriteNode(string folder, string model)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using FleetAuthority root = FleetAuthority.CreateRoot(FleetId.Parse("bench"), now);
        using FleetAuthority issuing = FleetAuthority.CreateIssuing(root, now);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = issuing.IssueDevice(NodeId.Parse("one"), key, now, FleetAuthority.LeafValidity);
        DeviceCredentials.Save(Path.Combine(folder, "identity"), key, leaf, issuing.Certificate, root.Certificate);
        AgentConfigFile.Write(Path.Combine(folder, "agent.json"), new AgentConfig
        {
            Fleet = "bench",
            Node = "one",
            State = "state",
            Model = model,
            Sensor = new SensorOptions { Kind = "simulated", Simulated = new SimulatedOptions { Speed = SensorSpeed } },
            Network = new NetworkConfig { Listen = "127.0.0.1:0", Interfaces = ["lo"], TelemetryIntervalMs = 1000 },
        });
    }

    /// <summary>The most that one look a second sees, in 10^6 bytes.</summary>
    private static double PeakMb(string agent, string folder, int warmup, int seconds)
    {
        Console.Error.WriteLine($"one agent alone: {warmup} s to warm up, then {seconds} s of a look each");
        var start = new ProcessStartInfo(agent, ["--config", Path.Combine(folder, "agent.json")]) { RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new BenchException($"{agent} cannot be started");
        var said = new List<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
                said.Add(line.Data);
        };
        process.BeginErrorReadLine();
        double most = 0;
        for (int second = 0; second < warmup + seconds; second++)
        {
            if (process.WaitForExit(1000))
            {
                process.WaitForExit();
                throw new BenchException($"the agent ended with {process.ExitCode}: {string.Join(" | ", said)}");
            }

            if (second >= warmup)
                most = Math.Max(most, PssMb(process.Id));
        }

        // SIGTERM, so that it stops as on a device and leaves a checkpoint.
        using (Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        if (!process.WaitForExit(10_000))
        {
            process.Kill();
            throw new BenchException("the agent did not stop within 10 s of SIGTERM");
        }

        return most;
    }

    private static double PssMb(int process)
    {
        string line = File.ReadLines($"/proc/{process}/smaps_rollup").First(text => text.StartsWith("Pss:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    /// <summary>A figure of an agent that did not learn would be worth nothing.</summary>
    private static void CheckTrained(string state)
    {
        CheckpointLoad load = new CheckpointStore(state, "model").Load();
        if (Checkpoint.Read(load.Payload.Span, out Checkpoint? checkpoint) != CheckpointError.None || checkpoint!.Steps == 0)
            throw new BenchException("the agent did not train: its checkpoint holds no step");
        Console.Error.WriteLine($"it made {checkpoint.Steps} steps");
    }
}
