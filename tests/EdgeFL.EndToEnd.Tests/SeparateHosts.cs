using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Storage;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Six agents, each on a host of its own on one of two switches, over slow lines that lose packets; they have found each other and learn.</summary>
public sealed class SeparateHosts : IAsyncLifetime
{
    internal const int Port = 8883;

    /// <summary>Handshakes take long where packets are lost: each that is sent again waits for twice as long as before.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    internal static readonly string[] Left = ["alpha", "beta", "gamma"], Right = ["delta", "epsilon", "zeta"];

    private readonly Dictionary<string, Agent> agents = [];
    private readonly Dictionary<string, Listener> listeners = [];
    private TestFleet? fleet;

    internal static IEnumerable<string> All => [.. Left, .. Right];

    internal TestNetwork Network { get; private set; } = null!;

    /// <summary>What all said last, for a failure's text.</summary>
    internal string Said => string.Join('\n', agents.Keys.Select(node => $"{node}: {agents[node].Said}\n{listeners[node].Said}"));

    public async Task InitializeAsync()
    {
        try
        {
            Network = await TestNetwork.CreateAsync(nameof(Left), nameof(Right));
            fleet = await TestFleet.CreateAsync([.. All]);
            foreach ((string node, int device) in All.Select((node, device) => (node, device)))
            {
                await Network.AddAsync(node, Left.Contains(node) ? nameof(Left) : nameof(Right));
                fleet.Configure(node, Config(fleet.Config(node, device)));
            }

            foreach (string node in All)
                await StartAsync(node);
            await UntilLinkedAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        foreach (Listener listener in listeners.Values)
            listener.Dispose();
        listeners.Clear();
        fleet?.Dispose();
        fleet = null;
        if (Network is not null)
            await Network.DisposeAsync();
    }

    internal Agent Agent(string node) => agents[node];

    /// <summary>What a node says itself, as mosquitto_sub hears it on its host.</summary>
    internal Listener Heard(string node) => listeners[node];

    internal long Train(string node, string member) => Heard(node).Number(node, "train", member);

    internal long Telemetry(string node, string member) => Heard(node).Number(node, "telemetry", member);

    internal double Accuracy(string node) =>
        Heard(node).Last(node, "train") is { } said && said.Json.TryGetProperty("accuracy", out JsonElement accuracy) ? accuracy.GetDouble() : double.NaN;

    internal long Boot(string node) => Heard(node).Number(node, "info", "boot");

    /// <summary>Starts a node's agent on its host, and hears it.</summary>
    internal async Task StartAsync(string node)
    {
        agents[node] = fleet!.Start(node, TestNetwork.On(node));
        Assert.Equal(Port, await agents[node].ListensAsync());
        listeners[node] = Listener.At(Port, fleet.Operator, $"edgefl/v1/{fleet.Name}/{node}/+", TestNetwork.On(node));
    }

    /// <summary>Cuts a host's power.</summary>
    internal async Task CutPowerAsync(string node)
    {
        await TestNetwork.PowerOffAsync(node);
        if (listeners.Remove(node, out Listener? listener))
            listener.Dispose();
        if (agents.Remove(node, out Agent? agent))
            await agent.ExitAsync(Patience);
    }

    /// <summary>Waits until something has held of each of the nodes, not of all at one time: on a busy machine one may stall while another comes on. No agent may end.</summary>
    internal async Task UntilAsync(IEnumerable<string> nodes, Func<string, bool> condition, string what)
    {
        List<string> pending = [.. nodes];
        await Wait.UntilAsync(
            () =>
            {
                pending.RemoveAll(node => condition(node));
                return pending.Count == 0 || HasEnded;
            },
            what, () => $"Not by {string.Join(", ", pending)}.\n{Said}", Patience);
        Assert.False(HasEnded, Said);
    }

    /// <summary>Waits until each node has links to all others and mixes the models of all others in, so that every link works both ways.</summary>
    internal Task UntilLinkedAsync() =>
        UntilAsync(All, node => Train(node, "peers") == 5 && Train(node, "merged") == 5, "all nodes are linked and mix all others' models in");

    /// <summary>Waits until nodes have learned and heard others for a good while longer.</summary>
    internal async Task UntilLearnedOnAsync(IEnumerable<string> nodes)
    {
        string[] all = [.. nodes];
        var before = all.ToDictionary(node => node, node => (Round: Train(node, "round"), Received: Telemetry(node, "received")));
        await UntilAsync(all, node => Train(node, "round") >= before[node].Round + 20 && Telemetry(node, "received") >= before[node].Received + 20, "20 more rounds and models");
    }

    /// <summary>Waits until the stored models lie as they should; how they then lie.</summary>
    internal async Task<Spread> UntilSpreadAsync(Func<Spread, bool> condition, string what)
    {
        Spread spread = default;
        await Wait.UntilAsync(() => condition(spread = Measure()), what, () => $"{spread}\n{Said}", Patience);
        return spread;
    }

    /// <summary>
    /// Why a node refused frames, but for what such a network explains: a model whose acknowledgement was lost in a cut is sent again after it (<c>replayed</c>), and requests
    /// for a model in more bits, made at the pace at which they are answered, come all at once where a packet before them was lost (<c>rate-limited</c>).
    /// </summary>
    internal IEnumerable<string> Refusals(string node) => EventsOf(node).Select(e => e.GetProperty("code").GetString()!)
        .Where(code => code.StartsWith("refused-", StringComparison.Ordinal) && code is not ("refused-replayed" or "refused-rate-limited"));

    internal IEnumerable<JsonElement> EventsOf(string node) => Heard(node).Of(node, "event").Select(e => e.Json);

    /// <summary>A line on each node, for the test's output.</summary>
    internal IEnumerable<string> Figures() => All.Select(node => $"{node}: {Heard(node).Last(node, "train")?.Text} {Heard(node).Last(node, "telemetry")?.Text}");

    /// <summary>How far the models that nodes have stored lie apart: root mean squares over the parameters.</summary>
    private Spread Measure()
    {
        float[][] left = [.. Left.Select(Stored)], right = [.. Right.Select(Stored)];
        float[] leftMean = Mean(left), rightMean = Mean(right);
        double within = Math.Sqrt((left.Average(model => Squared(model, leftMean)) + right.Average(model => Squared(model, rightMean))) / 2);
        return new Spread(Math.Sqrt(Squared(leftMean, rightMean)), within);
    }

    private bool HasEnded => agents.Values.Any(agent => !agent.IsRunning);

    private float[] Stored(string node)
    {
        CheckpointLoad load = new CheckpointStore(fleet!.State(node), "model").Load();
        Assert.Equal(CheckpointError.None, Checkpoint.Read(load.Payload.Span, out Checkpoint? checkpoint));
        return checkpoint!.Parameters;
    }

    private static float[] Mean(float[][] models) => [.. Enumerable.Range(0, models[0].Length).Select(i => models.Average(model => model[i]))];

    private static double Squared(float[] a, float[] b) => a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Average();

    /// <summary>As on a device: any address, all interfaces, nobody's address known. It stores often, as what it stores is what is measured.</summary>
    private static AgentConfig Config(AgentConfig config) => config with
    {
        Network = config.Network with { Listen = $"0.0.0.0:{Port}", Interfaces = [], Discovery = true, ReconnectMaxMs = 2000 },
        Training = config.Training with { LearningRate = 0.3f, TickMs = 40, CheckpointRounds = 5 },
    };
}

/// <summary>Distances of models.</summary>
/// <param name="Between">Between the means of the two sides.</param>
/// <param name="Within">Of each model from its side's mean.</param>
internal readonly record struct Spread(double Between, double Within);
