using System.Buffers;

namespace EdgeFL.Identity;

/// <summary>The rule every name in a topic and in a certificate obeys: <c>[a-z0-9-]{1,32}</c>.</summary>
public static class Segment
{
    /// <summary>Longest name, in characters (all ASCII, so also in bytes).</summary>
    public const int LengthMax = 32;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Whether <paramref name="text"/> is 1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</summary>
    /// <param name="text">Any text.</param>
    public static bool IsValid(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= LengthMax && !text.ContainsAnyExcept(Allowed);

    internal static string Require(string? text, string what) =>
        text is not null && IsValid(text)
            ? text
            : throw new FormatException($"'{Shorten(text)}' is not a {what}: use 1 to {LengthMax} characters of a-z, 0-9 and '-'.");

    private static string Shorten(string? text) =>
        text is null ? "" : text.Length <= 2 * LengthMax ? text : string.Concat(text.AsSpan(0, 2 * LengthMax), "…");
}
