using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>What the integration tests share: brokers and clients on loopback, and waits that end.</summary>
internal static class Bench
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Raw peers wait on the pool's threads: brokers and clients in the same process must find some that do not.
    static Bench() => ThreadPool.SetMinThreads(64, 64);

    public static async Task<MqttBroker> BrokerAsync(Func<MqttBrokerOptions, MqttBrokerOptions>? change = null)
    {
        MqttBrokerOptions options = new() { Access = MqttOpenAccess.Instance };
        MqttBroker broker = new(change?.Invoke(options) ?? options);
        await broker.StartAsync();
        return broker;
    }

    public static MqttClientOptions To(MqttBroker broker, string clientId, MqttVersion version = MqttVersion.V5) => new()
    {
        Host = "127.0.0.1",
        Port = broker.LocalEndPoint.Port,
        ClientId = clientId,
        Version = version,
        ReconnectMinMs = 50,
        ReconnectMaxMs = 200,
    };

    public static async Task<Listener> ConnectAsync(MqttClientOptions options, params string[] filters)
    {
        Listener listener = new(options);
        await listener.Client.StartAsync();
        await listener.Client.WaitConnectedAsync().WaitAsync(Patience);
        foreach (string filter in filters)
            Assert.Equal(MqttReason.GrantedQos1, await listener.Client.SubscribeAsync(filter, 1).WaitAsync(Patience));
        return listener;
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < end, $"Did not happen within {Patience.TotalSeconds} s: {what}");
            await Task.Delay(10);
        }
    }

    public static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public static string Text(MqttMessage message) => System.Text.Encoding.UTF8.GetString(message.Payload.Span);
}

/// <summary>A client that keeps what it hears.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly BlockingCollection<MqttMessage> heard = [];

    public Listener(MqttClientOptions options)
    {
        Client = new MqttClient(options with { OnDisconnected = Ends.Enqueue, OnConnected = Starts.Enqueue }, message =>
        {
            heard.Add(message);
            return ValueTask.CompletedTask;
        });
    }

    public MqttClient Client { get; }

    public ConcurrentQueue<MqttDisconnected> Ends { get; } = new();

    public ConcurrentQueue<MqttConnected> Starts { get; } = new();

    public int Waiting => heard.Count;

    public MqttMessage Next()
    {
        Assert.True(heard.TryTake(out MqttMessage? message, Bench.Patience), "no message came");
        return message;
    }

    public async ValueTask DisposeAsync() => await Client.DisposeAsync().AsTask().WaitAsync(Bench.Patience);
}

/// <summary>Rules by principal: one may write beneath its own name and read everything but <c>secret/#</c>.</summary>
internal sealed class OwnNameAccess : IMqttAccess
{
    public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
    {
        principal = certificate?.GetNameInfo(X509NameType.SimpleName, false) ?? clientId;
        reason = "the name is banned";
        return principal != "banned";
    }

    public bool MayPublish(string principal, string topic) => topic.StartsWith(principal + "/", StringComparison.Ordinal);

    public bool MaySubscribe(string principal, string filter) => !filter.StartsWith("secret", StringComparison.Ordinal) && filter != "#";
}
