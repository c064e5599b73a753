using System.Globalization;

namespace EdgeFL.MqttLoad;

/// <summary>The command line cannot be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The load could not be made.</summary>
internal sealed class LoadException(string message) : Exception(message);

/// <summary>What a role was told: pairs of a name and a value.</summary>
internal sealed class Settings
{
    private readonly Dictionary<string, string> values = [];

    public static Settings Parse(ReadOnlySpan<string> arguments)
    {
        var settings = new Settings();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == arguments.Length)
                throw new UsageException($"{arguments[i]} is not a name with a value behind it");
            settings.values[arguments[i][2..]] = arguments[i + 1];
        }

        return settings;
    }

    /// <summary>The same with one value more.</summary>
    public Settings With(string name, string value)
    {
        var settings = new Settings();
        foreach ((string known, string its) in values)
            settings.values[known] = its;
        settings.values[name] = value;
        return settings;
    }

    public string? Text(string name) => values.GetValueOrDefault(name);

    public string Needed(string name) => Text(name) ?? throw new UsageException($"--{name} is missing");

    /// <summary>A whole number from 0 up.</summary>
    public int Number(string name, int fallback)
    {
        if (Text(name) is not { } text)
            return fallback;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw new UsageException($"--{name} wants a number, not '{text}'");
    }
}
