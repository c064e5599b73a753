using System.Diagnostics;
using EdgeFL.Cli.Demo;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Numerics;
using EdgeFL.Simulation;
using EdgeFL.Wire;

namespace EdgeFL.Cli.Sim;

/// <summary>Where the fleet stands at a time.</summary>
/// <param name="Round">Mean round of the nodes that are up.</param>
/// <param name="VirtualSeconds">Virtual time.</param>
/// <param name="Bytes">Bytes sent by all nodes.</param>
/// <param name="Mean">Mean accuracy over the nodes judged, 0 to 1.</param>
/// <param name="Least">That of the worst.</param>
/// <param name="OfAverage">That of the averaged model.</param>
/// <param name="Consensus">Consensus distance: root of the mean squared distance of the models to their average, as a share of the average's length.</param>
internal sealed record SimPoint(double Round, double VirtualSeconds, long Bytes, double Mean, double Least, double OfAverage, double Consensus);

/// <summary>What a run came to.</summary>
internal sealed record SimResult
{
    /// <summary>What was run.</summary>
    public required SimConfig Config { get; init; }

    /// <summary>Members that a sweep changed, with their values.</summary>
    public required IReadOnlyList<(string Member, string Value)> Changes { get; init; }

    /// <summary>Nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Whether all nodes that are up made their rounds in time.</summary>
    public required bool Finished { get; init; }

    /// <summary>The curve; the last point is of all nodes.</summary>
    public required IReadOnlyList<SimPoint> Curve { get; init; }

    /// <summary>What was sent.</summary>
    public required Traffic Traffic { get; init; }

    /// <summary>Frames refused, by reason.</summary>
    public required IReadOnlyList<(string Reason, long Count)> Refused { get; init; }

    /// <summary>Who sees whom.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Sees { get; init; }

    /// <summary>Events gone through.</summary>
    public required long Events { get; init; }

    /// <summary>Seconds that the fleet took, without judging it.</summary>
    public required double SimulationSeconds { get; init; }

    /// <summary>Microseconds of processor time that a round of a node took, over the second half of the rounds: links are then up, and the code is compiled.</summary>
    public required double NodeRoundUs { get; init; }

    /// <summary>Seconds in all, judging included.</summary>
    public required double WallSeconds { get; init; }

    /// <summary>SHA-256 over all nodes' parameters.</summary>
    public required string Hash { get; init; }

    /// <summary>The last point.</summary>
    public SimPoint End => Curve[^1];
}

/// <summary>Runs a fleet to its end and judges it on the way.</summary>
internal sealed class SimRun(SimFleet fleet, SimConfig config, IReadOnlyList<(string Member, string Value)> changes, int threads, Action<string> progress)
{
    private readonly Judge[] judges = Judges(fleet, threads);
    private readonly int[] honest = fleet.Honest();

    /// <summary>Runs.</summary>
    /// <param name="cancel">Stops between two points of the curve.</param>
    public SimResult Run(CancellationToken cancel)
    {
        var wall = Stopwatch.StartNew();
        FleetSimulation simulation = fleet.Make(threads);
        progress(FormattableString.Invariant($"{config.Name}: {fleet.Nodes} nodes, {fleet.Model.Name} of {fleet.Model.ParameterCount} parameters, seed {config.Seed}, made in {wall.Elapsed.TotalSeconds:0.0} s"));
        var running = new Stopwatch();
        TimeSpan spent = default;
        (TimeSpan Spent, double Round) half = default;
        var curve = new List<SimPoint>();
        long until = fleet.UntilMs();
        int every = config.Evaluate.EveryRounds > 0 ? config.Evaluate.EveryRounds : Math.Max(1, config.Rounds / 20);
        bool finished = false;
        for (int round = every; !finished && simulation.NowMs < until; round += every)
        {
            cancel.ThrowIfCancellationRequested();
            running.Start();
            TimeSpan before = Environment.CpuUsage.TotalTime;
            finished = simulation.Run(until, round);
            spent += Environment.CpuUsage.TotalTime - before;
            running.Stop();
            if (half.Round == 0 && 2 * round >= config.Rounds)
                half = (spent, simulation.MeanRound);
            if (finished || round > config.Rounds)
                continue;
            curve.Add(Judged(simulation, config.Evaluate.NodesMax));
            progress(Line(curve[^1]));
        }

        curve.Add(Judged(simulation, int.MaxValue));
        progress(Line(curve[^1]));
        return new SimResult
        {
            Config = config,
            Changes = changes,
            Nodes = fleet.Nodes,
            Finished = finished,
            Curve = curve,
            Traffic = simulation.Traffic,
            Refused = [.. Enum.GetValues<RejectionReason>().Where(reason => reason != RejectionReason.None && simulation.Refused(reason) > 0).Select(reason => (reason.Text(), simulation.Refused(reason)))],
            Sees = simulation.Sees,
            Events = simulation.EventsTaken,
            NodeRoundUs = (spent - half.Spent).TotalMicroseconds / (fleet.Nodes * (simulation.MeanRound - half.Round)),
            SimulationSeconds = running.Elapsed.TotalSeconds,
            WallSeconds = wall.Elapsed.TotalSeconds,
            Hash = Convert.ToHexStringLower(simulation.Hash()),
        };
    }

    private string Line(SimPoint at) => FormattableString.Invariant(
        $"round {at.Round:0.0} of {config.Rounds}, {at.VirtualSeconds:0.0} s: mean {100 * at.Mean:0.0} %, worst {100 * at.Least:0.0} %, averaged {100 * at.OfAverage:0.0} %, {at.Bytes / 1e6:0.00} MB, {100 * at.Consensus:0.00} % apart");

    private SimPoint Judged(FleetSimulation simulation, int nodesMax)
    {
        int[] up = [.. honest.Where(i => simulation[i] is not null)];
        if (up.Length == 0)
            return new SimPoint(simulation.MeanRound, simulation.NowMs / 1000.0, simulation.Traffic.BytesSent, double.NaN, double.NaN, double.NaN, double.NaN);
        (float[] average, double consensus) = Average(simulation, up);
        int judged = Math.Min(nodesMax, up.Length);
        var scores = new double[judged];
        Parallel.For(0, judges.Length, new ParallelOptions { MaxDegreeOfParallelism = judges.Length }, judge =>
        {
            for (int k = judge; k < judged; k += judges.Length)
                scores[k] = judges[judge].Score(simulation[up[(int)((long)k * up.Length / judged)]]!.Parameters);
        });
        return new SimPoint(simulation.MeanRound, simulation.NowMs / 1000.0, simulation.Traffic.BytesSent, scores.Average(), scores.Min(), judges[0].Score(average), consensus);
    }

    private static (float[] Average, double Consensus) Average(FleetSimulation simulation, int[] up)
    {
        var average = new float[simulation[up[0]]!.Parameters.Length];
        foreach (int i in up)
            Vectors.Axpy(1f / up.Length, simulation[i]!.Parameters, average);
        double sum = 0;
        foreach (int i in up)
            sum += Vectors.SquaredDistance(simulation[i]!.Parameters, average);
        return (average, Math.Sqrt(sum / up.Length / Vectors.SumOfSquares(average)));
    }

    private static Judge[] Judges(SimFleet fleet, int threads)
    {
        var judges = new Judge[threads];
        judges[0] = new Judge(fleet.Model, fleet.Workload.Test);
        for (int i = 1; i < threads; i++)
            judges[i] = judges[0].Twin();
        return judges;
    }
}
