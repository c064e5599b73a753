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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Publish_OneToAnother_AllocatesItsMessageAlone(int qos)
    {
        const int Messages = 10_000, Burst = 100, PayloadBytes = 4096;
        // What stands for one message (120 bytes), and the little that each read, write and turn of a loop costs.
        const int BytesEachMax = 400;
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { SystemTopicsSeconds = 0, ReceiveMaximum = Burst, InFlightMax = Burst });
        using RawPeer publisher = await RawPeer.ConnectAsync(broker, "from");
        using RawPeer subscriber = await RawPeer.ConnectAsync(broker, "to");
        subscriber.Send(new SubscribePacket { PacketId = 1, Entries = [new("t", qos)] });
        subscriber.Read<SubAckPacket>();
        List<byte> burst = [], acks = [];
        for (int i = 1; i <= Burst; i++)
        {
            burst.AddRange(MqttEncoder.ToArray(MqttVersion.V5, new PublishPacket { Topic = "t", Qos = qos, PacketId = (ushort)(qos * i), Payload = new byte[PayloadBytes] }));
            acks.AddRange(MqttEncoder.ToArray(MqttVersion.V5, new AckPacket(MqttPacketType.PubAck) { PacketId = (ushort)i }));
        }
        byte[] sent = [.. burst], acknowledged = [.. acks], received = new byte[64 * 1024];

        long least = long.MaxValue;
        for (int run = 0; run < 3; run++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Messages; i += Burst)
            {
                publisher.Send(sent);
                subscriber.Skip(sent.Length, received);
                if (qos == 0)
                    continue;
                publisher.Skip(acknowledged.Length, received);
                RenumberAndSend(subscriber, acknowledged, i, run * Messages);
            }
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Messages);
        }

        Assert.True(least <= BytesEachMax, $"a message of {PayloadBytes} bytes allocates {least} bytes, more than {BytesEachMax}");
        Console.WriteLine($"a message of {PayloadBytes} bytes at QoS {qos} allocates {least} bytes on its way through the broker");
    }

    /// <summary>The broker numbers its deliveries on, and each is to be acknowledged by its number.</summary>
    private static void RenumberAndSend(RawPeer peer, byte[] acks, int from, int before)
    {
        const int AckBytes = 4;
        for (int i = 0; i < acks.Length / AckBytes; i++)
        {
            int id = ((before + from + i) % ushort.MaxValue) + 1;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(acks.AsSpan((i * AckBytes) + 2), (ushort)id);
        }
        peer.Send(acks);
    }
}
