namespace EdgeFL.Mqtt;

/// <summary>
/// The broker's state: sessions, subscriptions, retained messages, under one lock that is held for microseconds and never
/// over a callback or a write.
/// </summary>
internal sealed partial class MessageRouter(MqttBrokerOptions options, MqttClock clock, MqttTally tally)
{
    /// <summary>What the topics of the broker's own figures start with.</summary>
    public const string SystemPrefix = "$SYS/broker/";

    private readonly Dictionary<(string Principal, string ClientId), Session> sessions = [];
    private readonly SubscriptionTree subscriptions = new();
    private readonly RetainedStore retained = new(options.RetainedMessagesMax, options.RetainedBytesMax);
    private readonly RetainedStore figures = new(int.MaxValue, long.MaxValue);
    private readonly List<Subscription> matches = [];
    private readonly List<Session> receivers = [];
    private readonly Dictionary<string, SharedGroup> groups = new(StringComparer.Ordinal);
    private readonly List<RoutedMessage> retainedMatches = [];
    private long stamp;

    public Lock Gate { get; } = new();

    public int RetainedCount
    {
        get
        {
            lock (Gate)
                return retained.Count;
        }
    }

    public int SubscriptionCount
    {
        get
        {
            lock (Gate)
                return sessions.Values.Sum(session => session.Subscriptions.Count);
        }
    }

    public int SessionCount
    {
        get
        {
            lock (Gate)
                return sessions.Count;
        }
    }

    /// <summary>Keeps and forwards a message. Host handlers run on the calling thread, after the lock is left.</summary>
    /// <param name="message">What was published.</param>
    /// <param name="source">Who published, for subscriptions that do not want their own; null for the host and for wills.</param>
    /// <param name="byHost">The host's own: it is kept past the bound of retained messages.</param>
    /// <returns><see cref="MqttReason.Success"/>, <see cref="MqttReason.NoMatchingSubscribers"/> or <see cref="MqttReason.QuotaExceeded"/>.</returns>
    public MqttReason Route(RoutedMessage message, Session? source, bool byHost = false)
    {
        List<Subscription>? handlers = null;
        int count;
        lock (Gate)
        {
            RetainedStore store = message.Topic.Text.StartsWith(SystemPrefix, StringComparison.Ordinal) ? figures : retained;
            if (message.Retain && !store.TryKeep(message, byHost))
                return MqttReason.QuotaExceeded;
            count = Collect(message, source, ref handlers);
            foreach (Session receiver in receivers)
                Enqueue(receiver, message, receiver.MatchQos, receiver.MatchRetain && message.Retain, receiver.MatchIds);
            receivers.Clear();
        }
        if (handlers is not null)
        {
            MqttMessage shown = message.ToMessage(retained: false);
            foreach (Subscription host in handlers)
                Call(host.Handler!, message.Retain && host.RetainAsPublished ? shown with { Retain = true } : shown);
        }
        return count > 0 ? MqttReason.Success : MqttReason.NoMatchingSubscribers;
    }

    /// <summary>Adds or replaces a session's subscription and queues the retained messages that it asks for.</summary>
    /// <returns>The granted QoS or a reason from 0x80 on.</returns>
    public MqttReason Subscribe(Session session, SubscribeEntry entry, int subscriptionId, out Subscription? wantsRetained)
    {
        wantsRetained = null;
        lock (Gate)
        {
            bool replaced = session.Subscriptions.TryGetValue(entry.Filter, out Subscription? old);
            if (!replaced && session.Subscriptions.Count >= options.SubscriptionsMax)
                return MqttReason.QuotaExceeded;
            if (old is not null)
                Remove(old, entry.Filter);
            SharedGroup? group = SharedGroup.IsShared(entry.Filter) ? GroupOf(entry.Filter) : null;
            Subscription subscription = new(group?.Entry.Filter ?? entry.Filter)
            {
                Session = session,
                Qos = entry.Qos,
                NoLocal = entry.NoLocal,
                RetainAsPublished = entry.RetainAsPublished,
                Id = subscriptionId,
                Group = group,
            };
            session.Subscriptions[entry.Filter] = subscription;
            if (group is not null)
                group.Add(subscription);
            else
                subscriptions.Add(subscription);
            // Retained messages are not sent to a share: nobody knows whether a member had them (5.0, 4.8.2).
            if (group is null && (entry.RetainHandling == 0 || (entry.RetainHandling == 1 && !replaced)))
                wantsRetained = subscription;
            return (MqttReason)entry.Qos;
        }
    }

    public bool Unsubscribe(Session session, string filter)
    {
        lock (Gate)
        {
            if (!session.Subscriptions.Remove(filter, out Subscription? old))
                return false;
            Remove(old, filter);
            return true;
        }
    }

    private SharedGroup GroupOf(string sharedFilter)
    {
        if (groups.TryGetValue(sharedFilter, out SharedGroup? group))
            return group;
        group = new SharedGroup(sharedFilter);
        groups.Add(sharedFilter, group);
        subscriptions.Add(group.Entry);
        return group;
    }

    /// <summary>Takes a subscription out of the tree, or out of its share, which goes with its last member.</summary>
    private void Remove(Subscription subscription, string filter)
    {
        if (subscription.Group is not { } group)
        {
            subscriptions.Remove(subscription);
            return;
        }
        group.Remove(subscription);
        if (!group.IsEmpty)
            return;
        groups.Remove(filter);
        subscriptions.Remove(group.Entry);
    }

    /// <summary>The host's own subscription; retained messages are handed over before it returns.</summary>
    public Subscription SubscribeHost(string filter, Action<MqttMessage> handler, bool retainAsPublished)
    {
        Subscription subscription = new(filter) { Handler = handler, Qos = 2, RetainAsPublished = retainAsPublished };
        List<RoutedMessage> kept = [];
        lock (Gate)
        {
            subscriptions.Add(subscription);
            retained.Match(filter, clock.NowMs, kept);
            figures.Match(filter, clock.NowMs, kept);
        }
        foreach (RoutedMessage message in kept)
            Call(handler, message.ToRetainedMessage(clock.NowMs));
        return subscription;
    }

    /// <summary>The retained message of a topic, null when there is none.</summary>
    public MqttMessage? Retained(string topic)
    {
        List<RoutedMessage> found = MatchRetained(topic);
        return found.Count > 0 ? found[0].ToRetainedMessage(clock.NowMs) : null;
    }

    /// <summary>Retained messages that a filter covers, the broker's own figures included.</summary>
    public List<RoutedMessage> MatchRetained(string filter)
    {
        List<RoutedMessage> found = [];
        lock (Gate)
        {
            retained.Match(filter, clock.NowMs, found);
            figures.Match(filter, clock.NowMs, found);
        }
        return found;
    }

    public void UnsubscribeHost(Subscription subscription)
    {
        lock (Gate)
            subscriptions.Remove(subscription);
    }

    private int Collect(RoutedMessage message, Session? source, ref List<Subscription>? handlers)
    {
        stamp++;
        matches.Clear();
        receivers.Clear();
        subscriptions.Match(message.Topic.Text, matches);
        int shared = 0;
        foreach (Subscription match in matches)
        {
            if (match.Handler is not null)
            {
                (handlers ??= []).Add(match);
                continue;
            }
            if (match.Group is { } group)
            {
                shared += SendToOne(group, message) ? 1 : 0;
                continue;
            }
            Session session = match.Session!;
            if (match.NoLocal && session == source)
                continue;
            if (session.MatchStamp != stamp)
            {
                session.MatchStamp = stamp;
                session.MatchQos = match.Qos;
                session.MatchRetain = match.RetainAsPublished;
                session.MatchIds = null;
                receivers.Add(session);
            }
            else
            {
                session.MatchQos = Math.Max(session.MatchQos, match.Qos);
                session.MatchRetain |= match.RetainAsPublished;
            }
            if (match.Id > 0)
                (session.MatchIds ??= []).Add(match.Id);
        }
        matches.Clear();
        return receivers.Count + shared + (handlers?.Count ?? 0);
    }

    /// <summary>A share's copy is a message of its own, beside what else its receiver gets (5.0, 4.8.2).</summary>
    private bool SendToOne(SharedGroup group, RoutedMessage message)
    {
        if (group.Choose(message.Qos) is not { } member)
            return false;
        Enqueue(member.Session!, message, member.Qos, member.RetainAsPublished && message.Retain, member.Id > 0 ? [member.Id] : null);
        return true;
    }

    /// <summary>Queues the retained messages of one subscription, unless it was replaced or taken back meanwhile. Takes the lock for this one alone.</summary>
    public bool SendRetained(Session session, string filter, Subscription subscription, BrokerConnection connection)
    {
        lock (Gate)
        {
            if (session.Connection != connection)
                return false;
            if (session.Subscriptions.TryGetValue(filter, out Subscription? now) && now == subscription)
                SendRetained(session, subscription);
            return true;
        }
    }

    private void SendRetained(Session session, Subscription subscription)
    {
        retainedMatches.Clear();
        retained.Match(subscription.Filter, clock.NowMs, retainedMatches);
        figures.Match(subscription.Filter, clock.NowMs, retainedMatches);
        List<int>? ids = subscription.Id > 0 ? [subscription.Id] : null;
        foreach (RoutedMessage message in retainedMatches)
            Enqueue(session, message, subscription.Qos, retain: true, ids);
        retainedMatches.Clear();
    }

    private void Enqueue(Session receiver, RoutedMessage message, int qosMax, bool retain, List<int>? ids)
    {
        EnqueueResult result = receiver.Enqueue(new Delivery
        {
            Message = message,
            Qos = (byte)Math.Min(message.Qos, qosMax),
            Retain = retain,
            SubscriptionIds = ids,
        });
        if (result != EnqueueResult.Queued)
            MqttTally.Add(ref tally.Dropped);
        if (result == EnqueueResult.Overflow)
            receiver.Connection?.TooSlow();
        else
            receiver.Connection?.Wake();
    }

    private void Call(Action<MqttMessage> handler, MqttMessage message)
    {
        try
        {
            handler(message);
        }
        catch (Exception)
        {
            // A handler's fault must not cost the publisher its connection; it is counted and shown.
            MqttTally.Add(ref tally.HandlerFaults);
        }
    }
}
