using System.Globalization;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;

namespace EdgeFL.Platform.Links;

/// <summary>What a link needs to know of its node.</summary>
/// <param name="Credentials">The node's key and certificates.</param>
/// <param name="Network">How to reach others.</param>
/// <param name="Info">What the node says of itself.</param>
/// <param name="Post">Takes inputs for the node; never blocks.</param>
/// <param name="Notify">Takes events for people; never blocks.</param>
public sealed record LinkContext(
    DeviceCredentials Credentials, NetworkConfig Network, InfoPayload Info, Action<NodeInput> Post, Action<NodeEvent> Notify)
{
    /// <summary>The fleet.</summary>
    public FleetId Fleet => Credentials.Identity.Fleet;

    /// <summary>The node.</summary>
    public NodeId Node => Credentials.Identity.Node;
}

/// <summary>Where a peer listens.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">TCP port.</param>
public readonly record struct PeerAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>; an IPv6 address stands in brackets.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    public static bool TryParse(string text, out PeerAddress address)
    {
        address = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            return false;
        address = new PeerAddress(text[..colon].Trim('[', ']'), port);
        return address.Host.Length > 0;
    }

    /// <summary>Reads a static peer, <c>node-id=host:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ConfigException">It is not one.</exception>
    public static KeyValuePair<NodeId, PeerAddress> ParsePeer(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && NodeId.TryParse(text.AsSpan(0, equals), out NodeId node) && TryParse(text[(equals + 1)..], out PeerAddress address))
            return KeyValuePair.Create(node, address);
        throw new ConfigException("bad-peer", $"network.peers: '{text}' is not a peer.", "Write node-id=host:port, e.g. \"pump-02=192.168.1.12:8883\".");
    }
}
