using EdgeFL.Cli.Framework;
using EdgeFL.Identity;

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

    /// <summary>Model file, or null for the agent's default.</summary>
    public string? Model { get; init; }

    /// <summary>Port that the agent listens on; 0 lets the system choose.</summary>
    public int Port { get; init; } = 8883;

    /// <summary>Neighbours that are always tried, host:port.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>The file's text. Paths are relative to the file.</summary>
    public string Write() => JsonText.Object(json =>
    {
        json.WriteString("fleet", Fleet.Value);
        json.WriteString("node", Node.Value);
        json.WriteString("credentials", ".");
        json.WriteNumber("port", Port);
        json.WriteStartArray("peers");
        foreach (var peer in Peers)
            json.WriteStringValue(peer);
        json.WriteEndArray();
        if (Model is not null)
            json.WriteString("model", Model);
        json.WriteStartObject("sensor");
        json.WriteString("kind", Sensor);
        if (Sensor == "replay")
        {
            json.WriteStartObject("replay");
            json.WriteStartArray("path");
            json.WriteStringValue(SensorPath ?? "data.csv");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (Sensor == "simulated")
        {
            json.WriteStartObject("simulated");
            json.WriteNumber("device", Number);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }) + "\n";
}
