using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>Training runs boiled down to one hash: any bit that differs anywhere on the way changes it.</summary>
internal static class Fingerprint
{
    /// <summary>Found on x64 with AVX-512, and the same with every instruction set switched off; a machine that finds another is not bit-exact.</summary>
    internal const string Expected = "3265a8306f1505a00dce345b31d475a2a2a247dccd643fcc05b2d58472c1f731";

    /// <summary>The same of inference in integers.</summary>
    internal const string ExpectedInIntegers = "ec5aac17b8f9dfbe2371c79f2ac94f50526d71d69f842902d80d69b4fbe2c9c6";

    /// <summary>The outputs of quantized models in sizes that no vector divides, and of the shipped one.</summary>
    internal static string OfIntegers()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ModelSpec[] specs =
        [
            Models.Shipped("activity-cnn"),
            Models.Classify(
                """{"type":"conv1d","filters":19,"kernel":3},{"type":"relu"},{"type":"maxpool1d","size":2},{"type":"conv1d","filters":35,"kernel":4},{"type":"averagepool1d","size":2},{"type":"flatten"},{"type":"dense","outputs":37},{"type":"relu"},{"type":"dense","outputs":3}"""),
        ];
        foreach (var spec in specs)
        {
            var parameters = new float[spec.ParameterCount];
            new Network(spec, 1).Initialise(parameters, 8);
            var windows = Models.Gaussian(40 * spec.InputCount, 9);
            var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
            var outputs = new float[spec.OutputCount];
            for (var b = 0; b < 40; b++)
            {
                quantized.Predict(windows.AsSpan(b * spec.InputCount, spec.InputCount), outputs);
                hash.AppendData(MemoryMarshal.AsBytes(outputs.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal static string OfTrainings()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // One model through the plain layers, one with quasi-global momentum and running normalisation.
        var spec = Models.Classify(
            """{"type":"conv1d","filters":19,"kernel":3},{"type":"relu"},{"type":"maxpool1d","size":2},{"type":"conv1d","filters":35,"kernel":4},{"type":"tanh"},{"type":"globalaverage"},{"type":"dense","outputs":9},{"type":"sigmoid"},{"type":"dense","outputs":3}""");
        var trainer = new Trainer(new Network(spec, 16), Models.WaveData(spec, 100, 4), 16);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 2);
        var sgd = new MomentumSgd(parameters.Length, 0.9f, 1e-4f);
        for (var i = 0; i < 200; i++)
            trainer.Step(parameters, sgd, Schedules.Cosine(0.05f, i, 200, 0.05f));
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        spec = Models.Shipped("host-autoencoder").Resolve(3);
        trainer = new Trainer(new Network(spec, 16), Models.WaveData(spec, 100, 5), 16);
        parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 3);
        var quasiGlobal = new QuasiGlobalMomentum(parameters.Length);
        quasiGlobal.Anchor(parameters);
        for (var i = 0; i < 200; i++)
        {
            trainer.Step(parameters, quasiGlobal, 0.1f);
            if (i % 5 == 4)
                quasiGlobal.EndRound(parameters, 0.1f, 5, trainer.LongGradient);
        }
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        // The layers that the first model leaves out, with Adam; then Huber's loss, with damped momentum.
        spec = Models.EveryLayer();
        parameters = new float[spec.ParameterCount];
        var network = new Network(spec, 16) { DropoutSeed = 7 };
        network.Initialise(parameters, 4);
        trainer = new Trainer(network, Models.WaveData(spec, 100, 6), 16);
        var adam = new Adam(parameters.Length, weightDecay: 0.01f);
        for (var i = 0; i < 200; i++)
            trainer.Step(parameters, adam, Schedules.Cosine(0.01f, i, 200, 0.05f));
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        spec = Models.Parse("""{"name":"next","task":"forecast","channels":3,"length":20,"horizon":3,"loss":"huber","delta":0.5,"layers":[{"type":"gru","outputs":19},{"type":"dense","outputs":0}]}""");
        parameters = new float[spec.ParameterCount];
        network = new Network(spec, 16);
        network.Initialise(parameters, 5);
        trainer = new Trainer(network, Models.WaveData(spec, 100, 7), 16);
        var damped = new MomentumSgd(parameters.Length, 0.9f, dampening: 0.9f);
        for (var i = 0; i < 100; i++)
            trainer.Step(parameters, damped, 0.3f);
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        // Features stand first or not at all.
        spec = Models.Classify("""{"type":"features","bands":4,"block":10},{"type":"dense","outputs":3}""");
        parameters = new float[spec.ParameterCount];
        network = new Network(spec, 16);
        network.Initialise(parameters, 6);
        trainer = new Trainer(network, Models.WaveData(spec, 100, 8), 16);
        var plain = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 100; i++)
            trainer.Step(parameters, plain, 0.02f);
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        // A number of its own for each window, behind an activation that stands first; a batch of one, whose gradient is an outer product.
        spec = Models.Parse("""{"name":"number","task":"regress","channels":3,"length":20,"target":{"name":"life","cap":5,"scale":0.25},"layers":[{"type":"flatten"},{"type":"tanh"},{"type":"dense","outputs":83},{"type":"relu"},{"type":"dense","outputs":0}]}""");
        parameters = new float[spec.ParameterCount];
        network = new Network(spec, 1);
        network.Initialise(parameters, 7);
        trainer = new Trainer(network, Models.WaveData(spec, 100, 9), 1);
        var single = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 100; i++)
            trainer.Step(parameters, single, 0.01f);
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        // Centroids stand last or not at all.
        spec = Models.Parse("""{"name":"groups","task":"cluster","channels":3,"length":20,"normalise":"running","layers":[{"type":"flatten"},{"type":"kmeans","clusters":7}]}""");
        parameters = new float[spec.ParameterCount];
        network = new Network(spec, 16);
        network.Initialise(parameters, 8);
        trainer = new Trainer(network, Models.WaveData(spec, 100, 10), 16);
        plain = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 100; i++)
            trainer.Step(parameters, plain, 0.05f);
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));

        // Images.
        spec = Models.ImageLayers();
        parameters = new float[spec.ParameterCount];
        network = new Network(spec, 16) { DropoutSeed = 8 };
        network.Initialise(parameters, 7);
        trainer = new Trainer(network, Models.BarData(spec, 100, 9), 16);
        sgd = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 100; i++)
            trainer.Step(parameters, sgd, 0.02f);
        hash.AppendData(MemoryMarshal.AsBytes(parameters.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
