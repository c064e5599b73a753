using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A wire between a client and a broker that a test can cut, or make lose what goes one way.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> open = [];
    private readonly int to;

    public Relay(int to)
    {
        this.to = to;
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>What the broker says is lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>What the client says is lost.</summary>
    public bool LosesQuestions { get; set; }

    /// <summary>Cuts every connection; later ones lose nothing.</summary>
    public void Cut()
    {
        lock (open)
        {
            foreach (Socket socket in open)
                socket.Dispose();
            open.Clear();
            LosesAnswers = LosesQuestions = false;
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptSocketAsync();
                Socket broker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                lock (open)
                    open.AddRange([client, broker]);
                await broker.ConnectAsync(IPAddress.Loopback, to);
                _ = PumpAsync(client, broker, () => LosesQuestions);
                _ = PumpAsync(broker, client, () => LosesAnswers);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task PumpAsync(Socket from, Socket into, Func<bool> loses)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
            {
                for (int sent = 0; sent < count && !loses();)
                    sent += await into.SendAsync(buffer.AsMemory(sent, count - sent));
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Cut, or one of the two has gone.
        }
        from.Dispose();
        into.Dispose();
    }
}
