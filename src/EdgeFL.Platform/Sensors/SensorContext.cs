namespace EdgeFL.Platform.Sensors;

/// <summary>What a sensor takes from its surroundings: folders and the clock.</summary>
public sealed record SensorContext
{
    /// <summary>Folder that relative paths are counted from. Default: the current folder. The agent gives the folder of its configuration file.</summary>
    public string BaseFolder { get; init; } = ".";

    /// <summary>Folders searched for presets given by name. Default <c>/etc/edgefl/sensors</c>, <c>/usr/share/edgefl/sensors</c>.</summary>
    public IReadOnlyList<string> PresetFolders { get; init; } = ["/etc/edgefl/sensors", "/usr/share/edgefl/sensors"];

    /// <summary>The clock that paces the samples. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
