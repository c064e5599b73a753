using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Demo;

/// <summary>Windows cut from a sensor by the very rules the agents use, normalised as a device of its own would.</summary>
internal static class WindowSet
{
    /// <summary>Reads a sensor to its end.</summary>
    /// <param name="options">The sensor; it must come to an end.</param>
    /// <param name="model">Resolved model.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<List<SampleWindow>> ReadAsync(SensorOptions options, ModelSpec model, CancellationToken cancel)
    {
        var windows = new List<SampleWindow>();
        SensorOptions fast = options with
        {
            Replay = options.Replay is { } replay ? replay with { Speed = 0, Loop = false } : null,
            Simulated = options.Simulated is { } simulated ? simulated with { Speed = 0, Loop = false } : null,
        };
        await using ISensor sensor = SensorFactory.Create(fast);
        WindowBuilder builder = Builder(sensor.Description, model);
        await foreach (SampleBatch batch in sensor.ReadAsync(cancel).ConfigureAwait(false))
            builder.Add(batch, windows);
        windows.RemoveAll(window => !model.CanLearn(window));
        return windows;
    }

    /// <summary>Cuts windows as the agents do.</summary>
    /// <param name="sensor">What the rows come from.</param>
    /// <param name="model">Resolved model.</param>
    /// <param name="step">Rows from one window to the next; null for half a window.</param>
    /// <param name="label">What a window's label is.</param>
    public static WindowBuilder Builder(SensorDescription sensor, ModelSpec model, int? step = null, WindowLabel label = WindowLabel.AllRows) => new(
        new WindowOptions { Length = model.Length, Step = step ?? Math.Max(1, model.Length / 2), Label = label, PeriodMs = sensor.RateHz > 0 ? 1000 / sensor.RateHz : 0 }, model.Channels);
}

/// <summary>Judges parameters by windows that no agent has: all are held out, and normalised by the device's own statistics where the model wants that.</summary>
internal sealed class Judge
{
    private const int Batch = 64;

    private readonly Network network;
    private readonly List<(float[] Inputs, int[] Labels, float[] Targets, int Count)> batches;

    public Judge(ModelSpec model, IReadOnlyList<List<SampleWindow>> devices)
    {
        network = new Network(model, Batch);
        batches = [];
        foreach (List<SampleWindow> windows in devices)
            Add(model, windows);
    }

    private Judge(Judge other) => (network, batches) = (new Network(other.network.Spec, Batch), other.batches);

    /// <summary>Another for another thread, by the same windows.</summary>
    public Judge Twin() => new(this);

    /// <summary>Windows it holds.</summary>
    public int Windows => batches.Sum(b => b.Count);

    /// <summary>Share of windows named right, or the mean loss for a task without classes.</summary>
    public double Score(ReadOnlySpan<float> parameters)
    {
        double sum = 0;
        int seen = 0, right = 0;
        foreach ((float[] inputs, int[] labels, float[] targets, int count) in batches)
        {
            sum += (double)network.Loss(parameters, inputs, labels, targets, count, out int hits) * count;
            right += hits;
            seen += count;
        }

        if (seen == 0)
            return double.NaN;
        return network.Spec.Task == TaskKind.Classify ? (double)right / seen : sum / seen;
    }

    private void Add(ModelSpec model, List<SampleWindow> windows)
    {
        // One block with no part held out: the device's normaliser sees all its windows before any is read.
        var data = new LocalData(model, new LocalDataOptions { TrainingWindows = Math.Max(1, windows.Count), HeldOutPerBlock = 0 }, 1);
        foreach (SampleWindow window in windows)
            data.Add(window);
        for (int first = 0; first < windows.Count; first += Batch)
        {
            int count = Math.Min(Batch, windows.Count - first);
            float[] inputs = new float[count * model.InputCount];
            float[] targets = new float[count * model.TargetCount];
            int[] labels = new int[count];
            for (int i = 0; i < count; i++)
            {
                SampleWindow window = windows[first + i];
                labels[i] = window.Label;
                data.Prepare(window, inputs.AsSpan(i * model.InputCount, model.InputCount), targets.Length == 0 ? [] : targets.AsSpan(i * model.OutputCount, model.OutputCount));
            }

            batches.Add((inputs, labels, targets, count));
        }
    }
}
