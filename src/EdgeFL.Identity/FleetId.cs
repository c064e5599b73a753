using System.Diagnostics.CodeAnalysis;

namespace EdgeFL.Identity;

/// <summary>Devices of one owner that learn together. A name of 1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>, compared ordinally.</summary>
public readonly record struct FleetId : IComparable<FleetId>
{
    private readonly string? value;

    private FleetId(string value) => this.value = value;

    /// <summary>The name; empty for the default value, which is no fleet id.</summary>
    public string Value => value ?? "";

    /// <summary>Whether this is the default value, which is no fleet id.</summary>
    public bool IsEmpty => value is null;

    /// <summary>Reads a fleet id; false when it breaks the rule.</summary>
    /// <param name="text">Any text or null.</param>
    /// <param name="id">The fleet id, or the default value.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out FleetId id)
    {
        bool valid = text is not null && Segment.IsValid(text);
        id = valid ? new FleetId(text!) : default;
        return valid;
    }

    /// <summary>Reads a fleet id from part of a text; false when it breaks the rule.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="id">The fleet id, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out FleetId id)
    {
        bool valid = Segment.IsValid(text);
        id = valid ? new FleetId(text.ToString()) : default;
        return valid;
    }

    /// <summary>Reads a fleet id.</summary>
    /// <param name="text">Text of the caller's own, such as a configuration value.</param>
    /// <exception cref="FormatException">The text breaks the rule; the message says the rule.</exception>
    public static FleetId Parse(string text) => new(Segment.Require(text, "fleet id"));

    /// <inheritdoc/>
    public int CompareTo(FleetId other) => string.CompareOrdinal(Value, other.Value);

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator <(FleetId left, FleetId right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator >(FleetId left, FleetId right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator <=(FleetId left, FleetId right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator >=(FleetId left, FleetId right) => left.CompareTo(right) >= 0;

    /// <summary>The name.</summary>
    public override string ToString() => Value;
}
