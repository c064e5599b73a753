using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly X509Certificate2 serverCertificate;
    private readonly List<MqttSecurityEvent> events = [];

    public TlsTests() => serverCertificate = authority.Issue("broker");

    public void Dispose()
    {
        serverCertificate.Dispose();
        authority.Dispose();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task MutualTls_OwnCertificate_PrincipalIsItsName(MqttVersion version)
    {
        await using MqttBroker broker = await SecureBrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using X509Certificate2 certificate = authority.Issue("node-7");
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "any id", version) with { Tls = () => authority.Client(certificate) }, "node-7/#");

        byte[] payload = new byte[100_000];
        new Random(2).NextBytes(payload);
        await client.Client.PublishAsync("node-7/x", payload, 1).AsTask().WaitAsync(Bench.Patience);

        Assert.Equal("node-7", heard.Next().Principal);
        Assert.Equal(payload, client.Next().Payload.ToArray());
    }

    [Theory]
    [InlineData("none")]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("foreign")]
    public async Task MutualTls_BadClientCertificate_IsRefused(string which)
    {
        await using MqttBroker broker = await SecureBrokerAsync();
        using TestAuthority stranger = new("test root");
        using X509Certificate2? certificate = which switch
        {
            "expired" => authority.Issue("node-7", -10, -1),
            "not yet valid" => authority.Issue("node-7", 1, 10),
            "foreign" => stranger.Issue("node-7"),
            _ => null,
        };
        await using Listener client = new(Bench.To(broker, "node-7") with { Tls = () => authority.Client(certificate) });
        await client.Client.StartAsync();

        await Bench.UntilAsync(() => !client.Ends.IsEmpty, "the client was refused");
        await Bench.UntilAsync(() => Events().Any(e => e.Kind == MqttSecurityEventKind.TlsRefused), "the refusal was reported");

        Assert.Empty(client.Starts);
        Assert.Equal(0, broker.ConnectedClients);
        Assert.True(broker.Counters.RefusedConnections > 0);
    }

    [Fact]
    public async Task MutualTls_OlderTls_IsRefused()
    {
        await using MqttBroker broker = await SecureBrokerAsync();
        using X509Certificate2 certificate = authority.Issue("node-7");
        using TcpClient tcp = new();
        await tcp.ConnectAsync(broker.LocalEndPoint);
        await using SslStream secure = new(tcp.GetStream());
        SslClientAuthenticationOptions options = authority.Client(certificate);
        options.EnabledSslProtocols = SslProtocols.Tls12;

        await Assert.ThrowsAnyAsync<Exception>(() => secure.AuthenticateAsClientAsync(options).WaitAsync(Bench.Patience));
        await Bench.UntilAsync(() => Events().Any(e => e.Kind == MqttSecurityEventKind.TlsRefused), "the refusal was reported");
    }

    [Fact]
    public async Task MutualTls_PlaintextMqtt_IsRefused()
    {
        await using MqttBroker broker = await SecureBrokerAsync();
        await using Listener client = new(Bench.To(broker, "node-7"));
        await client.Client.StartAsync();

        await Bench.UntilAsync(() => Events().Any(e => e.Kind == MqttSecurityEventKind.TlsRefused), "the refusal was reported");
        Assert.Empty(client.Starts);
    }

    [Fact]
    public async Task Client_ForeignServerCertificate_DoesNotConnect()
    {
        await using MqttBroker broker = await SecureBrokerAsync();
        using TestAuthority stranger = new("other root");
        using X509Certificate2 certificate = authority.Issue("node-7");
        await using Listener client = new(Bench.To(broker, "node-7") with { Tls = () => stranger.Client(certificate) });
        await client.Client.StartAsync();

        await Bench.UntilAsync(() => !client.Ends.IsEmpty, "the attempt ended");
        Assert.Empty(client.Starts);
        Assert.True(client.Ends.TryPeek(out MqttDisconnected? end));
        Assert.Equal(MqttReason.NotAuthorized, end.Reason);
    }

    private Task<MqttBroker> SecureBrokerAsync() => Bench.BrokerAsync(o => o with
    {
        Listeners = [new() { Tls = () => authority.Server(serverCertificate) }],
        Access = new OwnNameAccess(),
        OnSecurityEvent = e =>
        {
            lock (events)
                events.Add(e);
        },
    });

    private MqttSecurityEvent[] Events()
    {
        lock (events)
            return [.. events];
    }
}
