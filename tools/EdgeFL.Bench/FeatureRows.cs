using EdgeFL.Learning;
using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>Features made as rows arrive against those of each window made anew, for the model of features that ships.</summary>
internal static class FeatureRows
{
    private const int Turns = 15, Readings = 40, Batch = 16;
    private const double RowGoal = 1.5, StepGoal = 10, KeptGoal = 10;

    public static IEnumerable<BenchRow> Run()
    {
        ModelSpec spec = ModelSpec.Parse(File.ReadAllBytes(Path.Combine(Machine.Root(), "firmware-config/models/activity-linear.json")));
        var options = new WindowOptions { Length = spec.Length, Step = spec.Length / 2 };
        SampleBatch rows = Rows(spec.Channels, options.Step);

        // Each call brings the rows of one more window.
        List<SampleWindow> made = [];
        WindowBuilder streamed = new(options, spec), whole = new(options, spec.Channels);
        var anew = new WindowFeatures(spec);
        float[] features = new float[anew.Count];
        Duel row = Duel.Run(
            () =>
            {
                made.Clear();
                streamed.Add(rows, made);
            },
            count => Duel.Readings(
                () =>
                {
                    made.Clear();
                    whole.Add(rows, made);
                    foreach (SampleWindow window in made)
                        anew.Compute(window.Values, features);
                },
                count, 8),
            Turns, Readings, 8);
        yield return Against("features/row", "µs", row.Ours / rows.Count / 1000, row.Peer!.Value / rows.Count / 1000, RowGoal);

        // A minibatch of kept features, and one whose windows are kept as rows and measured when they are drawn.
        float[] parameters = new float[spec.ParameterCount], window = Window(rows, spec);
        var data = new LocalData(spec, new LocalDataOptions { TrainingWindows = Batch, HeldOutPerBlock = 0 }, 1);
        for (int label = 0; label < Batch; label++)
            data.Add(new SampleWindow(window, spec.Channels, label % spec.Classes.Count, 0));
        var trainer = new Trainer(new Network(spec, Batch), data, Batch);
        var optimiser = new MomentumSgd(parameters.Length);
        Action kept = () => trainer.Step(parameters, optimiser, 1e-3f);
        Duel step = Duel.Run(
            kept,
            count => Duel.Readings(
                () =>
                {
                    for (int b = 0; b < Batch; b++)
                        anew.Compute(window, features);
                    kept();
                },
                count, 4),
            Turns, Readings, 4);
        yield return Against("features/step/b16", "µs", step.Ours / 1000, step.Peer!.Value / 1000, StepGoal);
        yield return Against("features/kept", "bytes", sizeof(float) * spec.KeptCount, sizeof(float) * spec.Channels * spec.Length, KeptGoal);
    }

    private static BenchRow Against(string name, string unit, double ours, double peer, double goal) =>
        new(name, unit, Math.Round(ours, 4), Math.Round(peer, 4), Math.Round(peer / ours, 2), "higher", goal);

    private static SampleBatch Rows(int channels, int count)
    {
        var random = new Philox(1, 1);
        var batch = new SampleBatch(channels, count);
        float[] row = new float[channels];
        for (int r = 0; r < count; r++)
        {
            foreach (ref float value in row.AsSpan())
                value = random.NextGaussian();
            batch.TryAdd(0, 0, 0, row);
        }

        return batch;
    }

    private static float[] Window(SampleBatch rows, ModelSpec spec)
    {
        List<SampleWindow> windows = [];
        var builder = new WindowBuilder(new WindowOptions { Length = spec.Length }, spec.Channels);
        while (windows.Count == 0)
            builder.Add(rows, windows);
        return windows[0].Values;
    }
}
