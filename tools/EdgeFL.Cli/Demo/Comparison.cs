using EdgeFL.Cli.Report;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;

namespace EdgeFL.Cli.Demo;

/// <summary>
/// The two lines beside "together", computed by the harness with the same model, start, batch, schedule and number of epochs: each device alone, and one model on
/// the windows of all in one place, which makes as many times more steps as there are devices and so sees each window equally often.
/// </summary>
internal sealed class Comparison(DemoPlan plan, IReadOnlyList<List<SampleWindow>> devices, Judge judge)
{
    private readonly NodeOptions defaults = new() { Fleet = FleetId.Parse("demo"), Node = NodeId.Parse("demo"), BootEpoch = 1 };

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
        var network = new Network(plan.Model, defaults.Batch);
        var trainer = new Trainer(network, data, defaults.Batch);
        float[] parameters = new float[plan.Model.ParameterCount];
        network.Initialise(parameters, NodeCore.InitialSeed(plan.Model));
        var optimiser = new MomentumSgd(parameters.Length, 0.9f);
        int points = (plan.Rounds + plan.CheckpointRounds - 1) / plan.CheckpointRounds;
        double[] curve = new double[points];
        long total = (long)plan.Rounds * defaults.StepsPerRound * times;
        long step = 0;
        for (int p = 0; p < points; p++)
        {
            cancel.ThrowIfCancellationRequested();
            for (long until = (long)RoundOf(p) * defaults.StepsPerRound * times; step < until; step++)
                trainer.Step(parameters, optimiser, Schedules.Cosine(0.05f, (int)step, (int)total, 0));
            curve[p] = judge.Score(parameters);
        }

        return curve;
    }
}
