namespace EdgeFL.Mqtt.Tests;

[CollectionDefinition(nameof(FootprintTests), DisableParallelization = true)]
public sealed class FootprintCollection;

[Collection(nameof(FootprintTests))]
public sealed class FootprintTests
{
    [Fact]
    public async Task IdleConnections_Plain_HoldAtMostEightKibibytesEach()
    {
        const int Connections = 200;
        const int BytesEachMax = 8 * 1024;
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { PendingConnectionsMax = 300 });
        List<System.Net.Sockets.Socket> peers = [];
        async Task OpenAsync(int from, int count)
        {
            for (int i = from; i < from + count; i++)
            {
                System.Net.Sockets.Socket socket = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                socket.Connect(broker.LocalEndPoint);
                socket.Send(MqttEncoder.ToArray(MqttVersion.V5, new ConnectPacket { ClientId = $"idle-{i}", CleanStart = true }));
                socket.Send(MqttEncoder.ToArray(MqttVersion.V5, new SubscribePacket { PacketId = 1, Entries = [new($"node/{i}/#", 1)] }));
                peers.Add(socket);
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
        Console.WriteLine($"an idle plain connection holds {each} bytes of managed memory");
        peers.ForEach(peer => peer.Dispose());
    }
}
