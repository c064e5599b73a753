namespace EdgeFL.Mqtt;

/// <summary>Which messages a bridge carries in one direction.</summary>
/// <param name="filter">Topic filter, as the source names its topics.</param>
public sealed class MqttBridgeRule(string filter)
{
    /// <summary>Topic filter, as the source names its topics.</summary>
    public string Filter => filter;

    /// <summary>Highest QoS that a message keeps on its way, 0 to 2. Default 1.</summary>
    public int QosMax { get; init; } = 1;

    /// <summary>Put before the topic on its way: empty, or levels that end with a slash. Default empty.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What the target gets to see of it.</summary>
    internal string TargetFilter => Prefix + Filter;

    internal bool Matches(string topic) => MqttTopic.Matches(Filter, topic);

    /// <summary>Whether a topic, as the target names it, may have been carried by this rule.</summary>
    internal bool MatchesTarget(string topic) =>
        topic.StartsWith(Prefix, StringComparison.Ordinal) && topic.Length > Prefix.Length && Matches(topic[Prefix.Length..]);
}

/// <summary>What kind of trouble a bridge has.</summary>
public enum MqttBridgeTroubleKind
{
    /// <summary>The store is full: the oldest is dropped. Told once for each time that it fills up.</summary>
    StoreFull,

    /// <summary>The outside broker does not grant a subscription.</summary>
    SubscribeRefused,

    /// <summary>The outside broker, or what it said of itself, does not allow a publish.</summary>
    PublishRefused,

    /// <summary>The own broker's rules or limits do not allow what came from outside.</summary>
    NotTaken,
}

/// <summary>Something that an operator of a bridge should hear of.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Detail">Reason and topic, for a log.</param>
public readonly record struct MqttBridgeTrouble(MqttBridgeTroubleKind Kind, string Detail);

/// <summary>What a bridge has carried since it was made.</summary>
public readonly record struct MqttBridgeCounters
{
    /// <summary>Messages that the outside broker has: acknowledged at QoS 1, written at QoS 0.</summary>
    public long SentUp { get; init; }

    /// <summary>Messages that the own broker took from outside.</summary>
    public long TakenDown { get; init; }

    /// <summary>Messages that did not go up: the oldest of a full store, and QoS 0 while the link was down or did not keep up.</summary>
    public long Dropped { get; init; }

    /// <summary>Messages whose expiry time passed while they waited.</summary>
    public long Expired { get; init; }

    /// <summary>Messages that one of the two brokers did not allow.</summary>
    public long Refused { get; init; }

    /// <summary>Messages that were not carried on because a bridge had carried them already.</summary>
    public long Looped { get; init; }

    /// <summary>Times a hearer of trouble threw.</summary>
    public long HandlerFaults { get; init; }
}

/// <summary>What a bridge carries between its broker and an outside one, and what it holds while the link is down.</summary>
public sealed record MqttBridgeOptions
{
    /// <summary>
    /// What it calls itself: messages from outside enter the own broker under the principal <c>$bridge/{Name}</c>, and what it carries bears
    /// the name in a user property. 1 to 256 characters.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>
    /// Where the outside broker is. With <see cref="MqttClientOptions.CleanStart"/> off and a session expiry it keeps what should come down
    /// while the link is down. The bounds of the client's outgoing queue are not used: those here hold.
    /// </summary>
    public required MqttClientOptions Outside { get; init; }

    /// <summary>What goes to the outside broker. No two filters may overlap: a message would go twice. Default nothing.</summary>
    public IReadOnlyList<MqttBridgeRule> Up { get; init; } = [];

    /// <summary>What comes from the outside broker, in the same way. Default nothing.</summary>
    public IReadOnlyList<MqttBridgeRule> Down { get; init; } = [];

    /// <summary>Messages that are not retained and wait for the link, 1 to 1000000; past it the oldest is dropped. Default 256.</summary>
    public int StoreMessagesMax { get; init; } = 256;

    /// <summary>Retained topics that wait for the link, 1 to 1000000; of each the newest message is sent. Past it the oldest is dropped. Default 4096.</summary>
    public int StoreTopicsMax { get; init; } = 4096;

    /// <summary>Bytes that wait for the link, topics included, at least 1024; as much again may be on its way. Default 1 MiB.</summary>
    public long StoreBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Messages on their way to the outside broker at once, 1 to 1024. Default 32.</summary>
    public int InFlightMax { get; init; } = 32;

    /// <summary>Hears of trouble, on any thread; returns quickly. What is refused is told each time.</summary>
    public Action<MqttBridgeTrouble>? OnTrouble { get; init; }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Outside);
        ArgumentNullException.ThrowIfNull(Name);
        if (Name.Length is 0 or > 256 || !MqttTopic.IsClean(Name))
            throw new ArgumentException($"'{Name}' is not a name of a bridge: 1 to 256 characters.", nameof(Name));
        MqttBrokerOptions.Range(StoreMessagesMax, 1, 1_000_000, nameof(StoreMessagesMax));
        MqttBrokerOptions.Range(StoreTopicsMax, 1, 1_000_000, nameof(StoreTopicsMax));
        MqttBrokerOptions.Range(StoreBytesMax, 1024, long.MaxValue, nameof(StoreBytesMax));
        MqttBrokerOptions.Range(InFlightMax, 1, 1024, nameof(InFlightMax));
        CheckRules(Up, nameof(Up));
        CheckRules(Down, nameof(Down));
        if (Outside.Version != MqttVersion.V311)
            return;
        foreach (MqttBridgeRule up in Up)
        {
            foreach (MqttBridgeRule down in Down)
            {
                if (MqttTopic.Overlap(up.TargetFilter, down.Filter))
                    throw new ArgumentException($"Down '{down.Filter}' would bring back what up '{up.TargetFilter}' sends: MQTT 3.1.1 has no subscriptions without one's own messages.");
            }
        }
    }

    private static void CheckRules(IReadOnlyList<MqttBridgeRule> rules, string direction)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            MqttBridgeRule rule = rules[i];
            if (!MqttTopic.IsValidFilter(rule.Filter) || rule.Filter.StartsWith("$share/", StringComparison.Ordinal))
                throw new ArgumentException($"{direction}: '{rule.Filter}' is not a topic filter that a bridge can use.");
            if (rule.Prefix.Length > 0 && (!rule.Prefix.EndsWith('/') || !MqttTopic.IsValidName(rule.Prefix)))
                throw new ArgumentException($"{direction}: the prefix '{rule.Prefix}' of '{rule.Filter}' must be levels without wildcards that end with a slash.");
            if (rule.TargetFilter[0] == '$')
                throw new ArgumentException($"{direction}: '{rule.TargetFilter}' belongs to the broker that it would be published to: give it a prefix.");
            MqttBrokerOptions.Range(rule.QosMax, 0, 2, $"{direction}: QosMax of '{rule.Filter}'");
            for (int j = 0; j < i; j++)
            {
                if (MqttTopic.Overlap(rules[j].Filter, rule.Filter))
                    throw new ArgumentException($"{direction}: '{rules[j].Filter}' and '{rule.Filter}' overlap: a message of both would go twice.");
            }
        }
    }
}
