using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Fleet;

/// <summary>What a new device's agent is told; the one place that writes an <c>agent.json</c>.</summary>
internal sealed record AgentConfigText(FleetId Fleet, NodeId Node)
{
    /// <summary>Kinds of sensors that can be asked for.</summary>
    public static readonly string[] SensorKinds = ["host", "simulated", "replay"];

    /// <summary>Sensor kind, one of <see cref="SensorKinds"/>.</summary>
    public string Sensor { get; init; } = "host";

    /// <summary>File of kind <c>replay</c>.</summary>
    public string? SensorPath { get; init; }

    /// <summary>Number of the device, for kind <c>simulated</c>: which made-up person it is.</summary>
    public int Number { get; init; }

    /// <summary>Port that the agent listens on; 0 lets the system choose.</summary>
    public int Port { get; init; } = 8883;

    /// <summary>Neighbours that are always tried, node-id=host:port.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Model shipped for this kind of sensor.</summary>
    public string DefaultModel => Sensor == "host" ? "host-autoencoder" : "activity-cnn";

    /// <summary>The file's text, read by the agent's own reader. Paths are relative to the file; the model lies beside it.</summary>
    public string Write()
    {
        var config = new AgentConfig
        {
            Fleet = Fleet.Value,
            Node = Node.Value,
            Identity = ".",
            Sensor = new SensorOptions
            {
                Kind = Sensor,
                Replay = Sensor == "replay" ? new ReplayOptions { Path = [SensorPath ?? "data.csv"] } : null,
                Simulated = Sensor == "simulated" ? new SimulatedOptions { Device = Number } : null,
            },
            Network = new NetworkConfig { Listen = $"0.0.0.0:{Port}", Peers = Peers },
        };
        return JsonSerializer.Serialize(config, AgentConfigJson.Default.AgentConfig) + "\n";
    }
}
