using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Identity;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Who has no business at an agent's port is turned away before a byte of MQTT is read, and people are told.</summary>
[Collection(StandingFleetCollection.Name)]
public sealed class HostilePeerTests(StandingFleet standing)
{
    // A CONNECT of MQTT 3.1.1 with client identifier "x".
    private static readonly byte[] PlainConnect = [0x10, 0x0D, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 1, (byte)'x'];

    [Fact]
    public Task GarbageBytes_AreRefused()
    {
        byte[] garbage = new byte[4096];
        new Random(7).NextBytes(garbage);
        return AssertRefusedAsync(stream => ReadAnswerAsync(stream, garbage));
    }

    [Fact]
    public Task PlainMqtt_IsRefused() => AssertRefusedAsync(async stream =>
    {
        byte[] answer = await ReadAnswerAsync(stream, PlainConnect);
        Assert.False(answer is [0x20, ..], "a CONNACK came back");
    });

    [Fact]
    public Task TlsWithoutCertificate_IsRefused() => AssertRefusedAsync(stream => AssertNoMqttAsync(stream, null, SslProtocols.Tls13), "NoCertificate");

    [Fact]
    public Task TlsWithCertificateOfAnotherAuthority_IsRefused() =>
        AssertRefusedAsync(stream => AssertNoMqttAsync(stream, standing.Stranger(), SslProtocols.Tls13), "UntrustedChain");

    [Fact]
    public Task TlsWithExpiredCertificate_IsRefused() =>
        AssertRefusedAsync(stream => AssertNoMqttAsync(stream, standing.Expired(), SslProtocols.Tls13), "Expired");

    [Fact]
    public Task Tls12_IsRefusedEvenToMembers() =>
        AssertRefusedAsync(stream => AssertNoMqttAsync(stream, standing.Member(standing.Fleet.Node("mallory")), SslProtocols.Tls12));

    [Fact]
    public async Task GarbageOnTheMdnsPort_HurtsNobody()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Loopback.GetAddressBytes());
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 1);
        var group = new IPEndPoint(IPAddress.Parse("224.0.0.251"), 5353);
        var random = new Random(11);
        for (int i = 0; i < 200; i++)
        {
            byte[] packet = new byte[random.Next(0, 1400)];
            random.NextBytes(packet);
            socket.SendTo(packet, group);
        }

        // An answer whose name points at itself.
        socket.SendTo([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xC0, 12, 0, 12, 0, 1, 0, 0, 0, 120, 0, 2, 0xC0, 12], group);

        await standing.AssertLearnsOnAsync();
        var (exit, _, errors) = await Built.CliAsync(Wait.Patience, "discover", "--interface", "lo", "--fleet", standing.Name, "--expect", "2", "--timeout", "20s");
        Assert.True(exit == 0, errors);
    }

    /// <summary>Does something to alpha's port; an event must tell of it, and alpha must go on.</summary>
    private async Task AssertRefusedAsync(Func<Stream, Task> attempt, string? why = null)
    {
        int before = Refusals();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, standing.Alpha.Port);
            await attempt(client.GetStream()).WaitAsync(Wait.Patience);
        }

        await standing.Heard.UntilAsync(_ => Refusals() > before, "an event tls-refused");
        Heard told = standing.Heard.Of("alpha", "event").Last(IsRefusal);
        Payloads.AssertDocumented(told);
        Assert.Contains("127.0.0.1", told.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        if (why is not null)
            Assert.Contains(why, told.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        await standing.AssertLearnsOnAsync();
    }

    private int Refusals() => standing.Heard.Of("alpha", "event").Count(IsRefusal);

    private static bool IsRefusal(Heard message) => message.Json.GetProperty("code").GetString() == "tls-refused";

    /// <summary>Sends bytes and reads until the other end closes.</summary>
    private static async Task<byte[]> ReadAnswerAsync(Stream stream, byte[] bytes)
    {
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(bytes);
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // Reset instead of closed.
        }

        return answer.ToArray();
    }

    /// <summary>In TLS 1.3 the client's side of the handshake may end before the server has looked at its certificate: what counts is that MQTT gets no answer.</summary>
    private static async Task AssertNoMqttAsync(Stream stream, DeviceCredentials? credentials, SslProtocols protocols)
    {
        using var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "alpha",
                EnabledSslProtocols = protocols,
                ClientCertificateContext = credentials?.TlsContext,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            return;
        }

        Assert.Empty(await ReadAnswerAsync(tls, PlainConnect));
    }
}
