using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class QuantizedTests
{
    private const string Cnn =
        """{"type":"conv1d","filters":5,"kernel":3},{"type":"relu"},{"type":"maxpool1d","size":2},{"type":"conv1d","filters":7,"kernel":4},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""";

    public static TheoryData<string> SupportedLayers =>
    [
        Cnn,
        """{"type":"flatten"},{"type":"dense","outputs":33},{"type":"relu"},{"type":"dropout","rate":0.3},{"type":"dense","outputs":3}""",
        """{"type":"averagepool1d","size":3},{"type":"conv1d","filters":9,"kernel":2},{"type":"flatten"},{"type":"relu"},{"type":"dense","outputs":3}""",
        """{"type":"conv1d","filters":19,"kernel":5},{"type":"maxpool1d","size":2},{"type":"maxpool1d","size":3},{"type":"averagepool1d","size":2},{"type":"flatten"},{"type":"dense","outputs":3}""",
        """{"type":"conv1d","filters":17,"kernel":1},{"type":"averagepool1d","size":2},{"type":"relu"},{"type":"maxpool1d","size":5},{"type":"flatten"},{"type":"dense","outputs":8},{"type":"dense","outputs":3},{"type":"relu"}""",
        """{"type":"conv1d","filters":8,"kernel":4},{"type":"relu"},{"type":"conv1d","filters":3,"kernel":3},{"type":"globalaverage"}""",
        """{"type":"conv1d","filters":18,"kernel":2},{"type":"maxpool1d","size":2},{"type":"globalaverage"},{"type":"relu"},{"type":"dense","outputs":3}""",
        """{"type":"globalaverage"},{"type":"dense","outputs":40},{"type":"dense","outputs":3}""",
        """{"type":"conv1d","filters":6,"kernel":3},{"type":"relu"},{"type":"averagepool1d","size":2},{"type":"globalaverage"},{"type":"dense","outputs":3}""",
    ];

    [Theory]
    [MemberData(nameof(SupportedLayers))]
    public void Predict_EverySupportedLayer_IsTheReferenceButForRounding(string layers)
    {
        var spec = Models.Classify(layers);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 3);
        var windows = Windows(spec, 200, 1);
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
        var outputs = new float[spec.OutputCount];
        var all = new List<(double Exact, double Got)>();
        for (var b = 0; b < windows.Length / spec.InputCount; b++)
        {
            var window = windows.AsSpan(b * spec.InputCount, spec.InputCount);
            var exact = ReferenceNetwork.Forward(spec, [.. parameters.Select(p => (double)p)], [.. window.ToArray().Select(v => (double)v)]);
            quantized.Predict(window, outputs);
            for (var o = 0; o < exact.Length; o++)
                all.Add((exact[o], outputs[o]));
        }
        var mean = all.Average(pair => pair.Exact);
        var squares = all.Sum(pair => (pair.Exact - mean) * (pair.Exact - mean));
        var errors = all.Sum(pair => (pair.Exact - pair.Got) * (pair.Exact - pair.Got));
        // 128 levels a channel, several layers: a hundredth of what the outputs vary, or a mistake.
        Assert.True(squares > 0 && Math.Sqrt(errors / squares) < 0.03, $"relative error {Math.Sqrt(errors / squares):0.0000}");
    }

    [Fact]
    public void Predict_TrainedModel_SaysWhatTheFloatModelSays()
    {
        var (spec, parameters) = Trained();
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, Windows(spec, 100, 2)));
        var network = new Network(spec, 1);
        float[] outputs = new float[3], integers = new float[3];
        var windows = Windows(spec, 500, 3);
        int same = 0, confident = 0;
        for (var b = 0; b < 500; b++)
        {
            var window = windows.AsSpan(b * spec.InputCount, spec.InputCount);
            network.Predict(parameters, window, 1, outputs);
            quantized.Predict(window, integers);
            same += Network.LargestOf(outputs) == Network.LargestOf(integers) ? 1 : 0;
            confident += outputs.Max() - outputs.Order().ElementAt(1) > 1 ? 1 : 0;
        }
        Assert.True(confident > 250 && same >= 490, $"{same} of 500 the same, {confident} clear");
    }

    [Fact]
    public void Predict_ModelWithScale_TakesWindowsAsMeasured()
    {
        const string Head = """{"name":"m","task":"classify","channels":3,"length":20,"classes":["a","b","c"],""";
        var scaled = Models.Parse($$"""{{Head}}"scale":[0.5,2,8],"layers":[{{Cnn}}]}""");
        var (plain, parameters) = Trained();
        var prepared = Windows(plain, 60, 4);
        float[] factors = [0.5f, 2f, 8f], one = new float[3], other = new float[3];
        var measured = prepared.Select((value, i) => value / factors[i / 20 % 3]).ToArray();
        var withScale = new QuantizedNetwork(Quantizer.Quantize(scaled, parameters, prepared));
        var without = new QuantizedNetwork(Quantizer.Quantize(plain, parameters, prepared));
        for (var b = 0; b < 60; b++)
        {
            withScale.Predict(measured.AsSpan(b * 60, 60), one);
            without.Predict(prepared.AsSpan(b * 60, 60), other);
            // The scales are powers of two, so even the bits are the same.
            Assert.Equal(other, one);
        }
    }

    [Fact]
    public void Predict_WindowThatHardlyMoves_IsRoundedAsFinelyAsOneThatMoves()
    {
        // Without biases, what a model says of a 64th of a window is a 64th of what it says of the window: in the same levels, even the bits are the same.
        var (spec, parameters) = Trained();
        foreach (var layer in spec.Layers.Where(layer => layer.ParameterCount > 0))
            parameters.AsSpan(layer.ParameterOffset + layer.ParameterCount - layer.Size, layer.Size).Clear();
        var windows = Windows(spec, 100, 8);
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
        float[] loud = new float[3], quiet = new float[3];
        for (var b = 0; b < 100; b++)
        {
            var window = windows.AsSpan(b * spec.InputCount, spec.InputCount);
            quantized.Predict(window, loud);
            quantized.Predict([.. window.ToArray().Select(value => value / 64)], quiet);
            Assert.Equal(loud.Select(value => value / 64), quiet);
        }
    }

    [Fact]
    public void Predict_WindowThatDoesNotMove_IsNotRounded()
    {
        var spec = Models.Classify("""{"type":"conv1d","filters":3,"kernel":4},{"type":"globalaverage"}""");
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 4);
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, Windows(spec, 20, 9)));
        var network = new Network(spec, 1);
        float[] exact = new float[3], outputs = new float[3];
        foreach (var value in (float[])[0.0123f, -0.7f, 1.5f])
        {
            var window = Enumerable.Repeat(value, spec.InputCount).ToArray();
            network.Predict(parameters, window, 1, exact);
            quantized.Predict(window, outputs);
            Assert.All(outputs.Zip(exact), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        }
    }

    [Fact]
    public void Predict_ConstantAndDeadChannels_StaysFinite()
    {
        var (spec, parameters) = Trained();
        // No weight and no bias for the first filter; a window's second channel never changes.
        parameters.AsSpan(0, 9).Clear();
        parameters[45] = -1;
        var windows = Windows(spec, 50, 5);
        for (var i = 0; i < windows.Length; i++)
            windows[i] = i / 20 % 3 == 1 ? 7.5f : windows[i];
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
        var network = new Network(spec, 1);
        float[] exact = new float[3], outputs = new float[3];
        for (var b = 0; b < 50; b++)
        {
            network.Predict(parameters, windows.AsSpan(b * 60, 60), 1, exact);
            quantized.Predict(windows.AsSpan(b * 60, 60), outputs);
            Assert.All(outputs.Zip(exact), pair => Assert.InRange(pair.First, pair.Second - 0.6f, pair.Second + 0.6f));
        }
        foreach (var (other, rest) in ((float, float)[])[(float.NaN, float.NaN), (float.NaN, 1f), (float.PositiveInfinity, 1f), (float.NegativeInfinity, float.PositiveInfinity), (float.MaxValue, float.MinValue)])
        {
            quantized.Predict([.. Enumerable.Repeat(other, 31), .. Enumerable.Repeat(rest, 29)], outputs);
            Assert.All(outputs, value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Predict_AfterTheFirst_AllocatesNothing()
    {
        var (spec, parameters) = Trained();
        var windows = Windows(spec, 10, 6);
        var quantized = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
        var outputs = new float[3];
        Assert.Equal(0, Allocation.Least(() => quantized.Predict(windows.AsSpan(0, 60), outputs)));
    }

    [Theory]
    [InlineData("tanh", """{"type":"conv1d","filters":4,"kernel":2},{"type":"tanh"},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 1)]
    [InlineData("sigmoid", """{"type":"flatten"},{"type":"dense","outputs":4},{"type":"sigmoid"},{"type":"dense","outputs":3}""", 2)]
    [InlineData("gelu", """{"type":"gelu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("gru", """{"type":"gru","outputs":4},{"type":"dense","outputs":3}""", 0)]
    [InlineData("depthwiseconv1d", """{"type":"depthwiseconv1d","kernel":2},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("layernorm", """{"type":"conv1d","filters":4,"kernel":2},{"type":"layernorm"},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 1)]
    [InlineData("groupnorm", """{"type":"groupnorm","groups":3},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("features", """{"type":"features","bands":2},{"type":"dense","outputs":3}""", 0)]
    [InlineData("randomfourier", """{"type":"flatten"},{"type":"randomfourier","outputs":4},{"type":"dense","outputs":3}""", 1)]
    [InlineData("relu", """{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("image", """{"type":"image","height":4,"width":5},{"type":"conv2d","filters":2,"kernel":3},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("maxpool1d", """{"type":"maxpool1d","size":2},{"type":"globalaverage"},{"type":"dense","outputs":3}""", 0)]
    [InlineData("flatten", """{"type":"conv1d","filters":1,"kernel":18},{"type":"flatten"}""", 1)]
    public void Quantize_LayerThatDoesNotRunOnIntegers_IsNamed(string kind, string layers, int index)
    {
        var spec = Models.Classify(layers);
        var error = Assert.Throws<NotSupportedException>(() => Quantizer.Quantize(spec, new float[spec.ParameterCount], new float[spec.InputCount]));
        Assert.Contains($"layer {index} ({kind})", error.Message, StringComparison.Ordinal);
        Assert.False(QuantizedModel.IsSupported(spec, out var why));
        Assert.Equal(error.Message, why);
        Assert.True(QuantizedModel.IsSupported(Models.SmallCnn(), out _));
    }

    [Fact]
    public void Quantize_WhatDoesNotFit_Throws()
    {
        var spec = Models.SmallCnn();
        float[] parameters = new float[spec.ParameterCount], windows = new float[2 * spec.InputCount];
        Assert.Throws<ArgumentException>(() => Quantizer.Quantize(spec, parameters.AsSpan(1), windows));
        Assert.Throws<ArgumentException>(() => Quantizer.Quantize(spec, parameters, windows.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Quantizer.Quantize(spec, parameters, []));
        parameters[3] = float.NaN;
        Assert.Throws<ArgumentException>(() => Quantizer.Quantize(spec, parameters, windows));
        parameters[3] = 0;
        windows[5] = float.PositiveInfinity;
        Assert.Throws<ArgumentException>(() => Quantizer.Quantize(spec, parameters, windows));
        var network = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, new float[spec.InputCount]));
        Assert.Throws<ArgumentException>(() => network.Predict(new float[59], new float[3]));
        Assert.Throws<ArgumentException>(() => network.Predict(new float[60], new float[2]));
    }

    [Fact]
    public void TryCreate_PartsThatDoNotFit_IsFalse()
    {
        var (spec, parameters) = Trained();
        var model = Quantizer.Quantize(spec, parameters, Windows(spec, 10, 7));
        Assert.True(QuantizedModel.TryCreate(spec, model.Input, model.Layers, out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input, [.. model.Layers.Skip(1)], out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input with { Factor = new float[2] }, model.Layers, out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input, [model.Layers[0] with { Weights = new sbyte[3] }, .. model.Layers.Skip(1)], out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input with { Factor = new[] { 1f, -1f, 1f } }, model.Layers, out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input with { Factor = new[] { 1f, float.NaN, 1f } }, model.Layers, out _));
        Assert.False(QuantizedModel.TryCreate(spec, model.Input with { Reach = new float[4] }, model.Layers, out _));
        var reach = model.Input.Reach.ToArray();
        reach[1] = float.PositiveInfinity;
        Assert.False(QuantizedModel.TryCreate(spec, model.Input with { Reach = reach }, model.Layers, out _));
        Assert.Throws<ArgumentException>(() => QuantizedModel.TryCreate(Models.Shipped("host-autoencoder"), model.Input, model.Layers, out _));
    }

    private static (ModelSpec Spec, float[] Parameters) Trained()
    {
        var spec = Models.SmallCnn();
        var parameters = new float[spec.ParameterCount];
        var network = new Network(spec, 16);
        network.Initialise(parameters, 1);
        var trainer = new Trainer(network, Models.WaveData(spec, 300, 1), 16);
        var optimiser = new MomentumSgd(parameters.Length);
        for (var i = 0; i < 300; i++)
            trainer.Step(parameters, optimiser, 0.05f);
        return (spec, parameters);
    }

    private static float[] Windows(ModelSpec spec, int count, ulong seed)
    {
        var random = new Philox(seed, 11);
        var windows = new float[count * spec.InputCount];
        for (var b = 0; b < count; b++)
            Models.Wave(spec, random.NextInt32(3), ref random).Values.CopyTo(windows, b * spec.InputCount);
        return windows;
    }
}
