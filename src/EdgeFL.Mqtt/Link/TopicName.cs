using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>A valid topic name in both its forms, made once for the many messages that carry it.</summary>
internal sealed class TopicName
{
    private TopicName(string text, byte[] utf8)
    {
        Text = text;
        Utf8 = utf8;
        Levels = MqttTopic.Levels(text);
    }

    public string Text { get; }

    public byte[] Utf8 { get; }

    public int Levels { get; }

    /// <summary>From a name that is known to be valid.</summary>
    public static TopicName Of(string text) => new(text, Encoding.UTF8.GetBytes(text));

    /// <summary>From bytes of the wire; null when they are no topic name.</summary>
    public static TopicName? TryParse(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.ContainsAny((byte)'+', (byte)'#') || !MqttReader.IsCleanText(utf8))
            return null;
        return new TopicName(Encoding.UTF8.GetString(utf8), utf8.ToArray());
    }
}

/// <summary>
/// The topics that came last on one connection: a publisher that stays with a few makes no string for each message. Not thread-safe.
/// </summary>
internal sealed class TopicCache
{
    private const int Slots = 16;

    /// <summary>Longer names are not kept, so that nobody can make a connection hold more than a few kilobytes.</summary>
    private const int BytesMax = 256;

    private TopicName?[]? slots;

    /// <summary>The name of these bytes; null when they are no topic name.</summary>
    public TopicName? Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > BytesMax)
            return TopicName.TryParse(utf8);
        HashCode hash = default;
        hash.AddBytes(utf8);
        ref TopicName? slot = ref (slots ??= new TopicName?[Slots])[hash.ToHashCode() & (Slots - 1)];
        if (slot is not null && utf8.SequenceEqual(slot.Utf8))
            return slot;
        TopicName? parsed = TopicName.TryParse(utf8);
        if (parsed is not null)
            slot = parsed;
        return parsed;
    }
}
