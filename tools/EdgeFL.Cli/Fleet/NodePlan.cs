using EdgeFL.Cli.Framework;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Cli.Fleet;

/// <summary>What new devices are to do: makes the files that an agent reads beside its keys.</summary>
internal sealed record NodePlan
{
    /// <summary>Kinds of sensors that can be asked for.</summary>
    public static readonly string[] SensorKinds = ["host", "simulated", "replay"];

    /// <summary>What every Linux machine measures of itself: a fleet learns one model only over channels that all of its devices have.</summary>
    private static readonly string[] HostChannels = ["cpu_load", "cpu_iowait", "load1", "mem_used", "net_rx", "net_tx", "disk_read", "disk_write"];

    private const int DefaultPort = 8883;
    private const string BridgeAuthoritiesFile = "bridge-ca.pem";

    private readonly byte[] model;
    private readonly ReplayOptions? replay;
    private readonly string? recording;

    private NodePlan(byte[] model, ReplayOptions? replay, string? recording)
    {
        this.model = model;
        this.replay = replay;
        this.recording = recording;
    }

    /// <summary>One of <see cref="SensorKinds"/>.</summary>
    public required string Sensor { get; init; }

    /// <summary>Port to listen on; null for 8883, or for any free one where only loopback is listened on.</summary>
    public int? Port { get; init; }

    /// <summary>Interfaces for discovery; empty for all but loopback. Loopback alone keeps the node to this machine.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Neighbours that are always tried, <c>node-id=host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>The broker that the node's own is bridged to; null for none.</summary>
    public BridgeConfig? Bridge { get; private init; }

    /// <summary>CA file of that broker, copied beside <c>agent.json</c>; null for the fleet's own CA.</summary>
    private byte[]? BridgeAuthorities { get; init; }

    /// <summary>The plan with a bridge to an outside broker.</summary>
    /// <param name="console">Resolves paths.</param>
    /// <param name="url"><c>mqtts://host[:port]</c>, or <c>mqtt://</c>.</param>
    /// <param name="authorities">PEM file of the CA that its certificate is checked against; null for the fleet's own.</param>
    /// <param name="insecure">Allow <c>mqtt://</c> to another machine.</param>
    /// <exception cref="CliException">The address or the file cannot be used.</exception>
    public NodePlan WithBridge(CliConsole console, string url, string? authorities, bool insecure)
    {
        string? file = authorities is null ? null : console.Resolve(authorities);
        try
        {
            BrokerUrl.Parse(url, insecure, "--bridge");
            BrokerUrl.LoadAuthorities(file);
        }
        catch (ConfigException wrong)
        {
            throw new CliException(wrong.Code, wrong.Message, "--bridge mqtts://HOST[:8883] [--bridge-ca FILE], or mqtt:// with --insecure", ExitCodes.Usage, wrong);
        }

        return this with
        {
            Bridge = new BridgeConfig { Broker = url, BrokerCa = file is null ? null : BridgeAuthoritiesFile, Insecure = insecure },
            BridgeAuthorities = file is null ? null : File.ReadAllBytes(file),
        };
    }

    /// <summary>Checks what was asked for and reads what it names, so that nothing is made when something is missing.</summary>
    /// <param name="console">Resolves paths.</param>
    /// <param name="sensor">One of <see cref="SensorKinds"/>.</param>
    /// <param name="data">Recording of kind <c>replay</c>, else null.</param>
    /// <param name="preset">Name of a shipped preset for it, or null.</param>
    /// <param name="model">A shipped model's name or a file; null for the one that fits the sensor.</param>
    /// <param name="peers">Neighbours that are always tried, <c>node-id=host:port</c>.</param>
    /// <exception cref="CliException">A file or a preset is missing, a peer cannot be read, or something was given that this kind does not take.</exception>
    public static NodePlan Make(CliConsole console, string sensor, string? data, string? preset, string? model, IReadOnlyList<string> peers)
    {
        if (!SensorKinds.Contains(sensor))
            throw new CliException("bad-sensor", $"'{sensor}' is not a kind of sensor.", "--sensor host, simulated or replay", ExitCodes.Usage);
        if (sensor != "replay" && (data ?? preset) is not null)
            throw new CliException("bad-usage", $"--data and --preset are for a recording, not for sensor '{sensor}'.", "add --sensor replay", ExitCodes.Usage);
        if (sensor == "replay" && data is null)
            throw new CliException("data-missing", "A replay sensor needs a recording.", "add --data FILE.csv", ExitCodes.Usage);
        foreach (string peer in peers)
            CheckPeer(peer);
        string? recording = data is null ? null : console.Resolve(data);
        if (recording is not null && !File.Exists(recording))
            throw new CliException("data-missing", $"There is no recording {recording}.", "--data FILE.csv or FILE.csv.gz", ExitCodes.Usage);
        string fitting = sensor == "simulated" || preset == "uci-hapt" ? "activity-cnn" : "host-autoencoder";
        var plan = new NodePlan(Assets.Model(model ?? fitting, console), sensor == "replay" ? Replay(preset) : null, recording) { Sensor = sensor, Peers = peers };
        plan.CheckModel();
        return plan;
    }

    /// <summary>Refuses a model that is none, or that takes other channels than the sensor has: the agent would only find out on the device.</summary>
    private void CheckModel()
    {
        try
        {
            ModelSpec spec = ModelSpec.Parse(model);
            if (Channels() is { } channels)
                spec.Resolve(channels);
        }
        catch (ModelFormatException wrong)
        {
            throw new CliException("bad-model", wrong.Message, "--model MODEL   (edgefl model show MODEL says what it takes)", ExitCodes.Usage, wrong);
        }
    }

    /// <summary>How many channels the sensor has; null when that cannot be told yet: edgefl check says what is wrong with a recording.</summary>
    private int? Channels()
    {
        if (Sensor == "host")
            return HostChannels.Length;
        try
        {
            ISensor sensor = SensorFactory.Create(new SensorOptions
            {
                Kind = Sensor,
                Simulated = Sensor == "simulated" ? new SimulatedOptions() : null,
                Replay = replay is null ? null : replay with { Path = [recording!] },
            });
            int channels = sensor.Description.Channels.Count;
            sensor.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return channels;
        }
        catch (SensorException)
        {
            return null;
        }
    }

    /// <summary>Writes <c>model.json</c>, the recording, the CA of the bridge, and last <c>agent.json</c>. A folder that has an <c>agent.json</c> is left as it is: people edit it.</summary>
    /// <param name="folder">The device's folder.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The device.</param>
    /// <param name="number">Its number, which says who a simulated person is.</param>
    public void Write(string folder, FleetId fleet, NodeId node, int number)
    {
        string file = Path.Combine(folder, "agent.json");
        if (File.Exists(file))
            return;
        AtomicFile.Write(Path.Combine(folder, "model.json"), model);
        if (recording is not null)
            File.Copy(recording, Path.Combine(folder, Path.GetFileName(recording)), overwrite: true);
        if (BridgeAuthorities is not null)
            AtomicFile.Write(Path.Combine(folder, BridgeAuthoritiesFile), BridgeAuthorities);
        AgentConfigFile.Write(file, Config(fleet, node, number), AtomicFile.Private);
    }

    private AgentConfig Config(FleetId fleet, NodeId node, int number)
    {
        bool isLocal = Interfaces is ["lo"];
        return new AgentConfig
        {
            Fleet = fleet.Value,
            Node = node.Value,
            Identity = ".",
            State = "state",
            Sensor = new SensorOptions
            {
                Kind = Sensor,
                Host = Sensor == "host" ? new HostOptions { Channels = HostChannels } : null,
                Simulated = Sensor == "simulated" ? new SimulatedOptions { Device = number } : null,
                Replay = replay is null ? null : replay with { Path = [Path.GetFileName(recording!)] },
            },
            Network = new NetworkConfig
            {
                Listen = $"{(isLocal ? "127.0.0.1" : "0.0.0.0")}:{Port ?? (isLocal ? 0 : DefaultPort)}",
                Interfaces = Interfaces,
                Peers = Peers,
                Bridge = Bridge,
            },
        };
    }

    private static ReplayOptions Replay(string? preset)
    {
        if (preset is null)
            return new ReplayOptions();
        if (!Assets.Names("sensors").Contains(preset))
            throw new CliException("bad-preset", $"There is no preset '{preset}'.", $"--preset {string.Join(" or ", Assets.Names("sensors"))}", ExitCodes.Usage);
        return SensorOptions.Parse(Assets.Preset(preset), preset).Replay!;
    }

    private static void CheckPeer(string peer)
    {
        try
        {
            PeerAddress.ParsePeer(peer);
        }
        catch (ConfigException wrong)
        {
            throw new CliException(wrong.Code, $"'{peer}' is not a peer.", "--peer node-id=host:port, e.g. --peer pump-02=192.168.1.12:8883", ExitCodes.Usage, wrong);
        }
    }
}
