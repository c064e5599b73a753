using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A cable between a client and a broker on loopback that can be cut and plugged in elsewhere.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private volatile int target;
    private long bytes;

    public Relay(int port)
    {
        target = port;
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Answer a 5.0 CONNECT as a broker does that knows 3.1.1 alone.</summary>
    public bool OnlyV311 { get; init; }

    /// <summary>Bytes that have gone to the broker.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    public void Cut()
    {
        target = 0;
        foreach (Socket socket in open.Keys)
            socket.Dispose();
    }

    public void Mend(int port) => target = port;

    public void Dispose()
    {
        Cut();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using Socket broker = new(SocketType.Stream, ProtocolType.Tcp);
        using Socket own = client;
        open[own] = open[broker] = true;
        try
        {
            // Looked at after both are in the set: a cut finds them there, or is seen here.
            if (target is not (> 0 and int port))
                return;
            await broker.ConnectAsync(IPAddress.Loopback, port);
            await Task.WhenAny(CopyAsync(own, broker, up: true), CopyAsync(broker, own, up: false));
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // Cut, or nobody is there.
        }
        finally
        {
            open.TryRemove(own, out _);
            open.TryRemove(broker, out _);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool up)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            bool first = up && OnlyV311;
            while (await from.ReceiveAsync(buffer) is > 0 and int count)
            {
                if (first && buffer[buffer.AsSpan().IndexOf("MQTT"u8) + 4] == 5)
                {
                    await from.SendAsync(new byte[] { 0x20, 2, 0, 1 });
                    return;
                }
                first = false;
                for (int sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                if (up)
                    Interlocked.Add(ref bytes, count);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // Cut, or the other side has closed.
        }
    }
}
