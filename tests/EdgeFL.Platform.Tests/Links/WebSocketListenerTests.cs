using System.Net;
using System.Net.WebSockets;
using EdgeFL.Identity;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Links;

public sealed class WebSocketListenerTests : IDisposable
{
    /// <summary>CONNECT of MQTT 5.0 without an identifier.</summary>
    private static readonly byte[] Connect = [0x10, 13, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 0, 0, 0];

    private readonly TestFleet fleet = new();
    private readonly TestFolder folder = new();

    public void Dispose()
    {
        fleet.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task WebSocket_WithACertificateOfTheFleet_SpeaksMqtt()
    {
        (LinkNode node, Uri address) = await StartAsync();
        await using LinkNode _ = node;
        using ClientWebSocket socket = Socket(fleet.Operator("ann"));
        using CancellationTokenSource patience = new(Wait.Patience);

        await socket.ConnectAsync(address, patience.Token);
        await socket.SendAsync(Connect, WebSocketMessageType.Binary, endOfMessage: true, patience.Token);

        byte[] answer = new byte[256];
        await socket.ReceiveAsync(answer, patience.Token);
        Assert.Equal("mqtt", socket.SubProtocol);
        Assert.Equal((0x20, 0), (answer[0], answer[3])); // CONNACK, accepted
    }

    [Fact]
    public async Task WebSocket_OfAStranger_IsRefused()
    {
        (LinkNode node, Uri address) = await StartAsync();
        await using LinkNode _ = node;
        using TestFleet other = new();
        using ClientWebSocket foreign = Socket(other.Device("b"));
        using ClientWebSocket bare = Socket(null);
        using CancellationTokenSource patience = new(Wait.Patience);

        await RefusedAsync(foreign, address, patience.Token);
        await RefusedAsync(bare, address, patience.Token);
        await node.IsToldAsync("tls-refused");
    }

    [Theory]
    [InlineData("https://board.example", true)]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    public async Task WebSocket_OfAPage_IsOpenToThoseNamed(string origin, bool isLetIn)
    {
        (LinkNode node, Uri address) = await StartAsync("https://board.example");
        await using LinkNode _ = node;
        using ClientWebSocket socket = Socket(fleet.Operator("ann"));
        socket.Options.SetRequestHeader("Origin", origin);
        using CancellationTokenSource patience = new(Wait.Patience);

        if (isLetIn)
        {
            await socket.ConnectAsync(address, patience.Token);
            return;
        }
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, patience.Token));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        await node.IsToldAsync("connect-refused", "origin");
    }

    [Fact]
    public async Task Start_WhereTheWebSocketPortIsTaken_NamesItsMember()
    {
        await using LinkNode a = await LinkNode.StartAsync(fleet.Device("a"));
        NetworkConfig network = LinkNode.Quiet() with { WebSocket = $"127.0.0.1:{a.Port}" };

        var error = await Assert.ThrowsAsync<IOException>(() => LinkNode.StartAsync(fleet.Device("b"), network));

        Assert.StartsWith($"network.webSocket: 127.0.0.1:{a.Port} cannot be listened on", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"webSocket\":\"8884\"", "is not an address and port")]
    [InlineData("\"webSocket\":\"127.0.0.1:0\"", "must name its port")]
    [InlineData("\"webSocket\":\"0.0.0.0:8883\"", "another address or port than network.listen")]
    [InlineData("\"webSocket\":\"0.0.0.0:8884\",\"broker\":\"mqtts://b:8883\"", "leave one of them out")]
    [InlineData("\"webSocketOrigins\":[\"board.example\"]", "origins as browsers name them")]
    [InlineData("\"webSocketOrigins\":[\"https://board.example/\"]", "origins as browsers name them")]
    [InlineData("\"webSocketOrigins\":[\"\"]", "origins as browsers name them")]
    public void Member_ThatCannotBe_IsNamed(string members, string rule)
    {
        var error = Assert.Throws<ConfigException>(() => Read(members));
        Assert.Contains("network.webSocket", error.Message, StringComparison.Ordinal);
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Members_ThatAreRight_AreRead()
    {
        NetworkConfig network = Read("\"webSocket\":\"[::]:8884\",\"webSocketOrigins\":[\"https://board.example:8443\",\"*\"]").Network;
        Assert.Equal("[::]:8884", network.WebSocket);
        Assert.Equal(["https://board.example:8443", "*"], network.WebSocketOrigins);
        Assert.Null(Read("\"discovery\":false").Network.WebSocket);
    }

    private AgentConfig Read(string members) =>
        AgentConfigFile.Read(folder.Write("agent.json", $"{{\"fleet\":\"farm\",\"node\":\"pump\",\"sensor\":{{\"kind\":\"host\"}},\"network\":{{{members}}}}}"));

    private async Task<(LinkNode Node, Uri Address)> StartAsync(params string[] origins)
    {
        int port = OutsideBroker.FreePorts(1)[0];
        NetworkConfig network = LinkNode.Quiet() with { WebSocket = $"127.0.0.1:{port}", WebSocketOrigins = origins };
        return (await LinkNode.StartAsync(fleet.Device("a"), network), new Uri($"wss://127.0.0.1:{port}/mqtt"));
    }

    private static ClientWebSocket Socket(DeviceCredentials? credentials)
    {
        ClientWebSocket socket = new();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true; // who the node is, other tests ask
        if (credentials is not null)
            socket.Options.ClientCertificates.Add(credentials.TlsContext.TargetCertificate);
        return socket;
    }

    /// <summary>With TLS 1.3 a client hears of its refusal at its first read.</summary>
    private static Task RefusedAsync(ClientWebSocket socket, Uri address, CancellationToken patience) =>
        Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, patience));
}
