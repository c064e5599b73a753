using System.Net;
using System.Net.Sockets;
using EdgeFL.Cli.Commands;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Cli.Nodes;

/// <summary>A node seen on the link. Nothing in here is proven: trust comes from mutual TLS alone.</summary>
internal sealed record FoundNode(string Id, string Fleet, string Host, int Port, IReadOnlyList<IPAddress> Addresses, string Model, string Fingerprint, string Transport)
{
    /// <summary>The service type that nodes advertise.</summary>
    public const string ServiceType = "_edgefl._tcp";

    /// <summary>Reads what a node advertises; missing fields become empty.</summary>
    public static FoundNode Of(ServiceInstance service) => new(
        Text(service, "id", service.InstanceName),
        Text(service, "fl", ""),
        service.HostName,
        service.Port,
        service.Addresses,
        Text(service, "mdl", ""),
        Text(service, "fp", ""),
        Text(service, "tr", ""));

    /// <summary>Where to connect: an IPv4 address first, the host's name when there is no address.</summary>
    public HostPort Address
    {
        get
        {
            var address = Addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? Addresses.FirstOrDefault();
            return new HostPort(address?.ToString() ?? Host, Port);
        }
    }

    // What comes from the network goes to a terminal: control characters must not reach it.
    private static string Text(ServiceInstance service, string key, string fallback)
    {
        var text = service.Txt.TryGetValue(key, out var value) ? value : fallback;
        return new string(text.Where(c => !char.IsControl(c)).Take(64).ToArray());
    }
}
