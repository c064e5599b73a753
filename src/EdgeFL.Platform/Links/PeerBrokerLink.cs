using System.Net;
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
    private readonly LinkContext context;
    private readonly FrameGate gate;
    private readonly TlsPolicy tls;
    private readonly MqttBroker broker;
    private readonly PeerDiscovery? discovery;
    private readonly Dictionary<NodeId, PeerAddress> fixedPeers = [];
    private readonly Lock guard = new();
    private readonly Dictionary<NodeId, PeerAddress> addresses = [];
    private readonly Dictionary<NodeId, PeerClient?> links = [];
    private readonly SendTally tally = new();
    private long retiredIn;
    private long retiredOut;
    private bool stopped;

    /// <summary>Makes the link; nothing is opened yet.</summary>
    /// <param name="context">The node.</param>
    /// <exception cref="ConfigException">The listening address or a static peer cannot be read.</exception>
    public PeerBrokerLink(LinkContext context)
    {
        this.context = context;
        foreach (string text in context.Network.Peers)
        {
            (NodeId peer, PeerAddress address) = PeerAddress.ParsePeer(text);
            if (peer != context.Node)
                fixedPeers.Add(peer, address);
        }

        IPEndPoint listen = PeerAddress.ParseListen(context.Network.Listen);
        gate = new FrameGate(context.Credentials);
        tls = new TlsPolicy(context.Credentials);
        broker = new MqttBroker(new MqttBrokerOptions
        {
            Listen = listen,
            Tls = tls.Server,
            Access = new FleetAccess(context.Credentials.Trust, gate.Learn),
            OnSecurityEvent = e => context.Notify(SecurityEvents.From(e)),
        });
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
            long bytesIn = own.BytesIn + Interlocked.Read(ref retiredIn), bytesOut = own.BytesOut + Interlocked.Read(ref retiredOut);
            lock (guard)
            {
                foreach (PeerClient? link in links.Values)
                {
                    bytesIn += link?.Client.Counters.BytesIn ?? 0;
                    bytesOut += link?.Client.Counters.BytesOut ?? 0;
                }
            }

            return new LinkCounters(bytesIn, bytesOut, tally.Sent, tally.Lost);
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await broker.StartAsync(cancellation).ConfigureAwait(false);
        broker.Subscribe(Topics.AllUpdates(context.Fleet), new FrameInbox(context.Fleet, context.Node, gate, context.Post).Take);
        Publish(Topics.Info, JsonSerializer.SerializeToUtf8Bytes(context.Info, PayloadJson.Default.InfoPayload), 1, true);
        Publish(Topics.Status, "online"u8.ToArray(), 1, true);
        if (discovery is not null)
            await discovery.StartAsync(broker.LocalEndPoint, cancellation).ConfigureAwait(false);
        foreach ((NodeId peer, PeerAddress address) in fixedPeers)
            OnFound(peer, address);
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        PeerClient?[] open;
        lock (guard)
        {
            stopped = true;
            open = [.. links.Values];
            links.Clear();
        }

        Publish(Topics.Status, "offline"u8.ToArray(), 1, true);
        await Task.WhenAll(open.Select(Retire)).ConfigureAwait(false);
        if (discovery is not null)
            await discovery.DisposeAsync().ConfigureAwait(false);
        await broker.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
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
        PeerClient? link;
        lock (guard)
            links.Remove(peer, out link);
        _ = Retire(link);
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
            {
                tally.Drop();
                continue;
            }

            tally.Send(link.Client, link, topic, message, context, update);
        }
    }

    /// <inheritdoc/>
    public void Publish(string suffix, ReadOnlyMemory<byte> payload, int qos, bool retain) =>
        broker.Publish(Topics.Of(context.Fleet, context.Node, suffix), payload.Span, qos, retain);

    private void OnFound(NodeId peer, PeerAddress address)
    {
        PeerClient? replaced = null;
        lock (guard)
        {
            if (stopped || (addresses.TryGetValue(peer, out PeerAddress known) && known == address && links.GetValueOrDefault(peer) is not null))
                return;
            addresses[peer] = address;
            if (links.TryGetValue(peer, out replaced))
            {
                if (replaced?.Address == address)
                    replaced = null;
                else
                    links[peer] = Connect(peer, address); // It has come back at another port.
            }
        }

        _ = Retire(replaced);
        context.Post(new NodeInput.PeerSeen(peer));
    }

    private void OnLost(NodeId peer)
    {
        if (fixedPeers.ContainsKey(peer))
            return;
        lock (guard)
            addresses.Remove(peer);
        context.Post(new NodeInput.PeerGone(peer));
    }

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
            OnConnected = _ => PostIfCurrent(link, new NodeInput.LinkUp(peer)),
            OnDisconnected = _ => PostIfCurrent(link, new NodeInput.LinkDown(peer)),
        });
        link = new PeerClient(peer, address, client);
        _ = client.StartAsync();
        return link;
    }

    private void PostIfCurrent(PeerClient? link, NodeInput input)
    {
        lock (guard)
        {
            if (link is null || links.GetValueOrDefault(link.Peer) != link)
                return;
        }

        context.Post(input);
    }

    private async Task Retire(PeerClient? link)
    {
        if (link is null)
            return;
        await link.Client.DisposeAsync().ConfigureAwait(false);
        Interlocked.Add(ref retiredIn, link.Client.Counters.BytesIn);
        Interlocked.Add(ref retiredOut, link.Client.Counters.BytesOut);
    }
}

/// <summary>A client at a peer's broker.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Client">The client.</param>
internal sealed record PeerClient(NodeId Peer, PeerAddress Address, MqttClient Client) : ISendSlot
{
    private int inFlight;

    ref int ISendSlot.InFlight => ref inFlight;
}
