using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using EdgeFL.Agent;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

// The program on the device: edgefl-agent --config /etc/edgefl/agent.json

const int ExitOk = 0, ExitFailure = 1, ExitUsage = 2, ExitConfig = 78; // sysexits(3) EX_CONFIG: a restart does not help

string version = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
string path = "/etc/edgefl/agent.json";
string? record = null;
int recordMegabytes = InputRecording.MegabytesDefault;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--version":
            Console.Out.WriteLine($"edgefl-agent {version}");
            return ExitOk;
        case "--help" or "-h":
            Console.Out.WriteLine(
                "edgefl-agent: learns from this device's sensors together with its neighbours.\n\n"
                + "  --config FILE   configuration (default /etc/edgefl/agent.json)\n  --record FILE   writes all that the node takes in, sensor data included, to replay it: edgefl sim --replay FILE\n"
                + "  --record-max N  most MB of that file, 1 to 65536 (default 256); when it is full the node goes on without\n  --version       prints the version\n\n"
                + "Stops cleanly on SIGTERM and SIGINT. Logs go to standard error. `edgefl init` and `edgefl node add` write the configuration.");
            return ExitOk;
        case "--config" when i + 1 < args.Length:
            path = args[++i];
            break;
        case "--record" when i + 1 < args.Length:
            record = args[++i];
            break;
        case "--record-max" when i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most is >= 1 and <= 65536:
            recordMegabytes = most;
            i++;
            break;
        default:
            AgentLog.Error("usage", $"Unknown argument '{args[i]}'.", "edgefl-agent --help");
            return ExitUsage;
    }
}

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
try
{
    AgentConfig config = AgentConfigFile.Read(path);
    using InputRecording? recording = record is null ? null : InputRecording.Open(record, recordMegabytes);
    await using AgentHost agent = await Composition.BuildAsync(config, Path.GetDirectoryName(Path.GetFullPath(path))!, version, recording).ConfigureAwait(false);
    AgentLog.Info($"edgefl-agent {version}: {config.Node} of fleet {config.Fleet}");
    await agent.RunAsync(stop.Token).ConfigureAwait(false);
    AgentLog.Info("stopped");
    return ExitOk;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return ExitOk;
}
catch (ConfigException error)
{
    AgentLog.Error(error.Code, error.Message, error.Remedy);
    return ExitConfig;
}
catch (IdentityException error)
{
    AgentLog.Error(error.Code, $"{error.Cause}.", error.Remedy);
    return ExitConfig;
}
catch (SensorException error)
{
    AgentLog.Error(error.Code, $"{error.Where}: {error.Cause}", error.Remedy);
    return ExitConfig;
}
catch (ModelFormatException error)
{
    AgentLog.Error("bad-model", error.Message, "Mend the model file that agent.json names.");
    return ExitConfig;
}
catch (StorageException error)
{
    AgentLog.Error(error.Code, $"{error.Path}: {error.Cause}", error.Remedy);
    return error.Code == "damaged" ? ExitConfig : ExitFailure;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
{
    AgentLog.Error("start-failed", error.Message, "edgefl check");
    return ExitFailure;
}

void OnSignal(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
