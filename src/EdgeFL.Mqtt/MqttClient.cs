namespace EdgeFL.Mqtt;

/// <summary>
/// An MQTT 5.0 client that falls back to 3.1.1. Once started it connects, and connects again, until it is stopped;
/// subscriptions and unacknowledged QoS 1 publishes carry over. Thread-safe.
/// </summary>
public sealed partial class MqttClient : IAsyncDisposable
{
    private readonly MqttClientOptions options;
    private readonly Func<MqttMessage, ValueTask>? handler;
    private readonly MqttClock clock;
    private readonly MqttTally tally = new();

    /// <summary>Makes a client; it connects from <see cref="StartAsync"/> on.</summary>
    /// <param name="options">Where the broker is and what is held for it.</param>
    /// <param name="onMessage">Gets received messages one after the other, never two at once. It may publish, subscribe and stop
    /// the client, and wait for it. A QoS 1 or 2 message is acknowledged when it ends; when it throws, the fault is counted and the message acknowledged.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public MqttClient(MqttClientOptions options, Func<MqttMessage, ValueTask>? onMessage = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.options = options;
        handler = onMessage;
        clock = new MqttClock(options.Time);
        Outbox = new ClientOutbox(options.OutgoingQueueMax, options.OutgoingBytesMax);
        IsPacketIdAsked = Subscriptions.IsAsked;
        NewPacketId = () => Outbox.NewPacketId(IsPacketIdAsked);
        clientId = options.ClientId;
        version = options.Version;
        incoming = MakeIncoming();
    }

    /// <summary>Counts since it was made.</summary>
    public MqttCounters Counters => tally.Snapshot();

    /// <summary>Whether a CONNACK has come on the connection of now.</summary>
    public bool IsConnected => Volatile.Read(ref up) is not null;

    /// <summary>Messages that wait to be sent or acknowledged.</summary>
    public int QueuedMessages
    {
        get
        {
            lock (Gate)
                return Outbox.Count;
        }
    }

    internal Lock Gate { get; } = new();

    internal ClientOutbox Outbox { get; }

    /// <summary>QoS 2 identifiers that the broker has used and not released, over all connections of its session.</summary>
    internal HashSet<ushort> Unreleased { get; } = [];

    internal ClientSubscriptions Subscriptions { get; } = new();

    /// <summary>Queues a message without waiting.</summary>
    /// <param name="topic">Topic name.</param>
    /// <param name="payload">Payload; it must not change until the message is sent.</param>
    /// <param name="qos">0, 1 or 2.</param>
    /// <param name="retain">The broker keeps it as the topic's retained message.</param>
    /// <returns>False when the queue is full, which is counted as a drop, or when the client is stopped.</returns>
    /// <exception cref="ArgumentException">The topic or the QoS is not valid.</exception>
    public bool TryPublish(string topic, ReadOnlyMemory<byte> payload, int qos = 0, bool retain = false) =>
        TryPublish(new MqttMessage(topic, payload, qos, retain));

    /// <summary>Queues a message with its MQTT 5.0 properties without waiting.</summary>
    /// <param name="message">The message; its payload must not change until it is sent.</param>
    /// <returns>As the shorter overload.</returns>
    /// <exception cref="ArgumentException">The topic or the QoS is not valid.</exception>
    public bool TryPublish(MqttMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.Check();
        bool added;
        lock (Gate)
            added = !stopped && Outbox.TryAdd(Outgoing(message, done: null));
        if (added)
            Volatile.Read(ref up)?.Wake();
        else
            MqttTally.Add(ref tally.Dropped);
        return added;
    }

    /// <summary>Publishes and waits: for room in the queue, then, at QoS 1 and 2, for the broker's acknowledgement, over as many connections as it takes.</summary>
    /// <param name="topic">Topic name.</param>
    /// <param name="payload">Payload; it must not change until the task ends.</param>
    /// <param name="qos">0, 1 or 2.</param>
    /// <param name="retain">The broker keeps it as the topic's retained message.</param>
    /// <param name="cancel">Ends the waiting; a message that is in the queue by then is still sent.</param>
    /// <exception cref="ArgumentException">The topic or the QoS is not valid.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set.</exception>
    public ValueTask<MqttPublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> payload, int qos = 0, bool retain = false, CancellationToken cancel = default) =>
        PublishAsync(new MqttMessage(topic, payload, qos, retain), cancel);

    /// <summary>Publishes a message with its MQTT 5.0 properties and waits as the shorter overload does.</summary>
    /// <param name="message">The message; its payload must not change until the task ends.</param>
    /// <param name="cancel">Ends the waiting; a message that is in the queue by then is still sent.</param>
    /// <exception cref="ArgumentException">The topic or the QoS is not valid.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set.</exception>
    public async ValueTask<MqttPublishResult> PublishAsync(MqttMessage message, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.Check();
        TaskCompletionSource<MqttPublishResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Delivery outgoing = Outgoing(message, done);
        while (true)
        {
            Task room;
            lock (Gate)
            {
                if (stopped)
                    return new MqttPublishResult(MqttPublishStatus.Stopped, MqttReason.UnspecifiedError);
                if (Outbox.TryAdd(outgoing))
                    break;
                room = Outbox.WaitForSpace();
            }
            await room.WaitAsync(cancel).ConfigureAwait(false);
        }
        Volatile.Read(ref up)?.Wake();
        return await done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Subscribes, now and after every reconnect, and waits for the broker's answer.</summary>
    /// <param name="filter">Topic filter.</param>
    /// <param name="qos">Highest QoS wanted, 0 to 2.</param>
    /// <param name="cancel">Ends the waiting; the subscription stays wanted.</param>
    /// <returns>The granted QoS, or a reason from 0x80 on; a filter that is refused at first is forgotten.</returns>
    /// <exception cref="ArgumentException">The filter or the QoS is not valid.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set or the client stopped.</exception>
    public Task<MqttReason> SubscribeAsync(string filter, int qos = 0, CancellationToken cancel = default) =>
        SubscribeAsync(new MqttSubscription(filter, qos), cancel);

    /// <summary>Subscribes with the options of MQTT 5.0, now and after every reconnect, and waits for the broker's answer.</summary>
    /// <param name="subscription">What is wanted. 3.1.1 knows the filter and the QoS alone.</param>
    /// <param name="cancel">Ends the waiting; the subscription stays wanted.</param>
    /// <returns>As the shorter overload.</returns>
    /// <exception cref="ArgumentException">The filter or the QoS is not valid.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set or the client stopped.</exception>
    public Task<MqttReason> SubscribeAsync(MqttSubscription subscription, CancellationToken cancel = default)
    {
        CheckFilter(subscription.Filter);
        if (subscription.Qos is < 0 or > 2)
            throw new ArgumentException($"QoS {subscription.Qos} does not exist: use 0, 1 or 2.", nameof(subscription));
        return Ask(subscriptions => subscriptions.Want(subscription), cancel);
    }

    /// <summary>Takes a subscription back and waits for the broker's answer.</summary>
    /// <param name="filter">Topic filter as it was subscribed.</param>
    /// <param name="cancel">Ends the waiting; the filter stays unwanted.</param>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set or the client stopped.</exception>
    public Task<MqttReason> UnsubscribeAsync(string filter, CancellationToken cancel = default)
    {
        CheckFilter(filter);
        return Ask(subscriptions => subscriptions.Unwant(filter), cancel);
    }

    private Delivery Outgoing(MqttMessage message, TaskCompletionSource<MqttPublishResult>? done) => new()
    {
        Message = RoutedMessage.Of(NameOf(message.Topic), message.Payload, message.Qos, message.Retain, null, message.ToProperties(), clock.NowMs),
        Qos = (byte)message.Qos,
        Retain = message.Retain,
        Done = done,
    };

    /// <summary>A publisher that stays with its topic encodes it once.</summary>
    private TopicName NameOf(string topic)
    {
        TopicName? last = Volatile.Read(ref lastTopic);
        if (last is null || !string.Equals(last.Text, topic, StringComparison.Ordinal))
            Volatile.Write(ref lastTopic, last = TopicName.Of(topic));
        return last;
    }

    private Task<MqttReason> Ask(Func<ClientSubscriptions, Wish> ask, CancellationToken cancel)
    {
        Task<MqttReason> answer;
        lock (Gate)
        {
            if (stopped)
                return Task.FromCanceled<MqttReason>(new CancellationToken(canceled: true));
            answer = ask(Subscriptions).Done.Task;
        }
        Volatile.Read(ref up)?.Wake();
        return answer.WaitAsync(cancel);
    }

    private static void CheckFilter(string filter)
    {
        if (!MqttTopic.IsValidFilter(filter))
            throw new ArgumentException($"'{filter}' is not a topic filter.", nameof(filter));
    }
}
