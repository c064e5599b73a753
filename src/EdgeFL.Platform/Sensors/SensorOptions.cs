using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Sensors;

/// <summary>Which sensor to open. Exactly the member named by <see cref="Kind"/> may be set; left out, that kind's defaults hold.</summary>
/// <remarks>Members of the sensors' options are set, not init: the JSON source generator writes default(T) over the defaults of init-only members
/// that a document leaves out. Treat the options as unchangeable and use <c>with</c>.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SensorOptions
{
    /// <summary><c>replay</c>, <c>host</c> or <c>simulated</c>.</summary>
    public string Kind { get; set; } = ""; // Not required: the generator would lose the place of mistakes beside it.

    /// <summary>Name shown to people; null takes one from the source.</summary>
    public string? Name { get; set; }

    /// <summary>Options of kind <c>replay</c>.</summary>
    public ReplayOptions? Replay { get; set; }

    /// <summary>Options of kind <c>host</c>.</summary>
    public HostOptions? Host { get; set; }

    /// <summary>Options of kind <c>simulated</c>.</summary>
    public SimulatedOptions? Simulated { get; set; }

    /// <summary>Reads options from JSON; comments and trailing commas are allowed, unknown members are not.</summary>
    /// <param name="utf8Json">The document.</param>
    /// <param name="file">Name to show in errors.</param>
    /// <exception cref="SensorException"><c>sensor-option</c>: not JSON, an unknown member (named), a wrong type.</exception>
    public static SensorOptions Parse(ReadOnlySpan<byte> utf8Json, string file = "sensor options")
    {
        try
        {
            SensorOptions? options = JsonSerializer.Deserialize(utf8Json, SensorJsonContext.Default.SensorOptions);
            return options is { Kind.Length: > 0 } ? options
                : throw new SensorException("sensor-option", options is null ? "The document is null." : "The member \"kind\" is missing.", file, "Give an object such as {\"kind\":\"host\"}.");
        }
        catch (JsonException e)
        {
            throw new SensorException("sensor-option", e.Message, $"{file}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}",
                "Correct the spelling or the type of this member; member names are listed in the documentation of SensorOptions.", e);
        }
    }

    /// <summary>Says which option is wrong, or null when the options can be used as far as can be told without opening anything.</summary>
    public SensorException? Check() => Kind switch
    {
        "replay" => Others(Host, Simulated) ?? (Replay ?? new ReplayOptions()).Check(),
        "host" => Others(Replay, Simulated) ?? (Host ?? new HostOptions()).Check(),
        "simulated" => Others(Replay, Host) ?? (Simulated ?? new SimulatedOptions()).Check(),
        _ => Wrong("kind", $"\"{Kind}\" is not a kind of sensor.", "Use \"replay\", \"host\" or \"simulated\"."),
    };

    internal static SensorException Wrong(string option, string cause, string remedy) => new("sensor-option", cause, option, remedy);

    private SensorException? Others(object? first, object? second) => first is null && second is null
        ? null
        : Wrong("kind", $"Options of another kind are given beside kind \"{Kind}\".", $"Keep only the member \"{Kind}\".");
}

/// <summary>JSON metadata of the sensor options, made at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(SensorOptions))]
[JsonSerializable(typeof(ReplayOptions))]
[JsonSerializable(typeof(HostOptions))]
[JsonSerializable(typeof(SimulatedOptions))]
public sealed partial class SensorJsonContext : JsonSerializerContext;
