using System.CommandLine;
using EdgeFL.Cli.Demo;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Report;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl demo</c>: a whole fleet on this machine, live, with a report at the end.</summary>
internal static class DemoCommand
{
    private const int DefaultRounds = 1000, DefaultSteps = 3, DefaultTickMs = 20, DefaultHostRounds = 250, DefaultHostTickMs = 60;

    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var nodes = new Option<int>("--nodes") { Description = "Agents, 2 to 64 (default 10)", HelpName = "N", DefaultValueFactory = _ => 10 };
        var data = new Option<string>("--data") { Description = "Folder of recordings (subject-NN.csv.gz and split.json), for --sensor replay", HelpName = "DIR" };
        var sensor = new Option<string>("--sensor") { Description = "replay, host or simulated (default: replay with --data, else simulated)", HelpName = "KIND" };
        sensor.AcceptOnlyFromAmong("replay", "host", "simulated");
        var model = new Option<string>("--model") { Description = $"Model name or file (shipped: {string.Join(", ", Assets.Names("models"))})", HelpName = "FILE" };
        var rounds = new Option<int?>("--rounds") { Description = $"Rounds each agent makes (default {DefaultRounds}; {DefaultHostRounds} with --sensor host)", HelpName = "R" };
        var steps = new Option<int>("--steps") { Description = $"Minibatch steps in a round (default {DefaultSteps})", HelpName = "H", DefaultValueFactory = _ => DefaultSteps };
        var tick = new Option<int?>("--tick-ms") { Description = $"Milliseconds between two minibatch steps (default {DefaultTickMs}; {DefaultHostTickMs} with --sensor host)", HelpName = "MS" };
        var broker = new Option<string>("--broker") { Description = "embedded (each agent its own, default), or one outside broker: mqtt://127.0.0.1:PORT, mqtts://HOST:PORT", HelpName = "URL", DefaultValueFactory = _ => "embedded" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of all that is drawn (default 1)", HelpName = "S", DefaultValueFactory = _ => 1UL };
        var keep = new Option<string>("--keep") { Description = "Folder to keep the fleet and the report in (default: a new one under the temporary folder)", HelpName = "DIR" };
        var kill = new Option<int>("--kill") { Description = "Agents to kill with -9 at half of the rounds and restart 5 s later (default 0)", HelpName = "K" };
        var agent = new Option<string>("--agent") { Description = "The agent's binary (default: what build/publish made)", HelpName = "FILE" };
        var face = new Option<string>("--interface") { Description = "Network interface for discovery (default lo: nothing leaves this machine)", HelpName = "NAME", DefaultValueFactory = _ => "lo" };
        return new CliCommand("demo", "A fleet of agents on this machine learns one model together; live table, report with pictures",
                new Example("edgefl demo", "ten agents with simulated motion sensors"),
                new Example("edgefl demo --data ../shared/data/uci-hapt", "ten agents replay the recordings of ten people"),
                new Example("edgefl demo --sensor host --nodes 4", "four agents learn what is usual for this machine"),
                new Example("edgefl demo --broker mqtt://127.0.0.1:1883", "over a mosquitto that runs here"),
                new Example("edgefl demo --kill 1 --json", "one agent loses its power half-way"))
            .With(nodes, data, sensor, model, rounds, steps, tick, broker, seed, keep, kill, agent, face)
            .Runs(async (context, cancel) =>
            {
                string kind = context.Get(sensor) ?? (context.Given(data) ? "replay" : "simulated");
                bool host = kind == "host";
                var options = new DemoOptions
                {
                    Nodes = Range("--nodes", context.Get(nodes), 2, 64),
                    Sensor = kind,
                    Data = context.Get(data),
                    Model = context.Get(model),
                    Rounds = Range("--rounds", context.Get(rounds) ?? (host ? DefaultHostRounds : DefaultRounds), 1, 100_000),
                    StepsPerRound = Range("--steps", context.Get(steps), 1, 1000),
                    TickMs = Range("--tick-ms", context.Get(tick) ?? (host ? DefaultHostTickMs : DefaultTickMs), 1, 10_000),
                    Broker = context.Get(broker)!,
                    Seed = context.Get(seed),
                    Keep = context.Get(keep),
                    Kill = context.Get(kill),
                    Agent = context.Get(agent),
                    Interface = context.Get(face)!,
                };
                if (options.Kill < 0 || options.Kill >= options.Nodes)
                    throw new CliException("bad-kill", $"--kill {options.Kill}: at least one of {options.Nodes} agents must live on.", "--kill 1", ExitCodes.Usage);
                return await RunAsync(options, context, cancel).ConfigureAwait(false);
            });
    }

    private static async Task<int> RunAsync(DemoOptions options, CliContext context, CancellationToken cancel)
    {
        DemoSource source = DemoSource.Choose(options, context.Console);
        byte[] file = Assets.Model(options.Model ?? source.DefaultModel, context.Console);
        var plan = new DemoPlan
        {
            Source = source,
            ModelFile = file,
            Model = await ResolveAsync(file, source).ConfigureAwait(false),
            Rounds = options.Rounds,
            StepsPerRound = options.StepsPerRound,
            TickMs = options.TickMs,
            Seed = options.Seed,
        };
        string folder = options.Keep is { } kept ? context.Console.Resolve(kept) : Directory.CreateTempSubdirectory("edgefl-demo-").FullName;
        string fleet = Path.Combine(folder, "fleet");
        if (Directory.Exists(fleet))
            Directory.Delete(fleet, recursive: true); // An older run's: each run makes its keys anew.
        Directory.CreateDirectory(folder);
        DemoResult result = await new DemoRun(options, plan, context).RunAsync(folder, cancel).ConfigureAwait(false);
        string report = Path.Combine(folder, "report");
        await DemoReport.WriteAsync(result, report, cancel).ConfigureAwait(false);
        DemoReport.Print(result, report, context);
        if (options.Keep is null)
            Directory.Delete(fleet, recursive: true); // Keys of a fleet that is no more.
        return ExitCodes.Ok;
    }

    private static async Task<ModelSpec> ResolveAsync(byte[] file, DemoSource source)
    {
        try
        {
            await using ISensor sensor = SensorFactory.Create(source.Agents[0]);
            ModelSpec model = ModelSpec.Parse(file).Resolve(sensor.Description.Channels.Count);
            return model.Target is { } number
                ? throw new CliException("bad-model", $"Model '{model.Name}' learns a number, {number.Name}, which no sensor of the demonstration gives.", "--model activity-cnn", ExitCodes.Usage)
                : model;
        }
        catch (ModelFormatException wrong)
        {
            throw new CliException("bad-model", wrong.Message, "--model activity-cnn", ExitCodes.Usage);
        }
    }

    private static int Range(string option, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new CliException("bad-usage", $"{option} {value} is out of range: {least} to {most}.", $"{option} {Math.Clamp(value, least, most)}", ExitCodes.Usage);
}
