using System.Text;
using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>A model of the benchmarks at work on made-up windows.</summary>
internal sealed class Workload
{
    private const string Head = """
        "task":"classify","classes":["a","b","c","d","e","f"],"layers":
        """;

    private const string Cnn = """
        [{"type":"conv1d","filters":16,"kernel":5},{"type":"relu"},{"type":"maxpool1d","size":2},
         {"type":"conv1d","filters":32,"kernel":5},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":6}]
        """;

    /// <summary>Features of UCI HAR through one hidden layer.</summary>
    public static readonly ModelSpec Mlp = Parse(
        $$"""{"name":"mlp","channels":1,"length":561,{{Head}}[{"type":"flatten"},{"type":"dense","outputs":64},{"type":"relu"},{"type":"dense","outputs":6}]}""");

    /// <summary>Nine channels, as UCI HAR's raw signals.</summary>
    public static readonly ModelSpec Cnn9 = Parse($$"""{"name":"cnn9","channels":9,"length":128,{{Head}}{{Cnn}}}""");

    /// <summary>Six channels: the activity model that ships.</summary>
    public static readonly ModelSpec Cnn6 = Parse($$"""{"name":"cnn6","channels":6,"length":128,{{Head}}{{Cnn}}}""");

    /// <summary>A small LeNet on grey images of 28x28, ten classes, 44,426 parameters.</summary>
    public static readonly ModelSpec Lenet = Parse("""
        {"name":"lenet","channels":1,"length":784,"task":"classify","classes":["0","1","2","3","4","5","6","7","8","9"],"layers":
        [{"type":"image","height":28,"width":28},{"type":"conv2d","filters":6,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},
         {"type":"conv2d","filters":16,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"flatten"},
         {"type":"dense","outputs":120},{"type":"relu"},{"type":"dense","outputs":84},{"type":"relu"},{"type":"dense","outputs":10}]}
        """);

    private const int Windows = 1024;

    private readonly Network network;
    private readonly Trainer trainer;
    private readonly MomentumSgd optimiser;
    private readonly Memory<float> parameters;
    private readonly float[] inputs;
    private readonly float[] outputs;
    private readonly int batch;
    private int at;

    public Workload(ModelSpec spec, int batch)
    {
        this.batch = batch;
        network = new Network(spec, batch);
        parameters = AlignedFloats.Allocate(spec.ParameterCount);
        network.Initialise(parameters.Span, 1);
        optimiser = new MomentumSgd(parameters.Length);
        var random = new Philox(2, 0xBE7C);
        inputs = new float[Windows * spec.InputCount];
        foreach (ref float value in inputs.AsSpan())
            value = random.NextGaussian();
        outputs = new float[batch * spec.OutputCount];
        var data = new LocalData(spec, new LocalDataOptions { TrainingWindows = Windows, HeldOutPerBlock = 0 }, 3);
        for (int i = 0; i < Windows; i++)
            data.Add(new SampleWindow(inputs.AsSpan(i * spec.InputCount, spec.InputCount).ToArray(), spec.Channels, random.NextInt32(spec.Classes.Count), 0));
        trainer = new Trainer(network, data, batch);
    }

    /// <summary>Multiply-adds of a step that no implementation can leave out: forward, gradients of weights, and of inputs where a layer before learns.</summary>
    public long StepMultiplyAdds => batch * network.Spec.Layers.Sum(layer => layer.MultiplyAdds * (layer.ParameterOffset == 0 ? 2 : 3));

    /// <summary>The same of the model alone.</summary>
    public long PredictMultiplyAdds => batch * network.Spec.Layers.Sum(layer => layer.MultiplyAdds);

    /// <summary>A whole step as a device makes it: minibatch from its windows, gradient, clipping, momentum.</summary>
    public void Step() => trainer.Step(parameters.Span, optimiser, 0.001f);

    /// <summary>The model on windows it has not just seen.</summary>
    public void Predict()
    {
        int count = batch * network.Spec.InputCount;
        network.Predict(parameters.Span, inputs.AsSpan(at, count), batch, outputs);
        at = at + 2 * count <= inputs.Length ? at + count : 0;
    }

    /// <summary>The same model in 8-bit integers on the same windows, one after the other.</summary>
    public Action InIntegers()
    {
        int count = network.Spec.InputCount, next = 0;
        var integers = new QuantizedNetwork(Quantizer.Quantize(network.Spec, parameters.Span, inputs.AsSpan(0, 64 * count)));
        return () =>
        {
            integers.Predict(inputs.AsSpan(next, count), outputs.AsSpan(0, network.Spec.OutputCount));
            next = next + 2 * count <= inputs.Length ? next + count : 0;
        };
    }

    private static ModelSpec Parse(string json) => ModelSpec.Parse(Encoding.UTF8.GetBytes(json.Insert(1, "\"format\":1,")));
}
