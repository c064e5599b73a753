using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>Whole training runs: they learn, touch nothing when there is nothing to learn from, and allocate nothing.</summary>
public sealed class TrainingTests
{
    [Fact]
    public void Training_OnSyntheticWaves_LearnsThem()
    {
        var spec = Models.SmallCnn();
        var trainer = new Trainer(new Network(spec, 16), Models.WaveData(spec, 300, 4), 16);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 2);
        var before = trainer.Evaluate(parameters);
        var optimiser = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 300; i++)
            trainer.Step(parameters, optimiser, Schedules.Cosine(0.05f, i, 300, 0.05f));
        var after = trainer.Evaluate(parameters);
        Assert.Equal(60, after.Windows);
        Assert.True(after.Loss < 0.3 * before.Loss, $"loss {before.Loss} -> {after.Loss}");
        Assert.True(after.Accuracy > 0.9, $"accuracy {before.Accuracy} -> {after.Accuracy}");
        Assert.Equal(300, trainer.Steps);
        Assert.Equal(0, trainer.SkippedSteps);
    }

    [Fact]
    public void Training_OfEveryLayerWithAdam_LearnsTheWaves()
    {
        var spec = Models.EveryLayer();
        var trainer = new Trainer(new Network(spec, 16), Models.WaveData(spec, 300, 4), 16);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 2);
        var before = trainer.Evaluate(parameters);
        var optimiser = new Adam(parameters.Length);
        for (var i = 0; i < 400; i++)
            trainer.Step(parameters, optimiser, Schedules.Cosine(0.01f, i, 400, 0.05f));
        var after = trainer.Evaluate(parameters);
        Assert.True(after.Loss < 0.3 * before.Loss, $"loss {before.Loss} -> {after.Loss}");
        Assert.True(after.Accuracy > 0.9, $"accuracy {before.Accuracy} -> {after.Accuracy}");
        Assert.Equal(0, trainer.SkippedSteps);
    }

    [Theory]
    [InlineData("""{"type":"conv2d","filters":6,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"flatten"},{"type":"dense","outputs":3}""")]
    [InlineData("""{"type":"conv2d","filters":6,"kernel":3},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"conv2d","filters":16,"kernel":3},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""")]
    public void Training_OnBarsInImages_LearnsHowTheyLie(string layers)
    {
        var spec = Models.ClassifyImage(layers, 1, 12, 16);
        var trainer = new Trainer(new Network(spec, 16), Models.BarData(spec, 600, 4), 16);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 2);
        var before = trainer.Evaluate(parameters);
        var optimiser = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 600; i++)
            trainer.Step(parameters, optimiser, Schedules.Cosine(0.03f, i, 600, 0.05f));
        var after = trainer.Evaluate(parameters);
        Assert.True(before.Accuracy < 0.6, $"accuracy {before.Accuracy} before");
        Assert.True(after.Accuracy > 0.95, $"accuracy {before.Accuracy} -> {after.Accuracy}, {after.Windows} windows");
        Assert.Equal(0, trainer.SkippedSteps);
    }

    [Fact]
    public void Training_OfAutoencoder_LowersReconstructionError()
    {
        var spec = Models.Shipped("host-autoencoder").Resolve(3);
        var data = new LocalData(spec, new LocalDataOptions(), 1);
        var random = new Philox(6);
        for (var i = 0; i < 400; i++)
        {
            var window = Models.Wave(spec, 1, ref random);
            for (var j = 0; j < window.Values.Length; j++)
                window.Values[j] = 500f + 90f * window.Values[j];
            data.Add(window);
        }
        var trainer = new Trainer(new Network(spec, 16), data);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 2);
        var before = trainer.Evaluate(parameters);
        var optimiser = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 1500; i++)
            trainer.Step(parameters, optimiser, 0.1f);
        var after = trainer.Evaluate(parameters);
        Assert.True(after.Loss < 0.5 * before.Loss, $"loss {before.Loss} -> {after.Loss}");
        Assert.True(float.IsNaN(after.Accuracy));
    }

    [Fact]
    public void Step_AfterWarmUp_AllocatesNothing()
    {
        foreach (var spec in new[] { Models.Shipped("activity-cnn"), Models.Shipped("activity-mlp"), Models.EveryLayer(), Models.ImageLayers() })
        {
            var data = new LocalData(spec, new LocalDataOptions(), 3);
            var random = new Philox(1);
            for (var i = 0; i < 60; i++)
                data.Add(Models.Wave(spec, i % spec.Classes.Count, ref random));
            var trainer = new Trainer(new Network(spec, 16), data);
            var parameters = new float[spec.ParameterCount];
            new Network(spec, 1).Initialise(parameters, 1);
            var optimiser = new QuasiGlobalMomentum(parameters.Length);
            optimiser.Anchor(parameters);
            void Round()
            {
                for (var i = 0; i < 10; i++)
                    trainer.Step(parameters, optimiser, 0.1f);
                optimiser.EndRound(parameters, 0.1f, 10);
                trainer.Evaluate(parameters);
            }
            Assert.Equal(0, Allocation.Least(Round));
        }
    }

    [Fact]
    public void Step_LossThatIsNotFinite_LeavesParametersAlone()
    {
        var spec = Models.SmallCnn();
        var trainer = new Trainer(new Network(spec, 16), Models.WaveData(spec, 40, 4), 16);
        var parameters = new float[spec.ParameterCount];
        Array.Fill(parameters, 1e30f);
        var loss = trainer.Step(parameters, new MomentumSgd(parameters.Length), 0.1f);
        Assert.False(float.IsFinite(loss));
        Assert.Equal(1, trainer.SkippedSteps);
        Assert.Equal(0, trainer.Steps);
        Assert.All(parameters, p => Assert.Equal(1e30f, p));
    }

    [Fact]
    public void Step_GradientTooLongForAFloat_IsRefusedAndSaidThoughTheLossIsFinite()
    {
        var spec = Models.Classify("""{"type":"flatten"},{"type":"dense","outputs":3}""");
        var data = new LocalData(spec, new LocalDataOptions(), 1);
        data.Add(new SampleWindow(Enumerable.Repeat(1e25f, spec.InputCount).ToArray(), spec.Channels, 1, 0));
        var trainer = new Trainer(new Network(spec, 4), data, 4);
        var parameters = new float[spec.ParameterCount];
        Assert.Equal(float.PositiveInfinity, trainer.Step(parameters, new MomentumSgd(parameters.Length), 0.1f));
        Assert.Equal((1, 0), (trainer.SkippedSteps, trainer.Steps));
        Assert.All(parameters, p => Assert.Equal(0f, p));
        Assert.Equal(1f, trainer.LongGradient);
    }

    [Fact]
    public void Step_WithoutData_DoesNothing()
    {
        var spec = Models.SmallCnn();
        var trainer = new Trainer(new Network(spec, 4), new LocalData(spec, new LocalDataOptions(), 1), 4);
        var parameters = new float[spec.ParameterCount];
        Assert.True(float.IsNaN(trainer.Step(parameters, new MomentumSgd(parameters.Length), 0.1f)));
        Assert.Equal(0, trainer.Evaluate(parameters).Windows);
        Assert.All(parameters, p => Assert.Equal(0f, p));
    }
}
