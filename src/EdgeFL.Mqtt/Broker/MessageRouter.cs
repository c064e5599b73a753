namespace EdgeFL.Mqtt;

/// <summary>
/// The broker's state: sessions, subscriptions, retained messages, under one lock that is held for microseconds and never
/// over a callback or a write.
/// </summary>
internal sealed partial class MessageRouter(MqttBrokerOptions options, MqttClock clock, MqttTally tally)
{
    private readonly Dictionary<(string Principal, string ClientId), Session> sessions = [];
    private readonly SubscriptionTree subscriptions = new();
    private readonly RetainedStore retained = new(options.RetainedMessagesMax, options.RetainedBytesMax);
    private readonly List<Subscription> matches = [];
    private readonly List<Session> receivers = [];
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
            if (message.Retain && !retained.TryKeep(message, byHost))
                return MqttReason.QuotaExceeded;
            count = Collect(message, source, ref handlers);
            foreach (Session receiver in receivers)
            {
                int qos = Math.Min(message.Qos, receiver.MatchQos);
                Enqueue(receiver, new Delivery(message, qos, receiver.MatchRetain && message.Retain, receiver.MatchIds));
            }
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
    public MqttReason Subscribe(Session session, SubscribeEntry entry, int subscriptionId)
    {
        lock (Gate)
        {
            bool replaced = session.Subscriptions.Remove(entry.Filter, out Subscription? old);
            if (!replaced && session.Subscriptions.Count >= options.SubscriptionsMax)
                return MqttReason.QuotaExceeded;
            if (old is not null)
                subscriptions.Remove(old);
            Subscription subscription = new(entry.Filter)
            {
                Session = session,
                Qos = Math.Min(entry.Qos, 1),
                NoLocal = entry.NoLocal,
                RetainAsPublished = entry.RetainAsPublished,
                Id = subscriptionId,
            };
            session.Subscriptions.Add(entry.Filter, subscription);
            subscriptions.Add(subscription);
            if (entry.RetainHandling == 0 || (entry.RetainHandling == 1 && !replaced))
                SendRetained(session, subscription);
            return (MqttReason)subscription.Qos;
        }
    }

    public bool Unsubscribe(Session session, string filter)
    {
        lock (Gate)
        {
            if (!session.Subscriptions.Remove(filter, out Subscription? old))
                return false;
            subscriptions.Remove(old);
            return true;
        }
    }

    /// <summary>The host's own subscription; retained messages are handed over before it returns.</summary>
    public Subscription SubscribeHost(string filter, Action<MqttMessage> handler, bool retainAsPublished)
    {
        Subscription subscription = new(filter) { Handler = handler, Qos = 1, RetainAsPublished = retainAsPublished };
        List<RoutedMessage> kept = [];
        lock (Gate)
        {
            subscriptions.Add(subscription);
            retained.Match(filter, clock.NowMs, kept);
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

    /// <summary>Retained messages that a filter covers.</summary>
    public List<RoutedMessage> MatchRetained(string filter)
    {
        List<RoutedMessage> found = [];
        lock (Gate)
            retained.Match(filter, clock.NowMs, found);
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
        subscriptions.Match(message.Topic, matches);
        foreach (Subscription match in matches)
        {
            if (match.Handler is not null)
            {
                (handlers ??= []).Add(match);
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
        return receivers.Count + (handlers?.Count ?? 0);
    }

    private void SendRetained(Session session, Subscription subscription)
    {
        retainedMatches.Clear();
        retained.Match(subscription.Filter, clock.NowMs, retainedMatches);
        List<int>? ids = subscription.Id > 0 ? [subscription.Id] : null;
        foreach (RoutedMessage message in retainedMatches)
            Enqueue(session, new Delivery(message, Math.Min(message.Qos, subscription.Qos), retain: true, ids));
        retainedMatches.Clear();
    }

    private void Enqueue(Session receiver, Delivery delivery)
    {
        EnqueueResult result = receiver.Enqueue(delivery);
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
