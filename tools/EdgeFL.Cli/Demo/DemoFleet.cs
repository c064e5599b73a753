using EdgeFL.Cli.Fleet;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Cli.Demo;

/// <summary>The folder of a demonstration's fleet and its processes.</summary>
internal sealed class DemoFleet : IDisposable
{
    private readonly DemoOptions options;
    private readonly DemoPlan plan;
    private readonly IReadOnlyList<string> command;

    public DemoFleet(DemoOptions options, DemoPlan plan, FleetFolder folder, FleetId fleet)
    {
        this.options = options;
        this.plan = plan;
        Folder = folder;
        Fleet = fleet;
        command = AgentProcess.Find(options.Agent);
        Nodes = Enumerable.Range(1, plan.Source.Agents.Count).Select(i => NodeId.Parse($"node-{i:00}")).ToList();
        Lone = plan.Source.IsRecording ? null : NodeId.Parse("alone");
        IEnumerable<NodeId> all = Lone is { } lone ? Nodes.Append(lone) : Nodes;
        Agents = all.Select(node => new AgentProcess(command, folder.NodeFolder(node))).ToList();
    }

    /// <summary>Its folder.</summary>
    public FleetFolder Folder { get; }

    /// <summary>Its name, new for each run: two demonstrations on one machine do not mix.</summary>
    public FleetId Fleet { get; }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<NodeId> Nodes { get; }

    /// <summary>An agent without neighbours, where alone cannot be computed from a recording; else null.</summary>
    public NodeId? Lone { get; }

    /// <summary>Their processes, in the same order; the lone one comes last.</summary>
    public IReadOnlyList<AgentProcess> Agents { get; }

    /// <summary>Makes authorities, operator and nodes, and writes each node's configuration.</summary>
    public void LayOut(DateTimeOffset now)
    {
        Folder.EnsureAuthority(Fleet, now);
        Folder.EnsureOperator("demo", now);
        for (int i = 0; i < Agents.Count; i++)
        {
            NodeId node = i < Nodes.Count ? Nodes[i] : Lone!.Value;
            Folder.EnsureNode(node, now, TimeSpan.FromDays(1));
            File.WriteAllBytes(Path.Combine(Folder.NodeFolder(node), "model.json"), plan.ModelFile);
            AgentConfigFile.Write(Path.Combine(Folder.NodeFolder(node), "agent.json"), Config(node, i));
        }
    }

    /// <summary>Starts all agents.</summary>
    public void Start()
    {
        foreach (AgentProcess agent in Agents)
            agent.Start();
    }

    /// <summary>The newest checkpoint of a node that is whole, or null.</summary>
    public Checkpoint? ReadCheckpoint(NodeId node)
    {
        CheckpointLoad load = new CheckpointStore(Path.Combine(Folder.NodeFolder(node), "state"), "model").Load();
        return !load.Payload.IsEmpty && Checkpoint.Read(load.Payload.Span, out Checkpoint? checkpoint) == CheckpointError.None ? checkpoint : null;
    }

    /// <summary>Stops all agents; the names of those that did not end well.</summary>
    public async Task<IReadOnlyList<NodeId>> StopAsync()
    {
        bool[] well = await Task.WhenAll(Agents.Select(agent => agent.StopAsync(TimeSpan.FromSeconds(10)))).ConfigureAwait(false);
        return Nodes.Where((_, i) => !well[i]).ToList(); // The lone agent only serves a comparison.
    }

    public void Dispose()
    {
        foreach (AgentProcess agent in Agents)
            agent.Dispose();
    }

    private AgentConfig Config(NodeId node, int i) => new()
    {
        Fleet = Fleet.Value,
        Node = node.Value,
        Identity = ".",
        State = "state",
        Sensor = plan.Source.Agents[Math.Min(i, plan.Source.Agents.Count - 1)],
        Network = new NetworkConfig
        {
            Listen = "127.0.0.1:0",
            Interfaces = [options.Interface],
            Discovery = node != Lone,
            Broker = options.Broker == "embedded" || node == Lone ? null : options.Broker,
            Insecure = true,
            TelemetryIntervalMs = plan.TelemetryMs,
            ReconnectMinMs = 250,
            ReconnectMaxMs = 2000,
        },
        Training = new TrainingConfig
        {
            Seed = plan.NodeSeed(i),
            Rounds = plan.Rounds,
            StepsPerRound = plan.StepsPerRound,
            TickMs = plan.TickMs,
            StartDelayMs = plan.StartDelayMs,
            ActiveViewSize = plan.ActiveView,
            CheckpointRounds = plan.CheckpointRounds,
            InferenceIntervalMs = plan.InferenceMs,
            ReportIntervalMs = plan.ReportMs,
            IdlePushMs = 2000,
        },
    };
}
