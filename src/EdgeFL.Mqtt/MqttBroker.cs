using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt;

/// <summary>
/// An MQTT 3.1.1 and 5.0 broker inside the process: QoS 0, 1 and 2, shared subscriptions, retained messages, wills, persistent sessions (in memory),
/// TLS 1.3 with client certificates, and access rules for every publish and subscription.
/// </summary>
public sealed partial class MqttBroker : IAsyncDisposable
{
    private readonly MqttBrokerOptions options;
    private readonly MqttClock clock;
    private readonly MqttTally tally = new();
    private readonly MessageRouter router;
    private readonly SystemTopics systemTopics;
    private readonly IPEndPoint[] localEndPoints;

    /// <summary>Makes a broker; it listens from <see cref="StartAsync"/> on.</summary>
    /// <param name="options">Where it listens and what it bears.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its range.</exception>
    /// <exception cref="ArgumentException">A listener contradicts itself.</exception>
    public MqttBroker(MqttBrokerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.options = options;
        clock = new MqttClock(options.Time);
        router = new MessageRouter(options, clock, tally);
        systemTopics = new SystemTopics(this, clock, options.SystemTopicsSeconds);
        Security = new SecurityReporter(options.OnSecurityEvent, clock, tally);
        listening = new Socket?[options.Listeners.Count];
        localEndPoints = new IPEndPoint[options.Listeners.Count];
        for (int i = 0; i < localEndPoints.Length; i++)
            localEndPoints[i] = options.Listeners[i].EndPoint;
    }

    /// <summary>Where the first listener listens, with the port that was taken.</summary>
    public IPEndPoint LocalEndPoint => localEndPoints[0];

    /// <summary>Where each listener listens, in the order of the options.</summary>
    public IReadOnlyList<IPEndPoint> LocalEndPoints => localEndPoints;

    /// <summary>Counts since it was made.</summary>
    public MqttCounters Counters => tally.Snapshot();

    /// <summary>Clients whose CONNECT was accepted and that are still connected.</summary>
    public int ConnectedClients => Volatile.Read(ref admitted);

    /// <summary>Sessions kept, connected or not.</summary>
    public int Sessions => router.SessionCount;

    /// <summary>Subscriptions of all sessions.</summary>
    public int Subscriptions => router.SubscriptionCount;

    /// <summary>Retained messages kept; the broker's own figures are not counted.</summary>
    public int RetainedMessages => router.RetainedCount;

    internal SecurityReporter Security { get; }

    /// <summary>Publishes as the host itself: no access rules, no principal, and retained past the limits that hold for clients.</summary>
    /// <param name="topic">Topic name; <c>$</c> topics are allowed to the host.</param>
    /// <param name="payload">Payload; it is copied.</param>
    /// <param name="qos">0, 1 or 2.</param>
    /// <param name="retain">Keep as the topic's retained message; an empty payload forgets it.</param>
    /// <returns><see cref="MqttReason.Success"/> or <see cref="MqttReason.NoMatchingSubscribers"/>.</returns>
    /// <exception cref="ArgumentException">The topic, the QoS or a property is not valid, or the payload is above <see cref="MqttBrokerOptions.PacketBytesMax"/>.</exception>
    public MqttReason Publish(string topic, ReadOnlySpan<byte> payload, int qos = 0, bool retain = false) =>
        Publish(new MqttMessage(topic, payload.ToArray(), qos, retain));

    /// <summary>Publishes a message with its MQTT 5.0 properties as the host itself.</summary>
    /// <param name="message">The message; its payload must not change afterwards. <see cref="MqttMessage.Principal"/> is passed on to host handlers.</param>
    /// <returns>As the shorter overload.</returns>
    /// <exception cref="ArgumentException">The topic, the QoS or a property is not valid, or the payload is above <see cref="MqttBrokerOptions.PacketBytesMax"/>.</exception>
    public MqttReason Publish(MqttMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.Check();
        if (message.Payload.Length > options.PacketBytesMax)
            throw new ArgumentException($"A payload of {message.Payload.Length} bytes is above the limit of {options.PacketBytesMax}.", nameof(message));
        return router.Route(RoutedMessage.Of(message, clock.NowMs), source: null, byHost: true);
    }

    /// <summary>
    /// Subscribes the host. The handler runs on the publishing connection's thread (retained messages: on this one, before the
    /// call returns); it returns quickly, may publish, and counts as a fault when it throws.
    /// </summary>
    /// <param name="filter">Topic filter.</param>
    /// <param name="handler">Gets each message with the principal that published it.</param>
    /// <param name="retainAsPublished">Show <see cref="MqttMessage.Retain"/> as the publisher set it, also on messages that are told as they come.</param>
    /// <returns>Dispose it to unsubscribe.</returns>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    public IDisposable Subscribe(string filter, Action<MqttMessage> handler, bool retainAsPublished = false)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!MqttTopic.IsValidFilter(filter))
            throw new ArgumentException($"'{filter}' is not a topic filter.", nameof(filter));
        return new HostSubscription(router, router.SubscribeHost(filter, handler, retainAsPublished));
    }

    /// <summary>Cuts every connection of a principal and forgets its sessions: revocation acts on live connections.</summary>
    /// <param name="principal">As <see cref="IMqttAccess"/> named it.</param>
    /// <returns>Connections that were cut.</returns>
    public int Disconnect(string principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        List<BrokerConnection> cut = router.Expel(principal);
        foreach (BrokerConnection connection in cut)
            connection.Close(MqttReason.AdministrativeAction);
        return cut.Count;
    }

    /// <summary>
    /// Publishes what a bridge brought, under the access rules and limits that hold for a client of the message's principal.
    /// Does not throw for anything that an outside broker can send.
    /// </summary>
    internal MqttReason PublishFor(MqttMessage message)
    {
        MqttReason reason;
        try
        {
            message.Check();
            reason = message.Payload.Length > options.PacketBytesMax ? MqttReason.PacketTooLarge
                : message.Topic[0] == '$' || MqttTopic.Levels(message.Topic) > options.TopicLevelsMax ? MqttReason.TopicNameInvalid
                : !options.Access.MayPublish(message.Principal!, message.Topic) ? MqttReason.NotAuthorized
                : router.Route(RoutedMessage.Of(message, clock.NowMs), source: null);
        }
        catch (ArgumentException)
        {
            reason = MqttReason.TopicNameInvalid; // Too long with its prefix, or one property too many with the bridge's mark.
        }
        if (reason >= MqttReason.UnspecifiedError)
            MqttTally.Add(ref tally.RefusedPublishes);
        return reason;
    }

    /// <summary>The retained message of a topic, null when there is none.</summary>
    internal MqttMessage? Retained(string topic) => router.Retained(topic);

    /// <summary>Topics with a retained message that a filter covers.</summary>
    internal List<string> RetainedTopics(string filter) => router.MatchRetained(filter).ConvertAll(message => message.Topic.Text);

    internal void RouteWill(RoutedMessage announced)
    {
        // Its expiry counts from now on, not from the CONNECT that announced it (5.0, 3.1.3.2.4).
        RoutedMessage will = announced.StartingAt(clock.NowMs);
        // The rules may have changed since CONNECT: a principal that has lost a right has lost its last word too.
        bool allowed = false;
        try
        {
            allowed = options.Access.MayPublish(will.Principal!, will.Topic.Text);
        }
        catch (Exception)
        {
            MqttTally.Add(ref tally.HandlerFaults);
        }
        if (!allowed || router.Route(will, source: null) >= MqttReason.UnspecifiedError)
            MqttTally.Add(ref tally.RefusedPublishes);
    }

    private sealed class HostSubscription(MessageRouter router, Subscription subscription) : IDisposable
    {
        public void Dispose() => router.UnsubscribeHost(subscription);
    }
}
