using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>One device's learning: takes parameters, changes them by minibatch steps on its own data, and judges them on what it held
/// out.</summary>
public sealed class Trainer
{
    private readonly Network network;
    private readonly LocalData data;
    private readonly int batch;
    private readonly Memory<float> inputs;
    private readonly int[] labels;
    private readonly float[] targets;
    private readonly Memory<float> gradient;
    private readonly GradientClip clip = new();
    private readonly float classBalance;
    private readonly int[] classCounts;
    private readonly float[] logShares;
    private long balancedEpoch;

    /// <summary>Makes the scratch; steps and evaluations allocate nothing.</summary>
    /// <param name="network">Network with room for the batch.</param>
    /// <param name="data">Data for the same model.</param>
    /// <param name="batch">Windows in a step, 1 to the network's largest. Default 16.</param>
    /// <param name="classBalance">τ of <see cref="Network.AdjustLogits"/>, 0 (default: none) to 2; of no use but to classify.</param>
    /// <exception cref="ArgumentException">Network and data are of different models.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/> is outside its range.</exception>
    public Trainer(Network network, LocalData data, int batch = 16, float classBalance = 0)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(data);
        if (batch < 1 || batch > network.MaxBatch)
            throw new ArgumentOutOfRangeException(nameof(batch), batch, $"The network takes batches of 1 to {network.MaxBatch}.");
        if (!network.Spec.Hash.Span.SequenceEqual(data.Spec.Hash.Span))
            throw new ArgumentException($"The network is for model '{network.Spec.Name}', the data for '{data.Spec.Name}'.", nameof(data));
        this.network = network;
        this.data = data;
        this.batch = batch;
        inputs = AlignedFloats.Allocate(checked(batch * network.Spec.InputCount));
        labels = new int[batch];
        targets = new float[batch * network.Spec.TargetCount];
        gradient = AlignedFloats.Allocate(network.Spec.ParameterCount);
        if (!(classBalance is >= 0f and <= 2f))
            throw new ArgumentOutOfRangeException(nameof(classBalance), classBalance, "Classes are balanced by 0 to 2.");
        this.classBalance = network.Spec.Task == TaskKind.Classify ? classBalance : 0;
        classCounts = new int[this.classBalance > 0 ? network.Spec.OutputCount : 0];
        logShares = new float[classCounts.Length];
    }

    /// <summary>Steps made since the start.</summary>
    public long Steps { get; private set; }

    /// <summary>Windows seen in those steps, each as often as it was seen.</summary>
    public long WindowsSeen { get; private set; }

    /// <summary>Steps left out because loss or gradient was not finite: the parameters were then not touched.</summary>
    public long SkippedSteps { get; private set; }

    /// <summary>Length that one gradient of ten is longer than, at least 1.</summary>
    public float LongGradient => clip.Long;

    /// <summary>The gradient of the last step, clipped, shape [P].</summary>
    public ReadOnlySpan<float> LastGradient => gradient.Span;

    /// <summary>One minibatch step, with its gradient clipped (<see cref="GradientClip"/>).</summary>
    /// <param name="parameters">Shape [P]; read and written.</param>
    /// <param name="optimiser">What turns the gradient into a change.</param>
    /// <param name="eta">Learning rate, above 0.</param>
    /// <returns>Mean loss of the minibatch before the step; not finite, and nothing changed, when there is no data or loss or gradient is not finite.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public float Step(Span<float> parameters, IOptimiser optimiser, float eta)
    {
        ArgumentNullException.ThrowIfNull(optimiser);
        var count = data.NextBatch(batch, inputs.Span, labels, targets);
        if (count == 0)
            return float.NaN;
        if (classBalance > 0 && data.Epochs != balancedEpoch)
            BalanceClasses();
        network.DropoutStep = (ulong)(Steps + SkippedSteps);
        var loss = network.Gradient(parameters, Inputs(count), labels.AsSpan(0, count), Targets(count), count, gradient.Span);
        if (!float.IsFinite(loss) || !clip.TryApply(gradient.Span))
        {
            SkippedSteps++;
            return float.IsFinite(loss) ? float.PositiveInfinity : loss;
        }
        optimiser.Step(parameters, gradient.Span, eta);
        Steps++;
        WindowsSeen += count;
        return loss;
    }

    private void BalanceClasses()
    {
        balancedEpoch = data.Epochs;
        data.CountClasses(classCounts);
        // One window more of each: a class that is not there has a share still.
        for (var k = 0; k < logShares.Length; k++)
            logShares[k] = classBalance * Elementary.Log((classCounts[k] + 1f) / (data.TrainingCount + logShares.Length));
        network.AdjustLogits(logShares);
    }

    /// <summary>Loss, and accuracy where there are classes, on the windows held out.</summary>
    /// <param name="parameters">Shape [P].</param>
    /// <exception cref="ArgumentException">The length does not fit the model.</exception>
    public Evaluation Evaluate(ReadOnlySpan<float> parameters)
    {
        double sum = 0;
        int seen = 0, right = 0;
        while (true)
        {
            var count = data.HeldOutBatch(seen, batch, inputs.Span, labels, targets);
            if (count == 0)
                break;
            sum += (double)network.Loss(parameters, Inputs(count), labels.AsSpan(0, count), Targets(count), count, out var hits) * count;
            right += hits;
            seen += count;
        }
        if (seen == 0)
            return new Evaluation(0, float.NaN, float.NaN);
        var accuracy = network.Spec.Task == TaskKind.Classify ? (float)right / seen : float.NaN;
        return new Evaluation(seen, (float)(sum / seen), accuracy);
    }

    private ReadOnlySpan<float> Inputs(int count) => inputs.Span[..(count * network.Spec.InputCount)];

    private ReadOnlySpan<float> Targets(int count) => targets.AsSpan(0, count * network.Spec.TargetCount);
}
