using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Platform.Mdns;

/// <summary>A packet as it came in.</summary>
/// <param name="LinkIndex">Interface it arrived on.</param>
/// <param name="From">Who sent it.</param>
/// <param name="ToGroup">Whether it was sent to the multicast group, not to this host alone.</param>
/// <param name="Bytes">The payload.</param>
internal sealed record MdnsPacket(int LinkIndex, IPEndPoint From, bool ToGroup, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// One UDP socket on port 5353 for one interface, shared with other multicast DNS programs of the machine (RFC 6762, 15): multicast
/// reaches all of them, unicast only one.
/// </summary>
internal sealed class MdnsSocket : IDisposable
{
    public const int Port = 5353;

    public static readonly IPEndPoint Group = new(IPAddress.Parse("224.0.0.251"), Port);

    // Linux numbers, the same on all architectures that .NET runs on.
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;
    private const int SoReusePort = 15;
    private const int IpMulticastAll = 49;

    private readonly Socket socket;

    private MdnsSocket(Socket socket, MdnsLink link)
    {
        this.socket = socket;
        Link = link;
    }

    /// <summary>The interface, as of the last look.</summary>
    public MdnsLink Link { get; set; }

    /// <summary>The reading of this socket; completed early when the interface failed under it.</summary>
    public Task Receiving { get; set; } = Task.CompletedTask;

    /// <summary>Opens and joins.</summary>
    /// <exception cref="MdnsException">Code <c>mdns-socket</c>: the port is held by a program that does not share it, or the interface is gone.</exception>
    public static MdnsSocket Open(MdnsLink link)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
            socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
            // Else Linux delivers what any other program has joined on any interface.
            socket.SetRawSocketOption((int)SocketOptionLevel.IP, IpMulticastAll, BitConverter.GetBytes(0));
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
            socket.Bind(new IPEndPoint(IPAddress.Any, Port));
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(Group.Address, link.Index));
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(link.Index));
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 255);
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive, 255);
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastLoopback, true);
            return new MdnsSocket(socket, link);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new MdnsException(
                "mdns-socket",
                $"Cannot join multicast DNS on {link.Name}, UDP port {Port}: {e.Message}.",
                $"See who holds the port with: ss -ulpn 'sport = :{Port}'",
                e);
        }
    }

    /// <summary>Sends to the group, or to one host. False when the kernel refuses; multicast DNS repeats itself, so nothing else is done.</summary>
    public bool TrySend(ReadOnlySpan<byte> packet, IPEndPoint? to)
    {
        try
        {
            return socket.SendTo(packet, SocketFlags.None, to ?? Group) == packet.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Reads until the socket is closed or the interface goes away. Cut packets are counted and dropped.</summary>
    public async Task ReceiveAsync(MdnsCounters counters, Action<MdnsPacket> accept, CancellationToken ct)
    {
        var buffer = new byte[DnsReader.MessageBytesMax + 1];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        while (!ct.IsCancellationRequested)
        {
            SocketReceiveMessageFromResult result;
            try
            {
                result = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, anyone, ct).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable
                or SocketError.NetworkUnreachable or SocketError.ConnectionReset or SocketError.MessageSize)
            {
                // ICMP errors about an earlier unicast answer; the socket itself is fine.
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            counters.Add(MdnsCount.Received);
            if (result.ReceivedBytes > DnsReader.MessageBytesMax || (result.SocketFlags & SocketFlags.Truncated) != 0)
            {
                counters.Add(MdnsCount.Malformed);
                continue;
            }
            // Unicast is spread over all sockets of the port, so a packet for another chosen interface may come in here.
            accept(new MdnsPacket(
                result.PacketInformation.Interface,
                (IPEndPoint)result.RemoteEndPoint,
                result.PacketInformation.Address.Equals(Group.Address),
                buffer.AsSpan(0, result.ReceivedBytes).ToArray()));
        }
    }

    public void Dispose() => socket.Dispose();
}
