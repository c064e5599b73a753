using EdgeFL.Cli.Report;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Node.Rounds;

namespace EdgeFL.Cli.Demo;

/// <summary>
/// The two lines beside "together", computed by the harness with the same model, start, batch, schedule and number of epochs: each device alone, and one model on
/// the windows of all in one place, which makes as many times more steps as there are devices and so sees each window equally often.
/// </summary>
internal sealed class Comparison(DemoPlan plan, IReadOnlyList<List<SampleWindow>> devices, Judge judge)
{
    private readonly NodeOptions options = new() { Fleet = FleetId.Parse("demo"), Node = NodeId.Parse("demo"), BootEpoch = 1, Rounds = plan.Rounds, StepsPerRound = plan.StepsPerRound };

    /// <summary>Final score of each device that learns alone.</summary>
    public double[] Alone { get; } = new double[devices.Count];

    /// <summary>Mean of the devices that learn alone, by round.</summary>
    public List<ComparisonPoint> AloneCurve { get; } = [];

    /// <summary>All windows in one place, by round.</summary>
    public List<ComparisonPoint> PooledCurve { get; } = [];

    /// <summary>Computes both; stops early when asked to.</summary>
    /// <param name="cancel">Stops.</param>
    public void Run(CancellationToken cancel)
    {
        double[][] alone = new double[devices.Count][];
        for (int i = 0; i < devices.Count; i++)
        {
            alone[i] = Train([devices[i]], plan.NodeSeed(i), 1, cancel);
            Alone[i] = alone[i][^1];
        }

        double[] pooled = Train(devices, plan.Seed, devices.Count, cancel);
        for (int p = 0; p < pooled.Length; p++)
        {
            AloneCurve.Add(new ComparisonPoint(RoundOf(p), alone.Average(curve => curve[p])));
            PooledCurve.Add(new ComparisonPoint(RoundOf(p), pooled[p]));
        }
    }

    private int RoundOf(int point) => Math.Min(plan.Rounds, (point + 1) * plan.CheckpointRounds);

    private double[] Train(IEnumerable<List<SampleWindow>> sets, ulong seed, int times, CancellationToken cancel)
    {
        LocalDataOptions kept = DemoPlan.LocalData;
        var data = new LocalData(plan.Model, kept with { TrainingWindows = kept.TrainingWindows * times, HeldOutWindows = kept.HeldOutWindows * times }, seed);
        foreach (SampleWindow window in sets.SelectMany(set => set))
            data.Add(window);
        var network = new Network(plan.Model, options.Batch);
        var trainer = new Trainer(network, data, options.Batch);
        float[] parameters = new float[plan.Model.ParameterCount];
        network.Initialise(parameters, NodeCore.InitialSeed(plan.Model));
        // Without neighbours quasi-global momentum is plain momentum at (1 - beta) of the rate.
        var optimiser = new MomentumSgd(parameters.Length, options.Momentum);
        var average = new ModelAverage(parameters.Length);
        var run = new RunPlan(options);
        var curve = new List<double>();
        for (int round = 0; round < plan.Rounds; round++)
        {
            cancel.ThrowIfCancellationRequested();
            float rate = run.LearningRate(round) * (1 - options.Momentum);
            for (int step = 0; run.Trains(round) && step < options.StepsPerRound * times; step++)
                trainer.Step(parameters, optimiser, rate);
            if (run.Averages(round))
                average.Add(parameters);
            if (run.Trains(round) && !run.Trains(round + 1))
                average.CopyTo(parameters);
            if (round + 1 == RoundOf(curve.Count))
                curve.Add(judge.Score(parameters));
        }

        return [.. curve];
    }
}
