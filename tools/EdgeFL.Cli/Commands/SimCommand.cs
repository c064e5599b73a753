using System.CommandLine;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Sim;
using EdgeFL.Simulation;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl sim</c>: a whole fleet in virtual time, from one seed, by the code that devices run.</summary>
internal static class SimCommand
{
    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var config = new Option<string>("--config") { Description = "The fleet and its world (firmware-config/simulations has samples; docs/simulation.md explains each member)", HelpName = "FILE" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of all that is drawn (default: the file's)", HelpName = "S" };
        var data = new Option<string>("--data") { Description = "Data folder, in the place of the file's", HelpName = "DIR" };
        var threads = new Option<int>("--threads") { Description = "Threads, 1 to 64; they change nothing but the time it takes (default: one for each core)", HelpName = "N", DefaultValueFactory = _ => Math.Clamp(Environment.ProcessorCount, 1, 64) };
        var folder = new Option<string>("--out") { Description = "Folder for plots and the table of a sweep (default: a new one under the temporary folder)", HelpName = "DIR" };
        var sweep = new Option<string[]>("--sweep") { Description = "Runs once for each value of a member, and each combination; may be given again", HelpName = "MEMBER=V1,V2", AllowMultipleArgumentsPerToken = false };
        var fuzz = new Option<int>("--fuzz") { Description = "In the place of a configuration: so many random small worlds, of seeds --seed (default 1) and on, under all invariants", HelpName = "N" };
        var replay = new Option<string[]>("--replay") { Description = "In the place of a configuration: files that edgefl-agent --record wrote, or folders of *.record, whose models must come out the same", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        return new CliCommand("sim", "Simulate a fleet in virtual time: the nodes' own code, a network that delays, loses and parts, one seed",
                new Example("edgefl sim --config firmware-config/simulations/ring-64.json", "64 nodes that see two neighbours each; plots and a table"),
                new Example("edgefl sim --config firmware-config/simulations/ten-thousand.json --json", "10,000 nodes; one line of JSON at the end"),
                new Example("edgefl sim --config firmware-config/simulations/har.json --data ../shared/data --seed 7", "21 people's recordings"),
                new Example("edgefl sim --config firmware-config/simulations/gateway.json --sweep node.fanOut=1,2,4 --sweep seed=1..10", "30 runs, one table"),
                new Example("edgefl sim --config firmware-config/simulations/ring-64.json --sweep world.loss=0,0.1,0.3 --out loss", "what loss costs, with a plot in loss/"),
                new Example("edgefl sim --fuzz 1000 --seed 1", "a thousand random worlds; the seed of one that breaks a rule is printed"),
                new Example("edgefl sim --replay alpha.record beta.record gamma.record --json", "gives nodes here what agents recorded: the same bits, or exit code 1"))
            .With(config, seed, data, threads, folder, sweep, fuzz, replay)
            .Runs((context, cancel) =>
            {
                int count = context.Get(threads);
                if (count is < 1 or > 64)
                    throw new CliException("bad-usage", $"--threads {count} is out of range: 1 to 64.", "--threads 2", ExitCodes.Usage);
                if (context.Given(replay) && !context.Given(fuzz) && !context.Given(config))
                    return SimReplay.RunAsync(context.Get(replay)!, count, context, cancel);
                if (context.Given(replay) || context.Given(fuzz) == context.Given(config) || context.Get(fuzz) < (context.Given(fuzz) ? 1 : 0))
                    throw new CliException("bad-usage", "Give one of --config FILE, --fuzz N, N at least 1, and --replay FILE.", "edgefl sim --config firmware-config/simulations/ring-64.json", ExitCodes.Usage);
                if (context.Given(fuzz))
                    return SimFuzz.RunAsync(context.Get(fuzz), context.Get(seed) ?? 1, count, context, cancel);
                string file = context.Console.Resolve(context.Get(config)!);
                if (!File.Exists(file))
                    throw new CliException("simulation-missing", $"There is no file {file}.", "--config firmware-config/simulations/ring-64.json", ExitCodes.Usage);
                IReadOnlyList<(string, string)> fixedChanges = context.Get(seed) is { } given ? [("seed", FormattableString.Invariant($"{given}"))] : [];
                var plan = new SimPlan(file, fixedChanges, SimSweep.Combine(context.Get(sweep) ?? []), context.Get(data), count, context.Get(folder));
                return RunAsync(plan, context, cancel);
            });
    }

    private sealed record SimPlan(
        string File, IReadOnlyList<(string Member, string Value)> Changes, IReadOnlyList<IReadOnlyList<(string Member, string Value)>> Runs, string? Data, int Threads, string? Folder);

    private static async Task<int> RunAsync(SimPlan plan, CliContext context, CancellationToken cancel)
    {
        byte[] json = await File.ReadAllBytesAsync(plan.File, cancel).ConfigureAwait(false);
        var results = new SimResult[plan.Runs.Count];
        var known = new KnownData();
        if (results.Length == 1)
        {
            results[0] = await RunOneAsync(plan, json, plan.Runs[0], plan.Threads, context.Progress, known, context, cancel).ConfigureAwait(false);
        }
        else
        {
            foreach (IReadOnlyList<(string, string)> run in plan.Runs) // All are checked before the first begins.
                SimConfig.Read(plan.File, json, [.. plan.Changes, .. run]);
            await Parallel.ForAsync(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = plan.Threads, CancellationToken = cancel }, async (i, stop) =>
            {
                results[i] = await RunOneAsync(plan, json, plan.Runs[i], 1, _ => { }, known, context, stop).ConfigureAwait(false);
                lock (results)
                    context.Progress(SimOutput.Json(results[i], []));
            }).ConfigureAwait(false);
        }

        string folder = plan.Folder is { } kept ? context.Console.Resolve(kept) : Directory.CreateTempSubdirectory("edgefl-sim-").FullName;
        IReadOnlyList<string> plots = await SimPlots.WriteAsync(results, folder, cancel).ConfigureAwait(false);
        if (results.Length > 1)
            await File.WriteAllLinesAsync(Path.Combine(folder, "runs.jsonl"), results.Select(result => SimOutput.Json(result, [])), cancel).ConfigureAwait(false);
        Tell(results, plots, folder, context);
        return results.All(result => result.Finished && result.Traffic.Circles == 0) ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private static async Task<SimResult> RunOneAsync(
        SimPlan plan, byte[] json, IReadOnlyList<(string Member, string Value)> changes, int threads, Action<string> progress, KnownData known, CliContext context, CancellationToken cancel)
    {
        SimConfig config = SimConfig.Read(plan.File, json, [.. plan.Changes, .. changes]);
        SimFleet fleet = await SimFleet.ReadAsync(config, plan.File, plan.Data, known, context.Console, cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => new SimRun(fleet, config, changes, threads, progress).Run(cancel), cancel).ConfigureAwait(false);
        }
        catch (InvariantException broken)
        {
            string sweep = string.Concat(changes.Select(change => $" --sweep {change.Member}={change.Value}"));
            throw new CliException("invariant-broken", $"Seed {config.Seed}: {broken.Message}", $"again: edgefl sim --config {plan.File} --seed {config.Seed}{sweep}", ExitCodes.Failure, broken);
        }
    }

    private static void Tell(IReadOnlyList<SimResult> results, IReadOnlyList<string> plots, string folder, CliContext context)
    {
        if (context.Json)
        {
            foreach (SimResult result in results)
                context.Data(SimOutput.Json(result, plots));
            return;
        }

        if (results.Count == 1)
            SimOutput.Print(results[0], context);
        else
            SimOutput.Print(results, context);
        context.Data($"plots in {folder}: {string.Join(", ", plots.Select(Path.GetFileName))}");
    }
}
