using System.Collections.Concurrent;
using System.Text;

namespace EdgeFL.Mqtt.Tests;

public sealed class WebSocketHandshakeTests
{
    private readonly ConcurrentQueue<MqttSecurityEvent> events = new();

    [Theory]
    [InlineData("", "")]
    [InlineData("GET /mqtt ", "GET / ")]
    [InlineData("GET /mqtt ", "GET /mqtt?token=1 ")]
    [InlineData("Upgrade: websocket", "UPGRADE:\tWebSocket ")]
    [InlineData("Connection: keep-alive, Upgrade", "connection: upgrade")]
    [InlineData("Protocol: mqtt", "Protocol: mqttv3.1\r\nSec-WebSocket-Protocol: other , mqtt")]
    [InlineData("Host: localhost", "Host: localhost\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: a=b\r\nX-Long-Name-That-Nobody-Knows-Of-And-Which-Is-No-Fault: 1")]
    public void Request_Valid_IsAcceptedWithTheProofOfRfc6455(string from, string to)
    {
        string? refusal = Judge(Change(from, to), null, out string answer);

        Assert.Null(refusal);
        Assert.Equal("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", answer);
    }

    [Theory]
    [InlineData("GET /mqtt", "POST /mqtt", 400)]
    [InlineData("GET /mqtt", "get /mqtt", 400)]
    [InlineData("GET /mqtt", "GET  /mqtt", 400)]
    [InlineData("HTTP/1.1", "HTTP/1.0", 400)]
    [InlineData("HTTP/1.1", "HTTP/2", 400)]
    [InlineData("GET /mqtt HTTP/1.1\r\n", "\r\n", 400)]
    [InlineData("/mqtt", "/mqtt/../etc", 404)]
    [InlineData("/mqtt", "/MQTT", 404)]
    [InlineData("Host: localhost\r\n", "", 400)]
    [InlineData("Host: localhost", "Host: a\r\nHost: b", 400)]
    [InlineData("Host: localhost", "Host: localhost\r\n folded", 400)]
    [InlineData("Host: localhost", "Host : localhost", 400)]
    [InlineData("Host: localhost", "Host: local\0host", 400)]
    [InlineData("Host: localhost", "Host: local\nhost", 400)]
    [InlineData("Host: localhost", "Host: localhost\r\nnonsense", 400)]
    [InlineData("Host: localhost", "Host: localhost\r\n: empty", 400)]
    [InlineData("Host: localhost", "Host: localhost\r\nContent-Length: 5", 400)]
    [InlineData("Host: localhost", "Host: localhost\r\nTransfer-Encoding: chunked", 400)]
    [InlineData("Host: localhost", "Host: localh\u00f6st", 400)]
    [InlineData("Upgrade: websocket\r\n", "", 426)]
    [InlineData("Upgrade: websocket", "Upgrade: h2c", 426)]
    [InlineData("keep-alive, Upgrade", "keep-alive", 426)]
    [InlineData("Version: 13", "Version: 8", 426)]
    [InlineData("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", 400)]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "", 400)]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400)]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=!", 400)]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZWVl", 400)]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400)]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\n", "", 400)]
    [InlineData("Protocol: mqtt", "Protocol: MQTT", 400)]
    [InlineData("Protocol: mqtt", "Protocol: mqttx, chat", 400)]
    [InlineData("mqtt\r\n\r\n", "mqtt\r\n\r\n\u0082", 400)]
    [InlineData("mqtt\r\n\r\n", "mqtt\r\n", 400)]
    public void Request_Invalid_IsRefusedWithAShortAnswer(string from, string to, int status)
    {
        string? refusal = Judge(Change(from, to), null, out string answer);

        Assert.NotNull(refusal);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Accept", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin: https://fleet.example\r\n", 101)]
    [InlineData("Origin: https://evil.example\r\n", 403)]
    [InlineData("Origin: null\r\n", 403)]
    [InlineData("", 101)]
    public void Origin_Rule_Decides(string header, int status)
    {
        Judge(Change("Host: ", header + "Host: "), origin => origin is null or "https://fleet.example", out string answer);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_EveryTruncation_IsRefused()
    {
        for (int length = 0; length < WebPeer.Request.Length; length++)
            Assert.NotNull(Judge(WebPeer.Request[..length], null, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public void Request_Mutated_NeverThrows(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(WebPeer.Request);
            for (int k = random.Next(1, 4); k > 0; k--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            WebSocketHandshake.Judge(bytes, null, out byte[] answer);
            Assert.InRange(answer.Length, 1, 300);
        }
    }

    [Theory]
    [InlineData("GET /mqtt", "GET /other", "HTTP/1.1 404 Not Found")]
    [InlineData("Version: 13", "Version: 12", "HTTP/1.1 426 Upgrade Required")]
    [InlineData("Protocol: mqtt", "Protocol: chat", "HTTP/1.1 400 Bad Request")]
    public async Task Broker_InvalidRequest_AnswersReportsAndCloses(string from, string to, string answer)
    {
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer peer = await WebPeer.OpenAsync(broker);

        Assert.StartsWith(answer, peer.Ask(Change(from, to)), StringComparison.Ordinal);

        peer.ExpectEnd();
        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.ConnectRefused && e.Detail.Contains("not a WebSocket", StringComparison.Ordinal)), "the refusal was reported");
        Assert.Equal(1, broker.Counters.RefusedConnections);
    }

    [Fact]
    public async Task Broker_EndlessHead_IsRefusedAtTheBound()
    {
        await using MqttBroker broker = await BrokerAsync();
        using WebPeer peer = await WebPeer.OpenAsync(broker);

        string answer = peer.Ask(Change("Host: ", "X: " + new string('x', WebSocketHandshake.HeadBytesMax) + "\r\nHost: "));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        peer.ExpectEnd();
    }

    [Fact]
    public async Task Broker_SlowHandshake_IsCutAndReported()
    {
        await using MqttBroker broker = await BrokerAsync(o => o with { ConnectTimeoutMs = 1000 });
        using WebPeer silent = await WebPeer.OpenAsync(broker);
        using WebPeer half = await WebPeer.OpenAsync(broker);
        using WebPeer idle = await WebPeer.UpgradeAsync(broker);
        half.Send(Encoding.ASCII.GetBytes(WebPeer.Request[..60]));

        silent.ExpectEnd();
        half.ExpectEnd();
        idle.ExpectEnd();
        await Bench.UntilAsync(() => events.Count(e => e.Kind == MqttSecurityEventKind.ConnectTimeout) == 3, "all were reported");
    }

    [Fact]
    public async Task Broker_MqttWithoutWebSocket_IsRefused()
    {
        await using MqttBroker broker = await BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        peer.Send([.. WebPeer.Encode(new ConnectPacket { CleanStart = true, ClientId = "c" }), .. "\r\n\r\n"u8]);

        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.ConnectRefused), "the refusal was reported");
        Assert.Equal(0, broker.ConnectedClients);
    }

    private static string Change(string from, string to)
    {
        Assert.Contains(from, WebPeer.Request, StringComparison.Ordinal);
        return from.Length == 0 ? WebPeer.Request : WebPeer.Request.Replace(from, to, StringComparison.Ordinal);
    }

    private static string? Judge(string request, Func<string?, bool>? allowsOrigin, out string answer)
    {
        string? refusal = WebSocketHandshake.Judge(Encoding.Latin1.GetBytes(request), allowsOrigin, out byte[] bytes);
        answer = Encoding.ASCII.GetString(bytes);
        return refusal;
    }

    private Task<MqttBroker> BrokerAsync(Func<MqttBrokerOptions, MqttBrokerOptions>? change = null) => Bench.BrokerAsync(o =>
    {
        MqttBrokerOptions watched = o with { Listeners = [new() { IsWebSocket = true }], OnSecurityEvent = events.Enqueue };
        return change?.Invoke(watched) ?? watched;
    });
}
