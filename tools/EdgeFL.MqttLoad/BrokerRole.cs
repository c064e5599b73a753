using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Platform.Links;

namespace EdgeFL.MqttLoad;

/// <summary>Our broker alone in a process, on a free loopback port, until stdin ends.</summary>
internal static class BrokerRole
{
    private const int ConnectionsMax = 4096;

    public static async Task RunAsync(Settings settings)
    {
        using DeviceCredentials? credentials = settings.Text("tls") is { } folder ? DeviceCredentials.Load(folder) : null;
        await using MqttBroker broker = Make(credentials, settings.Number("in-flight", 64));
        await broker.StartAsync();
        Parent.Say("port", $"{broker.LocalEndPoint.Port}");
        await Parent.Gone;
    }

    /// <summary>A broker at its defaults but for the connections it takes, and for as much in flight as its peer.</summary>
    public static MqttBroker Make(DeviceCredentials? credentials, int inFlight) => new(new MqttBrokerOptions
    {
        Access = MqttOpenAccess.Instance,
        Listeners = [new MqttListener { Tls = credentials is null ? null : new TlsPolicy(credentials).Server }],
        ConnectionsMax = ConnectionsMax,
        ConnectionsPerPrincipalMax = 0,
        PendingConnectionsMax = ConnectionsMax,
        SessionsMax = ConnectionsMax,
        InFlightMax = inFlight,
        ReceiveMaximum = inFlight,
    });
}
