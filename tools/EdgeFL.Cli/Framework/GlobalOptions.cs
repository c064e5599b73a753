using System.CommandLine;
using System.Globalization;

namespace EdgeFL.Cli.Framework;

/// <summary>Options that mean the same wherever they occur. The first two are on every command, the others where they make sense.</summary>
internal static class GlobalOptions
{
    /// <summary>Name of the option for machine-readable output.</summary>
    public const string JsonName = "--json";

    /// <summary>Name of the option for no progress.</summary>
    public const string QuietName = "--quiet";

    /// <summary>Name of the option that answers every question.</summary>
    public const string YesName = "--yes";

    /// <summary>Name of the option that changes nothing.</summary>
    public const string DryRunName = "--dry-run";

    /// <summary>Name of the option for the longest wait.</summary>
    public const string TimeoutName = "--timeout";

    /// <summary>Machine-readable output on stdout.</summary>
    public static Option<bool> Json() => new(JsonName)
    {
        Description = "Print JSON with a stable schema on stdout (errors as JSON on stderr)",
        Recursive = true,
    };

    /// <summary>No progress on stderr.</summary>
    public static Option<bool> Quiet() => new(QuietName, "-q")
    {
        Description = "No progress on stderr; errors still show",
        Recursive = true,
    };

    /// <summary>Answer yes to every question.</summary>
    public static Option<bool> Yes() => new(YesName, "-y") { Description = "Take the default answer to every question; never ask" };

    /// <summary>Say what would be done and change nothing.</summary>
    public static Option<bool> DryRun() => new(DryRunName) { Description = "Say what would be done and change nothing" };

    /// <summary>Longest wait.</summary>
    /// <param name="fallback">Default, as a person writes it: <c>3s</c>.</param>
    public static Option<TimeSpan> Timeout(string fallback)
    {
        if (!TryParseDuration(fallback, out var value))
            throw new ArgumentException($"'{fallback}' is not a duration.", nameof(fallback));
        return Duration(TimeoutName, value, $"Longest wait, for example 500ms, 5s or 2m (default {fallback})");
    }

    /// <summary>An option that takes a duration such as <c>500ms</c>, <c>5s</c>, <c>2m</c> or a bare number of seconds.</summary>
    public static Option<TimeSpan> Duration(string name, TimeSpan fallback, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        DefaultValueFactory = _ => fallback,
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (TryParseDuration(text, out var value))
                return value;
            result.AddError($"{name}: '{text}' is not a time; write 500ms, 5s, 2m or a number of seconds, up to one day");
            return fallback;
        },
    };

    /// <summary>Reads <c>500ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c> or seconds without a unit; more than zero, at most one day.</summary>
    public static bool TryParseDuration(string text, out TimeSpan value)
    {
        var (digits, unitMs) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1.0),
            _ when text.EndsWith('s') => (text[..^1], 1_000.0),
            _ when text.EndsWith('m') => (text[..^1], 60_000.0),
            _ when text.EndsWith('h') => (text[..^1], 3_600_000.0),
            _ => (text, 1_000.0),
        };
        value = default;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var ms = number * unitMs;
        if (!(ms > 0) || ms > TimeSpan.MillisecondsPerDay)
            return false;
        value = TimeSpan.FromMilliseconds(ms);
        return true;
    }
}
