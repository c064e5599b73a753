using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Links;

/// <summary><c>info</c>, retained: what a node is. Sent once on connect.</summary>
/// <param name="Fleet">Fleet id.</param>
/// <param name="Node">Node id.</param>
/// <param name="Version">Version of the agent.</param>
/// <param name="Kind"><c>aot</c> or <c>jit</c>.</param>
/// <param name="Board">Board's name.</param>
/// <param name="Boot">Boot epoch.</param>
/// <param name="Pid">Process id.</param>
/// <param name="Model">Model's name.</param>
/// <param name="ModelHash">First 8 bytes of the model's hash, hexadecimal.</param>
/// <param name="Parameters">Parameters of the model.</param>
/// <param name="Sensor">Sensor's name.</param>
/// <param name="Fingerprint">SHA-256 of the public key, hexadecimal.</param>
/// <param name="Certificate">The node's certificate and the issuing one, PEM: who shares a broker with it learns its key from here.</param>
public sealed record InfoPayload(
    string Fleet, string Node, string Version, string Kind, string Board, uint Boot, int Pid, string Model, string ModelHash, int Parameters,
    string Sensor, string Fingerprint, string Certificate);

/// <summary><c>train</c>, retained: what learning has come to.</summary>
/// <param name="State"><c>waiting</c>, <c>training</c>, <c>following</c> or <c>done</c>.</param>
/// <param name="Round">Rounds made.</param>
/// <param name="Rounds">Rounds asked for, 0 for no end.</param>
/// <param name="Steps">Minibatch steps made.</param>
/// <param name="Loss">Running mean of the training loss.</param>
/// <param name="HeldOutLoss">Loss on the held-out part.</param>
/// <param name="Accuracy">Accuracy on the held-out part, 0 to 1.</param>
/// <param name="Samples">Windows in the training part.</param>
/// <param name="Peers">Links that are up.</param>
/// <param name="Merged">Models that the latest round mixed in.</param>
public sealed record TrainPayload(
    string State, int Round, int Rounds, long Steps, double? Loss, double? HeldOutLoss, double? Accuracy, int Samples, int Peers, int Merged);

/// <summary><c>telemetry</c>: how the node is, flat, so that any tool can plot it.</summary>
/// <param name="Rss">Resident memory, MiB.</param>
/// <param name="Cpu">Share of one core since the last message, percent.</param>
/// <param name="Temperature">Hottest thermal zone in degrees Celsius, or null.</param>
/// <param name="Uptime">Seconds since the agent started.</param>
/// <param name="Round">Rounds made.</param>
/// <param name="BytesIn">MQTT bytes received, before TLS.</param>
/// <param name="BytesOut">MQTT bytes sent, before TLS.</param>
/// <param name="Sent">Model messages that were to be sent, one for each receiver (one for all on a shared broker).</param>
/// <param name="Received">Model frames taken in.</param>
/// <param name="Rejected">Frames refused.</param>
/// <param name="Lost">Those of them that no broker acknowledged, or that were not tried because the link was down or did not keep up.</param>
/// <param name="Queue">Inputs waiting for the node.</param>
/// <param name="Dropped">Inputs dropped because the queue was full.</param>
public sealed record TelemetryPayload(
    double Rss, double Cpu, double? Temperature, long Uptime, int Round, long BytesIn, long BytesOut, long Sent, long Received, long Rejected, long Lost,
    int Queue, long Dropped);

/// <summary><c>infer</c>: what the model says.</summary>
/// <param name="Label">Class name, <c>cluster</c> and its number, name of the number, <c>usual</c> or <c>unusual</c>.</param>
/// <param name="Score">Probability, the number, or a mean squared error: of a model that forecasts or reconstructs, or from a cluster's centroid.</param>
/// <param name="LatencyMs">Milliseconds from the newest row to this answer.</param>
/// <param name="Threshold">Errors above it are unusual; left out where there are none, and while too few are known.</param>
/// <param name="Forecast">The next values of each channel, by its name, the nearest first; left out unless the model forecasts.</param>
public sealed record InferPayload(string Label, double Score, double LatencyMs, double? Threshold, IReadOnlyDictionary<string, double[]>? Forecast);

/// <summary><c>event</c>: something to act on.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Message">What happened.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Peer">The peer concerned.</param>
public sealed record EventPayload(string Code, string Severity, string Message, string Fix, string? Peer);

/// <summary>How the payloads look on the wire: camelCase members, null left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InfoPayload))]
[JsonSerializable(typeof(TrainPayload))]
[JsonSerializable(typeof(TelemetryPayload))]
[JsonSerializable(typeof(InferPayload))]
[JsonSerializable(typeof(EventPayload))]
public sealed partial class PayloadJson : JsonSerializerContext;
