using System.Net;
using System.Net.Sockets;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Links;

/// <summary>Announces the node by mDNS and tells of the peers it sees. What it sees is a hint: trust comes from the TLS certificate alone.</summary>
public sealed class PeerDiscovery : IAsyncDisposable
{
    /// <summary>The service type that all nodes announce.</summary>
    public const string ServiceType = "_edgefl._tcp";

    private const string ProtocolVersion = "1";

    private readonly LinkContext context;
    private readonly Action<NodeId, PeerAddress> found;
    private readonly Action<NodeId> lost;
    private readonly MdnsService mdns;
    private readonly Lock gate = new();
    private readonly Dictionary<string, NodeId> instances = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes it; nothing is sent yet.</summary>
    /// <param name="context">The node.</param>
    /// <param name="found">Is told of each peer of the same fleet and model, and again when its address changes.</param>
    /// <param name="lost">Is told of each peer that is no longer to be seen.</param>
    public PeerDiscovery(LinkContext context, Action<NodeId, PeerAddress> found, Action<NodeId> lost)
    {
        this.context = context;
        this.found = found;
        this.lost = lost;
        mdns = new MdnsService(new MdnsOptions { Interfaces = context.Network.Interfaces.Count == 0 ? null : context.Network.Interfaces });
    }

    /// <summary>Starts to look, and announces the node in the background.</summary>
    /// <param name="listening">Where the node's broker listens.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task StartAsync(IPEndPoint listening, CancellationToken cancellation)
    {
        try
        {
            await mdns.StartAsync(cancellation).ConfigureAwait(false);
            mdns.Browse(ServiceType, OnFound, OnLost);
        }
        catch (MdnsException error)
        {
            // Static peers can still be reached, and this node by those that have it in their list.
            context.Notify(new NodeEvent(error.Code, EventSeverity.Warning, $"Peers cannot be discovered: {error.Message}", error.Remedy));
            return;
        }

        // It may come up later and is joined then; until then a misspelt name looks just like a quiet network.
        foreach (string name in context.Network.Interfaces.Except(mdns.Interfaces))
            context.Notify(new NodeEvent("mdns-interface", EventSeverity.Warning, $"network.interfaces: {name} does not exist, is down or has no IPv4 address; nobody is discovered there.", "See which there are with ip link, name one of them, then edgefl check"));
        _ = AnnounceAsync(listening, cancellation);
    }

    /// <summary>Says good-bye.</summary>
    public ValueTask DisposeAsync() => mdns.DisposeAsync();

    /// <summary>What a found service says of its node, or null when it is none of ours.</summary>
    /// <param name="service">A service of type <see cref="ServiceType"/>.</param>
    public static (FleetId Fleet, NodeId Node, string Model, PeerAddress Address)? Read(ServiceInstance service)
    {
        if (!service.Txt.TryGetValue("fl", out string? fleetText) || !FleetId.TryParse(fleetText, out FleetId fleet)
            || !service.Txt.TryGetValue("id", out string? nodeText) || !NodeId.TryParse(nodeText, out NodeId node)
            || !service.Txt.TryGetValue("pv", out string? version) || version != ProtocolVersion
            || service.Port is < 1 or > 65535)
            return null;
        // A link-local IPv6 address without its interface leads nowhere.
        IPAddress? address = null;
        foreach (IPAddress candidate in service.Addresses)
        {
            if (candidate.AddressFamily == AddressFamily.InterNetwork && address?.AddressFamily != AddressFamily.InterNetwork)
                address = candidate;
            else if (address is null && (!candidate.IsIPv6LinkLocal || candidate.ScopeId != 0))
                address = candidate;
        }

        if (address is null)
            return null;
        return (fleet, node, service.Txt.GetValueOrDefault("mdl", ""), new PeerAddress(address.ToString(), service.Port));
    }

    private async Task AnnounceAsync(IPEndPoint listening, CancellationToken cancellation)
    {
        string node = context.Node.Value;
        bool any = listening.Address.Equals(IPAddress.Any) || listening.Address.Equals(IPAddress.IPv6Any);
        var txt = new Dictionary<string, string>
        {
            ["txtvers"] = "1",
            ["id"] = node,
            ["fl"] = context.Fleet.Value,
            ["pv"] = ProtocolVersion,
            ["mdl"] = context.Info.ModelHash[..8],
            ["fp"] = context.Info.Fingerprint[..16],
            ["tr"] = "mqtt5",
        };
        try
        {
            await mdns.AdvertiseAsync(
                new ServiceInstance(node, ServiceType, node, listening.Port, any ? [] : [listening.Address], txt, [$"_{context.Fleet}"]), cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception error) when (error is not MdnsException)
        {
            context.Notify(new NodeEvent("announce-failed", EventSeverity.Warning, $"The node could not be announced: {error.Message}", "Name the others' addresses in network.peers."));
        }
        catch (MdnsException error)
        {
            context.Notify(new NodeEvent(error.Code, EventSeverity.Warning, $"The node could not be announced: {error.Message}", error.Remedy));
        }
    }

    private void OnFound(ServiceInstance service)
    {
        // Who learns something else, or belongs to another fleet, is none of ours: its parameters would be refused.
        bool isOurs = Read(service) is { } seen && seen.Fleet == context.Fleet && seen.Node != context.Node && seen.Model == context.Info.ModelHash[..8];
        if (Read(service) is not { } peer || !isOurs)
        {
            OnLost(service.InstanceName);
            return;
        }

        NodeId before;
        lock (gate)
        {
            if (!instances.TryGetValue(service.InstanceName, out before))
                before = peer.Node;
            instances[service.InstanceName] = peer.Node;
        }

        if (before != peer.Node)
            lost(before);
        found(peer.Node, peer.Address);
    }

    private void OnLost(string instance)
    {
        NodeId node;
        lock (gate)
        {
            // Another instance, e.g. one that was renamed, may still show the node.
            if (!instances.Remove(instance, out node) || instances.ContainsValue(node))
                return;
        }

        lost(node);
    }
}
