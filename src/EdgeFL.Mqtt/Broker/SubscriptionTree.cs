namespace EdgeFL.Mqtt;

/// <summary>Somebody's interest in a filter: a client session's or the host's own.</summary>
internal sealed class Subscription(string filter)
{
    public string Filter { get; } = filter;
    public Session? Session { get; init; }
    public Action<MqttMessage>? Handler { get; init; }
    public int Qos { get; init; }
    public bool NoLocal { get; init; }
    public bool RetainAsPublished { get; init; }

    /// <summary>MQTT 5.0 subscription identifier, 0 for none.</summary>
    public int Id { get; init; }

    /// <summary>The shared subscription that it is a member of, or, in the tree, that it stands for; null for one of its own.</summary>
    public SharedGroup? Group { get; init; }
}

/// <summary>
/// A shared subscription (5.0, 4.8.2): each message goes to one of its members. Used under the router's lock.
/// </summary>
internal sealed class SharedGroup
{
    /// <summary>What such filters start with; the share's name and the filter proper follow.</summary>
    public const string Prefix = "$share/";

    private readonly List<Subscription> members = [];
    private int last = -1;

    public SharedGroup(string sharedFilter)
    {
        Entry = new Subscription(FilterOf(sharedFilter)) { Group = this };
    }

    /// <summary>What stands in the tree for all members.</summary>
    public Subscription Entry { get; }

    public bool IsEmpty => members.Count == 0;

    public static bool IsShared(string filter) => filter.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The filter proper; empty when the share's name or the filter is missing (4.8.2).</summary>
    public static string FilterOf(string sharedFilter)
    {
        int slash = sharedFilter.IndexOf('/', Prefix.Length);
        bool named = slash > Prefix.Length && !sharedFilter.AsSpan(Prefix.Length, slash - Prefix.Length).ContainsAny('+', '#');
        return named ? sharedFilter[(slash + 1)..] : "";
    }

    public void Add(Subscription member) => members.Add(member);

    public void Remove(Subscription member) => members.Remove(member);

    /// <summary>The member whose turn it is: one that is connected and keeps up before one that is not, null when none can take the message.</summary>
    public Subscription? Choose(int qos)
    {
        Subscription? absent = null;
        Subscription? busy = null;
        for (int i = 0; i < members.Count; i++)
        {
            last = last + 1 < members.Count ? last + 1 : 0;
            Subscription member = members[last];
            Session session = member.Session!;
            if (session.Connection is null)
                absent ??= Math.Min(qos, member.Qos) > 0 ? member : null;
            else if (session.IsBusy)
                busy ??= member;
            else
                return member;
        }
        return busy ?? absent;
    }
}

/// <summary>Subscriptions by the levels of their filters, so that a publish looks only where it can match. Used under the router's lock.</summary>
internal sealed class SubscriptionTree
{
    private readonly Node root = new();

    /// <summary>Subscriptions held.</summary>
    public int Count { get; private set; }

    public void Add(Subscription subscription)
    {
        ReadOnlySpan<char> rest = subscription.Filter;
        Node node = root;
        bool more;
        do
        {
            ReadOnlySpan<char> level = MqttTopic.CutLevel(ref rest, out more);
            if (level is "#")
            {
                (node.Below ??= []).Add(subscription);
                Count++;
                return;
            }
            node = node.Child(level, make: true)!;
        }
        while (more);
        (node.Here ??= []).Add(subscription);
        Count++;
    }

    public void Remove(Subscription subscription) => Remove(root, subscription.Filter, more: true, subscription);

    /// <summary>Appends every subscription whose filter covers the topic; a client with several comes several times.</summary>
    public void Match(string topic, List<Subscription> matches) => Match(root, topic, more: true, topic.StartsWith('$'), matches);

    private static void Match(Node node, ReadOnlySpan<char> rest, bool more, bool hideWildcards, List<Subscription> matches)
    {
        if (!hideWildcards && node.Below is not null)
            matches.AddRange(node.Below);
        if (!more)
        {
            if (node.Here is not null)
                matches.AddRange(node.Here);
            return;
        }
        ReadOnlySpan<char> level = MqttTopic.CutLevel(ref rest, out more);
        if (!hideWildcards && node.Plus is not null)
            Match(node.Plus, rest, more, hideWildcards: false, matches);
        Node? child = node.Literal(level);
        if (child is not null)
            Match(child, rest, more, hideWildcards: false, matches);
    }

    private void Remove(Node node, ReadOnlySpan<char> rest, bool more, Subscription subscription)
    {
        if (!more)
        {
            if (node.Here?.Remove(subscription) == true)
                Count--;
            return;
        }
        ReadOnlySpan<char> level = MqttTopic.CutLevel(ref rest, out more);
        if (level is "#")
        {
            if (node.Below?.Remove(subscription) == true)
                Count--;
            return;
        }
        Node? child = node.Child(level, make: false);
        if (child is null)
            return;
        Remove(child, rest, more, subscription);
        if (child.IsEmpty)
            node.Cut(level);
    }

    private sealed class Node
    {
        private Dictionary<string, Node>? children;

        /// <summary>Filters that end here.</summary>
        public List<Subscription>? Here;

        /// <summary>Filters that end here with <c>#</c>.</summary>
        public List<Subscription>? Below;

        public Node? Plus;

        public bool IsEmpty => Here is not { Count: > 0 } && Below is not { Count: > 0 } && Plus is null && children is not { Count: > 0 };

        public Node? Literal(ReadOnlySpan<char> level) =>
            children is not null && children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out Node? child) ? child : null;

        public Node? Child(ReadOnlySpan<char> level, bool make)
        {
            Node? child = level is "+" ? Plus : Literal(level);
            if (child is not null || !make)
                return child;
            child = new Node();
            if (level is "+")
                Plus = child;
            else
                (children ??= new(StringComparer.Ordinal)).Add(level.ToString(), child);
            return child;
        }

        public void Cut(ReadOnlySpan<char> level)
        {
            if (level is "+")
                Plus = null;
            else
                children!.GetAlternateLookup<ReadOnlySpan<char>>().Remove(level);
        }
    }
}
