namespace EdgeFL.Mqtt.Tests;

[CollectionDefinition(nameof(FootprintTests), DisableParallelization = true)]
public sealed class FootprintCollection;

[Collection(nameof(FootprintTests))]
public sealed class FootprintTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IdleConnections_Plain_HoldAtMostEightKibibytesEach(bool overWebSocket)
    {
        const int Connections = 200;
        const int BytesEachMax = 8 * 1024;
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { PendingConnectionsMax = 300, Listeners = [new() { IsWebSocket = overWebSocket }] });
        List<System.Net.Sockets.Socket> peers = [];
        async Task OpenAsync(int from, int count)
        {
            for (int i = from; i < from + count; i++)
            {
                System.Net.Sockets.Socket socket = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                socket.Connect(broker.LocalEndPoint);
                peers.Add(socket);
                byte[] packets = [.. WebPeer.Encode(new ConnectPacket { ClientId = $"idle-{i}", CleanStart = true }), .. WebPeer.Encode(new SubscribePacket { PacketId = 1, Entries = [new($"node/{i}/#", 1)] })];
                if (!overWebSocket)
                {
                    socket.Send(packets);
                    continue;
                }
                socket.Send(System.Text.Encoding.ASCII.GetBytes(WebPeer.Request));
                Assert.NotEqual(0, socket.Receive(new byte[1024]));
                // A head alone comes, too: what waits for its payload holds nothing more.
                socket.Send([.. WebPeer.MakeFrame(WebPeer.Final | WebPeer.Binary, packets), .. WebPeer.MakeFrame(WebPeer.Final | WebPeer.Binary, new byte[1000])[..8]]);
            }
            await Bench.UntilAsync(() => broker.ConnectedClients == from + count && broker.Counters.PacketsOut == 2L * (from + count), "all are connected and answered");
        }
        await OpenAsync(0, 20);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await OpenAsync(20, Connections);
        long after = GC.GetTotalMemory(forceFullCollection: true);

        // The peers' own sockets are counted in: the true figure is lower.
        long each = (after - before) / Connections;
        Assert.True(each <= BytesEachMax, $"an idle connection holds {each} bytes, more than {BytesEachMax}");
        Console.WriteLine($"an idle plain connection{(overWebSocket ? " over WebSocket" : "")} holds {each} bytes of managed memory");
        peers.ForEach(peer => peer.Dispose());
    }
}
