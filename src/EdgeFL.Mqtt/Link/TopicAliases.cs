namespace EdgeFL.Mqtt;

/// <summary>Topic aliases that one side of a connection may use (5.0, 3.3.2.3.4): first come, first numbered. Not thread-safe.</summary>
/// <param name="max">The receiver's Topic Alias Maximum.</param>
internal sealed class OutgoingAliases(int max)
{
    private readonly Dictionary<TopicName, ushort> numbers = new(ByText.Instance);

    /// <summary>The alias to write with a topic, 0 for none.</summary>
    /// <param name="topic">Topic of the message.</param>
    /// <param name="known">The receiver has it: the name is left away.</param>
    public ushort For(TopicName topic, out bool known)
    {
        known = numbers.TryGetValue(topic, out ushort alias);
        if (known || numbers.Count >= max)
            return alias;
        alias = (ushort)(numbers.Count + 1);
        numbers.Add(topic, alias);
        return alias;
    }

    private sealed class ByText : IEqualityComparer<TopicName>
    {
        public static readonly ByText Instance = new();

        public bool Equals(TopicName? x, TopicName? y) => ReferenceEquals(x, y) || string.Equals(x?.Text, y?.Text, StringComparison.Ordinal);

        public int GetHashCode(TopicName name) => string.GetHashCode(name.Text, StringComparison.Ordinal);
    }
}

/// <summary>Topic aliases that the other side has given. Not thread-safe.</summary>
/// <param name="max">The Topic Alias Maximum that was told to it.</param>
internal sealed class IncomingAliases(int max)
{
    private readonly TopicCache names = new();
    private TopicName?[]? known;

    /// <summary>The topic of a PUBLISH, and why there is none.</summary>
    public MqttReason Resolve(scoped in PublishFields publish, out TopicName? topic)
    {
        topic = null;
        int alias = publish.TopicAlias;
        if (alias > max)
            return MqttReason.TopicAliasInvalid;
        if (!publish.Topic.IsEmpty)
            topic = names.Get(publish.Topic);
        if (!publish.Topic.IsEmpty && topic is null)
            return MqttReason.MalformedPacket;
        if (alias == 0)
            return MqttReason.Success;
        ref TopicName? slot = ref (known ??= new TopicName?[max])[alias - 1];
        if (topic is null)
            topic = slot;
        else
            slot = topic;
        return topic is null ? MqttReason.ProtocolError : MqttReason.Success;
    }
}
