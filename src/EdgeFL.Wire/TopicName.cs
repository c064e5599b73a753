using System.Globalization;
using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>What a topic is for.</summary>
public enum TopicKind
{
    /// <summary>None of ours.</summary>
    None,

    /// <summary><c>status</c></summary>
    Status,

    /// <summary><c>info</c></summary>
    Info,

    /// <summary><c>telemetry</c></summary>
    Telemetry,

    /// <summary><c>train</c></summary>
    Train,

    /// <summary><c>infer</c></summary>
    Infer,

    /// <summary><c>event</c></summary>
    Event,

    /// <summary><c>head</c></summary>
    Head,

    /// <summary><c>upd/f</c></summary>
    UpdateFrame,

    /// <summary><c>upd/c/{sequence}/{index}</c></summary>
    UpdateChunk,

    /// <summary><c>in/{from}</c></summary>
    Inbox,

    /// <summary><c>cmd/{verb}</c></summary>
    Command,

    /// <summary><c>cmd/{verb}/res</c></summary>
    CommandResult,

    /// <summary><c>cfg/desired</c></summary>
    ConfigDesired,

    /// <summary><c>cfg/reported</c></summary>
    ConfigReported,

    /// <summary><c>ota/manifest</c></summary>
    OtaManifest,

    /// <summary><c>_fleet/revoked</c>; has no node.</summary>
    Revoked,
}

/// <summary>A topic that was read. Fields that its kind does not have are default.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Fleet">The fleet.</param>
/// <param name="Node">The node it lies beneath.</param>
public readonly record struct TopicName(TopicKind Kind, FleetId Fleet, NodeId Node)
{
    /// <summary>Longest topic of ours, in characters: prefix, two names, and the longest chunk suffix or command.</summary>
    public const int LengthMax = 128;

    /// <summary>Sequence number, of <see cref="TopicKind.UpdateChunk"/>.</summary>
    public ulong Sequence { get; private init; }

    /// <summary>Index of the chunk, of <see cref="TopicKind.UpdateChunk"/>; not negative.</summary>
    public int Index { get; private init; }

    /// <summary>Who asks, of <see cref="TopicKind.Inbox"/>.</summary>
    public NodeId From { get; private init; }

    /// <summary>The verb, of <see cref="TopicKind.Command"/> and <see cref="TopicKind.CommandResult"/>.</summary>
    public string? Verb { get; private init; }

    /// <summary>Reads a topic; false when it is none of ours. There is one spelling of each: no leading zeros, no empty levels.</summary>
    /// <param name="topic">Text from outside.</param>
    /// <param name="name">What it says, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<char> topic, out TopicName name)
    {
        name = default;
        if (topic.Length > LengthMax || !topic.StartsWith(Topics.Prefix, StringComparison.Ordinal))
            return false;
        ReadOnlySpan<char> rest = topic[Topics.Prefix.Length..];
        if (!FleetId.TryParse(Level(ref rest), out FleetId fleet))
            return false;
        if (rest.SequenceEqual($"{Topics.FleetLevel}/revoked"))
        {
            name = new TopicName(TopicKind.Revoked, fleet, default);
            return true;
        }
        if (!NodeId.TryParse(Level(ref rest), out NodeId node))
            return false;
        TopicKind kind = rest switch
        {
            Topics.Status => TopicKind.Status,
            Topics.Info => TopicKind.Info,
            Topics.Telemetry => TopicKind.Telemetry,
            Topics.Train => TopicKind.Train,
            Topics.Infer => TopicKind.Infer,
            Topics.Event => TopicKind.Event,
            Topics.Head => TopicKind.Head,
            Topics.UpdateFrame => TopicKind.UpdateFrame,
            Topics.ConfigDesired => TopicKind.ConfigDesired,
            Topics.ConfigReported => TopicKind.ConfigReported,
            Topics.OtaManifest => TopicKind.OtaManifest,
            _ => TopicKind.None,
        };
        if (kind != TopicKind.None)
        {
            name = new TopicName(kind, fleet, node);
            return true;
        }
        return Level(ref rest) switch
        {
            "upd" => TryParseChunk(rest, fleet, node, out name),
            "in" => TryParseInbox(rest, fleet, node, out name),
            "cmd" => TryParseCommand(rest, fleet, node, out name),
            _ => false,
        };
    }

    private static bool TryParseChunk(ReadOnlySpan<char> rest, FleetId fleet, NodeId node, out TopicName name)
    {
        name = default;
        if (Level(ref rest) is not "c"
            || !TryParseNumber(Level(ref rest), ulong.MaxValue, out ulong sequence) || !TryParseNumber(rest, int.MaxValue, out ulong index))
            return false;
        name = new TopicName(TopicKind.UpdateChunk, fleet, node) { Sequence = sequence, Index = (int)index };
        return true;
    }

    private static bool TryParseInbox(ReadOnlySpan<char> rest, FleetId fleet, NodeId node, out TopicName name)
    {
        name = default;
        if (!NodeId.TryParse(rest, out NodeId from))
            return false;
        name = new TopicName(TopicKind.Inbox, fleet, node) { From = from };
        return true;
    }

    private static bool TryParseCommand(ReadOnlySpan<char> rest, FleetId fleet, NodeId node, out TopicName name)
    {
        name = default;
        bool isCommand = !rest.Contains('/');
        ReadOnlySpan<char> verb = Level(ref rest);
        if (!Segment.IsValid(verb) || (!isCommand && rest is not "res"))
            return false;
        name = new TopicName(isCommand ? TopicKind.Command : TopicKind.CommandResult, fleet, node) { Verb = verb.ToString() };
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, ulong max, out ulong value) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= max && (text[0] != '0' || text.Length == 1);

    /// <summary>Takes the next level off; without a further slash, all that is left.</summary>
    private static ReadOnlySpan<char> Level(ref ReadOnlySpan<char> rest)
    {
        int slash = rest.IndexOf('/');
        ReadOnlySpan<char> level = slash < 0 ? rest : rest[..slash];
        rest = slash < 0 ? default : rest[(slash + 1)..];
        return level;
    }
}
