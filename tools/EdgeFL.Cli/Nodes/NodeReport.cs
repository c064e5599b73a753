using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeFL.Cli.Live;

namespace EdgeFL.Cli.Nodes;

/// <summary>
/// What a node says of itself on its topics. Every field may be missing: other versions say more or less, and what comes from outside is
/// taken field by field. Text is cleaned of control characters, because it ends on somebody's terminal.
/// </summary>
internal sealed record NodeReport(string Node)
{
    /// <summary>Largest payload looked at.</summary>
    public const int PayloadBytesMax = 64 * 1024;

    private const int TextMax = 128;
    private const int FieldsMax = 64;

    /// <summary><c>online</c> or <c>offline</c>; empty when not said.</summary>
    public string Status { get; init; } = "";

    /// <summary>Fields of <c>info</c>, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Info { get; init; } = [];

    /// <summary>Fields of <c>telemetry</c>, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Telemetry { get; init; } = [];

    /// <summary>State of learning; empty when not said.</summary>
    public string State { get; init; } = "";

    /// <summary>Numbers of <c>train</c> by name; only finite ones.</summary>
    public IReadOnlyDictionary<string, double> Train { get; init; } = new Dictionary<string, double>();

    /// <summary>Topics heard of so far.</summary>
    public IReadOnlySet<string> Heard { get; init; } = new HashSet<string>();

    /// <summary>Payloads that could not be read.</summary>
    public int Unreadable { get; init; }

    /// <summary>A field of <c>info</c>, or empty.</summary>
    public string InfoText(string name) => Info.FirstOrDefault(f => f.Key == name).Value ?? "";

    /// <summary>A number of <c>train</c>, or NaN.</summary>
    public double TrainNumber(string name) => Train.TryGetValue(name, out var value) ? value : double.NaN;

    /// <summary>A number of <c>telemetry</c>, or NaN.</summary>
    public double TelemetryNumber(string name) =>
        double.TryParse(Telemetry.FirstOrDefault(f => f.Key == name).Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN;

    /// <summary>Takes a message in.</summary>
    /// <param name="suffix">Last part of the topic: status, info, telemetry or train; others are ignored.</param>
    /// <param name="payload">The payload, from outside.</param>
    public NodeReport With(string suffix, ReadOnlySpan<byte> payload)
    {
        if (suffix is not ("status" or "info" or "telemetry" or "train"))
            return this;
        var heard = this with { Heard = new HashSet<string>(Heard) { suffix } };
        if (payload.Length > PayloadBytesMax)
            return heard with { Unreadable = Unreadable + 1 };
        if (suffix == "status")
        {
            return Encoding.UTF8.GetString(payload[..Math.Min(16, payload.Length)]) switch
            {
                "online" => heard with { Status = "online" },
                "offline" => heard with { Status = "offline" },
                _ => heard with { Unreadable = Unreadable + 1 },
            };
        }

        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = 8 });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return heard with { Unreadable = Unreadable + 1 };
            return suffix switch
            {
                "info" => heard with { Info = Fields(document.RootElement) },
                "telemetry" => heard with { Telemetry = Fields(document.RootElement) },
                _ => heard with { State = StateOf(document.RootElement), Train = Numbers(document.RootElement) },
            };
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // InvalidOperation: the text within is no UTF-8, or half a surrogate pair.
            return heard with { Unreadable = Unreadable + 1 };
        }
    }

    /// <summary>The row of a live table.</summary>
    public FleetNodeState ToState()
    {
        return new FleetNodeState(Node)
        {
            State = Status == "offline" || State.Length == 0 ? Status : State,
            Round = Whole("round", int.MaxValue) is var round and >= 0 ? (int)round : -1,
            Rounds = Whole("rounds", int.MaxValue) is var rounds and >= 0 ? (int)rounds : -1,
            Loss = TrainNumber("loss"),
            Accuracy = TrainNumber("accuracy"),
            Peers = (int)Whole("peers", int.MaxValue),
            BytesIn = Count(TelemetryNumber("bytesIn"), long.MaxValue),
            BytesOut = Count(TelemetryNumber("bytesOut"), long.MaxValue),
            Rejected = Count(TelemetryNumber("rejected"), long.MaxValue),
        };

        long Whole(string name, long max) => Count(TrainNumber(name), max);

        static long Count(double value, long max) => value >= 0 && value < max ? (long)value : -1;
    }

    private static string StateOf(JsonElement root) =>
        root.TryGetProperty("state", out var state) && state.ValueKind == JsonValueKind.String ? Clean(state.GetString()!) : "";

    private static Dictionary<string, double> Numbers(JsonElement root)
    {
        var numbers = new Dictionary<string, double>();
        foreach (var field in root.EnumerateObject().Take(FieldsMax))
        {
            if (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetDouble(out var number) && double.IsFinite(number))
                numbers[field.Name] = number;
            else if (field.Value.ValueKind == JsonValueKind.Array)
                numbers[field.Name] = field.Value.GetArrayLength(); // peers may be named one by one
        }

        return numbers;
    }

    private static List<KeyValuePair<string, string>> Fields(JsonElement root) => root.EnumerateObject().Take(FieldsMax)
        .Select(f => new KeyValuePair<string, string>(Clean(f.Name), f.Value.ValueKind switch
        {
            JsonValueKind.String => Clean(f.Value.GetString()!),
            JsonValueKind.Number when f.Value.TryGetDouble(out var n) => n.ToString("0.######", CultureInfo.InvariantCulture),
            JsonValueKind.Null => "",
            _ => Clean(f.Value.GetRawText()),
        })).ToList();

    private static string Clean(string text) => new([.. text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(TextMax)]);
}
