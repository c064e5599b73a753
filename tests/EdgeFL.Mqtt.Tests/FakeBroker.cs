using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A listener on which the test itself is the broker.</summary>
internal sealed class FakeBroker : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public FakeBroker() => listener.Start();

    public MqttClientOptions Options() => new() { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, ClientId = "c", ReconnectMinMs = 50, ReconnectMaxMs = 100 };

    public async Task<RawPeer> AcceptAsync(ConnAckPacket? answer)
    {
        Socket socket = await listener.AcceptSocketAsync().WaitAsync(Bench.Patience);
        RawPeer peer = RawPeer.Over(socket, MqttVersion.V5);
        ConnectPacket connect = peer.Read<ConnectPacket>();
        peer = RawPeer.Over(socket, connect.Version);
        peer.Connect = connect;
        if (answer is not null)
            peer.Send(answer);
        return peer;
    }

    public void Dispose() => listener.Dispose();
}
