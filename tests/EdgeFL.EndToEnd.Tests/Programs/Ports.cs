using System.Net;
using System.Net.Sockets;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>Ports of this machine that nobody listens on.</summary>
internal static class Ports
{
    public static int[] Free(int count)
    {
        // All are held until the last is drawn, so that they differ.
        Socket[] held = Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray();
        try
        {
            foreach (Socket socket in held)
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return held.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port).ToArray();
        }
        finally
        {
            foreach (Socket socket in held)
                socket.Dispose();
        }
    }

    public static bool Answers(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
