using System.Buffers.Binary;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Simulation;

namespace EdgeFL.Cli.Sim;

/// <summary>A configuration made real: model, data and start are read once and serve any number of runs.</summary>
internal sealed class SimFleet
{
    private readonly SimConfig config;
    private readonly string file;
    private readonly float[] initial;

    private SimFleet(SimConfig config, string file, ModelSpec model, SimWorkload workload, float[] initial)
    {
        this.config = config;
        this.file = file;
        this.initial = initial;
        Model = model;
        Workload = workload;
    }

    /// <summary>The model, resolved.</summary>
    public ModelSpec Model { get; }

    /// <summary>The data.</summary>
    public SimWorkload Workload { get; }

    /// <summary>Nodes of the fleet.</summary>
    public int Nodes => Workload.Streams.Count;

    /// <summary>Reads all that a configuration names.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="file">Where it stands: files beside it are found, and errors name it.</param>
    /// <param name="data"><c>--data</c>, or null.</param>
    /// <param name="known">Data that other runs have read.</param>
    /// <param name="console">Resolves paths.</param>
    /// <exception cref="CliException">Something is missing, or does not fit together.</exception>
    public static async Task<SimFleet> ReadAsync(SimConfig config, string file, string? data, KnownData known, CliConsole console, CancellationToken cancel)
    {
        ModelSpec model = ReadModel(config, file, console);
        string root = config.Data.Kind == SimDataKind.Synthetic ? "" : config.Data.Root(data, console);
        SimWorkload workload = config.Data.Kind switch
        {
            SimDataKind.Hapt => await known.GetAsync(config.Data, model, () => HaptData.ReadAsync(config.Data, model, root, cancel)).ConfigureAwait(false),
            SimDataKind.Idx => await known.GetAsync(config.Data, model, () => Task.FromResult(IdxData.Read(config.Data, model, root))).ConfigureAwait(false),
            _ when config.Nodes == 0 => throw SimConfig.Wrong(file, "\"nodes\" is missing: synthetic data is for any number."),
            _ => SyntheticData.Make(config.Data, model, config.Nodes, config.Seed),
        };
        if (config.Nodes > workload.Streams.Count)
            throw SimConfig.Wrong(file, $"\"nodes\" is {config.Nodes}, but the data has {workload.Streams.Count} devices.");
        if (config.Nodes > 0)
            workload = workload with { Streams = [.. workload.Streams.Take(config.Nodes)] };
        float[] initial = config.InitialParameters is { } start ? ReadStart(start, model, root, file) : [];
        var fleet = new SimFleet(config, file, model, workload, initial);
        fleet.Check();
        return fleet;
    }

    /// <summary>Makes the fleet anew.</summary>
    /// <param name="threads">Threads that share the work.</param>
    public FleetSimulation Make(int threads)
    {
        SimulationOptions world = config.World with { Seed = config.Seed, Threads = threads, KeepsEvents = false };
        FleetId name = FleetId.Parse(config.Name);
        int digits = Math.Max(2, Invariant(Nodes - 1).Length);
        NodeId[] ids = [.. Enumerable.Range(0, Nodes).Select(i => NodeId.Parse("node-" + Invariant(i).PadLeft(digits, '0')))];
        var windowing = new WindowOptions { Length = Model.Length, Step = Model.Length };
        LocalDataOptions local = LocalData();
        var simulation = new FleetSimulation(world, name, ids, (i, boot) => new NodeCore(Options(i) with { Fleet = name, Node = ids[i], BootEpoch = boot }, Model, windowing, local), Workload.Streams);
        foreach (SimAdversary adversary in config.Adversaries)
        {
            foreach (int i in NodeList.Parse(adversary.Nodes, Nodes))
                simulation.Corrupt(i, adversary.Make(config.Seed * 1_000_003 + (ulong)i));
        }

        return simulation;
    }

    /// <summary>Nodes that are no enemies.</summary>
    public int[] Honest()
    {
        HashSet<int> enemies = [.. config.Adversaries.SelectMany(adversary => NodeList.Parse(adversary.Nodes, Nodes))];
        return [.. Enumerable.Range(0, Nodes).Where(i => !enemies.Contains(i))];
    }

    /// <summary>Virtual time at which the run is ended at the latest.</summary>
    public long UntilMs()
    {
        if (config.VirtualSecondsMax > 0)
            return (long)(1000 * config.VirtualSecondsMax);
        double slowest = config.World.SlowestSpeed * (DeviceModel.Deal(config.World.Devices, Nodes)?.Min(device => device.Speed) ?? 1);
        NodeOptions options = Options(0);
        return options.StartDelayMs + config.World.StartSpreadMs + 600_000 + (long)(10.0 * config.Rounds * options.StepsPerRound * config.World.TickMs / slowest);
    }

    private NodeOptions Options(int node) => config.Node! with
    {
        Seed = config.Seed * 1_000_003 + (ulong)node,
        Rounds = config.Rounds,
        InitialParameters = initial,
    };

    /// <summary>As much as there is, and nothing held out: a common test set judges.</summary>
    private LocalDataOptions LocalData() =>
        config.LocalData ?? new LocalDataOptions { TrainingWindows = Math.Clamp(Workload.WindowsMax, 1, 65_536), HeldOutWindows = 1, HeldOutPerBlock = 0 };

    /// <summary>Makes one node for trial, so that what is wrong with it is said before all are made; and sees that the devices could hold one.</summary>
    private void Check()
    {
        try
        {
            config.World.Validate(Nodes);
            foreach (SimAdversary adversary in config.Adversaries)
                NodeList.Parse(adversary.Nodes, Nodes);
            if (config.Adversaries.Count > 0 && Honest().Length == 0)
                throw new ArgumentException("\"adversaries\": no node is honest.");
            var trial = new NodeCore(Options(0) with { Fleet = FleetId.Parse(config.Name), Node = NodeId.Parse("trial"), BootEpoch = 1 }, Model, new WindowOptions { Length = Model.Length, Step = Model.Length }, LocalData());
            long bytes = BytesOf(trial);
            foreach (DeviceModel device in DeviceModel.Known.Where(device => config.World.Devices.ContainsKey(device.Name)))
            {
                if (bytes > DeviceModel.NodeShare * device.MemoryBytes)
                    throw new ArgumentException($"\"world.devices\": a node takes about {bytes >> 20} MB, more than half of what a {device.Name} has.");
            }
        }
        catch (ArgumentException wrong)
        {
            throw SimConfig.Wrong(file, wrong.Message, wrong);
        }
    }

    /// <summary>About what a node holds: parameters some twelve times over, its neighbours' models, a batch's activations, windows.</summary>
    private long BytesOf(NodeCore trial)
    {
        NodeOptions options = Options(0);
        return 4L * trial.Parameters.Length * (12 + options.ReplicasMax) + new Network(Model, options.Batch).ActivationBytes
            + 4L * Workload.WindowsMax * Model.Channels * Model.Length;
    }

    private static ModelSpec ReadModel(SimConfig config, string file, CliConsole console)
    {
        try
        {
            byte[] text = config.Model.ValueKind switch
            {
                System.Text.Json.JsonValueKind.Object => System.Text.Encoding.UTF8.GetBytes(config.Model.GetRawText()),
                System.Text.Json.JsonValueKind.String => Beside(file, config.Model.GetString()!) is { } path ? File.ReadAllBytes(path) : Assets.Model(config.Model.GetString()!, console),
                _ => throw SimConfig.Wrong(file, "\"model\" is neither a name nor a model."),
            };
            ModelSpec model = ModelSpec.Parse(text);
            if (!model.IsResolved)
                model = model.Resolve(config.Data.Kind == SimDataKind.Hapt ? 6 : 1);
            return model.Task == TaskKind.Classify ? model : throw SimConfig.Wrong(file, $"Model '{model.Name}' does not classify; simulations judge by accuracy.");
        }
        catch (ModelFormatException wrong)
        {
            throw SimConfig.Wrong(file, wrong.Message, wrong);
        }
    }

    private static float[] ReadStart(SimStart start, ModelSpec model, string root, string file)
    {
        string path = Beside(file, start.File) ?? Path.Combine(root, start.File);
        if (!File.Exists(path))
            throw new CliException("data-missing", $"{file}: there is no file of initial parameters {path}.", "--data FOLDER   (the folder that holds peers)", ExitCodes.Usage);
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length != 4L * model.ParameterCount)
            throw new CliException("bad-data", $"{path} holds {bytes.Length / 4.0} float32 values, but model '{model.Name}' has {model.ParameterCount} parameters.", "\"initialParameters\": null", ExitCodes.Usage);
        var values = new float[model.ParameterCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(4 * i));
        return start.Layout == ParameterLayout.Pytorch ? FromPytorch(values, model) : values;
    }

    /// <summary>Turns the weights of dense layers, [O,I] in PyTorch's files and [I,O] in ours; all else lies alike.</summary>
    internal static float[] FromPytorch(float[] values, ModelSpec model)
    {
        float[] own = [.. values];
        foreach (LayerSpec layer in model.Layers.Where(layer => layer.Kind == LayerKind.Dense))
        {
            int inputs = layer.Input.Count, outputs = layer.Output.Count;
            Numerics.Matrix.Transpose(values.AsSpan(layer.ParameterOffset, inputs * outputs), outputs, inputs, own.AsSpan(layer.ParameterOffset, inputs * outputs));
        }

        return own;
    }

    private static string? Beside(string file, string name)
    {
        string path = Path.Combine(Path.GetDirectoryName(file) ?? "", name);
        return File.Exists(path) ? path : null;
    }

    private static string Invariant(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
