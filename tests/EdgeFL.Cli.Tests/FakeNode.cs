using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Cli.Tests;

/// <summary>What a node shows to the CLI, on loopback: a broker behind mutual TLS with retained topics, and its advertisement.</summary>
internal sealed class FakeNode : IAsyncDisposable, IMqttAccess
{
    private readonly DeviceCredentials _credentials;
    private readonly MqttBroker _broker;
    private MdnsService? _mdns;
    private CertificateError _refused;

    private FakeNode(DeviceCredentials credentials)
    {
        _credentials = credentials;
        _broker = new MqttBroker(new MqttBrokerOptions
        {
            Access = this,
            Listeners = [new() { Tls = Tls }],
        });
    }

    public string Id => _credentials.Identity.Name;

    public int Port => _broker.LocalEndPoint.Port;

    public string Address => $"127.0.0.1:{Port}";

    public bool LetsIn { get; set; } = true;

    public CertificateError Refused => _refused;

    public static async Task<FakeNode> StartAsync(string folder)
    {
        var node = new FakeNode(DeviceCredentials.Load(folder));
        await node._broker.StartAsync(CancellationToken.None);
        return node;
    }

    public void Say(string suffix, string payload, string? asNode = null) =>
        _broker.Publish($"edgefl/v1/{_credentials.Identity.Fleet}/{asNode ?? Id}/{suffix}", Encoding.UTF8.GetBytes(payload), 1, retain: true);

    public async Task AdvertiseAsync()
    {
        _mdns = new MdnsService(new MdnsOptions { Interfaces = ["lo"] });
        await _mdns.StartAsync();
        await _mdns.AdvertiseAsync(new ServiceInstance(Id, "_edgefl._tcp", $"{Id}.local", Port, [IPAddress.Loopback],
            new Dictionary<string, string> { ["txtvers"] = "1", ["id"] = Id, ["fl"] = _credentials.Identity.Fleet.Value, ["pv"] = "1", ["mdl"] = "0123abcd", ["tr"] = "mqtt5" },
            [$"_{_credentials.Identity.Fleet}"]));
    }

    public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
    {
        (principal, reason) = (clientId, LetsIn ? "" : "not today");
        return LetsIn;
    }

    public bool MayPublish(string principal, string topic) => false;

    public bool MaySubscribe(string principal, string filter) => true;

    private SslServerAuthenticationOptions Tls() => new()
    {
        ServerCertificateContext = _credentials.TlsContext,
        ClientCertificateRequired = true,
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            (_refused = _credentials.Trust.Verify(certificate, chain, DateTimeOffset.UtcNow, out _)) == CertificateError.None,
    };

    public async ValueTask DisposeAsync()
    {
        if (_mdns is not null)
            await _mdns.DisposeAsync();
        await _broker.DisposeAsync();
        _credentials.Dispose();
    }
}
