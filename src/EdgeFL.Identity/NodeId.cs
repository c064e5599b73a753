using System.Diagnostics.CodeAnalysis;

namespace EdgeFL.Identity;

/// <summary>Who a device is within its fleet. A name of 1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>, compared ordinally.</summary>
public readonly record struct NodeId : IComparable<NodeId>
{
    private readonly string? value;

    private NodeId(string value) => this.value = value;

    /// <summary>The name; empty for the default value, which is no node id.</summary>
    public string Value => value ?? "";

    /// <summary>Whether this is the default value, which is no node id.</summary>
    public bool IsEmpty => value is null;

    /// <summary>Reads a node id; false when it breaks the rule.</summary>
    /// <param name="text">Any text or null.</param>
    /// <param name="id">The node id, or the default value.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeId id)
    {
        bool valid = text is not null && Segment.IsValid(text);
        id = valid ? new NodeId(text!) : default;
        return valid;
    }

    /// <summary>Reads a node id from part of a text; false when it breaks the rule.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="id">The node id, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out NodeId id)
    {
        bool valid = Segment.IsValid(text);
        id = valid ? new NodeId(text.ToString()) : default;
        return valid;
    }

    /// <summary>Reads a node id.</summary>
    /// <param name="text">Text of the caller's own, such as a configuration value.</param>
    /// <exception cref="FormatException">The text breaks the rule; the message says the rule.</exception>
    public static NodeId Parse(string text) => new(Segment.Require(text, "node id"));

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => string.CompareOrdinal(Value, other.Value);

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order.</summary>
    /// <param name="left">Left.</param>
    /// <param name="right">Right.</param>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;

    /// <summary>The name.</summary>
    public override string ToString() => Value;
}
