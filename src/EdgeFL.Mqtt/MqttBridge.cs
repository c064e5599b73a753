namespace EdgeFL.Mqtt;

/// <summary>
/// Carries chosen topics between an embedded broker and an outside one. A message goes up at most once and then down at most once: each bridge marks
/// what it carries with a user property, takes nothing up that bears a mark, and nothing down that bears the one for down. So no ring of bridges carries
/// a message for ever, whatever their filters are. MQTT 3.1.1 has no user properties: there a ring is cut at its first 5.0 link.
/// </summary>
public sealed class MqttBridge : IAsyncDisposable
{
    /// <summary>Principals under which bridges publish to their own broker start with this, which no certificate's name does.</summary>
    public const string PrincipalPrefix = "$bridge/";

    /// <summary>Name of the user property on what was carried up.</summary>
    public const string UpMark = "edgefl-bridge-up";

    /// <summary>Name of the user property on what was carried down.</summary>
    public const string DownMark = "edgefl-bridge-down";

    private readonly MqttBroker broker;
    private readonly MqttBridgeOptions options;
    private readonly MqttClient client;
    private readonly MqttClock clock;
    private readonly string principal;
    private readonly List<IDisposable> hearing = [];

    // Taken before the locks of broker and client, which call nobody while they hold theirs.
    private readonly Lock gate = new();
    private readonly BridgeStore store;
    private TaskCompletionSource? emptied;
    private int inFlight;
    private long inFlightBytes;
    private bool started;
    private bool up;
    private bool stopped;
    private bool draining;
    private bool toldFull;
    private volatile bool echoes;
    private long sentUp;
    private long takenDown;
    private long dropped;
    private long expired;
    private long refused;
    private long looped;
    private long handlerFaults;

    /// <summary>Makes a bridge; it carries from <see cref="StartAsync"/> on.</summary>
    /// <param name="broker">The own broker; stays the caller's.</param>
    /// <param name="options">The outside broker and what is carried.</param>
    /// <exception cref="ArgumentException">An option is out of its range, two filters of one direction overlap, or on MQTT 3.1.1 one for down overlaps what goes up.</exception>
    public MqttBridge(MqttBroker broker, MqttBridgeOptions options)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.broker = broker;
        this.options = options;
        clock = new MqttClock(options.Outside.Time);
        principal = PrincipalPrefix + options.Name;
        store = new BridgeStore(options.StoreMessagesMax, options.StoreTopicsMax, options.StoreBytesMax);
        MqttClientOptions outside = options.Outside with
        {
            // The client has room for all that is in flight here.
            OutgoingQueueMax = options.InFlightMax,
            OutgoingBytesMax = long.MaxValue,
            OnConnected = OnConnected,
            OnDisconnected = OnDisconnected,
        };
        client = new MqttClient(outside, OnOutside);
    }

    /// <summary>Whether the outside broker is connected.</summary>
    public bool IsConnected => client.IsConnected;

    /// <summary>Messages and retained topics that wait to go up, those on their way included.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return inFlight + store.Count;
        }
    }

    /// <summary>What it has carried.</summary>
    public MqttBridgeCounters Counters => new()
    {
        SentUp = Interlocked.Read(ref sentUp),
        TakenDown = Interlocked.Read(ref takenDown),
        Dropped = Interlocked.Read(ref dropped),
        Expired = Interlocked.Read(ref expired),
        Refused = Interlocked.Read(ref refused),
        Looped = Interlocked.Read(ref looped),
        HandlerFaults = Interlocked.Read(ref handlerFaults),
    };

    /// <summary>Counts of its connection to the outside broker.</summary>
    public MqttCounters LinkCounters => client.Counters;

    /// <summary>Starts carrying and connecting, and returns.</summary>
    /// <param name="cancel">Only looked at before it starts.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public Task StartAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (started)
                throw new InvalidOperationException("The bridge was started before: make a new one.");
            started = true;
        }
        foreach (MqttBridgeRule rule in options.Up)
            hearing.Add(broker.Subscribe(rule.Filter, message => OnOwn(rule, message), retainAsPublished: true));
        foreach (MqttBridgeRule rule in options.Down)
            _ = SubscribeAsync(rule);
        return client.StartAsync(cancel);
    }

    /// <summary>Stops carrying and disconnects, so that the will is not published. What is left to go up gets a while, if the link is up.</summary>
    /// <param name="flush">Longest time for that. Default none.</param>
    public async Task StopAsync(TimeSpan flush = default)
    {
        Task flushed;
        lock (gate)
        {
            if (stopped)
                return;
            stopped = true;
            emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);
            flushed = emptied.Task;
            Drain();
        }
        foreach (IDisposable subscription in hearing)
            subscription.Dispose();
        await Task.WhenAny(flushed, Task.Delay(flush, clock.Provider)).ConfigureAwait(false);
        lock (gate)
        {
            up = false;
            Interlocked.Add(ref dropped, store.Count);
        }
        await client.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await client.DisposeAsync().ConfigureAwait(false);
    }

    private static bool Bears(MqttMessage message, string mark)
    {
        foreach ((string name, _) in message.UserProperties)
        {
            if (name == mark)
                return true;
        }
        return false;
    }

    /// <summary>A message of the own broker: sent at once when it can be, else it waits or, at QoS 0, does not.</summary>
    private void OnOwn(MqttBridgeRule rule, MqttMessage message)
    {
        if (IsCarried(message))
        {
            Interlocked.Increment(ref looped);
            return;
        }
        bool full = false;
        lock (gate)
        {
            if (stopped)
                return;
            if (HasRoom() && store.Count == 0)
                Send(rule, message);
            else if (message.Retain)
                full = CountDropped(store.AddTopic(message.Topic));
            else if (Math.Min(message.Qos, rule.QosMax) > 0)
                full = CountDropped(store.Add(message, clock.NowMs));
            else
                Interlocked.Increment(ref dropped);
        }
        TellFull(full);
    }

    private static bool IsCarried(MqttMessage message) => Bears(message, UpMark) || Bears(message, DownMark);

    private bool HasRoom() => up && inFlight < options.InFlightMax && inFlightBytes < options.StoreBytesMax;

    /// <summary>Counts what gave way in the store; true when that is news. Called with the lock held.</summary>
    private bool CountDropped(int count)
    {
        if (count == 0)
            return false;
        Interlocked.Add(ref dropped, count);
        bool isNews = !toldFull;
        toldFull = true;
        return isNews;
    }

    private void TellFull(bool isFull)
    {
        if (isFull)
            Tell(MqttBridgeTroubleKind.StoreFull, "the oldest of what waits for the outside broker is dropped");
    }

    /// <summary>Sends what waits, as far as there is room. Called with the lock held.</summary>
    private void Drain()
    {
        if (draining)
            return; // A message that was refused at once: the loop below goes on.
        draining = true;
        while (HasRoom())
        {
            if (store.TryTakeTopic(out string topic))
            {
                // The newest there is; one that was forgotten meanwhile is to be forgotten outside too.
                MqttMessage newest = broker.Retained(topic) ?? new MqttMessage(topic, ReadOnlyMemory<byte>.Empty, 1, Retain: true);
                if (!IsCarried(newest))
                    Send(UpRule(topic), newest);
            }
            else if (store.TryTake() is not { } oldest)
            {
                toldFull = false;
                break;
            }
            else if (oldest.LessWait(clock.NowMs) is { } aged)
                Send(UpRule(aged.Topic), aged);
            else
                Interlocked.Increment(ref expired);
        }
        draining = false;
        if (!up || (inFlight == 0 && store.Count == 0))
            emptied?.TrySetResult();
    }

    /// <summary>The rule by which a topic of the own broker is in the store. Rules do not overlap.</summary>
    private MqttBridgeRule UpRule(string topic) => RuleOf(options.Up, topic)!;

    private static MqttBridgeRule? RuleOf(IReadOnlyList<MqttBridgeRule> rules, string topic)
    {
        foreach (MqttBridgeRule rule in rules)
        {
            if (rule.Matches(topic))
                return rule;
        }
        return null;
    }

    /// <summary>Hands a message to the client. Called with the lock held, so that order is kept.</summary>
    private void Send(MqttBridgeRule rule, MqttMessage message)
    {
        long bytes = BridgeStore.BytesOf(message);
        inFlight++;
        inFlightBytes += bytes;
        _ = SendAsync(
            message with
            {
                Topic = rule.Prefix + message.Topic,
                Qos = Math.Min(message.Qos, rule.QosMax),
                UserProperties = Marked(message, UpMark),
            },
            bytes);
    }

    private async Task SendAsync(MqttMessage message, long bytes)
    {
        MqttPublishResult result;
        try
        {
            result = await client.PublishAsync(message).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // Too long with its prefix, or one property too many with the mark.
            result = new(MqttPublishStatus.Refused, MqttReason.TopicNameInvalid);
        }
        Count(message.Topic, result);
        lock (gate)
        {
            inFlight--;
            inFlightBytes -= bytes;
            Drain();
        }
    }

    private void Count(string topic, MqttPublishResult result)
    {
        switch (result.Status)
        {
            case MqttPublishStatus.Delivered:
                Interlocked.Increment(ref sentUp);
                break;
            case MqttPublishStatus.Expired:
                Interlocked.Increment(ref expired);
                break;
            case MqttPublishStatus.Refused:
                Interlocked.Increment(ref refused);
                Tell(MqttBridgeTroubleKind.PublishRefused, $"{result.Reason} on '{topic}'");
                break;
            default:
                Interlocked.Increment(ref dropped);
                break;
        }
    }

    private void OnConnected(MqttConnected connected)
    {
        echoes = connected.Version == MqttVersion.V311;
        bool full = false;
        lock (gate)
        {
            up = true;
            // All that is retained once more: the outside broker may have been restarted, and a will may have changed what it holds.
            foreach (MqttBridgeRule rule in options.Up)
            {
                foreach (string topic in broker.RetainedTopics(rule.Filter))
                    full |= CountDropped(store.AddTopic(topic));
            }
            Drain();
        }
        TellFull(full);
        options.Outside.OnConnected?.Invoke(connected);
    }

    private void OnDisconnected(MqttDisconnected gone)
    {
        lock (gate)
        {
            up = false;
            emptied?.TrySetResult();
        }
        options.Outside.OnDisconnected?.Invoke(gone);
    }

    private async Task SubscribeAsync(MqttBridgeRule rule)
    {
        try
        {
            MqttReason answer = await client.SubscribeAsync(new MqttSubscription(rule.Filter, rule.QosMax) { NoLocal = true, RetainAsPublished = true }).ConfigureAwait(false);
            if (answer >= MqttReason.UnspecifiedError)
                Tell(MqttBridgeTroubleKind.SubscribeRefused, $"{answer} on '{rule.Filter}'");
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private bool MayBeOwn(string outsideTopic)
    {
        foreach (MqttBridgeRule rule in options.Up)
        {
            if (rule.MatchesTarget(outsideTopic))
                return true;
        }
        return false;
    }

    private KeyValuePair<string, string>[] Marked(MqttMessage message, string mark)
    {
        var marked = new KeyValuePair<string, string>[message.UserProperties.Count + 1];
        for (int i = 0; i < message.UserProperties.Count; i++)
            marked[i] = message.UserProperties[i];
        marked[^1] = new(mark, options.Name);
        return marked;
    }

    /// <summary>A message of the outside broker, which is not trusted to send only what was asked for.</summary>
    private ValueTask OnOutside(MqttMessage message)
    {
        // 3.1.1 has no subscriptions without one's own: what may be one's own is taken for that.
        if (Bears(message, DownMark) || (echoes && MayBeOwn(message.Topic)))
        {
            Interlocked.Increment(ref looped);
            return ValueTask.CompletedTask;
        }
        MqttBridgeRule? rule = RuleOf(options.Down, message.Topic);
        MqttReason reason = rule is null ? MqttReason.NotAuthorized : broker.PublishFor(message with
        {
            Topic = rule.Prefix + message.Topic,
            Qos = Math.Min(message.Qos, rule.QosMax),
            Principal = principal,
            UserProperties = Marked(message, DownMark),
        });
        if (reason < MqttReason.UnspecifiedError)
            Interlocked.Increment(ref takenDown);
        else
        {
            Interlocked.Increment(ref refused);
            Tell(MqttBridgeTroubleKind.NotTaken, $"{reason} on '{message.Topic}'");
        }
        return ValueTask.CompletedTask;
    }

    private void Tell(MqttBridgeTroubleKind kind, string detail)
    {
        try
        {
            options.OnTrouble?.Invoke(new MqttBridgeTrouble(kind, detail));
        }
        catch (Exception)
        {
            // A listener's fault must not end the carrying; it is counted and shown.
            Interlocked.Increment(ref handlerFaults);
        }
    }
}
