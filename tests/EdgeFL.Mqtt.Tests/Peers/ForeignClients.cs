using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>Runs a script that plays all scenarios with somebody else's client library through our broker.</summary>
internal static class ForeignClients
{
    private static readonly string[] Scenarios = ["each_qos", "retained", "will", "session", "shared"];
    private static readonly string[] OnlyIn5 = ["request", "described", "aliased"];

    public static async Task PlayAsync(string transport, MqttVersion version, Func<string[], Peer> start)
    {
        string folder = Directory.CreateTempSubdirectory("edgefl-mqtt-").FullName;
        using TestAuthority authority = new();
        using X509Certificate2 certificate = authority.Issue("localhost");
        bool secure = transport is "tls" or "wss";
        string[] files = authority.Write(folder, certificate);
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with
        {
            Listeners = [new MqttListener { IsWebSocket = transport is "ws" or "wss", Tls = secure ? () => authority.Server(certificate) : null }],
        });
        string port = broker.LocalEndPoint.Port.ToString(CultureInfo.InvariantCulture);
        using Peer peer = start([transport, port, version == MqttVersion.V5 ? "5" : "4", .. secure ? (string[])[files[1], files[3], files[5]] : []]);

        int code = peer.ExitCode();

        Directory.Delete(folder, recursive: true);
        Assert.True(code == 0, peer.Output);
        string[] played = version == MqttVersion.V5 ? [.. Scenarios, .. OnlyIn5] : Scenarios;
        Assert.Equal(played.Select(name => "ok " + name), peer.Output.TrimEnd().Split('\n'));
        Assert.Equal((0, 0), (broker.Counters.MalformedPackets, broker.Counters.RefusedPublishes));
    }
}
