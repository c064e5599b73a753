using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using EdgeFL.Identity;
using EdgeFL.Platform.Links;

namespace EdgeFL.Platform.Tests.Links;

/// <summary>Real handshakes over loopback. A byte goes each way after them: with TLS 1.3 a client learns only then that it was refused.</summary>
public sealed class TlsPolicyTests : IDisposable
{
    private readonly TestFleet fleet = new("farm");
    private readonly TestFleet other = new("other");

    public void Dispose()
    {
        fleet.Dispose();
        other.Dispose();
    }

    private static async Task<bool> MeetAsync(SslServerAuthenticationOptions serverOptions, SslClientAuthenticationOptions clientOptions)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var limit = new CancellationTokenSource(Wait.Patience);
        Task<bool> serving = Side(async () =>
        {
            using TcpClient socket = await listener.AcceptTcpClientAsync(limit.Token);
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsServerAsync(serverOptions, limit.Token);
            await tls.WriteAsync(new byte[1], limit.Token);
            return await tls.ReadAsync(new byte[1], limit.Token) == 1;
        });
        Task<bool> calling = Side(async () =>
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(clientOptions, limit.Token);
            await tls.WriteAsync(new byte[1], limit.Token);
            return await tls.ReadAsync(new byte[1], limit.Token) == 1;
        });
        bool[] well = await Task.WhenAll(serving, calling);
        Assert.False(limit.IsCancellationRequested, "a handshake hangs");
        return well[0] && well[1];

        static async Task<bool> Side(Func<Task<bool>> side)
        {
            try
            {
                return await side();
            }
            catch (Exception error) when (error is AuthenticationException or IOException)
            {
                return false;
            }
        }
    }

    private SslClientAuthenticationOptions Caller(string? expected = "b", DeviceCredentials? credentials = null, Action<PeerIdentity>? verified = null) =>
        new TlsPolicy(credentials ?? fleet.Device("a")).Client(expected is null ? null : NodeId.Parse(expected), verified);

    private SslServerAuthenticationOptions Listener(DeviceCredentials? credentials = null) => new TlsPolicy(credentials ?? fleet.Device("b")).Server();

    [Fact]
    public async Task Handshake_WithTheRightPeer_SucceedsAndTellsWhoItIs()
    {
        PeerIdentity? seen = null;
        Assert.True(await MeetAsync(Listener(), Caller(verified: p => seen = p)));
        Assert.Equal(("b", CertificateRole.Device), (seen!.Name, seen.Role));
        Assert.True(await MeetAsync(Listener(), Caller(expected: null)));
        Assert.True(await MeetAsync(Listener(), Caller(credentials: fleet.Operator("ann"))));
    }

    [Theory]
    [InlineData("-")]
    [InlineData("1")]
    [InlineData("a--b-")]
    [InlineData("xn--")]
    [InlineData("10")]
    public async Task Handshake_WithAnOddName_Succeeds(string name) => Assert.True(await MeetAsync(Listener(fleet.Device(name)), Caller(name)));

    [Fact]
    public async Task Handshake_WithAnotherNode_Fails() => Assert.False(await MeetAsync(Listener(fleet.Device("c")), Caller("b")));

    [Fact]
    public async Task Handshake_WithAnOperatorWhoListens_Fails()
    {
        Assert.False(await MeetAsync(Listener(fleet.Operator("b")), Caller("b")));
        Assert.False(await MeetAsync(Listener(fleet.Operator("b")), Caller(expected: null)));
    }

    [Fact]
    public async Task Handshake_WithoutACertificate_Fails()
    {
        SslClientAuthenticationOptions nobody = Caller();
        nobody.ClientCertificateContext = null;
        Assert.False(await MeetAsync(Listener(), nobody));
    }

    [Fact]
    public async Task Handshake_WithAnEndedCertificate_FailsOnEitherSide()
    {
        DateTimeOffset longAgo = DateTimeOffset.UtcNow.AddDays(-40);
        Assert.False(await MeetAsync(Listener(), Caller(credentials: fleet.Device("a", longAgo))));
        Assert.False(await MeetAsync(Listener(fleet.Device("b", longAgo)), Caller()));
    }

    [Fact]
    public async Task Handshake_WithARevokedCertificate_Fails()
    {
        DeviceCredentials listening = fleet.Device("b"), calling = fleet.Device("a");
        listening.Trust.ReplaceRevoked([calling.Identity.SerialNumber]);
        Assert.False(await MeetAsync(Listener(listening), Caller(credentials: calling)));
    }

    [Fact]
    public async Task Handshake_WithAnotherFleet_FailsOnEitherSide()
    {
        Assert.False(await MeetAsync(Listener(), Caller(credentials: other.Device("a"))));
        Assert.False(await MeetAsync(Listener(other.Device("b")), Caller()));
        using var twin = new TestFleet("farm"); // the same name, another root
        Assert.False(await MeetAsync(Listener(), Caller(credentials: twin.Device("a"))));
    }

    [Fact]
    public async Task Handshake_WithTls12_Fails()
    {
#pragma warning disable CA5398 // An old version is what is tried.
        SslClientAuthenticationOptions old = Caller();
        old.EnabledSslProtocols = SslProtocols.Tls12;
        Assert.False(await MeetAsync(Listener(), old));
        SslServerAuthenticationOptions oldServer = Listener();
        oldServer.EnabledSslProtocols = SslProtocols.Tls12;
        Assert.False(await MeetAsync(oldServer, Caller()));
#pragma warning restore CA5398
    }

    [Fact]
    public async Task Broker_OfTheFleetsOwnCa_IsTrustedAndAnotherIsNot()
    {
        var policy = new TlsPolicy(fleet.Device("a"));
        Assert.True(await MeetAsync(Listener(), policy.Broker("broker.lan", [])));
        Assert.False(await MeetAsync(Listener(other.Device("b")), policy.Broker("broker.lan", [])));
        Assert.False(await MeetAsync(Listener(), policy.Broker("broker.lan", [other.Device("x").Issuing]))); // its own CA file: chain and name count
    }
}
