using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Stands between a client and its broker and cuts each connection after a random number of bytes: between packets or within one, in the handshake or in
/// full flow, with a FIN or with an RST that throws away what was under way.
/// </summary>
internal sealed class CuttingProxy : IDisposable
{
    private const int BytesMax = 128 * 1024, EarlyBytesMax = 300, EarlyOneIn = 8;

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Random random;
    private readonly int target;
    private int cuts;

    private CuttingProxy(int target, int seed)
    {
        this.target = target;
        random = new Random(seed);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    /// <summary>Where the client connects.</summary>
    public int Port { get; }

    /// <summary>Connections that were cut.</summary>
    public int Cuts => Volatile.Read(ref cuts);

    /// <summary>One with the seed that the settings give in <c>cuts</c>, or null.</summary>
    public static CuttingProxy? AsAsked(Settings settings) =>
        settings.Text("cuts") is { } seed ? new CuttingProxy(settings.Number("port", 0), int.Parse(seed, CultureInfo.InvariantCulture)) : null;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync();
                // One client stands behind it: its next connection comes when this one is cut.
                await ServeAsync(client);
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        long left = random.Next(EarlyOneIn) == 0 ? random.Next(EarlyBytesMax) : random.Next(BytesMax);
        bool resets = random.Next(2) == 0;
        using Socket broker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                await broker.ConnectAsync(IPAddress.Loopback, target);
                client.NoDelay = broker.NoDelay = true;
                bool[] reached = await Task.WhenAll(PumpAsync(client, broker), PumpAsync(broker, client));
                if (reached.Any(one => one))
                    Interlocked.Increment(ref cuts);
            }
            catch (Exception fault) when (IsLoss(fault))
            {
                // The broker is gone; the client will come again and find out.
            }
        }

        // True when it was this direction's bytes that were one too many.
        async Task<bool> PumpAsync(Socket from, Socket to)
        {
            byte[] buffer = new byte[16 * 1024];
            bool reached = false;
            try
            {
                while (!reached)
                {
                    int count = await from.ReceiveAsync(buffer);
                    if (count == 0)
                        break;
                    long rest = Interlocked.Add(ref left, -count);
                    reached = rest <= 0;
                    int passed = (int)Math.Max(0, count + Math.Min(0, rest));
                    for (int at = 0; at < passed;)
                        at += await to.SendAsync(buffer.AsMemory(at, passed - at));
                }
            }
            catch (Exception fault) when (IsLoss(fault))
            {
                // The other direction has ended, or one of the two has hung up.
            }

            Cut(client, resets);
            Cut(broker, resets);
            return reached;
        }
    }

    private static void Cut(Socket socket, bool resets)
    {
        if (resets)
            socket.Close(0);
        else
            socket.Close();
    }

    private static bool IsLoss(Exception fault) => fault is SocketException or ObjectDisposedException;
}
