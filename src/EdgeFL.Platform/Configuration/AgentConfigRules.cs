using System.Globalization;
using System.Net;
using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Platform.Links;

namespace EdgeFL.Platform.Configuration;

/// <summary>What can be said against a configuration without opening anything.</summary>
public static class AgentConfigRules
{
    private const string Remedy = "Mend that member; docs/agent.md lists all members.";
    private const int WindowsLimit = 65_536; // of WindowOptions and LocalDataOptions

    /// <summary>Looks for what is missing or out of its range. Sensor options are checked where they are used.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="path">Its file, for the error.</param>
    /// <exception cref="ConfigException">Names the member, its value and its range.</exception>
    public static void Check(AgentConfig config, string path)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!FleetId.TryParse(config.Fleet, out FleetId fleet))
            throw Wrong(path, "fleet", config.Fleet, "must be 1 to 32 of a-z, 0-9 and -");
        if (!NodeId.TryParse(config.Node, out NodeId node))
            throw Wrong(path, "node", config.Node, "must be 1 to 32 of a-z, 0-9 and -");
        if (config.Sensor.Kind.Length == 0)
            throw Wrong(path, "sensor.kind", "", "must be \"host\", \"simulated\" or \"replay\"");
        Path(path, "identity", config.Identity);
        Path(path, "state", config.State);
        Path(path, "model", config.Model);
        CheckNetwork(config.Network, path);
        CheckTraining(config.Training, fleet, node, path);
    }

    private static void CheckTraining(TrainingConfig training, FleetId fleet, NodeId node, string path)
    {
        In(path, "training.windowsMax", training.WindowsMax, 1, WindowsLimit);
        In(path, "training.minimumWindows", training.MinimumWindows ?? 1, 1, training.WindowsMax);
        In(path, "training.heldOutPer20", training.HeldOutPer20, 0, 10);
        if (!(training.Rotation is >= 0 and <= 1))
            throw new ConfigException("bad-config", string.Create(CultureInfo.InvariantCulture, $"{path}: training.rotation is {training.Rotation}, but must lie between 0 and 1."), Remedy);
        In(path, "training.tickMs", training.TickMs, 1, 10_000);
        In(path, "training.windowStep", training.WindowStep ?? 1, 1, WindowsLimit);
        try
        {
            TrainingOptions.ReplayOf(training);
            TrainingOptions.Of(training, fleet, node, 1).Validate();
        }
        catch (ArgumentException error)
        {
            throw new ConfigException("bad-config", $"{path}: training.{Explain(error)}", Remedy, error);
        }
    }

    /// <summary>The node's own words, with the member's name as the file spells it and without the note that .NET puts behind them.</summary>
    private static string Explain(ArgumentException error)
    {
        string option = error.ParamName ?? "", text = error.Message;
        if (option.Length == 0 || !text.StartsWith(option, StringComparison.Ordinal))
            return text;
        text = text.Replace(((double)float.Epsilon).ToString(CultureInfo.InvariantCulture), "just above 0", StringComparison.Ordinal);
        int note = text.LastIndexOf(" (", StringComparison.Ordinal);
        return JsonNamingPolicy.CamelCase.ConvertName(option) + (note < 0 ? text[option.Length..] : text[option.Length..note]);
    }

    private static void CheckNetwork(NetworkConfig network, string path)
    {
        In(path, "network.telemetryIntervalMs", network.TelemetryIntervalMs, 100, 3_600_000);
        In(path, "network.reconnectMinMs", network.ReconnectMinMs, 100, 60_000);
        In(path, "network.reconnectMaxMs", network.ReconnectMaxMs, network.ReconnectMinMs, 3_600_000);
        foreach (string? name in network.Interfaces)
        {
            if (string.IsNullOrEmpty(name))
                throw Wrong(path, "network.interfaces", "", "must hold names of interfaces");
        }

        if (network.Bridge is { } bridge)
            CheckBridge(bridge, network, path);
        if (network.Broker is { } broker)
        {
            BrokerUrl.Parse(broker, network.Insecure);
            if (network.WebSocket is { } unused)
                throw Wrong(path, "network.webSocket", unused, "is for a node's own broker, and network.broker names another: leave one of them out");
            return;
        }

        IPEndPoint listen = PeerAddress.ParseListen(network.Listen);
        if (network.WebSocket is { } web)
            CheckWebSocket(PeerAddress.ParseListen(web, "network.webSocket"), listen, web, path);
        foreach (string? origin in network.WebSocketOrigins)
            CheckOrigin(origin ?? "", path);
        var named = new HashSet<NodeId>();
        foreach (string? peer in network.Peers)
        {
            if (!named.Add(PeerAddress.ParsePeer(peer ?? "").Key))
                throw Wrong(path, "network.peers", peer ?? "", "names a node for the second time");
        }
    }

    private static void CheckBridge(BridgeConfig bridge, NetworkConfig network, string path)
    {
        if (network.Broker is not null)
            throw new ConfigException("bad-config", $"{path}: network.bridge is \"{bridge.Broker}\", but network.broker is \"{network.Broker}\": with one broker for everything there is none of the node's own to bridge.", "Leave one of them out.");
        if (bridge.Broker.Length == 0)
            throw Wrong(path, "network.bridge.broker", "", "must name a broker, mqtts://host:8883");
        BrokerUrl.Parse(bridge.Broker, bridge.Insecure, "network.bridge.broker");
        if (bridge.PasswordFile is { } file && bridge.User is null)
            throw Wrong(path, "network.bridge.passwordFile", file, "there is no network.bridge.user that it could be of");
        Among(path, "network.bridge.up", bridge.Up, BridgeTopics.Up);
        Among(path, "network.bridge.down", bridge.Down, BridgeTopics.Down);
    }

    private static void Among(string path, string name, IReadOnlyList<string>? given, IReadOnlyList<string> known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string? topic in given ?? [])
        {
            if (!known.Contains(topic))
                throw Wrong(path, name, topic ?? "", $"must be one of {string.Join(", ", known)}");
            if (!seen.Add(topic!))
                throw Wrong(path, name, topic!, "stands there twice");
        }
    }

    private static void CheckWebSocket(IPEndPoint web, IPEndPoint listen, string text, string path)
    {
        // A free port that the system chooses is announced for MQTT alone: nobody would know this one.
        if (web.Port == 0)
            throw Wrong(path, "network.webSocket", text, "must name its port");
        if (web.Equals(listen))
            throw Wrong(path, "network.webSocket", text, "must be another address or port than network.listen");
    }

    private static void CheckOrigin(string origin, string path)
    {
        if (origin == "*" || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.GetLeftPart(UriPartial.Authority) == origin))
            return;
        throw Wrong(path, "network.webSocketOrigins", origin, "must hold origins as browsers name them, e.g. \"https://board.example:8443\", or \"*\" for all");
    }

    private static void Path(string path, string name, string value)
    {
        if (value.Length == 0)
            throw Wrong(path, name, "", "must name a path");
    }

    private static void In(string path, string name, long value, long least, long most)
    {
        if (value < least || value > most)
            throw new ConfigException("bad-config", $"{path}: {name} is {value}, but must lie between {least} and {most}.", Remedy);
    }

    private static ConfigException Wrong(string path, string name, string value, string rule) =>
        new("bad-config", $"{path}: {name} {(value.Length == 0 ? "is missing: it " : $"is \"{value}\", but ")}{rule}.", Remedy);
}
