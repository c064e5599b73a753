using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Sensors;

/// <summary>What this Linux machine measures of itself.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostOptions
{
    /// <summary>Milliseconds between rows, 10 to 3,600,000. Default 1000.</summary>
    public int IntervalMs { get; set; } = 1000;

    /// <summary>Folder under which <c>proc</c> and <c>sys</c> lie. Default <c>/</c>.</summary>
    public string Root { get; set; } = "/";

    /// <summary>Names of the channels wanted, in order; null takes all that are there. A fleet that learns one model names them. At most 256.</summary>
    public IReadOnlyList<string>? Channels { get; set; }

    /// <summary>Says which option is wrong, or null.</summary>
    public SensorException? Check()
    {
        if (IntervalMs is < 10 or > 3_600_000)
            return SensorOptions.Wrong("host.intervalMs", $"{IntervalMs} is out of range.", "Use 10 to 3600000 milliseconds.");
        if (Channels is { } channels && (channels.Count is 0 or > 256 || channels.Distinct().Count() != channels.Count))
            return SensorOptions.Wrong("host.channels", "The list is empty, too long, or names a channel twice.", "Name each channel once, or leave the member out.");
        return null;
    }
}
