using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Storage;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>What a node's own broker exchanges with the one that <c>network.bridge</c> names: its part of the fleet's monitoring tree, and what operators write.</summary>
public static class BridgeTopics
{
    /// <summary>Events that wait while the broker is away; older ones give way. State waits where it is.</summary>
    private const int HeldMessagesMax = 64;

    private const string FleetRevoked = "_fleet/revoked";

    /// <summary>What can go up: all that a node tells everybody, and its answers to commands. Beneath <c>edgefl/v1/{fleet}/{node}/</c>.</summary>
    public static IReadOnlyList<string> Up { get; } =
        [Topics.Status, Topics.Info, Topics.Telemetry, Topics.Train, Topics.Infer, Topics.Event, Topics.Head, Topics.ConfigReported, "cmd/+/res"];

    /// <summary>What can come down: what operators write to the node, and to the fleet as a whole.</summary>
    public static IReadOnlyList<string> Down { get; } = ["cmd/+", Topics.ConfigDesired, Topics.OtaManifest, FleetRevoked];

    /// <summary>Makes the bridge of a node; it carries once it is started.</summary>
    /// <param name="context">The node.</param>
    /// <param name="config">The outside broker.</param>
    /// <param name="broker">The node's own broker.</param>
    /// <exception cref="ConfigException">The CA file or the password file cannot be used.</exception>
    internal static MqttBridge Bridge(LinkContext context, BridgeConfig config, MqttBroker broker)
    {
        BrokerUrl url = BrokerUrl.Parse(config.Broker, config.Insecure, "network.bridge.broker");
        MqttClientOptions outside = OutsideConnection.Options(context, url, config.BrokerCa);
        IReadOnlyList<string> up = config.Up ?? Up;
        bool isLossTold = false;
        return new MqttBridge(broker, new MqttBridgeOptions
        {
            Name = context.Node.Value,
            Up = Rules(context, up),
            Down = Rules(context, config.Down ?? Down),
            StoreMessagesMax = HeldMessagesMax,
            StoreBytesMax = 256 * 1024,
            OnTrouble = trouble => context.Notify(From(config.Broker, trouble)),
            Outside = outside with
            {
                Will = up.Contains(Topics.Status) ? outside.Will : null,
                UserName = config.User,
                Password = config.PasswordFile is { } file ? ReadPassword(file) : null,
                // What an operator writes while the link is down is kept by the outside broker.
                CleanStart = false,
                SessionExpirySeconds = 86_400,
                // The outside broker is not trusted with the device's memory.
                PacketBytesMax = FrameInbox.FrameBytesMax + 2048,
                ReceiveMaximum = 16,
                IncomingQueueMax = 16,
                OnDisconnected = gone => OutsideConnection.TellLoss(context, config.Broker, gone, ref isLossTold),
            },
        });
    }

    private static MqttBridgeRule[] Rules(LinkContext context, IReadOnlyList<string> suffixes)
    {
        var rules = new MqttBridgeRule[suffixes.Count];
        for (int i = 0; i < rules.Length; i++)
            rules[i] = new(suffixes[i] == FleetRevoked ? Topics.Revoked(context.Fleet) : Topics.Of(context.Fleet, context.Node, suffixes[i]));
        return rules;
    }

    private static NodeEvent From(string broker, MqttBridgeTrouble trouble) => trouble.Kind switch
    {
        MqttBridgeTroubleKind.StoreFull => new("bridge-full", EventSeverity.Warning, $"More waits for {broker} than is kept: {trouble.Detail}.", "Look at why it is away for so long."),
        MqttBridgeTroubleKind.SubscribeRefused => OutsideConnection.SubscribeRefused(broker, trouble.Detail),
        MqttBridgeTroubleKind.PublishRefused => new("bridge-refused", EventSeverity.Warning, $"{broker} does not take what this node tells: {trouble.Detail}.", "Look at the broker's access rules, or name in network.bridge.up what it takes."),
        _ => new("bridge-refused", EventSeverity.Warning, $"{broker} sent what this node does not take: {trouble.Detail}.", "docs/topics.md says what operators may write."),
    };

    private static byte[] ReadPassword(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~AtomicFile.Private) != 0)
                throw new ConfigException("open-password-file", $"network.bridge.passwordFile: others than the owner may get at {path}.", $"chmod 600 {path}");
            byte[] text = File.ReadAllBytes(path);
            int length = text.Length;
            while (length > 0 && text[length - 1] is (byte)'\r' or (byte)'\n')
                length--;
            return text[..length];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException("bad-password-file", $"network.bridge.passwordFile: {path} cannot be read: {error.Message}", "Name the file that holds the password alone.", error);
        }
    }
}
