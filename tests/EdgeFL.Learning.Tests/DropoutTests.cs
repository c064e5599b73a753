namespace EdgeFL.Learning.Tests;

public sealed class DropoutTests
{
    private const int Batch = 5;

    [Fact]
    public void Gradient_ThroughDropout_MatchesDifferencesOfTheSameStep()
    {
        // Without a bend anywhere, the loss is a parabola in each parameter: central differences of any width are exact.
        var network = Linear(0.4f);
        network.DropoutSeed = 3;
        network.DropoutStep = 17;
        var (parameters, inputs, targets) = Numbers(network.Spec);
        float[] gradient = new float[parameters.Length], spare = new float[parameters.Length];
        network.Gradient(parameters, inputs, [], targets, Batch, gradient);
        for (var i = 0; i < parameters.Length; i++)
        {
            var at = parameters[i];
            parameters[i] = at + 0.5f;
            var above = network.Gradient(parameters, inputs, [], targets, Batch, spare);
            parameters[i] = at - 0.5f;
            var below = network.Gradient(parameters, inputs, [], targets, Batch, spare);
            parameters[i] = at;
            Assert.Equal(above - below, gradient[i], 1e-5 * Math.Max(1f, above + below));
        }
    }

    [Fact]
    public void Inference_WithDropout_IsThatWithoutIt()
    {
        Network with = Linear(0.4f), without = Linear(0f);
        var (parameters, inputs, targets) = Numbers(with.Spec);
        float[] first = new float[Batch * with.Spec.OutputCount], second = new float[first.Length], gradient = new float[parameters.Length];
        // A training pass in between leaves no trace.
        var training = with.Gradient(parameters, inputs, [], targets, Batch, gradient);
        with.Predict(parameters, inputs, Batch, first);
        without.Predict(parameters, inputs, Batch, second);
        Assert.Equal(second, first);
        var loss = with.Loss(parameters, inputs, [], targets, Batch, out _);
        Assert.Equal(without.Loss(parameters, inputs, [], targets, Batch, out _), loss);
        Assert.NotEqual(loss, training);
    }

    [Fact]
    public void Trainer_StepAfterStep_DropsOtherElements()
    {
        var network = Linear(0.4f);
        var data = new LocalData(network.Spec, new LocalDataOptions(), 1);
        var random = new EdgeFL.Numerics.Philox(6);
        for (var i = 0; i < 40; i++)
            data.Add(Models.Wave(network.Spec, 1, ref random));
        var trainer = new Trainer(network, data, Batch);
        var parameters = new float[network.Spec.ParameterCount];
        network.Initialise(parameters, 1);
        for (ulong step = 0; step < 3; step++)
        {
            trainer.Step(parameters, new MomentumSgd(parameters.Length), 0.01f);
            Assert.Equal(step, network.DropoutStep);
        }
    }

    private static Network Linear(float rate) => new(
        Models.Parse(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $$"""{"name":"d","task":"forecast","channels":2,"length":9,"horizon":1,"layers":[{"type":"dropout","rate":{{rate / 2}}},{"type":"conv1d","filters":4,"kernel":3},{"type":"dropout","rate":{{rate}}},{"type":"flatten"},{"type":"dense","outputs":0}]}""")),
        Batch);

    private static (float[] Parameters, float[] Inputs, float[] Targets) Numbers(ModelSpec spec) =>
        (Models.Gaussian(spec.ParameterCount, 1), Models.Gaussian(Batch * spec.InputCount, 2), Models.Gaussian(Batch * spec.OutputCount, 3));
}
