using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>
/// One outside broker for all. Peers are seen by their retained <c>status</c>, their keys are learned from the certificate in their retained <c>info</c>, and
/// a link is a subscription to their updates. The broker is not trusted: every frame is signed, and the topic is part of what is signed.
/// </summary>
public sealed class SharedBrokerLink : IFleetLink
{
    private readonly LinkContext context;
    private readonly FrameGate gate;
    private readonly FrameInbox inbox;
    private readonly MqttClient client;
    private readonly Lock guard = new();
    private readonly Dictionary<NodeId, PeerState> peers = [];
    private readonly SendTally tally = new();
    private readonly SharedSlot slot = new();
    private bool stopped;
    private bool told;

    private const int PeersMax = 4096;

    private sealed class PeerState
    {
        public bool Online;
        public bool KeyKnown;
        public bool Wanted;
        public bool Up;
    }

    private sealed class SharedSlot : ISendSlot
    {
        private int inFlight;

        public ref int InFlight => ref inFlight;
    }

    /// <summary>Makes the link; nothing is opened yet.</summary>
    /// <param name="context">The node; its <see cref="NetworkConfig.Broker"/> names the broker.</param>
    /// <exception cref="ConfigException">The broker's address or CA file cannot be used.</exception>
    public SharedBrokerLink(LinkContext context)
    {
        this.context = context;
        gate = new FrameGate(context.Credentials);
        inbox = new FrameInbox(context.Fleet, context.Node, gate, context.Post);
        BrokerUrl url = BrokerUrl.Parse(context.Network.Broker!, context.Network.Insecure);
        var authorities = BrokerUrl.LoadAuthorities(context.Network.BrokerCa);
        var tls = new TlsPolicy(context.Credentials);
        client = new MqttClient(
            new MqttClientOptions
            {
                Host = url.Host,
                Port = url.Port,
                ClientId = $"{context.Fleet}-{context.Node}",
                KeepAliveSeconds = 15,
                ReconnectMinMs = context.Network.ReconnectMinMs,
                ReconnectMaxMs = context.Network.ReconnectMaxMs,
                Will = new MqttWill(Own(Topics.Status), "offline"u8.ToArray(), 1, true, DelaySeconds: 5),
                Tls = url.Secure ? () => tls.Broker(url.Host, authorities) : null,
                OnConnected = _ => Announce(),
                OnDisconnected = OnDisconnected,
            },
            OnMessage);
    }

    /// <inheritdoc/>
    public string Endpoint => context.Network.Broker!;

    /// <inheritdoc/>
    public LinkCounters Counters => new(client.Counters.BytesIn, client.Counters.BytesOut, tally.Sent, tally.Lost);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await client.StartAsync(cancellation).ConfigureAwait(false);
        _ = SubscribeAsync(Topics.OfAll(context.Fleet, Topics.Status));
        _ = SubscribeAsync(Topics.OfAll(context.Fleet, Topics.Info));
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        lock (guard)
        {
            if (stopped)
                return;
            stopped = true;
        }

        if (client.IsConnected)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await client.PublishAsync(Own(Topics.Status), "offline"u8.ToArray(), 1, true, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The broker is gone: its will speaks for this node.
            }
        }

        await client.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await client.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    /// <inheritdoc/>
    public void Open(NodeId peer) => Want(peer, true);

    /// <inheritdoc/>
    public void Close(NodeId peer) => Want(peer, false);

    /// <inheritdoc/>
    public void Send(NodeEffect.SendUpdate update) =>
        tally.Send(client, slot, Own(Topics.UpdateFrame), gate.Seal(update.Payload.Span), context, update);

    /// <inheritdoc/>
    public void Publish(string suffix, ReadOnlyMemory<byte> payload, int qos, bool retain) => client.TryPublish(Own(suffix), payload, qos, retain);

    private string Own(string suffix) => Topics.Of(context.Fleet, context.Node, suffix);

    private void Announce()
    {
        Publish(Topics.Info, JsonSerializer.SerializeToUtf8Bytes(context.Info, PayloadJson.Default.InfoPayload), 1, true);
        Publish(Topics.Status, "online"u8.ToArray(), 1, true);
        Revise(_ => { });
    }

    private void OnDisconnected(MqttDisconnected gone)
    {
        if (gone.WasConnected || !told)
            context.Notify(new NodeEvent("broker-lost", EventSeverity.Warning, $"No connection to {context.Network.Broker}: {gone.Detail}", "It is tried again; training goes on meanwhile."));
        told = true;
        Revise(_ => { });
    }

    private ValueTask OnMessage(MqttMessage message)
    {
        if (!TopicName.TryParse(message.Topic, out TopicName topic) || topic.Fleet != context.Fleet || topic.Node == context.Node)
            return ValueTask.CompletedTask;
        switch (topic.Kind)
        {
            case TopicKind.Status:
                bool online = message.Payload.Span.SequenceEqual("online"u8);
                Revise(all => Of(all, topic.Node).Online = online);
                context.Post(online ? new NodeInput.PeerSeen(topic.Node) : new NodeInput.PeerGone(topic.Node));
                break;
            case TopicKind.Info:
                TakeInfo(topic.Node, message.Payload.Span);
                break;
            default:
                inbox.Take(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>A node's certificate counts when the fleet's CA has signed it for that very node; what else the message says is not needed here.</summary>
    private void TakeInfo(NodeId node, ReadOnlySpan<byte> json)
    {
        InfoPayload? info = null;
        try
        {
            info = JsonSerializer.Deserialize(json, PayloadJson.Default.InfoPayload);
        }
        catch (JsonException)
        {
            // Counted below as a certificate that does not hold.
        }

        PeerIdentity? identity = null;
        CertificateError error = info?.Certificate is { } pem
            ? context.Credentials.Trust.VerifyPem(pem, DateTimeOffset.UtcNow, out identity)
            : CertificateError.NoCertificate;
        if (error != CertificateError.None || identity!.Node != node)
        {
            context.Notify(new NodeEvent("peer-refused", EventSeverity.Warning, $"{node} shows no certificate of this fleet ({error}).", "edgefl node add"));
            return;
        }

        gate.Learn(identity);
        Revise(all => Of(all, node).KeyKnown = true);
    }

    private void Want(NodeId peer, bool wanted) => Revise(all => Of(all, peer).Wanted = wanted);

    private static PeerState Of(Dictionary<NodeId, PeerState> all, NodeId peer)
    {
        if (all.TryGetValue(peer, out PeerState? state))
            return state;
        state = new PeerState();
        if (all.Count < PeersMax)
            all[peer] = state;
        return state;
    }

    /// <summary>Changes what is known and tells the node of the links that came up or went down by it.</summary>
    private void Revise(Action<Dictionary<NodeId, PeerState>> change)
    {
        List<(NodeId Peer, bool Up)> changed = [];
        lock (guard)
        {
            change(peers);
            foreach ((NodeId peer, PeerState state) in peers)
            {
                bool up = state.Wanted && state.Online && state.KeyKnown && client.IsConnected;
                if (up != state.Up)
                {
                    state.Up = up;
                    changed.Add((peer, up));
                }
            }
        }

        foreach ((NodeId peer, bool up) in changed)
        {
            string updates = Topics.UpdatesOf(context.Fleet, peer);
            _ = up ? SubscribeAsync(updates) : UnsubscribeAsync(updates);
            context.Post(up ? new NodeInput.LinkUp(peer) : new NodeInput.LinkDown(peer));
        }
    }

    private async Task SubscribeAsync(string filter)
    {
        try
        {
            MqttReason answer = await client.SubscribeAsync(filter, 1).ConfigureAwait(false);
            if (answer >= MqttReason.UnspecifiedError)
                context.Notify(new NodeEvent("subscribe-refused", EventSeverity.Error, $"The broker does not let this node read {filter}: {answer}.", "Look at the broker's access rules."));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task UnsubscribeAsync(string filter)
    {
        try
        {
            await client.UnsubscribeAsync(filter).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the subscription ends with the session.
        }
    }
}
