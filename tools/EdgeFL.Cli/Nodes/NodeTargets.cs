using System.CommandLine;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Nodes;

/// <summary>Options that say which nodes a command talks to: found on the link, named by address, or through a broker.</summary>
internal sealed class NodeTargets
{
    /// <summary>Nodes named by address.</summary>
    public Option<string[]> Peer { get; } = new("--peer") { Description = "Address of a node; may be repeated (default: look on the network)", HelpName = "HOST:PORT" };

    /// <summary>A broker.</summary>
    public Option<string> Broker { get; } = new("--broker") { Description = "Read from a broker instead: mqtts://HOST[:PORT], or mqtt:// on this machine", HelpName = "URL" };

    /// <summary>Allows a broker without TLS beyond this machine.</summary>
    public Option<bool> Insecure { get; } = new("--insecure") { Description = "Allow mqtt:// to another machine: everybody on the way reads along" };

    /// <summary>Interfaces to look on.</summary>
    public Option<string[]> Interface { get; } = DiscoverCommand.Interface();

    /// <summary>The fleet's folder with the operator's certificate.</summary>
    public Option<string> Dir { get; } = FleetOptions.Dir();

    /// <summary>All of them.</summary>
    public Option[] All => [Peer, Broker, Insecure, Interface, Dir];

    /// <summary>Targets that the command line names; empty when the network is to be searched.</summary>
    /// <exception cref="CliException">An address or a URL is wrong.</exception>
    public IReadOnlyList<LinkTarget> Named(CliContext context)
    {
        var peers = (context.Get(Peer) ?? []).Select(p => new LinkTarget(HostPort.Parse(p))).ToList();
        if (context.Get(Broker) is not { } url)
            return peers;
        if (peers.Count > 0)
            throw new CliException("bad-usage", "--peer and --broker exclude each other.", "leave one of them out", ExitCodes.Usage);
        return [ParseBroker(url, context.Get(Insecure))];
    }

    /// <summary>Reads a broker's URL.</summary>
    /// <exception cref="CliException"><c>bad-url</c>, or <c>broker-insecure</c>.</exception>
    public static LinkTarget ParseBroker(string url, bool insecure)
    {
        var (secure, rest, port) = url switch
        {
            _ when url.StartsWith("mqtts://", StringComparison.Ordinal) => (true, url[8..], 8883),
            _ when url.StartsWith("mqtt://", StringComparison.Ordinal) => (false, url[7..], 1883),
            _ => throw new CliException("bad-url", $"'{url}' is not a broker's URL.", "--broker mqtts://HOST:8883", ExitCodes.Usage),
        };
        var address = HostPort.Parse(rest.TrimEnd('/'));
        if (!rest.TrimEnd('/').EndsWith(":" + address.Port, StringComparison.Ordinal))
            address = address with { Port = port };
        var local = address.Host is "localhost" || (System.Net.IPAddress.TryParse(address.Host, out var ip) && System.Net.IPAddress.IsLoopback(ip));
        if (!secure && !local && !insecure)
        {
            throw new CliException("broker-insecure", $"{url} is not encrypted and lies beyond this machine.",
                $"--broker mqtts://{address.Host}   (or --insecure, when you know who reads along)", ExitCodes.NotAllowed);
        }

        return new LinkTarget(address, secure, IsBroker: true);
    }
}
