using System.Text.Json;

namespace EdgeFL.Learning.Tests;

/// <summary>Layers, losses and optimisers against what PyTorch computed in double precision; tools/golden/make.py wrote the files.</summary>
public sealed class GoldenTests
{
    // The kernels sum in float32, a few dozen terms at most: 16 ulp of the value, and as much of 1 where terms cancel.
    private const double Relative = 16 * 1.2e-7;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");

    public static TheoryData<string> ModelCases => [.. ModelNames()];

    public static TheoryData<string> OptimiserCases => [.. Names().Except(ModelNames())];

    [Theory]
    [MemberData(nameof(ModelCases))]
    public void Network_OnPyTorchsNumbers_GivesItsOutputsLossAndGradient(string name)
    {
        var golden = Read(name);
        var spec = Models.Parse(golden.GetProperty("model").GetRawText());
        var batch = golden.GetProperty("batch").GetInt32();
        float[] parameters = Floats(golden, "parameters"), inputs = Floats(golden, "inputs");
        var labels = spec.Task == TaskKind.Classify ? golden.GetProperty("labels").Deserialize<int[]>()! : [];
        var targets = spec.TargetCount == 0 ? [] : Floats(golden, "targets");
        Assert.Equal(parameters.Length, spec.ParameterCount);
        if (spec.Features is not null)
            inputs = Models.Features(spec, inputs);
        var network = new Network(spec, batch);
        float[] outputs = new float[batch * spec.OutputCount], gradient = new float[spec.ParameterCount];

        network.Predict(parameters, inputs, batch, outputs);
        AssertClose("output", golden.GetProperty("outputs"), outputs);
        var loss = network.Gradient(parameters, inputs, labels, targets, batch, gradient);
        Assert.Equal(golden.GetProperty("loss").GetDouble(), loss, 1e-6);
        AssertClose("gradient", golden.GetProperty("gradient"), gradient);
    }

    [Theory]
    [MemberData(nameof(OptimiserCases))]
    public void Optimiser_OnPyTorchsGradients_TakesItsSteps(string name)
    {
        var golden = Read(name);
        var x = Floats(golden, "start");
        IOptimiser optimiser = name switch
        {
            "optimiser-sgd" => new MomentumSgd(x.Length, 0.9f, 0.01f),
            "optimiser-damped" => new MomentumSgd(x.Length, 0.9f, 0f, 0.9f),
            "optimiser-adam" => new Adam(x.Length),
            "optimiser-adamw" => new Adam(x.Length, 0.8f, 0.95f, 1e-6f, 0.1f),
            _ => throw new ArgumentException($"No optimiser is known for {name}.", nameof(name)),
        };
        var eta = name.Contains("adam", StringComparison.Ordinal) ? 0.02f : 0.05f;
        foreach (var (gradient, after) in golden.GetProperty("gradients").EnumerateArray().Zip(golden.GetProperty("after").EnumerateArray()))
        {
            optimiser.Step(x, gradient.Deserialize<float[]>(), eta);
            AssertClose("parameter", after, x);
        }
    }

    [Fact]
    public void LayerKinds_AllOfThem_HaveAGoldenModel()
    {
        var models = ModelNames().Select(name => Models.Parse(Read(name).GetProperty("model").GetRawText()));
        var seen = models.SelectMany(model => model.Layers).Select(layer => layer.Kind);
        // What is drawn at random PyTorch would draw otherwise: the tests of dropout and random Fourier features hold them against their definitions.
        var drawn = new[] { LayerKind.Dropout, LayerKind.RandomFourier };
        Assert.Equal(Enum.GetValues<LayerKind>().Except(drawn), seen.Distinct().Order());
    }

    private static void AssertClose(string what, JsonElement expected, float[] got)
    {
        var values = expected.Deserialize<double[]>()!;
        Assert.Equal(values.Length, got.Length);
        for (var i = 0; i < got.Length; i++)
        {
            var tolerance = Relative * Math.Max(1.0, Math.Abs(values[i]));
            Assert.True(Math.Abs(values[i] - got[i]) <= tolerance, $"{what} {i} is {got[i]:R}, PyTorch has {values[i]:R}");
        }
    }

    private static IEnumerable<string> Names() => Directory.GetFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order();

    private static IEnumerable<string> ModelNames() => Names().Where(name => !name.StartsWith("optimiser-", StringComparison.Ordinal));

    private static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".json"))).RootElement;

    private static float[] Floats(JsonElement golden, string member) => golden.GetProperty(member).Deserialize<float[]>()!;
}
