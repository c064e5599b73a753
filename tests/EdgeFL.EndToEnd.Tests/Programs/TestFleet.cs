using System.Globalization;
using EdgeFL.Identity;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>A fleet in a folder of its own, made by the CLI as an operator would, and its running agents. Everything stays on loopback, or on hosts of a <see cref="TestNetwork"/>.</summary>
internal sealed class TestFleet : IDisposable
{
    private readonly List<Agent> agents = [];
    private readonly string folder = Directory.CreateTempSubdirectory("edgefl-e2e-").FullName;

    private TestFleet(string name) => Name = name;

    public string Name { get; }

    public string Dir => Path.Combine(folder, "fleet");

    public string Operator => Path.Combine(Dir, "operator");

    /// <summary>Makes authorities, an operator and nodes that learn from simulated sensors.</summary>
    public static async Task<TestFleet> CreateAsync(params string[] nodes)
    {
        var fleet = new TestFleet("t" + Guid.NewGuid().ToString("N")[..10]); // tests share loopback's multicast
        var (exit, _, errors) = await Built.CliAsync(
            Wait.Patience, ["init", "--fleet", fleet.Name, "--dir", fleet.Dir, "--sensor", "simulated", "--yes", "--nodes", .. nodes]);
        Assert.True(exit == 0, errors);
        for (int i = 0; i < nodes.Length; i++)
        {
            File.Copy(Built.Model("activity-cnn"), Path.Combine(fleet.Node(nodes[i]), "model.json"), overwrite: true);
            fleet.Configure(nodes[i], fleet.Config(nodes[i], i));
        }

        return fleet;
    }

    public string Node(string name) => Path.Combine(Dir, "nodes", name);

    public string State(string name) => Path.Combine(Node(name), "state");

    /// <summary>An agent that learns often but in small steps, so that it may go on for as long as a test wants, on any free port, and reports often.</summary>
    public AgentConfig Config(string node, int device) => new()
    {
        Fleet = Name,
        Node = node,
        Identity = ".",
        State = "state",
        Sensor = new SensorOptions { Kind = "simulated", Simulated = new SimulatedOptions { Device = device, Speed = 60, BatchRows = 256 } },
        Network = new NetworkConfig { Listen = "127.0.0.1:0", Interfaces = ["lo"], Discovery = false, TelemetryIntervalMs = 300, ReconnectMinMs = 100, ReconnectMaxMs = 500 },
        Training = new TrainingConfig { Seed = (ulong)device + 1, LearningRate = 0.05f, TickMs = 10, ReportIntervalMs = 200, InferenceIntervalMs = 200, IdlePushMs = 500 },
    };

    public void Configure(string node, AgentConfig config) => AgentConfigFile.Write(Path.Combine(Node(node), "agent.json"), config);

    /// <summary>Lets nodes know each other by fixed addresses instead of discovery.</summary>
    public int[] ConfigureStatic(Func<AgentConfig, AgentConfig> change, params string[] nodes)
    {
        int[] ports = OutsideBroker.FreePorts(nodes.Length);
        for (int i = 0; i < nodes.Length; i++)
        {
            AgentConfig config = Config(nodes[i], i);
            int self = i;
            config.Network = config.Network with
            {
                Listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{ports[i]}"),
                Peers = Enumerable.Range(0, nodes.Length).Where(j => j != self).Select(j => string.Create(CultureInfo.InvariantCulture, $"{nodes[j]}=127.0.0.1:{ports[j]}")).ToList(),
            };
            Configure(nodes[i], change(config));
        }

        return ports;
    }

    /// <summary>Starts a node's agent with further arguments, by what runs a command on its host; by nothing on this machine.</summary>
    public Agent Start(string node, IReadOnlyList<string>? on = null, params IReadOnlyList<string> more)
    {
        Agent agent = Agent.Start(Node(node), on, more);
        agents.Add(agent);
        return agent;
    }

    /// <summary>Runs an agent that is expected to refuse.</summary>
    public async Task<(int Exit, string Errors)> RefusalAsync(string node)
    {
        using Agent agent = Agent.Start(Node(node));
        int exit = await agent.ExitAsync(Wait.Patience);
        return (exit, agent.Log);
    }

    /// <summary>Hears what a node says, with the operator's certificate.</summary>
    public Listener Listen(int port) => Listener.At(port, Operator, $"edgefl/v1/{Name}/#");

    /// <summary>The authority that signs devices.</summary>
    public FleetAuthority LoadIssuing() => FleetAuthority.Load(Path.Combine(Dir, "issuing"), AuthorityKind.Issuing);

    public void Dispose()
    {
        foreach (Agent agent in agents)
            agent.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
