namespace EdgeFL.Platform.Sensors;

/// <summary>Finds and reads the presets of recordings: sensor options files of kind <c>replay</c> without a path.</summary>
internal static class ReplayPreset
{
    private const int PresetBytesMax = 1 << 20;

    public static ReplayOptions Load(string preset, SensorContext context)
    {
        string file = Find(preset, context);
        byte[] bytes;
        try
        {
            if (new FileInfo(file).Length > PresetBytesMax)
                throw new SensorException("sensor-preset", $"The preset is larger than {PresetBytesMax} bytes.", file, "Name a preset such as uci-hapt.json.");
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CsvLineReader.Translate(e, file);
        }
        var options = SensorOptions.Parse(bytes, file);
        return options is { Kind: "replay", Replay: { } replay }
            ? replay
            : throw new SensorException("sensor-preset", "The preset is not for kind \"replay\".", file, "Name a preset such as uci-hapt.");
    }

    private static string Find(string preset, SensorContext context)
    {
        if (preset.Contains('/') || preset.EndsWith(".json", StringComparison.Ordinal))
            return Path.GetFullPath(preset, Path.GetFullPath(context.BaseFolder));
        foreach (string folder in context.PresetFolders)
        {
            string file = Path.Combine(folder, preset + ".json");
            if (File.Exists(file))
                return file;
        }
        throw new SensorException("sensor-preset", $"There is no preset \"{preset}\".", "replay.preset",
            $"Presets are looked for in {string.Join(", ", context.PresetFolders)}; a path is good too.");
    }
}
