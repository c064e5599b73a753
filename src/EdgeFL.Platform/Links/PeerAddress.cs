using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeFL.Identity;
using EdgeFL.Platform.Configuration;

namespace EdgeFL.Platform.Links;

/// <summary>Where a peer listens.</summary>
/// <param name="Host">Name or address; an IPv6 address without brackets.</param>
/// <param name="Port">TCP port, 1 to 65535.</param>
public readonly record struct PeerAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>; an IPv6 address stands in brackets, else its last group would read as a port.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    public static bool TryParse(string text, out PeerAddress address)
    {
        address = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            return false;
        string host = text[..colon];
        if (host is ['[', .. var inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out IPAddress? v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            host = inner;
        }
        else if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        address = new PeerAddress(host, port);
        return true;
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

    /// <summary>Reads where a node listens, <c>address:port</c>. A port must be named: 0, any free one, is a choice and no default.</summary>
    /// <param name="text">The text.</param>
    /// <param name="member">Where it stands in the configuration, for the error.</param>
    /// <exception cref="ConfigException">It is not one.</exception>
    public static IPEndPoint ParseListen(string text, string member = "network.listen")
    {
        if (IPEndPoint.TryParse(text, out IPEndPoint? listen) && text.EndsWith($":{listen.Port}", StringComparison.Ordinal)
            && (listen.AddressFamily == AddressFamily.InterNetwork || text.StartsWith('[')))
            return listen;
        throw new ConfigException("bad-listen", $"{member}: '{text}' is not an address and port.", "Write e.g. \"0.0.0.0:8883\" or \"[::]:8883\".");
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
