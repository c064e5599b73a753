using EdgeFL.Learning;

namespace EdgeFL.Node.Rounds;

/// <summary>
/// What is done in which round of a run: train at which rate, average, or only mix.
/// <code>
/// 0 ───────── train ───────── first averaged ── train, average ── last that trains ── mix only ── end
/// </code>
/// The models of the last part that trains are averaged into the one that is kept: it generalises better, and hangs less on the last minibatches, than what
/// the last step gave. Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992. In the rounds after that nodes only
/// mix: what then still lies between them is noise, and their mean is better than any of them. A run without end is all training at one rate.
/// </summary>
public sealed class RunPlan
{
    private readonly NodeOptions options;
    private readonly int averagedFrom;

    /// <summary>Lays out the run.</summary>
    /// <param name="options">Its rounds, rates and shares.</param>
    public RunPlan(NodeOptions options)
    {
        this.options = options;
        if (options.Rounds == 0)
        {
            TrainedRounds = int.MaxValue;
            averagedFrom = int.MaxValue;
            return;
        }

        TrainedRounds = options.Rounds - Math.Min(options.SettleRounds, options.Rounds / 10);
        int averaged = (int)(options.TailAverage * TrainedRounds);
        averagedFrom = averaged < 2 ? int.MaxValue : TrainedRounds - averaged;
    }

    /// <summary>Rounds that train; models of that round and later are final, up to mixing.</summary>
    public int TrainedRounds { get; }

    /// <summary>Whether the run ends after this many rounds.</summary>
    /// <param name="round">Rounds made.</param>
    public bool IsOver(int round) => options.Rounds > 0 && round >= options.Rounds;

    /// <summary>Whether the round trains; else it only mixes.</summary>
    /// <param name="round">Rounds made before it.</param>
    public bool Trains(int round) => round < TrainedRounds;

    /// <summary>Whether the model at the end of the round goes into the average.</summary>
    /// <param name="round">Rounds made before it.</param>
    public bool Averages(int round) => round >= averagedFrom && round < TrainedRounds;

    /// <summary>Step size of the round: half a cosine from the first round to the last that trains.</summary>
    /// <param name="round">Rounds made before it.</param>
    public float LearningRate(int round) =>
        options.Rounds == 0 ? options.LearningRate : Schedules.Cosine(options.LearningRate, round, TrainedRounds, options.LearningRateFloor);
}
