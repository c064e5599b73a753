using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>
/// No broker but the nodes' own: each embeds one, and a link to a peer is a client at the peer's broker, with mutual TLS. Updates are pushed there, under the
/// sender's own topic; what the node tells everybody it publishes on its own broker, for whoever subscribes.
/// </summary>
public sealed class PeerBrokerLink : IFleetLink
{
    /// <summary>Addresses remembered at once: discovery is open to everybody on the network.</summary>
    private const int AddressesMax = 4096;
    private const int GoodbyeMs = 300;

    /// <summary>Longest wait for the outside broker to take the last words, ms.</summary>
    private const int BridgeFlushMs = 1000;

    private readonly LinkContext context;
    private readonly FrameGate gate;
    private readonly TlsPolicy tls;
    private readonly MqttBroker broker;
    private readonly MqttBridge? bridge;
    private readonly PeerDiscovery? discovery;
    private readonly Dictionary<NodeId, PeerAddress> fixedPeers = [];

    // Inputs are posted under this lock, so that a link's ups and downs reach the node in their order; posting never blocks.
    private readonly Lock guard = new();
    private readonly Dictionary<NodeId, PeerAddress> addresses = [];
    private readonly Dictionary<NodeId, PeerClient?> links = []; // Null: wanted, and no address is known yet.
    private readonly Dictionary<PeerClient, Task> retiring = [];
    private readonly SendTally tally = new();
    private long retiredIn;
    private long retiredOut;
    private bool stopped;

    /// <summary>Makes the link; nothing is opened yet.</summary>
    /// <param name="context">The node.</param>
    /// <exception cref="ConfigException">The listening address or a static peer cannot be read, or a file that the bridge needs.</exception>
    public PeerBrokerLink(LinkContext context)
    {
        this.context = context;
        foreach (string text in context.Network.Peers)
        {
            (NodeId peer, PeerAddress address) = PeerAddress.ParsePeer(text);
            if (peer != context.Node)
                fixedPeers.Add(peer, address);
        }
        gate = new FrameGate(context.Credentials);
        tls = new TlsPolicy(context.Credentials);
        broker = new MqttBroker(new MqttBrokerOptions
        {
            Listeners = Listeners(context.Network),
            Access = new FleetAccess(context.Credentials.Trust, gate.Learn),
            OnSecurityEvent = e => context.Notify(SecurityEvents.From(e)),
            // For a small device: neighbours send frames and chunks of at most 64 KiB and keep no sessions here.
            PacketBytesMax = FrameInbox.FrameBytesMax + 1024,
            ConnectionsMax = 128,
            // A device needs one or two; an operator's certificate serves several tools at once.
            ConnectionsPerPrincipalMax = 16,
            SessionsMax = 128,
            SessionExpirySecondsMax = 600,
            QueueBytesMax = 1024 * 1024,
            RetainedMessagesMax = 256,
            RetainedBytesMax = 1024 * 1024,
        });
        if (context.Network.Bridge is { } outside)
            bridge = BridgeTopics.Bridge(context, outside, broker);
        if (context.Network.Discovery)
            discovery = new PeerDiscovery(context, OnFound, OnLost);
    }

    /// <inheritdoc/>
    public string Endpoint => $"mqtts://{broker.LocalEndPoint}";

    /// <inheritdoc/>
    public LinkCounters Counters
    {
        get
        {
            MqttCounters own = broker.Counters;
            lock (guard)
            {
                MqttCounters outside = bridge?.LinkCounters ?? default;
                long bytesIn = own.BytesIn + outside.BytesIn + retiredIn, bytesOut = own.BytesOut + outside.BytesOut + retiredOut;
                foreach (PeerClient? link in links.Values)
                    Add(link, ref bytesIn, ref bytesOut);
                foreach (PeerClient link in retiring.Keys)
                    Add(link, ref bytesIn, ref bytesOut);
                return new LinkCounters(bytesIn, bytesOut, tally.Sent, tally.Lost);
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        broker.Subscribe(Topics.AllUpdates(context.Fleet), new FrameInbox(context.Fleet, context.Node, gate, context.Post).Take);
        Publish(Topics.Info, JsonSerializer.SerializeToUtf8Bytes(context.Info, PayloadJson.Default.InfoPayload), 1, true);
        Publish(Topics.Status, "online"u8.ToArray(), 1, true);
        await broker.StartAsync(cancellation).ConfigureAwait(false);
        if (bridge is not null)
            await bridge.StartAsync(cancellation).ConfigureAwait(false);
        if (discovery is not null)
            await discovery.StartAsync(broker.LocalEndPoint, cancellation).ConfigureAwait(false);
        foreach ((NodeId peer, PeerAddress address) in fixedPeers)
            OnFound(peer, address);
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        Task[] closing;
        lock (guard)
        {
            if (stopped)
                return;
            stopped = true;
            foreach (PeerClient? link in links.Values)
                Retire(link);
            links.Clear();
            closing = [.. retiring.Values];
        }

        Publish(Topics.Status, "offline"u8.ToArray(), 1, true);
        if (bridge is not null)
            await bridge.StopAsync(TimeSpan.FromMilliseconds(BridgeFlushMs)).ConfigureAwait(false);
        await Task.WhenAll(closing).ConfigureAwait(false);
        if (discovery is not null)
            await discovery.DisposeAsync().ConfigureAwait(false);
        // A broker that stops cuts what is queued: the good-bye gets the time to reach who listens.
        if (broker.ConnectedClients > 0)
            await Task.Delay(GoodbyeMs).ConfigureAwait(false);
        await broker.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        if (bridge is not null)
            await bridge.DisposeAsync().ConfigureAwait(false);
        await broker.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    /// <inheritdoc/>
    public void Open(NodeId peer)
    {
        lock (guard)
        {
            if (!stopped && !links.ContainsKey(peer))
                links[peer] = addresses.TryGetValue(peer, out PeerAddress address) ? Connect(peer, address) : null;
        }
    }

    /// <inheritdoc/>
    public void Close(NodeId peer)
    {
        lock (guard)
        {
            if (links.Remove(peer, out PeerClient? link))
                Retire(link);
        }
    }

    /// <inheritdoc/>
    public void Send(NodeEffect.SendUpdate update)
    {
        ReadOnlyMemory<byte> message = gate.Seal(update.Payload.Span);
        string topic = Topics.Of(context.Fleet, context.Node, Topics.UpdateFrame);
        foreach (NodeId peer in update.To)
        {
            PeerClient? link;
            lock (guard)
                links.TryGetValue(peer, out link);
            if (link is null)
                tally.Drop();
            else
                tally.Send(link.Client, link.Slot, topic, message, context, update);
        }
    }

    /// <inheritdoc/>
    public void Publish(string suffix, ReadOnlyMemory<byte> payload, int qos, bool retain) =>
        broker.Publish(Topics.Of(context.Fleet, context.Node, suffix), payload.Span, qos, retain);

    private MqttListener[] Listeners(NetworkConfig network)
    {
        MqttListener plain = new() { Name = "network.listen", EndPoint = PeerAddress.ParseListen(network.Listen), Tls = tls.Server };
        if (network.WebSocket is not { } text)
            return [plain];
        const string Member = "network.webSocket";
        IReadOnlyList<string> origins = network.WebSocketOrigins;
        return
        [
            plain,
            new()
            {
                Name = Member,
                EndPoint = PeerAddress.ParseListen(text, Member),
                Tls = tls.Server,
                IsWebSocket = true,
                // A browser shows its owner's certificate for any page that asks: which pages may, the fleet's owner says.
                AllowsOrigin = origin => origin is null || origins.Contains(origin) || origins.Contains("*"),
            },
        ];
    }

    private void OnFound(NodeId peer, PeerAddress address)
    {
        lock (guard)
        {
            if (stopped || (addresses.Count >= AddressesMax && !addresses.ContainsKey(peer)))
                return;
            // What a person wrote down counts more than what anybody on the network may say.
            if (fixedPeers.TryGetValue(peer, out PeerAddress written))
                address = written;
            addresses[peer] = address;
            if (links.TryGetValue(peer, out PeerClient? link))
                Follow(peer, link, address);
            context.Post(new NodeInput.PeerSeen(peer));
        }
    }

    /// <summary>
    /// Goes to a peer's new address, but never while the old one answers: that link has proved who is there, the new address is a mere hint, and a stray or
    /// hostile announcement must not cut it. When the link is lost the new address is tried at once. Called with the lock held.
    /// </summary>
    private void Follow(NodeId peer, PeerClient? link, PeerAddress address)
    {
        if (link is not null && (link.Address == address || link.Client.IsConnected))
            return;
        if (link is not null)
        {
            TellDown(link);
            Retire(link);
        }

        links[peer] = Connect(peer, address);
    }

    private void OnLost(NodeId peer)
    {
        lock (guard)
        {
            if (stopped || fixedPeers.ContainsKey(peer))
                return;
            addresses.Remove(peer);
            context.Post(new NodeInput.PeerGone(peer));
        }
    }

    /// <summary>Called with the lock held.</summary>
    private PeerClient Connect(NodeId peer, PeerAddress address)
    {
        PeerClient? link = null;
        var client = new MqttClient(new MqttClientOptions
        {
            Host = address.Host,
            Port = address.Port,
            ClientId = context.Node.Value,
            KeepAliveSeconds = 15,
            ReconnectMinMs = context.Network.ReconnectMinMs,
            ReconnectMaxMs = context.Network.ReconnectMaxMs,
            Tls = () => tls.Client(peer),
            OnConnected = _ => OnUp(link!),
            OnDisconnected = _ => OnDown(link!),
        });
        link = new PeerClient(peer, address, client);
        _ = client.StartAsync(); // Ends at once; what comes of it is told by the two callbacks.
        return link;
    }

    private void OnUp(PeerClient link)
    {
        lock (guard)
        {
            if (links.GetValueOrDefault(link.Peer) != link || link.IsUp)
                return;
            link.IsUp = true;
            context.Post(new NodeInput.LinkUp(link.Peer));
        }
    }

    private void OnDown(PeerClient link)
    {
        lock (guard)
        {
            if (links.GetValueOrDefault(link.Peer) != link)
                return;
            TellDown(link);
            if (addresses.TryGetValue(link.Peer, out PeerAddress newest))
                Follow(link.Peer, link, newest);
        }
    }

    private void TellDown(PeerClient link)
    {
        if (!link.IsUp)
            return;
        link.IsUp = false;
        context.Post(new NodeInput.LinkDown(link.Peer));
    }

    /// <summary>Closes a link in the background. Called with the lock held.</summary>
    private void Retire(PeerClient? link)
    {
        if (link is not null)
            retiring[link] = RetireAsync(link);
    }

    private static void Add(PeerClient? link, ref long bytesIn, ref long bytesOut)
    {
        if (link is null)
            return;
        MqttCounters counters = link.Client.Counters;
        bytesIn += counters.BytesIn;
        bytesOut += counters.BytesOut;
    }

    private async Task RetireAsync(PeerClient link)
    {
        await Task.Yield(); // Not under the caller's lock.
        await link.Client.DisposeAsync().ConfigureAwait(false);
        lock (guard)
        {
            retiring.Remove(link);
            Add(link, ref retiredIn, ref retiredOut);
        }
    }

    /// <summary>A client at a peer's broker.</summary>
    private sealed class PeerClient(NodeId peer, PeerAddress address, MqttClient client)
    {
        public NodeId Peer => peer;

        public PeerAddress Address => address;

        public MqttClient Client => client;

        public SendSlot Slot { get; } = new();

        /// <summary>Whether the node was told that it is up.</summary>
        public bool IsUp { get; set; }
    }
}
