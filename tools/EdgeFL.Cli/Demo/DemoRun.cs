using System.Diagnostics;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Live;
using EdgeFL.Cli.Nodes;
using EdgeFL.Cli.Report;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Demo;

/// <summary>One demonstration from an empty folder to a report: a fleet of real agents on this machine, watched from outside.</summary>
internal sealed class DemoRun(DemoOptions options, DemoPlan plan, CliContext context)
{
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<(NodeId Node, int Round), float[]> snapshots = [];
    private readonly List<string> notes = [];
    private readonly Stopwatch clock = new();
    private double rejoinSeconds = double.NaN;

    /// <summary>Runs it.</summary>
    /// <param name="folder">Folder of the fleet.</param>
    /// <param name="cancel">Stops it cleanly.</param>
    public async Task<DemoResult> RunAsync(string folder, CancellationToken cancel)
    {
        var fleetName = FleetId.Parse($"demo-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4))}");
        using var fleet = new DemoFleet(options, plan, new FleetFolder(Path.Combine(folder, "fleet")), fleetName);
        var table = new FleetTable(context.Console, $"EdgeFL: {plan.Source.Title}", context.Quiet) { ScoreTitle = plan.Model.Task == TaskKind.Classify ? "own accuracy" : "" };
        return await table.RunAsync(inner => LearnAsync(fleet, table, inner), cancel).ConfigureAwait(false);
    }

    private async Task<DemoResult> LearnAsync(DemoFleet fleet, FleetTable table, CancellationToken cancel)
    {
        table.Progress("making keys and certificates", 0);
        fleet.LayOut(context.Now);
        using DeviceCredentials credentials = fleet.Folder.LoadOperator();
        var monitor = new DemoMonitor(credentials, table, context.Console);
        await using (monitor.ConfigureAwait(false))
        {
            using var beside = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            fleet.Start();
            clock.Start();
            await monitor.StartAsync(options.Interface, options.Broker == "embedded" ? null : options.Broker, cancel).ConfigureAwait(false);
            Task<(Judge Judge, Comparison? Comparison)> compared = Task.Run(() => CompareAsync(beside.Token), CancellationToken.None);
            try
            {
                await WatchAsync(fleet, monitor, table, cancel).ConfigureAwait(false);
            }
            catch
            {
                await beside.CancelAsync().ConfigureAwait(false);
                await fleet.StopAsync().ConfigureAwait(false);
                throw;
            }

            double seconds = clock.Elapsed.TotalSeconds;
            if (!plan.Source.IsRecording)
                await beside.CancelAsync().ConfigureAwait(false); // The harness's own sensor has seen enough.
            table.Progress("judging the models on the common test set", 1);
            (Judge judge, Comparison? comparison) = await compared.ConfigureAwait(false);
            IReadOnlyList<NodeId> bad = await fleet.StopAsync().ConfigureAwait(false);
            if (bad.Count > 0)
                notes.Add($"{string.Join(", ", bad)} did not stop cleanly.");
            return Conclude(fleet, monitor, judge, comparison, seconds);
        }
    }

    /// <summary>Reads the test set and computes the comparisons while the fleet learns.</summary>
    private async Task<(Judge Judge, Comparison? Comparison)> CompareAsync(CancellationToken cancel)
    {
        if (!plan.Source.IsRecording)
            return (new Judge(plan.Model, [await RecordAsync(plan.Source.Test[0], cancel).ConfigureAwait(false)]), null);
        var test = new List<List<SampleWindow>>();
        foreach (SensorOptions sensor in plan.Source.Test)
            test.Add(await WindowSet.ReadAsync(sensor, plan.Model, cancel).ConfigureAwait(false));
        var devices = new List<List<SampleWindow>>();
        foreach (SensorOptions sensor in plan.Source.Agents)
            devices.Add(await WindowSet.ReadAsync(sensor, plan.Model, cancel).ConfigureAwait(false));
        var judge = new Judge(plan.Model, test);
        var comparison = new Comparison(plan, devices, judge);
        await PoliteThread.RunAsync(() => comparison.Run(cancel)).ConfigureAwait(false);
        return (judge, comparison);
    }

    private async Task<List<SampleWindow>> RecordAsync(SensorOptions options, CancellationToken until)
    {
        var windows = new List<SampleWindow>();
        await using ISensor sensor = SensorFactory.Create(options);
        WindowBuilder builder = WindowSet.Builder(sensor.Description, plan.Model);
        try
        {
            await foreach (SampleBatch batch in sensor.ReadAsync(until).ConfigureAwait(false))
                builder.Add(batch, windows);
        }
        catch (OperationCanceledException)
        {
            // The fleet has finished.
        }

        return windows;
    }

    private async Task WatchAsync(DemoFleet fleet, DemoMonitor monitor, FleetTable table, CancellationToken cancel)
    {
        var churn = new Churn(options.Kill, plan, fleet, monitor, clock);
        // Three times the time that the ticks alone take, and a minute to start: longer means that something hangs.
        TimeSpan limit = TimeSpan.FromMilliseconds(3.0 * plan.Rounds * plan.StepsPerRound * plan.TickMs) + TimeSpan.FromMinutes(1);
        double nextMemory = 0;
        while (true)
        {
            await Task.Delay(100, cancel).ConfigureAwait(false);
            double now = clock.Elapsed.TotalSeconds;
            TakeSnapshots(fleet);
            int[] rounds = fleet.Nodes.Select(node => (int)(monitor.Of(node)?.TrainNumber("round") is double round && double.IsFinite(round) ? round : 0)).ToArray();
            double mean = rounds.Average();
            table.Progress(plan.Rounds > 0 ? $"round {(int)mean} of {plan.Rounds}" : $"round {(int)mean}", Math.Min(1, mean / plan.Rounds));
            if (now >= nextMemory)
            {
                nextMemory = now + 2;
                foreach (AgentProcess agent in fleet.Agents)
                    agent.SampleMemory();
            }

            churn.Step(mean);
            for (int i = 0; i < fleet.Agents.Count; i++)
            {
                if (!fleet.Agents[i].IsRunning && !churn.IsDown(i))
                {
                    string node = i < fleet.Nodes.Count ? fleet.Nodes[i].Value : "alone";
                    throw new CliException("agent-ended", $"{node} has ended: {fleet.Agents[i].LastWords()}", $"look at {fleet.Agents[i].LogPath}", ExitCodes.Failure);
                }
            }

            if (fleet.Nodes.All(node => monitor.Of(node)?.State == "done") && !churn.IsUnderWay)
                break;
            if (clock.Elapsed > limit)
            {
                string late = string.Join(", ", fleet.Nodes.Where(node => monitor.Of(node)?.State != "done"));
                throw new CliException("demo-stuck", $"After {clock.Elapsed.TotalSeconds:0} s these agents are not done: {late}.", $"look at {fleet.Agents[0].LogPath}", ExitCodes.Failure);
            }
        }

        rejoinSeconds = churn.RejoinSeconds;
        // Telemetry and the last checkpoints are a few seconds apart from the last round.
        await Task.Delay(plan.TelemetryMs + 600, cancel).ConfigureAwait(false);
        TakeSnapshots(fleet);
    }

    private void TakeSnapshots(DemoFleet fleet)
    {
        foreach (NodeId node in fleet.Nodes)
        {
            if (fleet.ReadCheckpoint(node) is { } checkpoint)
                snapshots.TryAdd((node, checkpoint.Round), checkpoint.Parameters);
        }
    }

    private DemoResult Conclude(DemoFleet fleet, DemoMonitor monitor, Judge judge, Comparison? comparison, double seconds)
    {
        var nodes = new List<DemoNode>();
        for (int i = 0; i < fleet.Nodes.Count; i++)
            nodes.Add(Judged(fleet, monitor, judge, comparison, i));
        bool classify = plan.Model.Task == TaskKind.Classify;
        double aloneMean = comparison?.Alone.Average()
            ?? (fleet.Lone is { } lone && fleet.ReadCheckpoint(lone) is { } checkpoint ? judge.Score(checkpoint.Parameters) : double.NaN);
        IEnumerable<double> tests = nodes.Select(node => node.Test);
        if (!double.IsNaN(rejoinSeconds))
            notes.Add(FormattableString.Invariant($"An agent was killed with -9 at half of the rounds; it was learning with the others again {rejoinSeconds:0.0} s after its restart."));
        return new DemoResult
        {
            Title = classify ? $"{plan.Source.Agents.Count} devices learn activities together" : $"{plan.Source.Agents.Count} agents learn what is usual for this machine",
            Measure = classify ? Measure.Accuracy : Measure.Error,
            ErrorName = "mean squared error of the reconstruction",
            Command = "edgefl " + string.Join(' ', context.Parse.Tokens.Select(token => token.Value)),
            FinishedAt = context.Now,
            Setup = Setup(judge),
            Notes = notes,
            Nodes = nodes,
            Summary = new DemoSummary
            {
                Nodes = nodes.Count,
                Rounds = nodes.Max(node => node.Rounds),
                Seconds = seconds,
                Mean = tests.Average(),
                Worst = classify ? tests.Min() : tests.Max(),
                AloneMean = aloneMean,
                Pooled = comparison?.PooledCurve[^1].Value ?? double.NaN,
                OwnMean = nodes.Average(node => node.Own),
                BytesSentPerNode = nodes.Average(node => node.BytesOut),
                Fp32BytesPerNode = nodes.Average(node => node.MessagesSent) * 4 * plan.Model.ParameterCount,
                FramesRejected = nodes.Sum(node => node.FramesRejected),
                FramesLost = nodes.Sum(node => node.FramesLost),
                AgentPssMbMax = fleet.Agents.Max(agent => agent.PssMbMax),
                AgentKind = monitor.Of(fleet.Nodes[0])?.InfoText("kind") is { Length: > 0 } kind ? kind : "jit",
                Seed = options.Seed,
                RejoinSeconds = rejoinSeconds,
            },
            Together = Curve(fleet, monitor, judge),
            Alone = comparison?.AloneCurve ?? [],
            Pooled = comparison?.PooledCurve ?? [],
        };
    }

    private DemoNode Judged(DemoFleet fleet, DemoMonitor monitor, Judge judge, Comparison? comparison, int i)
    {
        NodeId id = fleet.Nodes[i];
        NodeReport? said = monitor.Of(id);
        Checkpoint? last = fleet.ReadCheckpoint(id);
        return new DemoNode(id.Value)
        {
            Rounds = last?.Round ?? 0,
            Loss = said?.TrainNumber("loss") ?? double.NaN,
            Own = said?.TrainNumber(plan.Model.Task == TaskKind.Classify ? "accuracy" : "heldOutLoss") ?? double.NaN,
            Test = last is null ? double.NaN : judge.Score(last.Parameters),
            Alone = comparison?.Alone[i] ?? double.NaN,
            BytesIn = Count("bytesIn"),
            BytesOut = Count("bytesOut"),
            MessagesSent = Count("sent"),
            FramesRejected = Count("rejected"),
            FramesLost = Count("lost"),
            PssMb = fleet.Agents[i].PssMbMax,
        };

        long Count(string name) => said?.TelemetryNumber(name) is double value && double.IsFinite(value) ? (long)value : 0;
    }

    private List<CurvePoint> Curve(DemoFleet fleet, DemoMonitor monitor, Judge judge)
    {
        var points = new List<CurvePoint>();
        foreach (IGrouping<int, KeyValuePair<(NodeId Node, int Round), float[]>> round in snapshots.GroupBy(s => s.Key.Round).OrderBy(g => g.Key))
        {
            // A node that was killed or caught up stores at rounds of its own: those are no points of the fleet.
            if (round.Count() * 2 <= fleet.Nodes.Count)
                continue;
            double[] scores = round.Select(s => judge.Score(s.Value)).ToArray();
            double[] sent = round.Select(s => monitor.BytesAt(s.Key.Node, round.Key)).Where(double.IsFinite).ToArray();
            points.Add(new CurvePoint(round.Key, sent.Length == 0 ? double.NaN : sent.Average(), scores.Average(), scores.Min(), scores.Max()));
        }

        return points;
    }

    private List<KeyValuePair<string, string>> Setup(Judge judge) =>
    [
        new("data", plan.Source.Title),
        new("test set", $"{plan.Source.TestTitle}: {judge.Windows} windows, held by the harness alone"),
        new("model", $"{plan.Model.Name}, {plan.Model.ParameterCount} parameters"),
        new("learning", $"{plan.Rounds} rounds of {plan.StepsPerRound} minibatch steps, one step each {plan.TickMs} ms"),
        new("sharing", options.Broker == "embedded" ? "signed int8 updates to random neighbours' own brokers, mutual TLS 1.3, found by mDNS" : $"signed int8 updates over {options.Broker}"),
        new("seed", options.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];
}
