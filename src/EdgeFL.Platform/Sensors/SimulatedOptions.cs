using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Sensors;

/// <summary>A made-up person wearing a phone at the waist: accelerometer and gyroscope, six labelled activities.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SimulatedOptions
{
    /// <summary>Seed of the whole fleet; the same seed and device give the same samples. Default 1.</summary>
    public ulong Seed { get; set; } = 1;

    /// <summary>Which of the fleet's persons, 0 to 1,000,000. Default 0.</summary>
    public int Device { get; set; }

    /// <summary>Rows a second, 10 to 1000. Default 50.</summary>
    public double RateHz { get; set; } = 50;

    /// <summary>Seconds of recording a second of clock: 1 real time, 0 as fast as taken; at most 1e6. Default 1.</summary>
    public double Speed { get; set; } = 1;

    /// <summary>Go on with a new schedule after each pass of about ten minutes. Default true.</summary>
    public bool Loop { get; set; } = true;

    /// <summary>Give the rows their labels. Default true.</summary>
    public bool Labelled { get; set; } = true;

    /// <summary>Rows handed out at once, 1 to 4096. Default 64; fewer when pacing would hold rows back for long.</summary>
    public int BatchRows { get; set; } = 64;

    /// <summary>Says which option is wrong, or null.</summary>
    public SensorException? Check()
    {
        if (Device is < 0 or > 1_000_000)
            return SensorOptions.Wrong("simulated.device", $"{Device} is out of range.", "Use 0 to 1000000.");
        if (!(RateHz >= 10 && RateHz <= 1000))
            return SensorOptions.Wrong("simulated.rateHz", $"{RateHz} is out of range.", "Use 10 to 1000; the recordings it imitates have 50.");
        if (!(Speed >= 0 && Speed <= 1e6))
            return SensorOptions.Wrong("simulated.speed", $"{Speed} is not a speed.", "Use 1 for real time, 60 for sixty times as fast, 0 for as fast as taken.");
        if (BatchRows is < 1 or > 4096)
            return SensorOptions.Wrong("simulated.batchRows", $"{BatchRows} is out of range.", "Use 1 to 4096.");
        return null;
    }
}
