using System.Net;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Checks;

/// <summary>A device's configuration as its agent would read it, and where the things lie that it names.</summary>
internal sealed record DeviceScope
{
    private DeviceScope(AgentConfig config, string folder)
    {
        Config = config;
        Folder = folder;
    }

    /// <summary>What the agent is told.</summary>
    public AgentConfig Config { get; }

    /// <summary>Folder that its paths are relative to.</summary>
    public string Folder { get; }

    /// <summary>Folder of key and certificates.</summary>
    public string IdentityFolder => Path.GetFullPath(Config.Identity, Folder);

    /// <summary>Folder that the agent writes to.</summary>
    public string StateFolder => Path.GetFullPath(Config.State, Folder);

    /// <summary>The model's file.</summary>
    public string ModelPath => Path.GetFullPath(Config.Model, Folder);

    /// <summary>Where it listens; null when it uses an outside broker.</summary>
    public IPEndPoint? Listen { get; private init; }

    /// <summary>Who must answer: the static neighbours and the broker of the bridge, or the outside broker.</summary>
    public IReadOnlyList<HostPort> Peers { get; private init; } = [];

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="CliException"><c>config-missing</c> or <c>config-wrong</c>, with line and column where there is one.</exception>
    public static DeviceScope Read(string file)
    {
        try
        {
            var config = AgentConfigFile.Read(file);
            var scope = new DeviceScope(config, Path.GetDirectoryName(file)!);
            if (config.Network.Broker is { } broker)
            {
                var url = BrokerUrl.Parse(broker, config.Network.Insecure);
                return scope with { Peers = [new HostPort(url.Host, url.Port)] };
            }

            List<HostPort> peers = config.Network.Peers.Select(text => PeerAddress.ParsePeer(text).Value).Select(peer => new HostPort(peer.Host, peer.Port)).ToList();
            if (config.Network.Bridge is { } bridge)
            {
                var url = BrokerUrl.Parse(bridge.Broker, bridge.Insecure, "network.bridge.broker");
                peers.Add(new HostPort(url.Host, url.Port));
            }

            return scope with { Listen = PeerAddress.ParseListen(config.Network.Listen), Peers = peers };
        }
        catch (ConfigException wrong) when (wrong.Code == "no-config")
        {
            throw new CliException("config-missing", wrong.Message, "edgefl node add NAME   (makes one)", ExitCodes.Usage, wrong);
        }
        catch (ConfigException wrong)
        {
            throw new CliException("config-wrong", wrong.Message, wrong.Remedy, ExitCodes.Usage, wrong);
        }
    }

    /// <summary>Opens the sensor.</summary>
    /// <exception cref="SensorException">It cannot be opened.</exception>
    public ISensor OpenSensor() => SensorFactory.Create(Config.Sensor, new SensorContext { BaseFolder = Folder });
}
