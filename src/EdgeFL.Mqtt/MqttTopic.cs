using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>Rules for topic names and filters (MQTT 3.1.1 and 5.0, section 4.7).</summary>
public static class MqttTopic
{
    /// <summary>Longest topic name or filter, in bytes of UTF-8.</summary>
    public const int BytesMax = 65_535;

    /// <summary>Whether a message may be published to this name: not empty, no wildcard, clean text, at most 65535 bytes.</summary>
    /// <param name="topic">Topic name.</param>
    public static bool IsValidName(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return topic.Length > 0 && !topic.AsSpan().ContainsAny('+', '#') && IsClean(topic);
    }

    /// <summary>Whether one may subscribe to this filter: <c>+</c> fills a whole level, <c>#</c> fills the last one.</summary>
    /// <param name="filter">Topic filter.</param>
    public static bool IsValidFilter(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return HasValidWildcards(filter) && IsClean(filter);
    }

    /// <summary>Number of levels: one more than there are slashes.</summary>
    /// <param name="topic">Topic name or filter.</param>
    public static int Levels(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return topic.AsSpan().Count('/') + 1;
    }

    /// <summary>
    /// Whether a valid filter covers a valid name. A filter that starts with a wildcard does not cover names that start
    /// with <c>$</c> (section 4.7.2).
    /// </summary>
    /// <param name="filter">Topic filter.</param>
    /// <param name="topic">Topic name.</param>
    public static bool Matches(string filter, string topic)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(topic);
        ReadOnlySpan<char> pattern = filter;
        ReadOnlySpan<char> name = topic;
        if (name.StartsWith("$") && pattern.Length > 0 && pattern[0] is '+' or '#')
            return false;
        while (true)
        {
            ReadOnlySpan<char> want = CutLevel(ref pattern, out bool wantMore);
            if (want is "#")
                return true;
            ReadOnlySpan<char> have = CutLevel(ref name, out bool haveMore);
            if (want is not "+" && !want.SequenceEqual(have))
                return false;
            if (!haveMore)
                return !wantMore || pattern is "#";
            if (!wantMore)
                return false;
        }
    }

    /// <summary>Whether some topic is covered by both of two valid filters, by the rules of <see cref="Matches"/>.</summary>
    /// <param name="first">Topic filter.</param>
    /// <param name="second">Topic filter.</param>
    public static bool Overlap(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ReadOnlySpan<char> left = first;
        ReadOnlySpan<char> right = second;
        if ((left[0] == '$' && right[0] is '+' or '#') || (right.StartsWith("$") && left[0] is '+' or '#'))
            return false;
        for (bool isFirst = true; ; isFirst = false)
        {
            ReadOnlySpan<char> a = CutLevel(ref left, out bool moreLeft);
            ReadOnlySpan<char> b = CutLevel(ref right, out bool moreRight);
            if (a is "#" || b is "#")
                return true;
            if (a is not "+" && b is not "+" && !a.SequenceEqual(b))
                return false;
            if (!moreLeft && !moreRight)
                return true;
            if (!moreLeft || !moreRight)
            {
                // 'a/#' covers 'a' too; but what '/#' covers in that way has no name.
                bool isNameless = isFirst && (a.IsEmpty || b.IsEmpty);
                return (left is "#" || right is "#") && !isNameless;
            }
        }
    }

    /// <summary>Takes the first level off; <paramref name="more"/> says whether a slash followed it.</summary>
    internal static ReadOnlySpan<char> CutLevel(ref ReadOnlySpan<char> rest, out bool more)
    {
        int slash = rest.IndexOf('/');
        more = slash >= 0;
        ReadOnlySpan<char> level = more ? rest[..slash] : rest;
        rest = more ? rest[(slash + 1)..] : default;
        return level;
    }

    /// <summary>The wildcard rules alone, for text that is known to be clean.</summary>
    internal static bool HasValidWildcards(string filter)
    {
        ReadOnlySpan<char> rest = filter;
        if (rest.IsEmpty)
            return false;
        bool more;
        do
        {
            ReadOnlySpan<char> level = CutLevel(ref rest, out more);
            if (level.ContainsAny('+', '#') && (level.Length > 1 || (level[0] == '#' && more)))
                return false;
        }
        while (more);
        return true;
    }

    /// <summary>Text that every MQTT peer takes: see <see cref="MqttReader.IsCleanText"/>.</summary>
    internal static bool IsClean(string text)
    {
        if (text.Length > BytesMax)
            return false;
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        // A lone surrogate would be replaced silently: the status tells.
        return System.Text.Unicode.Utf8.FromUtf16(text, bytes, out _, out int written, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done
            && written <= BytesMax && MqttReader.IsCleanText(bytes.AsSpan(0, written));
    }
}
