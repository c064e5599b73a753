using System.Runtime.InteropServices;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class HaptTests
{
    [DataFact("uci-hapt")]
    public void Windows_OfAllSubjects_AreTheOfficialCounts()
    {
        Assert.Equal([1226, 1073, 987, 1293, 1423, 1413], Counts(Hapt.TrainingSubjects));
        Assert.Equal([496, 471, 420, 508, 556, 545], Counts(Hapt.TestSubjects));
    }

    [DataFact("uci-hapt")]
    public void ActivityCnn_SixEpochsOnThreeSubjects_RecognisesAStranger()
    {
        var spec = Models.Shipped("activity-cnn");
        var data = new LocalData(spec, new LocalDataOptions { TrainingWindows = 4096, HeldOutPerBlock = 0 }, 1);
        foreach (var window in Hapt.TrainingSubjects.Take(3).SelectMany(Hapt.Windows))
            data.Add(window);
        var initial = File.ReadAllBytes(DataSets.Path("peers", "init-har-seed42.f32"));
        var parameters = MemoryMarshal.Cast<byte, float>(initial).ToArray();
        Assert.Equal(spec.ParameterCount, parameters.Length);
        var dense = spec.Layers[^1];
        Matrix.Transpose(parameters.AsSpan(dense.ParameterOffset).ToArray(), dense.Size, dense.Input.Channels, parameters.AsSpan(dense.ParameterOffset));
        var trainer = new Trainer(new Network(spec, 16), data);
        var optimiser = new MomentumSgd(parameters.Length);
        var steps = (data.TrainingCount + 15) / 16 * 6;
        for (var i = 0; i < steps; i++)
            trainer.Step(parameters, optimiser, Schedules.Cosine(0.05f, i, steps, 0.1f));
        var network = new Network(spec, 1);
        var test = Hapt.Windows(2);
        var right = 0;
        foreach (var window in test)
        {
            network.Loss(parameters, window.Values, [window.Label], [], 1, out var hit);
            right += hit;
        }
        // A sixth would be chance; a model that has learnt the wrong thing stays near it.
        Assert.True(right > 0.5 * test.Count, $"{right} of {test.Count}");
    }

    private static int[] Counts(int[] subjects)
    {
        var counts = new int[6];
        foreach (var window in subjects.SelectMany(Hapt.Windows))
            counts[window.Label]++;
        return counts;
    }
}
