using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Simulation;

namespace EdgeFL.Cli.Sim;

/// <summary>A fleet to simulate. The file format of <c>firmware-config/simulations</c>; docs/simulation.md explains each member.</summary>
internal sealed record SimConfig
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private static readonly JsonSerializerOptions Reading = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { HideWhatTheRunDecides } },
    };

    /// <summary>What the simulation sets itself, or from members above: no file says it.</summary>
    private static readonly HashSet<string> Decided = [nameof(NodeOptions.Fleet), nameof(NodeOptions.Node), nameof(NodeOptions.BootEpoch), nameof(NodeOptions.Seed),
        nameof(NodeOptions.InitialParameters), nameof(NodeOptions.Rounds), nameof(SimulationOptions.Threads), nameof(SimulationOptions.KeepsEvents)];

    /// <summary>Name of the fleet and of the run: 1 to 32 of <c>a-z 0-9 -</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Nodes, 1 to 100,000; 0 (default) for as many as the data has devices.</summary>
    public int Nodes { get; init; }

    /// <summary>Rounds that each node makes.</summary>
    public required int Rounds { get; init; }

    /// <summary>Seed of all that is drawn. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Name of a shipped model, a file, or the model itself.</summary>
    public required JsonElement Model { get; init; }

    /// <summary>What the nodes measure, and what they are judged by.</summary>
    public required SimData Data { get; init; }

    /// <summary>What all nodes start from; null (default) for what the model's hash gives.</summary>
    public SimStart? InitialParameters { get; init; }

    /// <summary>What each node is told.</summary>
    public NodeOptions? Node { get; init; }

    /// <summary>Windows that a node keeps and holds out.</summary>
    public LocalDataOptions? LocalData { get; init; }

    /// <summary>The world.</summary>
    public SimulationOptions World { get; init; } = new();

    /// <summary>Nodes that are enemies.</summary>
    public IReadOnlyList<SimAdversary> Adversaries { get; init; } = [];

    /// <summary>When the fleet is judged.</summary>
    public SimEvaluate Evaluate { get; init; } = new();

    /// <summary>Seconds of virtual time after which the run is ended; 0 (default) for ten times what the rounds take, and ten minutes.</summary>
    public double VirtualSecondsMax { get; init; }

    /// <summary>Reads a file with the members changed that a sweep or the command line changes.</summary>
    /// <param name="file">Where it stands, for errors.</param>
    /// <param name="json">Its text.</param>
    /// <param name="changes">Members like <c>node.fanOut</c>, and their values.</param>
    /// <exception cref="CliException"><c>bad-simulation</c>: says file, place and remedy.</exception>
    public static SimConfig Read(string file, byte[] json, IReadOnlyList<(string Member, string Value)> changes)
    {
        try
        {
            JsonObject root = JsonNode.Parse(json, documentOptions: Lenient) as JsonObject ?? throw new JsonException("It holds no JSON object.");
            foreach ((string member, string value) in changes)
                Change(root, member, value);
            // What a device reports and stores by the clock costs a simulation time and tells it nothing, unless a file asks for it.
            JsonObject node = root["node"] as JsonObject ?? [];
            if (root["node"] is null)
                root["node"] = node;
            Default(node, "reportIntervalMs", 3_600_000);
            Default(node, "inferenceIntervalMs", 3_600_000);
            SimConfig config = root.Deserialize<SimConfig>(Reading) ?? throw new JsonException("It holds null.");
            return config.Check() is { } wrong ? throw new JsonException(wrong) : config;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw Wrong(file, wrong.Message, wrong);
        }
    }

    /// <summary>An error that names the file, and what to do.</summary>
    public static CliException Wrong(string file, string what, Exception? inner = null) =>
        new("bad-simulation", $"{file}: {what}", "docs/simulation.md explains each member; firmware-config/simulations has files that work", ExitCodes.Usage, inner);

    private static void Default(JsonObject node, string member, int value)
    {
        if (!node.ContainsKey(member))
            node[member] = value;
    }

    private static void Change(JsonObject root, string member, string value)
    {
        string[] path = member.Split('.');
        JsonObject at = root;
        foreach (string step in path[..^1])
        {
            if (at[step] is not JsonObject next)
                at[step] = next = [];
            at = next;
        }

        try
        {
            at[path[^1]] = JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            at[path[^1]] = value; // a word without quotes, such as a topology's kind
        }
    }

    private string? Check()
    {
        if (Name.Length is 0 or > 32 || Name.Any(c => c is not (>= 'a' and <= 'z' or >= '0' and <= '9' or '-')))
            return $"\"name\" is '{Name}', but must be 1 to 32 of a-z, 0-9 and '-'.";
        return Out("nodes", Nodes, 0, 100_000) ?? Out("rounds", Rounds, 1, 1_000_000) ?? Out("virtualSecondsMax", VirtualSecondsMax, 0, 1e9)
            ?? Out("evaluate.everyRounds", Evaluate.EveryRounds, 0, 1_000_000) ?? Out("evaluate.nodesMax", Evaluate.NodesMax, 1, 100_000) ?? Data.Check();
    }

    internal static string? Out(string member, double value, double least, double most) =>
        value >= least && value <= most ? null : FormattableString.Invariant($"\"{member}\" is {value}, but must lie between {least} and {most}.");

    private static void HideWhatTheRunDecides(JsonTypeInfo type)
    {
        if (type.Type != typeof(NodeOptions) && type.Type != typeof(SimulationOptions))
            return;
        for (int i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (Decided.Contains(char.ToUpperInvariant(type.Properties[i].Name[0]) + type.Properties[i].Name[1..]))
                type.Properties.RemoveAt(i);
        }
    }
}

/// <summary>Where initial parameters come from.</summary>
internal sealed record SimStart
{
    /// <summary>File of float32 values, little-endian, in the data folder or beside the configuration.</summary>
    public required string File { get; init; }

    /// <summary>Order of its values. Default: the model's own.</summary>
    public ParameterLayout Layout { get; init; }
}

/// <summary>Orders of parameters in a file.</summary>
internal enum ParameterLayout
{
    /// <summary>As the model has them (docs/models.md).</summary>
    Own,

    /// <summary>As PyTorch's <c>state_dict</c> laid end to end: the weights of dense layers lie the other way round.</summary>
    Pytorch,
}

/// <summary>Some enemies.</summary>
internal sealed record SimAdversary
{
    /// <summary>What they do.</summary>
    public required AdversaryKind Kind { get; init; }

    /// <summary>Who they are, like <c>0-3</c>.</summary>
    public required string Nodes { get; init; }

    /// <summary>Factor of <c>scale</c> (-1), deviation of <c>noise</c> (10), deviations of <c>little</c> (1.5).</summary>
    public float? Strength { get; init; }

    /// <summary>Makes one.</summary>
    public Adversary Make(ulong seed) => Kind switch
    {
        AdversaryKind.SignFlip => new ScalingAdversary(-1),
        AdversaryKind.Scale => new ScalingAdversary(Strength ?? -1),
        AdversaryKind.Noise => new NoiseAdversary(Strength ?? 10, seed),
        AdversaryKind.Little => new LittleAdversary(Strength ?? 1.5f),
        AdversaryKind.Replay => new ReplayAdversary(),
        AdversaryKind.Garbage => new GarbageAdversary(signed: true, seed),
        AdversaryKind.Forge => new GarbageAdversary(signed: false, seed),
        _ => new ScalingAdversary(float.NaN),
    };
}

/// <summary>What an enemy does.</summary>
internal enum AdversaryKind
{
    /// <summary>Sends its model negated.</summary>
    SignFlip,

    /// <summary>Sends its model times a factor.</summary>
    Scale,

    /// <summary>Sends its model and noise.</summary>
    Noise,

    /// <summary>Sends its model a little off, so that it goes through filters.</summary>
    Little,

    /// <summary>Sends the first of its updates again and again.</summary>
    Replay,

    /// <summary>Sends random bytes, rightly signed.</summary>
    Garbage,

    /// <summary>Sends random bytes with a false signature.</summary>
    Forge,

    /// <summary>Sends frames of NaN.</summary>
    Nan,
}

/// <summary>When the fleet is judged by the common test set, and by how many of its nodes.</summary>
internal sealed record SimEvaluate
{
    /// <summary>Rounds between two points of the curves; 0 (default) for a twentieth of the rounds.</summary>
    public int EveryRounds { get; init; }

    /// <summary>Nodes that are judged at each point, spread evenly, 1 to 100,000. Default 64; at the end all are.</summary>
    public int NodesMax { get; init; } = 64;
}
