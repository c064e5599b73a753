using System.Buffers.Binary;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Mqtt;
using EdgeFL.Platform.Links;
using EdgeFL.Wire;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>A member with a good certificate that misbehaves: every frame it sends is refused for its own reason and counted, and what it may not do its neighbour's broker does not let it.</summary>
[Collection(StandingFleetCollection.Name)]
public sealed class HostileMemberTests(StandingFleet standing) : IAsyncLifetime
{
    private static readonly ModelSpec Model = ModelSpec.Parse(File.ReadAllBytes(Built.Model("activity-cnn"))).Resolve(6);
    private static int starts;

    // Each test speaks as a start of its own: what one has sent is no replay to the next.
    private readonly uint boot = (uint)Interlocked.Increment(ref starts) * 2;
    private readonly FleetId fleet = FleetId.Parse(standing.Name);
    private readonly NodeId self = NodeId.Parse("mallory"), alpha = NodeId.Parse("alpha"), beta = NodeId.Parse("beta");
    private FrameGate gate = null!;
    private MqttClient client = null!;
    private ulong sequence;

    public async Task InitializeAsync()
    {
        DeviceCredentials credentials = standing.Member(standing.Fleet.Node("mallory"));
        gate = new FrameGate(credentials);
        var tls = new TlsPolicy(credentials);
        client = new MqttClient(new MqttClientOptions { Host = "127.0.0.1", Port = standing.Alpha.Port, ClientId = "mallory", ReconnectMinMs = 100, Tls = () => tls.Client(alpha) });
        await client.StartAsync();
        await Wait.UntilAsync(() => client.IsConnected, "a member may connect");
    }

    public async Task DisposeAsync()
    {
        await client.DisposeAsync();
        gate.Dispose();
    }

    [Fact]
    public async Task GoodFrame_IsTakenOnce_AndRefusedWhenReplayed()
    {
        byte[] message = gate.Seal(Frame());
        await Wait.UntilAsync(() => standing.Heard.Number("alpha", "telemetry", "rejected") >= 0, "alpha's telemetry");
        long rejected = Rejected();
        Assert.Equal(MqttPublishStatus.Delivered, (await SendAsync(message)).Status);
        await standing.AssertLearnsOnAsync();
        Assert.Equal(rejected, Rejected());

        await AssertRefusedAsync(message, "refused-replayed");
    }

    [Fact]
    public async Task FrameOfAnEarlierBoot_IsRefused()
    {
        Assert.Equal(MqttPublishStatus.Delivered, (await SendAsync(gate.Seal(Frame()))).Status);
        await standing.Heard.UntilAsync(_ => Rejected() >= 0, "alpha's telemetry");
        long before = Rejected();
        byte[] earlier = UpdateFrame.Create(Header(UpdateCodec.Int8Block64) with { BootEpoch = boot - 1 }, Values()).ToArray();
        Assert.Equal(MqttPublishStatus.Delivered, (await SendAsync(gate.Seal(earlier))).Status);
        // An event of the same code may have been told within the ten seconds before: here the count tells.
        await standing.Heard.UntilAsync(_ => Rejected() > before, "telemetry counts the refusal");
        await standing.AssertLearnsOnAsync();
    }

    [Fact]
    public Task TruncatedFrame_IsRefused() => AssertRefusedAsync(gate.Seal(Frame())[..^20], "refused-truncated");

    [Fact]
    public Task OversizedFrame_IsRefused() => AssertRefusedAsync(gate.Seal(new byte[65_600]), "refused-oversized");

    [Fact]
    public Task FrameOfAnotherModel_IsRefused() => AssertRefusedAsync(gate.Seal(Frame(modelHash: 1)), "refused-wrong-model");

    [Fact]
    public Task UnsignedFrame_IsRefused() => AssertRefusedAsync(Frame(), "refused-bad-envelope");

    [Fact]
    public Task FrameWithAByteChanged_IsRefused()
    {
        byte[] message = gate.Seal(Frame());
        message[message.Length / 2] ^= 1;
        return AssertRefusedAsync(message, "refused-bad-signature");
    }

    [Fact]
    public Task FrameOfNoNumbers_IsRefused()
    {
        byte[] values = new byte[4 * Model.ParameterCount];
        BinaryPrimitives.WriteSingleLittleEndian(values, float.NaN);
        return AssertRefusedAsync(gate.Seal(UpdateFrame.Create(Header(UpdateCodec.Float32), values).ToArray()), "refused-not-finite");
    }

    [Fact]
    public Task SignedGarbage_IsRefused() => AssertRefusedAsync(gate.Seal([0xFF, 0x00, 0x13]), "refused-malformed");

    [Fact]
    public Task UnannouncedChunk_IsRefused() =>
        AssertRefusedAsync(new byte[100], "refused-chunk-unexpected", Topics.UpdateChunk(fleet, self, 999_999, 0));

    [Fact]
    public async Task FrameUnderAnothersTopic_IsRefusedByTheBroker()
    {
        MqttPublishResult result = await SendAsync(gate.Seal(Frame()), Topics.Of(fleet, beta, Topics.UpdateFrame));
        Assert.Equal((MqttPublishStatus.Refused, MqttReason.NotAuthorized), (result.Status, result.Reason));
        await AssertToldAsync("publish-refused", "/beta/upd/f");
    }

    [Theory]
    [InlineData("cmd/reboot")]
    [InlineData("cfg/desired")]
    [InlineData("status")]
    public async Task SpeakingAsOperatorOrAsAlpha_IsRefusedByTheBroker(string suffix)
    {
        MqttPublishResult result = await SendAsync("{}"u8.ToArray(), Topics.Of(fleet, alpha, suffix));
        Assert.Equal((MqttPublishStatus.Refused, MqttReason.NotAuthorized), (result.Status, result.Reason));
        await AssertToldAsync("publish-refused", $"/alpha/{suffix}");
    }

    [Theory]
    [InlineData("beta/in/#")]
    [InlineData("+/in/#")]
    [InlineData("alpha/cmd/#")]
    [InlineData("#")]
    public async Task ListeningToWhatIsAnothers_IsRefusedByTheBroker(string filter)
    {
        string whole = $"{Topics.Prefix}{fleet}/{filter}";
        Assert.Equal(MqttReason.NotAuthorized, await client.SubscribeAsync(whole, 1));
        await AssertToldAsync("subscribe-refused", whole);
    }

    private async Task AssertRefusedAsync(byte[] message, string code, string? topic = null)
    {
        await standing.Heard.UntilAsync(_ => Rejected() >= 0, "alpha's telemetry");
        long before = Rejected();
        Assert.Equal(MqttPublishStatus.Delivered, (await SendAsync(message, topic)).Status);
        await standing.Heard.UntilAsync(_ => Rejected() > before, "telemetry counts the refusal");
        await AssertToldAsync(code, code["refused-".Length..]);
        Assert.Equal("mallory", Told(code).Last().Json.GetProperty("peer").GetString());
    }

    private async Task AssertToldAsync(string code, string text)
    {
        await standing.Heard.UntilAsync(
            _ => Told(code).Any(h => h.Json.GetProperty("message").GetString()!.Contains(text, StringComparison.Ordinal)), $"event {code} with {text}");
        Assert.All(Told(code), Payloads.AssertDocumented);
        Assert.All(Told(code), h => Assert.Contains("mallory", h.Json.GetProperty("message").GetString(), StringComparison.Ordinal));
        await standing.AssertLearnsOnAsync();
    }

    private IEnumerable<Heard> Told(string code) => standing.Heard.Of("alpha", "event").Where(h => h.Json.GetProperty("code").GetString() == code);

    private long Rejected() => standing.Heard.Number("alpha", "telemetry", "rejected");

    private async Task<MqttPublishResult> SendAsync(byte[] message, string? topic = null)
    {
        using var limit = new CancellationTokenSource(Wait.Patience);
        return await client.PublishAsync(topic ?? Topics.Of(fleet, self, Topics.UpdateFrame), message, 1, false, limit.Token);
    }

    private byte[] Frame(ulong? modelHash = null) =>
        UpdateFrame.Create(Header(UpdateCodec.Int8Block64) with { ModelHash = modelHash ?? BinaryPrimitives.ReadUInt64BigEndian(Model.Hash.Span) }, Values()).ToArray();

    private static byte[] Values()
    {
        float[] parameters = new float[Model.ParameterCount];
        new Network(Model, 1).Initialise(parameters, 1);
        byte[] encoded = new byte[SnapshotCodec.EncodedLength(UpdateCodec.Int8Block64, parameters.Length)];
        SnapshotCodec.Encode(UpdateCodec.Int8Block64, parameters, default, encoded);
        return encoded;
    }

    private UpdateHeader Header(UpdateCodec codec) => new()
    {
        ModelHash = BinaryPrimitives.ReadUInt64BigEndian(Model.Hash.Span),
        BootEpoch = boot,
        Sequence = ++sequence,
        Round = 1,
        Steps = 5,
        Samples = 100,
        Codec = codec,
        ParameterCount = Model.ParameterCount,
    };
}
