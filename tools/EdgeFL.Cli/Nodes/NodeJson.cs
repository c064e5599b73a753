using System.Text.Json;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Nodes;

/// <summary>A node's report as JSON: fields that every node has first, then what it says as it says it.</summary>
internal static class NodeJson
{
    private static readonly string[] TrainFields = ["round", "rounds", "loss", "accuracy", "samples", "peers"];

    /// <summary>Names here, and what <c>telemetry</c> calls them.</summary>
    private static readonly (string Name, string Said)[] TelemetryFields =
        [("bytes_in", "bytesIn"), ("bytes_out", "bytesOut"), ("messages_sent", "sent"), ("rejected", "rejected"), ("lost", "lost")];

    /// <summary>Writes the fields of one node; what it has not said is null.</summary>
    public static void Write(Utf8JsonWriter json, NodeReport report, string address)
    {
        json.WriteString("node", report.Node);
        json.WriteString("address", address);
        Text(json, "status", report.Status);
        Text(json, "state", report.State);
        foreach (var name in TrainFields)
            json.WriteFinite(name, report.TrainNumber(name), 6);
        foreach (var (name, said) in TelemetryFields)
            json.WriteFinite(name, report.TelemetryNumber(said), 6);
        Fields(json, "info", report.Info);
        Fields(json, "telemetry", report.Telemetry);
        json.WriteNumber("unreadable", report.Unreadable);
    }

    private static void Text(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
            json.WriteString(name, value);
        else
            json.WriteNull(name);
    }

    private static void Fields(Utf8JsonWriter json, string name, IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in fields.DistinctBy(f => f.Key))
            json.WriteString(key, value);
        json.WriteEndObject();
    }
}
