using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>One service on the local link, as advertised or as found (RFC 6763, 4).</summary>
/// <param name="InstanceName">The label people see, 1 to 63 bytes of UTF-8, unique for its type on the link; a node id here.</param>
/// <param name="ServiceType">Type and protocol without domain, e.g. <c>_edgefl._tcp</c>.</param>
/// <param name="HostName">Host the service runs on, e.g. <c>node-3.local</c>; <c>.local</c> is added when it is missing.</param>
/// <param name="Port">Port of the service, 1 to 65535.</param>
/// <param name="Addresses">Addresses of the host. When advertising, empty means: on each interface the IPv4 addresses of that
/// interface.</param>
/// <param name="Txt">Pairs of the TXT record. They are hints: nothing in them is authenticated.</param>
/// <param name="Subtypes">Subtype labels such as <c>_fleet</c>, which allow browsing for a part of the services. A found service names the
/// subtype it was browsed by, if any: others are not known.</param>
public sealed record ServiceInstance(
    string InstanceName,
    string ServiceType,
    string HostName,
    int Port,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyDictionary<string, string> Txt,
    IReadOnlyList<string> Subtypes)
{
    /// <summary>Whether both describe the same service in the same words: unlike record equality, lists and pairs are compared by
    /// content.</summary>
    /// <param name="other">The one to compare with; null is never the same.</param>
    public bool SameAs(ServiceInstance? other) =>
        other is not null && InstanceName == other.InstanceName && ServiceType == other.ServiceType && HostName == other.HostName
        && Port == other.Port && Addresses.SequenceEqual(other.Addresses) && Subtypes.SequenceEqual(other.Subtypes)
        && Txt.Count == other.Txt.Count && Txt.Keys.All(key => other.Txt.TryGetValue(key, out var value) && value == Txt[key]);
}
