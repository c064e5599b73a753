using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity.Tests;

/// <summary>The credentials do what they are for: mutual TLS 1.3 over a real socket.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly Fleet fleet = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        folder.Dispose();
        fleet.Dispose();
    }

    [Fact]
    public async Task TwoDevices_OfOneFleet_KnowEachOther()
    {
        using DeviceCredentials server = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-1"));
        using DeviceCredentials client = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-2"));
        (CertificateError atServer, PeerIdentity? seenByServer, CertificateError atClient, PeerIdentity? seenByClient) = await Shake(server, client);
        Assert.Equal(CertificateError.None, atServer);
        Assert.Equal(CertificateError.None, atClient);
        Assert.Equal(client.Identity, seenByServer);
        Assert.Equal(server.Identity, seenByClient);
    }

    [Fact]
    public async Task TwoDevices_OfTwoFleets_RefuseEachOther()
    {
        using var mill = new Fleet("mill");
        using DeviceCredentials server = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-1"));
        using DeviceCredentials client = DeviceCredentials.Load(mill.SaveDevice(folder, "pi-2"));
        (_, PeerIdentity? seenByServer, CertificateError atClient, PeerIdentity? seenByClient) = await Shake(server, client);
        Assert.Equal(CertificateError.OtherFleet, atClient);
        Assert.Null(seenByServer);
        Assert.Null(seenByClient);
    }

    [Fact]
    public async Task Client_WithoutACertificate_IsRefused()
    {
        using DeviceCredentials server = DeviceCredentials.Load(fleet.SaveDevice(folder, "pi-1"));
        (CertificateError atServer, PeerIdentity? seenByServer, _, _) = await Shake(server, null);
        Assert.Equal(CertificateError.NoCertificate, atServer);
        Assert.Null(seenByServer);
    }

    private async Task<(CertificateError AtServer, PeerIdentity? SeenByServer, CertificateError AtClient, PeerIdentity? SeenByClient)> Shake(
        DeviceCredentials server, DeviceCredentials? client)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        CertificateError atServer = (CertificateError)(-1), atClient = (CertificateError)(-1);
        PeerIdentity? seenByServer = null, seenByClient = null;

        var serverOptions = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = server.TlsContext,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                (atServer = server.Trust.Verify(certificate, chain, Fleet.Now, out seenByServer)) == CertificateError.None,
        };
        var clientOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "pi-1",
            ClientCertificateContext = client?.TlsContext,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                (atClient = (client?.Trust ?? fleet.Trust).Verify(certificate, chain, Fleet.Now, out seenByClient)) == CertificateError.None,
        };

        Task accept = Serve();
        using var socket = new TcpClient();
        await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, bound.Token);
        try
        {
            await using var stream = new SslStream(socket.GetStream());
            await stream.AuthenticateAsClientAsync(clientOptions, bound.Token);
            // In TLS 1.3 the client learns of a refusal only when it reads.
            Assert.Equal(1, await stream.ReadAsync(new byte[1], bound.Token));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
        }
        catch (Xunit.Sdk.XunitException)
        {
            Assert.NotEqual(CertificateError.None, atServer);
        }
        socket.Close();
        await accept;
        return (atServer, seenByServer, atClient, seenByClient);

        async Task Serve()
        {
            using TcpClient peer = await listener.AcceptTcpClientAsync(bound.Token);
            try
            {
                await using var stream = new SslStream(peer.GetStream());
                await stream.AuthenticateAsServerAsync(serverOptions, bound.Token);
                await stream.WriteAsync(new byte[1], bound.Token);
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
            }
        }
    }
}
