using System.Collections.Concurrent;
using System.Text;
using EdgeFL.Mqtt;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Links;

/// <summary>A node with its own broker that is bridged to a mosquitto.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class BridgedLinkTests : IDisposable
{
    private readonly TestFleet fleet = new();
    private readonly TestFolder folder = new();

    public void Dispose()
    {
        fleet.Dispose();
        folder.Dispose();
    }

    private static NetworkConfig To(OutsideBroker outside, Func<BridgeConfig, BridgeConfig>? change = null)
    {
        var bridge = new BridgeConfig { Broker = outside.Url };
        return LinkNode.Quiet() with { Bridge = change?.Invoke(bridge) ?? bridge };
    }

    [Fact]
    public async Task Node_WithABridge_IsSeenOutsideAsOnASharedBroker()
    {
        using OutsideBroker outside = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using var ear = await Ear.OpenAsync("127.0.0.1", outside.Port);
        LinkNode node = await LinkNode.StartAsync(fleet.Device("a"), To(outside));
        node.Link.Publish("train", "1"u8.ToArray(), 1, true);
        node.Link.Publish("event", "2"u8.ToArray(), 1, false);
        await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/status online", $"edgefl/v1/{fleet.Id}/a/train 1", $"edgefl/v1/{fleet.Id}/a/event 2");
        await Wait.UntilAsync(() => ear.Heard.Any(h => h.StartsWith($"edgefl/v1/{fleet.Id}/a/info {{\"fleet\":\"{fleet.Id}\"", StringComparison.Ordinal)), () => ear.Said);
        Assert.True(node.Link.Counters.BytesOut > 1000, $"{node.Link.Counters}");
        await node.DisposeAsync();
        await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/status offline");
        Assert.Empty(node.Events);
    }

    [Fact]
    public async Task Broker_ThatWasAway_IsToldTheStateAndTheEventsAndNotTheFigures()
    {
        using OutsideBroker outside = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using LinkNode node = await LinkNode.StartAsync(fleet.Device("a"), To(outside));
        outside.Kill();
        await node.IsToldAsync("broker-lost", outside.Url);
        node.Link.Publish("train", "1"u8.ToArray(), 1, true);
        node.Link.Publish("train", "2"u8.ToArray(), 1, true);
        node.Link.Publish("telemetry", "3"u8.ToArray(), 0, false);
        for (int i = 0; i < 70; i++)
            node.Link.Publish("event", Encoding.UTF8.GetBytes($"{i}"), 1, false);
        await node.IsToldAsync("bridge-full", outside.Url);
        await outside.GoAsync();
        await using var ear = await Ear.OpenAsync("127.0.0.1", outside.Port);
        // Retained or live, as it comes first: events that were sent before the ear was open are gone.
        await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/status online", $"edgefl/v1/{fleet.Id}/a/train 2");
        node.Link.Publish("event", "last"u8.ToArray(), 1, false);
        await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/event last");
        Assert.DoesNotContain(ear.Heard, h => h.EndsWith("/train 1", StringComparison.Ordinal) || h.Contains("telemetry", StringComparison.Ordinal) || h.EndsWith("event 5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Node_ThatIsCutOff_IsSetOfflineByItsWillAndOnlineAgain()
    {
        using OutsideBroker outside = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        await using var ear = await Ear.OpenAsync("127.0.0.1", outside.Port);
        var credentials = fleet.Device("a");
        await using LinkNode node = await LinkNode.StartAsync(credentials, To(outside));
        await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/status online");
        // Who takes over the client's name and leaves has the will published, and the bridge comes back.
        await using (var thief = new MqttClient(new MqttClientOptions
        {
            Host = "127.0.0.1",
            Port = outside.Port,
            ClientId = $"{fleet.Id}.a",
            Will = new MqttWill($"edgefl/v1/{fleet.Id}/a/status", "offline"u8.ToArray()),
        }))
        {
            await thief.StartAsync();
            await ear.HearsAsync($"edgefl/v1/{fleet.Id}/a/status offline");
        }

        await Wait.UntilAsync(() => ear.Heard.Last(h => h.Contains("/status ", StringComparison.Ordinal)).EndsWith("online", StringComparison.Ordinal), () => ear.Said);
    }

    [Fact]
    public async Task Command_FromOutside_ReachesTheOwnBrokerAndWhatIsNoneDoesNot()
    {
        using OutsideBroker outside = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        var operatorsTls = new TlsPolicy(fleet.Operator("ann"));
        await using LinkNode node = await LinkNode.StartAsync(fleet.Device("a"), To(outside));
        await using var inside = await Ear.OpenAsync("127.0.0.1", node.Port, o => o with { Tls = () => operatorsTls.Client(node.Id) }, $"edgefl/v1/{fleet.Id}/#");
        await using var speaker = await Ear.OpenAsync("127.0.0.1", outside.Port);
        await speaker.SayAsync($"edgefl/v1/{fleet.Id}/a/cfg/desired", "wanted", retain: true);
        await inside.HearsAsync($"edgefl/v1/{fleet.Id}/a/cfg/desired wanted");
        await speaker.SayAsync($"edgefl/v1/{fleet.Id}/a/upd/f", "forged");
        await speaker.SayAsync($"edgefl/v1/{fleet.Id}/b/cmd/reboot", "to another");
        await speaker.SayAsync($"edgefl/v1/{fleet.Id}/a/cmd/reboot", "now");
        await speaker.SayAsync($"edgefl/v1/{fleet.Id}/_fleet/revoked", "list");
        await inside.HearsAsync($"edgefl/v1/{fleet.Id}/a/cmd/reboot now", $"edgefl/v1/{fleet.Id}/_fleet/revoked list");
        Assert.DoesNotContain(inside.Heard, h => h.Contains("forged", StringComparison.Ordinal) || h.Contains("another", StringComparison.Ordinal));
        Assert.Empty(node.Inputs);
    }

    [Fact]
    public async Task Bridge_ToABrokerWithPasswords_ShowsTheOneOfItsFile()
    {
        await using var outside = new MqttBroker(new MqttBrokerOptions { Access = new OnlyAnn() });
        await outside.StartAsync();
        var heard = new ConcurrentQueue<string>();
        using IDisposable hearing = outside.Subscribe("#", message => heard.Enqueue(message.Topic));
        string file = folder.Write("password", "s3cret\n");
        var bridge = new BridgeConfig { Broker = $"mqtt://127.0.0.1:{outside.LocalEndPoint.Port}", User = "ann", PasswordFile = file, Up = ["status"], Down = [] };
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        ConfigException open = await Assert.ThrowsAsync<ConfigException>(() => LinkNode.StartAsync(fleet.Device("a"), LinkNode.Quiet() with { Bridge = bridge }));
        Assert.Equal(("open-password-file", $"chmod 600 {file}"), (open.Code, open.Remedy));
        Assert.Equal("bad-password-file", (await Assert.ThrowsAsync<ConfigException>(() => LinkNode.StartAsync(fleet.Device("b"), LinkNode.Quiet() with { Bridge = bridge with { PasswordFile = "/nowhere" } }))).Code);

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        await using (LinkNode node = await LinkNode.StartAsync(fleet.Device("c"), LinkNode.Quiet() with { Bridge = bridge }))
        {
            node.Link.Publish("train", "1"u8.ToArray(), 1, true);
            await Wait.UntilAsync(() => !heard.IsEmpty, () => string.Join("; ", node.Events));
        }

        // Up names status alone.
        Assert.Equal([$"edgefl/v1/{fleet.Id}/c/status"], heard.Distinct());
        Assert.Equal(2, heard.Count);
    }

    private sealed class OnlyAnn : IMqttAccess
    {
        public bool TryAuthenticate(
            System.Security.Cryptography.X509Certificates.X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
        {
            (principal, reason) = (clientId, "not ann");
            return user == "ann" && password.SequenceEqual("s3cret"u8);
        }

        public bool MayPublish(string principal, string topic) => true;

        public bool MaySubscribe(string principal, string filter) => true;
    }

    /// <summary>A client that hears everything and may speak.</summary>
    private sealed class Ear : IAsyncDisposable
    {
        private readonly MqttClient client;

        private Ear(MqttClientOptions options) => client = new MqttClient(options, message =>
        {
            Heard.Enqueue($"{message.Topic} {Encoding.UTF8.GetString(message.Payload.Span)}");
            return ValueTask.CompletedTask;
        });

        public ConcurrentQueue<string> Heard { get; } = [];

        public string Said => string.Join("; ", Heard);

        public static async Task<Ear> OpenAsync(string host, int port, Func<MqttClientOptions, MqttClientOptions>? change = null, string filter = "#")
        {
            var options = new MqttClientOptions { Host = host, Port = port, ReconnectMinMs = 100, ReconnectMaxMs = 300 };
            var ear = new Ear(change?.Invoke(options) ?? options);
            await ear.client.StartAsync();
            Assert.Equal(MqttReason.GrantedQos1, await ear.client.SubscribeAsync(filter, 1).WaitAsync(Wait.Patience));
            return ear;
        }

        public Task HearsAsync(params string[] lines) => Wait.UntilAsync(() => lines.All(Heard.Contains), () => $"{string.Join(", ", lines)}, but: {Said}");

        public async Task SayAsync(string topic, string payload, bool retain = false) =>
            Assert.Equal(MqttPublishStatus.Delivered, (await client.PublishAsync(topic, Encoding.UTF8.GetBytes(payload), 1, retain).AsTask().WaitAsync(Wait.Patience)).Status);

        public ValueTask DisposeAsync() => client.DisposeAsync();
    }
}
