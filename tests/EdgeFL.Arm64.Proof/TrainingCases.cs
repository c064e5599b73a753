using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Whole training steps by the classes that ship: minibatch, forward, backward, clip, update, mixing, evaluation.</summary>
public static class TrainingCases
{
    private const int Steps = 30;

    /// <summary>Trains a model with momentum by <see cref="Trainer"/>.</summary>
    /// <param name="spec">A model, however it was made.</param>
    /// <param name="answer">Loss and hash of the parameters after each step, the parameters at the end, and their evaluation.</param>
    public static void Train(ModelSpec spec, Words answer)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(answer);
        var network = new Network(spec, 16);
        var trainer = new Trainer(network, Data(spec, 1), 16);
        var parameters = new float[spec.ParameterCount];
        network.Initialise(parameters, 7);
        var optimiser = new MomentumSgd(parameters.Length, 0.9f, 1e-4f);
        for (var step = 0; step < Steps; step++)
        {
            answer.Add(trainer.Step(parameters, optimiser, Schedules.Cosine(0.05f, step, Steps, 0.05f)));
            answer.Add(Hash(parameters));
        }
        answer.Add(parameters);
        Judge(trainer, parameters, answer);
    }

    internal static void ActivityCnn(int size, Words answer) => Train(Models.ActivityCnn(), answer);

    internal static void Clusters(int size, Words answer) => Train(Models.Clusters(), answer);

    /// <summary>Six devices that learn with quasi-global momentum and mix their models, by one rule a size.</summary>
    internal static void Mixing(int rule, Words answer)
    {
        const int Devices = 6;
        var spec = Models.ActivityCnn();
        var network = new Network(spec, 8);
        var trainers = new Trainer[Devices];
        var optimisers = new QuasiGlobalMomentum[Devices];
        var models = new float[Devices][];
        for (var d = 0; d < Devices; d++)
        {
            trainers[d] = new Trainer(network, Data(spec, (ulong)d), 8);
            models[d] = new float[spec.ParameterCount];
            network.Initialise(models[d], 7);
            optimisers[d] = new QuasiGlobalMomentum(spec.ParameterCount);
            optimisers[d].Anchor(models[d]);
        }
        var rules = ByPeerCount.Create((AggregationRule)rule, spec.ParameterCount, Devices - 1, 1);
        var merged = new float[spec.ParameterCount];
        for (var round = 0; round < 2; round++)
        {
            for (var d = 0; d < Devices; d++)
            {
                for (var step = 0; step < 2; step++)
                    answer.Add(trainers[d].Step(models[d], optimisers[d], 0.1f));
                optimisers[d].EndRound(models[d], 0.1f, 2, trainers[d].LongGradient);
            }
            // The first device has all the others as peers, the second two of them.
            Merge(rules, models, 0, Devices - 1, merged);
            answer.Add(Hash(merged));
            merged.AsSpan().CopyTo(models[0]);
            Merge(rules, models, 1, 2, merged);
            merged.AsSpan().CopyTo(models[1]);
            answer.Add(Hash(merged));
        }
        answer.Add(models[0]);
        Judge(trainers[0], models[0], answer);
    }

    private static void Merge(IAggregationRule rules, float[][] models, int own, int count, float[] merged)
    {
        var peers = new PeerModel[count];
        for (var j = 0; j < count; j++)
            peers[j] = new PeerModel(models[(own + 1 + j) % models.Length], 1f / (1 + j));
        rules.Aggregate(models[own], peers, merged);
    }

    private static void Judge(Trainer trainer, float[] parameters, Words answer)
    {
        var evaluation = trainer.Evaluate(parameters);
        answer.Add(evaluation.Loss);
        answer.Add(evaluation.Accuracy);
    }

    /// <summary>Six classes that differ in frequency, with noise: triangle waves, as the platform's sine is not the same everywhere.</summary>
    private static LocalData Data(ModelSpec spec, ulong seed)
    {
        var data = new LocalData(spec, new LocalDataOptions(), seed);
        var random = new Philox(seed, 5);
        for (var i = 0; i < 80; i++)
        {
            var label = random.NextInt32(spec.OutputCount);
            var values = new float[spec.Channels * spec.Length];
            var phase = random.NextDouble();
            for (var j = 0; j < values.Length; j++)
            {
                var turns = phase + j % spec.Length * (0.03 + 0.05 * label) + 0.2 * (j / spec.Length);
                values[j] = (float)(4 * Math.Abs(turns - Math.Floor(turns) - 0.5) - 1) + 0.3f * random.NextGaussian();
            }
            data.Add(new SampleWindow(values, spec.Channels, label, 0));
        }
        return data;
    }

    /// <summary>FNV-1a over the bits, 64 bits.</summary>
    private static ulong Hash(ReadOnlySpan<float> values)
    {
        var hash = 14695981039346656037ul;
        foreach (var value in values)
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211ul;
        return hash;
    }
}
