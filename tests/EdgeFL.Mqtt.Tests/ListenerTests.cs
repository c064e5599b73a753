using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EdgeFL.Mqtt.Tests;

public sealed class ListenerTests : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly X509Certificate2 serverCertificate;
    private readonly ConcurrentQueue<MqttSecurityEvent> events = new();

    public ListenerTests() => serverCertificate = authority.Issue("broker");

    public void Dispose()
    {
        serverCertificate.Dispose();
        authority.Dispose();
    }

    [Fact]
    public async Task Listeners_PlainAndTls_ServeOneBroker()
    {
        await using MqttBroker broker = await BrokerAsync(new MqttListener(), Secure());
        Assert.Equal(2, broker.LocalEndPoints.Distinct().Count());
        Assert.Equal(broker.LocalEndPoints[0], broker.LocalEndPoint);
        using X509Certificate2 certificate = authority.Issue("node-7");
        await using Listener plain = await Bench.ConnectAsync(Bench.To(broker, "plain"), "#");
        await using Listener secure = await Bench.ConnectAsync(At(broker, 1, "secure") with { Tls = () => authority.Client(certificate) }, "#");

        await plain.Client.PublishAsync("x", Bench.Bytes("to the other side"), 1).AsTask().WaitAsync(Bench.Patience);

        Assert.Equal("to the other side", Bench.Text(secure.Next()));
        Assert.Equal(2, broker.ConnectedClients);
    }

    [Fact]
    public async Task Start_SecondAddressIsTaken_NamesItAndClosesTheFirst()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        // An address of this test's own: no other takes the port meanwhile.
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Parse("127.77.0.1"), 0));
        IPEndPoint free = (IPEndPoint)probe.LocalEndPoint!;
        probe.Dispose();
        await using MqttBroker broker = new(new MqttBrokerOptions
        {
            Access = MqttOpenAccess.Instance,
            Listeners = [new() { EndPoint = free }, new() { Name = "the second", EndPoint = (IPEndPoint)taken.LocalEndpoint }],
        });

        IOException error = await Assert.ThrowsAsync<IOException>(() => broker.StartAsync());

        Assert.Contains($"the second: {taken.LocalEndpoint} cannot be listened on", error.Message, StringComparison.Ordinal);
        using Socket again = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(free);
    }

    [Theory]
    [InlineData("alice", "secret", true)]
    [InlineData("alice", "wrong", false)]
    [InlineData(null, null, false)]
    public async Task OptionalCertificate_None_UserAndPasswordDecide(string? user, string? password, bool isLetIn)
    {
        await using MqttBroker broker = await BrokerAsync(Secure() with { IsClientCertificateOptional = true });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        MqttClientOptions options = Bench.To(broker, "c") with
        {
            Tls = () => authority.Client(null),
            UserName = user,
            Password = password is null ? null : Encoding.UTF8.GetBytes(password),
        };
        await using Listener client = new(options);
        await client.Client.StartAsync();

        if (isLetIn)
        {
            await client.Client.PublishAsync("x", Bench.Bytes("x"), 1).AsTask().WaitAsync(Bench.Patience);
            Assert.Equal("alice", heard.Next().Principal);
            return;
        }
        await Bench.UntilAsync(() => !client.Ends.IsEmpty, "the client was refused");
        Assert.Empty(client.Starts);
        Assert.Contains(events, e => e.Kind == MqttSecurityEventKind.ConnectRefused);
    }

    [Fact]
    public async Task OptionalCertificate_OwnOne_IsThePrincipal()
    {
        await using MqttBroker broker = await BrokerAsync(Secure() with { IsClientCertificateOptional = true });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using X509Certificate2 certificate = authority.Issue("node-7");
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "c") with { Tls = () => authority.Client(certificate) });

        await client.Client.PublishAsync("x", Bench.Bytes("x"), 1).AsTask().WaitAsync(Bench.Patience);

        Assert.Equal("node-7", heard.Next().Principal);
    }

    [Fact]
    public async Task OptionalCertificate_ForeignOne_IsRefused()
    {
        await using MqttBroker broker = await BrokerAsync(Secure() with { IsClientCertificateOptional = true });
        using TestAuthority stranger = new("other root");
        using X509Certificate2 certificate = stranger.Issue("node-7");
        await using Listener client = new(Bench.To(broker, "c") with { Tls = () => authority.Client(certificate), UserName = "alice", Password = Bench.Bytes("secret") });
        await client.Client.StartAsync();

        await Bench.UntilAsync(() => events.Any(e => e.Kind == MqttSecurityEventKind.TlsRefused), "the refusal was reported");
        Assert.Empty(client.Starts);
    }

    [Fact]
    public void Options_ContradictoryListeners_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MqttBroker(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [] }));
        Assert.Throws<ArgumentException>(() => new MqttBroker(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [new() { IsClientCertificateOptional = true }] }));
    }

    private static MqttClientOptions At(MqttBroker broker, int listener, string clientId) => Bench.To(broker, clientId) with { Port = broker.LocalEndPoints[listener].Port };

    private MqttListener Secure() => new() { Tls = () => authority.Server(serverCertificate) };

    private Task<MqttBroker> BrokerAsync(params MqttListener[] listeners) =>
        Bench.BrokerAsync(o => o with { Listeners = listeners, Access = new PasswordAccess(), OnSecurityEvent = events.Enqueue });

    /// <summary>A certificate's subject, else a user with a password, else, without TLS, the client identifier "plain".</summary>
    private sealed class PasswordAccess : IMqttAccess
    {
        public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
        {
            bool knows = user == "alice" && password.SequenceEqual("secret"u8);
            principal = certificate?.GetNameInfo(X509NameType.SimpleName, false) ?? (knows ? user! : clientId);
            reason = "neither a certificate nor a password";
            return certificate is not null || knows || clientId == "plain";
        }

        public bool MayPublish(string principal, string topic) => true;

        public bool MaySubscribe(string principal, string filter) => true;
    }
}
