using System.Net;
using System.Net.Sockets;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Nodes;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Cli.Checks;

/// <summary>Checks of the network: port, discovery, neighbours.</summary>
internal static class NetworkChecks
{
    /// <summary>The port is free for an agent, or somebody listens on it already. Only this machine is touched.</summary>
    public static async Task<Finding> PortAsync(CheckScope scope, CancellationToken cancel)
    {
        if (scope.Listen is not { } listen)
            return Finding.Skip("an outside broker is used: nothing listens here");
        int port = listen.Port;
        if (port == 0)
            return Finding.Ok("the system chooses a free port");
        bool isAny = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        var near = isAny ? IPAddress.Loopback : listen.Address;
        if (await ConnectAsync(new HostPort(near.ToString(), port), scope.Timeout, cancel).ConfigureAwait(false) is null)
            return Finding.Ok($"port {port}: somebody listens (an agent, if it runs)");
        try
        {
            using var socket = new Socket(near.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(near, port));
            return Finding.Ok($"port {port} is free");
        }
        catch (SocketException refused)
        {
            return Finding.Error($"{new HostPort(near.ToString(), port)} cannot be listened on: {refused.Message}",
                $"ss -ltnp 'sport = :{port}'   (or another address: network.listen in agent.json)");
        }
    }

    /// <summary>Multicast DNS can be joined, and who answers.</summary>
    public static async Task<Finding> DiscoveryAsync(CheckScope scope, CancellationToken cancel)
    {
        try
        {
            await using var finder = await NodeFinder.StartAsync(scope.Interfaces, cancel).ConfigureAwait(false);
            var missing = scope.Interfaces.Except(finder.Interfaces).ToList();
            if (missing.Count > 0)
                return Finding.Error($"{string.Join(", ", missing)}: no such interface, or it is down or has no IPv4 address", "ip -brief address");
            if (finder.Interfaces.Count == 0)
                return Finding.Warn("no interface is up, can do multicast and has an IPv4 address", "ip -brief address   (for this machine alone: --interface lo)");
            await Task.Delay(TimeSpan.FromTicks(Math.Min(scope.Timeout.Ticks, TimeSpan.FromMilliseconds(1500).Ticks)), cancel).ConfigureAwait(false);
            return Finding.Ok($"multicast DNS on {string.Join(", ", finder.Interfaces)}; {finder.Nodes.Count} nodes answered");
        }
        catch (MdnsException refused)
        {
            return Finding.Error(refused.Message, refused.Remedy);
        }
    }

    /// <summary>Every neighbour named accepts a connection.</summary>
    public static async Task<Finding> PeersAsync(CheckScope scope, CancellationToken cancel)
    {
        if (scope.Peers.Count == 0)
            return Finding.Skip("no peers named (--peer HOST:PORT, or network.peers in agent.json)");
        var answers = await Task.WhenAll(scope.Peers.Select(async p => (Peer: p, Error: await ConnectAsync(p, scope.Timeout, cancel).ConfigureAwait(false))))
            .ConfigureAwait(false);
        var bad = answers.Where(a => a.Error is not null).ToList();
        return bad.Count == 0
            ? Finding.Ok($"{answers.Length} of {answers.Length} peers accept connections")
            : Finding.Error($"{bad[0].Peer}: {bad[0].Error}" + (bad.Count > 1 ? $" (and {bad.Count - 1} more)" : ""), $"ping {bad[0].Peer.Host}   (then: is the agent running there?)");
    }

    /// <summary>Null when the connection is made, else why not.</summary>
    private static async Task<string?> ConnectAsync(HostPort peer, TimeSpan timeout, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(peer.Host, peer.Port, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (SocketException refused)
        {
            return refused.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no answer within {timeout.TotalSeconds:0.#} s";
        }
    }
}
