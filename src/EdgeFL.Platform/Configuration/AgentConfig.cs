using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Configuration;

// Members are set, not init: the JSON source generator gives an omitted init member default(T) instead of its default here.
// None is required: the generator reads such a type whole before it complains, and the line and column of a mistake are lost. AgentConfigRules asks for them.

/// <summary>What an agent is told by its <c>agent.json</c>. Paths are relative to the file's folder.</summary>
public sealed record AgentConfig
{
    /// <summary>Fleet id, <c>[a-z0-9-]{1,32}</c>.</summary>
    public string Fleet { get; set; } = "";

    /// <summary>Node id, <c>[a-z0-9-]{1,32}</c>.</summary>
    public string Node { get; set; } = "";

    /// <summary>Folder with <c>key.pem</c>, <c>cert.pem</c> and <c>ca.pem</c>. Default <c>identity</c>.</summary>
    public string Identity { get; set; } = "identity";

    /// <summary>Folder of what the agent writes: checkpoints and the boot counter. Default <c>/var/lib/edgefl</c>.</summary>
    public string State { get; set; } = "/var/lib/edgefl";

    /// <summary>The model file. Default <c>model.json</c>.</summary>
    public string Model { get; set; } = "model.json";

    /// <summary>Where samples come from.</summary>
    public SensorOptions Sensor { get; set; } = new();

    /// <summary>How the node reaches others.</summary>
    public NetworkConfig Network { get; set; } = new();

    /// <summary>How it learns.</summary>
    public TrainingConfig Training { get; set; } = new();
}

/// <summary>How a node reaches others.</summary>
public sealed record NetworkConfig
{
    /// <summary>Address and port of the embedded broker; port 0 takes any free one and announces it. Default <c>0.0.0.0:8883</c>. Not used with <see cref="Broker"/>.</summary>
    public string Listen { get; set; } = "0.0.0.0:8883";

    /// <summary>Address and port where the embedded broker speaks MQTT over WebSocket too, with the same TLS and rights; null (default) for nowhere. Not with <see cref="Broker"/>.</summary>
    public string? WebSocket { get; set; }

    /// <summary>Pages that may open such a WebSocket, as browsers name them in Origin, or <c>*</c> for all. Default none: programs alone, which send no Origin.</summary>
    public IReadOnlyList<string> WebSocketOrigins { get; set; } = [];

    /// <summary>Interfaces for discovery by name; empty (default) means all that can multicast, but not loopback.</summary>
    public IReadOnlyList<string> Interfaces { get; set; } = [];

    /// <summary>Announce and look for peers by mDNS. Default true.</summary>
    public bool Discovery { get; set; } = true;

    /// <summary>Peers that are always tried, <c>node-id=host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; set; } = [];

    /// <summary>One outside broker for all traffic, <c>mqtt://host:port</c> or <c>mqtts://host:port</c>; null (default) for embedded brokers.</summary>
    public string? Broker { get; set; }

    /// <summary>CA file the outside broker's certificate is checked against; null (default) means the fleet's own CA.</summary>
    public string? BrokerCa { get; set; }

    /// <summary>Allow a plaintext outside broker that is not on loopback. Default false.</summary>
    public bool Insecure { get; set; }

    /// <summary>An outside broker that shows what this node says beside its own; null (default) for none. Not together with <see cref="Broker"/>.</summary>
    public BridgeConfig? Bridge { get; set; }

    /// <summary>Milliseconds between two telemetry messages, 100 to 3,600,000, with a tenth of jitter. Default 30,000.</summary>
    public int TelemetryIntervalMs { get; set; } = 30_000;

    /// <summary>Least milliseconds before a lost link is tried again, 100 to 60,000. Default 1000.</summary>
    public int ReconnectMinMs { get; set; } = 1000;

    /// <summary>Most milliseconds before a lost link is tried again, at least the least. Default 60,000.</summary>
    public int ReconnectMaxMs { get; set; } = 60_000;

    /// <summary>The same with paths that do not depend on where the program was started.</summary>
    /// <param name="folder">The folder that relative paths start from.</param>
    public NetworkConfig In(string folder) => this with
    {
        BrokerCa = BrokerCa is null ? null : Path.GetFullPath(BrokerCa, folder),
        Bridge = Bridge is null ? null : Bridge with
        {
            BrokerCa = Bridge.BrokerCa is null ? null : Path.GetFullPath(Bridge.BrokerCa, folder),
            PasswordFile = Bridge.PasswordFile is null ? null : Path.GetFullPath(Bridge.PasswordFile, folder),
        },
    };
}

/// <summary>An outside broker that a node's own broker is bridged to: what the node says of itself goes up, what an operator wants comes down.</summary>
public sealed record BridgeConfig
{
    /// <summary>The broker, <c>mqtt://host:port</c> or <c>mqtts://host:port</c>.</summary>
    public string Broker { get; set; } = "";

    /// <summary>CA file its certificate is checked against; null (default) means the fleet's own CA.</summary>
    public string? BrokerCa { get; set; }

    /// <summary>Allow plaintext to a broker that is not on loopback. Default false.</summary>
    public bool Insecure { get; set; }

    /// <summary>User name; null (default) for none: over TLS the node shows its certificate in any case.</summary>
    public string? User { get; set; }

    /// <summary>File with the user's password, mode 0600; null (default) for none.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>What goes up, of <see cref="EdgeFL.Platform.Links.BridgeTopics.Up"/>; null (default) for all of it.</summary>
    public IReadOnlyList<string>? Up { get; set; }

    /// <summary>What comes down, of <see cref="EdgeFL.Platform.Links.BridgeTopics.Down"/>; null (default) for all of it.</summary>
    public IReadOnlyList<string>? Down { get; set; }
}

/// <summary>How a node learns. Null means the default of <see cref="EdgeFL.Node.NodeOptions"/>.</summary>
public sealed record TrainingConfig
{
    /// <summary>Seed of all that the node draws; null (default) takes it from the node id.</summary>
    public ulong? Seed { get; set; }

    /// <summary>Rounds to make, 0 (default) for no end.</summary>
    public int Rounds { get; set; }

    /// <summary>Minibatch steps in a round.</summary>
    public int? StepsPerRound { get; set; }

    /// <summary>Windows in a minibatch.</summary>
    public int? Batch { get; set; }

    /// <summary>Step size at the start.</summary>
    public float? LearningRate { get; set; }

    /// <summary>Quasi-global momentum.</summary>
    public float? Momentum { get; set; }

    /// <summary>Step size at the last round that trains, as a share of the first; of no use without an end.</summary>
    public float? LearningRateFloor { get; set; }

    /// <summary>Share of a round's displacement in the renewed momentum.</summary>
    public float? MomentumRenewal { get; set; }

    /// <summary>Share of the rounds that train, at their end, whose models are averaged into the one that is kept; of no use without an end.</summary>
    public float? TailAverage { get; set; }

    /// <summary>Rounds at the end in which the node mixes without training; of no use without an end.</summary>
    public int? SettleRounds { get; set; }

    /// <summary>How far the device's own shares of the classes are taken out of what it learns.</summary>
    public float? ClassBalance { get; set; }

    /// <summary>Deviation, in rad, of the random rotation that windows of three-axis sensors are read with, 0 (default: none) to 1.</summary>
    public float Rotation { get; set; }

    /// <summary>Peers each round's model is pushed to.</summary>
    public int? FanOut { get; set; }

    /// <summary>How those are chosen: <c>turns</c> or <c>circle</c>.</summary>
    public string? Partners { get; set; }

    /// <summary>What models are pushed in, by its name in docs/wire.md, such as <c>lattice-4</c>.</summary>
    public string? Codec { get; set; }

    /// <summary>Rounds in which a peer's model is mixed in again; 0 mixes each in once, as soon as it comes.</summary>
    public int? ReuseRounds { get; set; }

    /// <summary>Share of the usual distance to neighbours that the model must have moved to be pushed again.</summary>
    public float? PushThreshold { get; set; }

    /// <summary>Bytes of model messages in an hour; 0 for any.</summary>
    public long? BytesPerHourMax { get; set; }

    /// <summary>Links kept up at once.</summary>
    public int? ActiveViewSize { get; set; }

    /// <summary>Training windows that must be there before the first step; at most <see cref="WindowsMax"/>.</summary>
    public int? MinimumWindows { get; set; }

    /// <summary>Milliseconds from the start to the first step of a node that has learned nothing yet.</summary>
    public int? StartDelayMs { get; set; }

    /// <summary>Rows from the start of one window to the start of the next; 1 to 65,536; null takes half a window.</summary>
    public int? WindowStep { get; set; }

    /// <summary>Training windows kept; 1 to 65,536. Default 1024.</summary>
    public int WindowsMax { get; set; } = 1024;

    /// <summary>Which of them give way: <c>oldest</c>, or those of the class that has most, <c>balanced</c>. Default oldest.</summary>
    public ReplayPolicy Replay { get; set; }

    /// <summary>Windows held out at the end of each block of 20 for local validation, 0 to 10. Default 2.</summary>
    public int HeldOutPer20 { get; set; } = 2;

    /// <summary>Milliseconds between two ticks, each at most one minibatch step, 1 to 10,000 (a third of what systemd waits for a sign of life). Default 100.</summary>
    public int TickMs { get; set; } = 100;

    /// <summary>Milliseconds between two checkpoints.</summary>
    public int? CheckpointIntervalMs { get; set; }

    /// <summary>Rounds between two checkpoints, 0 (default) for by time only.</summary>
    public int CheckpointRounds { get; set; }

    /// <summary>Milliseconds between two published inferences.</summary>
    public int? InferenceIntervalMs { get; set; }

    /// <summary>Whether <c>infer</c> is made in 8-bit integers, by the model of the last checkpoint. Default false.</summary>
    public bool Int8Inference { get; set; }

    /// <summary>Milliseconds between two train reports.</summary>
    public int? ReportIntervalMs { get; set; }

    /// <summary>Milliseconds after which a node that is done pushes its model once more.</summary>
    public int? IdlePushMs { get; set; }
}
