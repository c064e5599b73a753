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

    [Fact]
    public async Task Resumption_WithATicketOfTheSharedContext_IsAFullHandshake()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgefl-tls-");
        using X509Certificate2 certificate = authority.Issue("node-7");
        // Whoever comes first shows that resumption can be forbidden; contexts are shared from the next one on.
        await using (MqttBroker first = await SecureBrokerAsync())
        await using (await Bench.ConnectAsync(Bench.To(first, "first") with { Tls = () => authority.Client(certificate) }))
        {
        }
        SslServerAuthenticationOptions shared = authority.Server(serverCertificate);
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Listeners = [new MqttListener { Tls = () => authority.Server(shared) }] });
        string[] files = authority.Write(folder.FullName, certificate);
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "connect"), MqttEncoder.ToArray(MqttVersion.V5, new ConnectPacket { ClientId = "c", CleanStart = true }));

        string Handshake(string wait, string more)
        {
            using Peer client = Peer.Start("/bin/sh", "dash", "-c", $"cd {folder.FullName} && (cat connect; {wait}) | openssl s_client -connect 127.0.0.1:{broker.LocalEndPoint.Port} "
                + $"-tls1_3 -CAfile {files[1]} -cert {files[3]} -key {files[5]} {more}");
            client.ExitCode();
            return client.Output;
        }
        // A context's first connection still gets a ticket: it is asked for until it has come.
        Assert.Contains("New, TLSv1.3", Handshake("for i in $(seq 100); do [ -s ticket ] && break; sleep 0.1; done", "-sess_out ticket"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.FullName, "ticket")), "no ticket came: the context is not shared, and this test shows nothing");

        Assert.Contains("New, TLSv1.3", Handshake("sleep 0.2", "-sess_in ticket"), StringComparison.Ordinal);
        folder.Delete(recursive: true);
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
