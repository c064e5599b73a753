using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace EdgeFL.Platform.Mdns;

/// <summary>One interface that discovery runs on, with its IPv4 addresses at the time of the last look.</summary>
internal sealed record MdnsLink(int Index, string Name, IReadOnlyList<IPNetwork> Networks, IReadOnlyList<IPAddress> Addresses)
{
    public bool SameAs(MdnsLink other) => Index == other.Index && Name == other.Name && Addresses.SequenceEqual(other.Addresses);

    /// <summary>Whether an address is on this link (RFC 6762, 11): only such hosts get unicast answers or are believed.</summary>
    public bool IsLocal(IPAddress address)
    {
        foreach (IPNetwork network in Networks)
        {
            if (network.Contains(address))
                return true;
        }
        return false;
    }
}

/// <summary>Looks at the machine's interfaces.</summary>
internal static class MdnsLinks
{
    /// <summary>The chosen interfaces that are up and have an IPv4 address; and all addresses of the machine, to know its own
    /// voice.</summary>
    /// <param name="names">Names to take, or null for all that can do multicast except loopback.</param>
    public static (List<MdnsLink> Links, HashSet<IPAddress> OwnAddresses) Look(IReadOnlyList<string>? names)
    {
        var links = new List<MdnsLink>();
        var own = new HashSet<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            var properties = card.GetIPProperties();
            var addresses = new List<IPAddress>();
            var networks = new List<IPNetwork>();
            foreach (var unicast in properties.UnicastAddresses)
            {
                own.Add(unicast.Address);
                if (unicast.Address.AddressFamily != AddressFamily.InterNetwork)
                    continue;
                addresses.Add(unicast.Address);
                networks.Add(Network(unicast.Address, unicast.PrefixLength));
            }
            var loopback = card.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            var chosen = names is null ? card.SupportsMulticast && !loopback : names.Contains(card.Name);
            if (chosen && addresses.Count > 0 && card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                links.Add(new MdnsLink(properties.GetIPv4Properties().Index, card.Name, networks, addresses));
        }
        return (links, own);
    }

    private static IPNetwork Network(IPAddress address, int prefixBits)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixBits; bit < 32; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), prefixBits);
    }
}
