using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Platform.Links;

namespace EdgeFL.MqttLoad;

/// <summary>The client that every load is made with, whichever broker it meets.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    public const string Topic = "load/one";

    private const int ConnectTimeoutMs = 30_000;
    private const int ReceiveMaximum = 4096;
    private const uint SessionSeconds = 3600;

    private LoadClient(MqttClient client) => Mqtt = client;

    public MqttClient Mqtt { get; }

    /// <summary>Connects and, where there is a filter, subscribes.</summary>
    /// <param name="settings">port, in-flight, qos.</param>
    /// <param name="clientId">Its identifier.</param>
    /// <param name="filter">What to subscribe to; null for nothing.</param>
    /// <param name="onMessage">Gets the messages.</param>
    /// <param name="through">Stands between it and the broker, and the broker then keeps a session for it; null for nothing.</param>
    /// <param name="credentials">For TLS; null for plain TCP.</param>
    public static async Task<LoadClient> ConnectAsync(
        Settings settings,
        string clientId,
        string? filter = null,
        Func<MqttMessage, ValueTask>? onMessage = null,
        CuttingProxy? through = null,
        DeviceCredentials? credentials = null)
    {
        int port = through?.Port ?? settings.Number("port", 0);
        int inFlight = settings.Number("in-flight", 64);
        var load = new LoadClient(new MqttClient(
            new MqttClientOptions
            {
                Host = "127.0.0.1",
                Port = port,
                ClientId = clientId,
                CleanStart = through is null,
                SessionExpirySeconds = through is null ? 0 : SessionSeconds,
                KeepAliveSeconds = 600,
                ReconnectMinMs = 10,
                ReconnectMaxMs = 50,
                InFlightMax = inFlight,
                // The broker's own limit is the one that counts here: mosquitto 2.0.11 sends a few more than a client allows, and would be hung up on.
                ReceiveMaximum = ReceiveMaximum,
                OutgoingQueueMax = 4096,
                OutgoingBytesMax = 64 * 1024 * 1024,
                IncomingQueueMax = 4096,
                Tls = credentials is null ? null : () => new TlsPolicy(credentials).Client(null),
            },
            onMessage));
        await load.Mqtt.StartAsync();
        using var limit = new CancellationTokenSource(ConnectTimeoutMs);
        try
        {
            await load.Mqtt.WaitConnectedAsync(limit.Token);
            if (filter is not null && await load.Mqtt.SubscribeAsync(filter, settings.Number("qos", 0), limit.Token) is >= MqttReason.UnspecifiedError and var reason)
                throw new LoadException($"the broker refused the subscription: {reason}");
        }
        catch (OperationCanceledException)
        {
            throw new LoadException($"no connection to port {port} within {ConnectTimeoutMs} ms");
        }

        return load;
    }

    public ValueTask DisposeAsync() => Mqtt.DisposeAsync();
}
