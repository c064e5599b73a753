using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

public sealed class WebSocketTests
{
    private const int Message = WebPeer.Final | WebPeer.Binary;

    private readonly ConcurrentQueue<MqttSecurityEvent> events = new();

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(300_000)]
    public async Task Message_OfAnySize_GoesThereAndBack(int size)
    {
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer peer = await WebPeer.ConnectAsync(broker);
        peer.Frame(Message, WebPeer.Encode(new SubscribePacket { PacketId = 1, Entries = [new("#", 1)] }));
        Assert.Equal([1], Assert.IsType<SubAckPacket>(peer.Read()).Codes);
        byte[] payload = new byte[size];
        new Random(size).NextBytes(payload);

        peer.Frame(Message, WebPeer.Encode(new PublishPacket { Topic = "x", Payload = payload }));

        Assert.Equal(payload, Assert.IsType<PublishPacket>(peer.Read()).Payload.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_OfThePlatform_IsServed(bool overTls)
    {
        using TestAuthority authority = new();
        using X509Certificate2 server = authority.Issue("broker");
        using X509Certificate2 own = authority.Issue("node-7");
        await using MqttBroker broker = await BrokerAsync(o => o with
        {
            Access = new OwnNameAccess(),
            Listeners = [new() { IsWebSocket = true, Tls = overTls ? () => authority.Server(server) : null }],
        });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using ClientWebSocket socket = new();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.ClientCertificates.Add(own);
        socket.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == server.GetCertHashString();
        using CancellationTokenSource patience = new(Bench.Patience);

        await socket.ConnectAsync(new Uri($"{(overTls ? "wss" : "ws")}://127.0.0.1:{broker.LocalEndPoint.Port}/mqtt"), patience.Token);
        byte[] publish = WebPeer.Encode(new PublishPacket { Topic = "node-7/x", Payload = Bench.Bytes("hi") });
        await socket.SendAsync(WebPeer.Encode(new ConnectPacket { CleanStart = true, ClientId = "node-7" }), WebSocketMessageType.Binary, endOfMessage: true, patience.Token);
        await socket.SendAsync(publish.AsMemory(0, 3), WebSocketMessageType.Binary, endOfMessage: false, patience.Token);
        await socket.SendAsync(publish.AsMemory(3), WebSocketMessageType.Binary, endOfMessage: true, patience.Token);

        Assert.Equal("mqtt", socket.SubProtocol);
        Assert.Equal("node-7", heard.Next().Principal);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        WebSocketReceiveResult result;
        do
            result = await socket.ReceiveAsync(new byte[100], patience.Token);
        while (result.MessageType != WebSocketMessageType.Close);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, result.CloseStatus);
    }

    [Fact]
    public async Task Packets_SplitAtEveryByte_AreRead()
    {
        await using MqttBroker broker = await BrokerAsync();
        byte[] ping = WebPeer.Encode(new PingPacket(MqttPacketType.PingReq));
        byte[] publish = WebPeer.Encode(new PublishPacket { Topic = "a", Qos = 1, PacketId = 5, Payload = new byte[20] });
        byte[] packets = [.. publish, .. ping];
        using WebPeer peer = await WebPeer.ConnectAsync(broker);
        for (int cut = 0; cut <= packets.Length; cut++)
        {
            peer.Frame(WebPeer.Binary, packets.AsSpan(0, cut));
            peer.Frame(WebPeer.Ping | WebPeer.Final, packets.AsSpan(0, cut));
            peer.Frame(WebPeer.Continuation, []);
            peer.Frame(WebPeer.Final | WebPeer.Continuation, packets.AsSpan(cut));

            Assert.Equal(5, Assert.IsType<AckPacket>(peer.Read()).PacketId);
            Assert.IsType<PingPacket>(peer.Read());
            Assert.Equal(packets[..cut], peer.NextPong());
        }
    }

    [Fact]
    public async Task Frames_ArrivingByteByByte_AreRead()
    {
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer peer = await WebPeer.ConnectAsync(broker);
        byte[] packet = WebPeer.Encode(new PublishPacket { Topic = "a", Qos = 1, PacketId = 9, Payload = new byte[200] });

        foreach (byte value in WebPeer.MakeFrame(Message, packet))
            peer.Send([value]);

        Assert.Equal(9, Assert.IsType<AckPacket>(peer.Read()).PacketId);
    }

    [Fact]
    public async Task Packets_ManyInOneFrame_AreAllRead()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { PacketBytesMax = 1024 });
        using WebPeer peer = await WebPeer.ConnectAsync(broker);
        byte[] many = [.. Enumerable.Range(1, 500).SelectMany(i => WebPeer.Encode(new PublishPacket { Topic = "a", Qos = 1, PacketId = (ushort)i, Payload = new byte[100] }))];

        peer.Frame(Message, many);

        for (int i = 1; i <= 500; i++)
            Assert.Equal(i, Assert.IsType<AckPacket>(peer.Read()).PacketId);
    }

    [Theory]
    [InlineData("unmasked", 1002)]
    [InlineData("short and unmasked", 1002)]
    [InlineData("reserved bit", 1002)]
    [InlineData("unknown kind", 1002)]
    [InlineData("unknown control", 1002)]
    [InlineData("text", 1003)]
    [InlineData("continuation of nothing", 1002)]
    [InlineData("message in a message", 1002)]
    [InlineData("ping in fragments", 1002)]
    [InlineData("long ping", 1002)]
    [InlineData("length not shortest, 16 bits", 1002)]
    [InlineData("length not shortest, 64 bits", 1002)]
    [InlineData("negative length", 1009)]
    [InlineData("huge length", 1009)]
    [InlineData("half a close code", 1002)]
    public async Task Frame_Invalid_IsAnsweredAndEndsThatConnectionAlone(string kind, int code)
    {
        byte[] bytes = kind switch
        {
            "unmasked" => WebPeer.MakeFrame(Message, new byte[30], masked: false),
            "short and unmasked" => [WebPeer.Final | WebPeer.Ping, 0],
            "reserved bit" => WebPeer.MakeFrame(Message | 0x40, [0]),
            "unknown kind" => WebPeer.MakeFrame(WebPeer.Final | 3, [0]),
            "unknown control" => WebPeer.MakeFrame(WebPeer.Final | 0xB, []),
            "text" => WebPeer.MakeFrame(WebPeer.Final | WebPeer.TextFrame, "hello"u8),
            "continuation of nothing" => WebPeer.MakeFrame(WebPeer.Final | WebPeer.Continuation, [0]),
            "message in a message" => [.. WebPeer.MakeFrame(WebPeer.Binary, []), .. WebPeer.MakeFrame(Message, [])],
            "ping in fragments" => WebPeer.MakeFrame(WebPeer.Ping, []),
            "long ping" => WebPeer.MakeFrame(WebPeer.Final | WebPeer.Ping, new byte[126]),
            "length not shortest, 16 bits" => [Message, 0xFE, 0, 125, 0, 0, 0, 0],
            "length not shortest, 64 bits" => [Message, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0],
            "negative length" => [Message, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "huge length" => [Message, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => WebPeer.MakeFrame(WebPeer.Final | WebPeer.Close, [3]),
        };
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer bystander = await WebPeer.ConnectAsync(broker, "bystander");
        using WebPeer early = await WebPeer.UpgradeAsync(broker);
        early.Send(bytes);
        early.ExpectClose(code);
        using WebPeer peer = await WebPeer.ConnectAsync(broker);
        peer.Send(bytes);
        Assert.Equal(MqttReason.MalformedPacket, Assert.IsType<DisconnectPacket>(peer.Read()).Reason);
        peer.ExpectClose(code);
        peer.Dispose();
        early.Dispose();

        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "only the bystander is left");
        Assert.Contains(events, e => e.Kind == MqttSecurityEventKind.ConnectRefused && e.Detail.StartsWith("malformed WebSocket", StringComparison.Ordinal));
        Assert.Contains(events, e => e.Kind == MqttSecurityEventKind.MalformedPacket && e.Detail.StartsWith("malformed WebSocket", StringComparison.Ordinal));
        bystander.Frame(Message, WebPeer.Encode(new PingPacket(MqttPacketType.PingReq)));
        Assert.IsType<PingPacket>(bystander.Read());
        Assert.Equal(0, broker.Counters.HandlerFaults);
    }

    [Fact]
    public async Task Close_WithoutDisconnect_IsAnsweredAndTheWillIsTold()
    {
        await using MqttBroker broker = await BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using WebPeer peer = await WebPeer.ConnectAsync(broker, will: new WillData { Topic = "gone", Payload = [] });
        byte[] code = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(code, 1001);

        peer.Frame(WebPeer.Final | WebPeer.Close, code);

        peer.ExpectClose(1001);
        peer.Dispose();
        Assert.Equal("gone", heard.Next().Topic);
    }

    [Fact]
    public async Task Disconnect_IsFollowedByAClose()
    {
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer peer = await WebPeer.ConnectAsync(broker);

        peer.Frame(Message, WebPeer.Encode(new DisconnectPacket()));

        peer.ExpectClose(1000);
        peer.Dispose();
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it has left");
    }

    [Fact]
    public async Task Pings_OfAPeerThatNeverReads_AreBounded()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectTimeoutMs = 1000 });
        using WebPeer peer = await WebPeer.UpgradeAsync(broker);
        byte[] pings = [.. Enumerable.Range(0, 1000).SelectMany(_ => WebPeer.MakeFrame(WebPeer.Final | WebPeer.Ping, new byte[125]))];

        // Sending blocks once neither side reads, until the broker cuts it off.
        void SendAll()
        {
            while (true)
                peer.Send(pings);
        }
        Assert.ThrowsAny<System.Net.Sockets.SocketException>(SendAll);

        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.ConnectTimeout), "it was reported");
    }

    [Fact]
    public void Unmask_AtEveryAlignment_IsTheSameAsByteByByte()
    {
        byte[] key = [0x12, 0x34, 0x56, 0x78];
        byte[] plain = new byte[64];
        new Random(3).NextBytes(plain);
        for (int first = 0; first <= plain.Length; first++)
        {
            byte[] bytes = [.. plain.Select((b, i) => (byte)(b ^ key[i % 4]))];
            uint mask = System.Runtime.InteropServices.MemoryMarshal.Read<uint>(key);

            mask = WebSocketStream.Unmask(bytes.AsSpan(0, first), mask);
            WebSocketStream.Unmask(bytes.AsSpan(first), mask);

            Assert.Equal(plain, bytes);
        }
    }

    private Task<MqttBroker> BrokerAsync(Func<MqttBrokerOptions, MqttBrokerOptions>? change = null) => Bench.BrokerAsync(o =>
    {
        MqttBrokerOptions watched = o with { Listeners = [new() { IsWebSocket = true }], OnSecurityEvent = events.Enqueue };
        return change?.Invoke(watched) ?? watched;
    });
}
