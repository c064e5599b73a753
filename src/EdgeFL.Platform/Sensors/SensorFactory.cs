namespace EdgeFL.Platform.Sensors;

/// <summary>Opens the sensor that the options name.</summary>
public static class SensorFactory
{
    /// <summary>Checks the options and opens the sensor.</summary>
    /// <param name="options">Which sensor.</param>
    /// <param name="context">Folders and clock; null takes the defaults.</param>
    /// <exception cref="SensorException">An option is wrong, or the source cannot be opened.</exception>
    public static ISensor Create(SensorOptions options, SensorContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Check() is { } wrong)
            throw wrong;
        context ??= new SensorContext();
        return options.Kind switch
        {
            "replay" => ReplaySensor.Open(options.Replay!, context, options.Name),
            "host" => HostSensor.Open(options.Host ?? new HostOptions(), context, options.Name),
            _ => new SimulatedSensor(options.Simulated ?? new SimulatedOptions(), context, options.Name),
        };
    }
}
