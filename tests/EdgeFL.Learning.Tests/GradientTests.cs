using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>Every layer and loss against central differences of a double-precision model.</summary>
public sealed class GradientTests
{
    private const string Dense3 = """{"type":"dense","outputs":3}""";

    public static TheoryData<string, string> Nets => new()
    {
        { "dense", """{"type":"flatten"},""" + Dense3 },
        { "relu", """{"type":"flatten"},{"type":"dense","outputs":9},{"type":"relu"},""" + Dense3 },
        { "tanh", """{"type":"flatten"},{"type":"dense","outputs":9},{"type":"tanh"},""" + Dense3 },
        { "sigmoid", """{"type":"flatten"},{"type":"dense","outputs":9},{"type":"sigmoid"},""" + Dense3 },
        { "conv", """{"type":"conv1d","filters":5,"kernel":3},{"type":"globalaverage"},""" + Dense3 },
        { "conv of one tap", """{"type":"conv1d","filters":17,"kernel":1},{"type":"globalaverage"},""" + Dense3 },
        { "conv as long as the window", """{"type":"conv1d","filters":5,"kernel":20},{"type":"flatten"},""" + Dense3 },
        { "conv, flatten", """{"type":"conv1d","filters":5,"kernel":3},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "two convs", """{"type":"conv1d","filters":18,"kernel":3},{"type":"tanh"},{"type":"conv1d","filters":33,"kernel":4},{"type":"tanh"},{"type":"globalaverage"},""" + Dense3 },
        { "pool that leaves rows out", """{"type":"conv1d","filters":6,"kernel":2},{"type":"maxpool1d","size":4},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "pool first", """{"type":"maxpool1d","size":3},{"type":"conv1d","filters":6,"kernel":2},{"type":"globalaverage"},""" + Dense3 },
        { "tanh first", """{"type":"tanh"},{"type":"conv1d","filters":6,"kernel":2},{"type":"globalaverage"},""" + Dense3 },
        { "tanh behind a pool", """{"type":"conv1d","filters":6,"kernel":2},{"type":"maxpool1d","size":2},{"type":"tanh"},{"type":"sigmoid"},{"type":"conv1d","filters":4,"kernel":2},{"type":"globalaverage"},""" + Dense3 },
        { "gelu", """{"type":"conv1d","filters":6,"kernel":3},{"type":"gelu"},{"type":"tanh"},{"type":"flatten"},{"type":"dense","outputs":9},{"type":"gelu"},""" + Dense3 },
        { "gelu first", """{"type":"gelu"},{"type":"conv1d","filters":6,"kernel":2},{"type":"gelu"},{"type":"gelu"},{"type":"globalaverage"},""" + Dense3 },
        { "average pool that leaves rows out", """{"type":"conv1d","filters":6,"kernel":2},{"type":"averagepool1d","size":4},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "average pool first", """{"type":"averagepool1d","size":3},{"type":"conv1d","filters":6,"kernel":2},{"type":"globalaverage"},""" + Dense3 },
        { "layer norm over rows", """{"type":"conv1d","filters":17,"kernel":2},{"type":"layernorm"},{"type":"relu"},{"type":"conv1d","filters":6,"kernel":3},{"type":"layernorm"},{"type":"globalaverage"},""" + Dense3 },
        { "layer norm of a vector", """{"type":"flatten"},{"type":"dense","outputs":9},{"type":"layernorm"},{"type":"tanh"},""" + Dense3 },
        { "layer norm first", """{"type":"layernorm"},{"type":"flatten"},""" + Dense3 },
        { "group norm", """{"type":"conv1d","filters":18,"kernel":2},{"type":"groupnorm","groups":3},{"type":"relu"},{"type":"conv1d","filters":6,"kernel":3},{"type":"groupnorm","groups":6},{"type":"flatten"},""" + Dense3 },
        { "group norm first", """{"type":"groupnorm","groups":1},{"type":"flatten"},""" + Dense3 },
        { "depthwise", """{"type":"conv1d","filters":23,"kernel":2},{"type":"depthwiseconv1d","kernel":4},{"type":"tanh"},{"type":"globalaverage"},""" + Dense3 },
        { "depthwise first, as long as the window", """{"type":"depthwiseconv1d","kernel":20},{"type":"flatten"},""" + Dense3 },
        { "separable", """{"type":"separableconv1d","filters":19,"kernel":5},{"type":"relu"},{"type":"separableconv1d","filters":8,"kernel":3},{"type":"globalaverage"},""" + Dense3 },
        { "gru", """{"type":"gru","outputs":7},""" + Dense3 },
        { "gru behind a convolution", """{"type":"conv1d","filters":6,"kernel":2},{"type":"maxpool1d","size":2},{"type":"gru","outputs":17},{"type":"relu"},""" + Dense3 },
        { "two grus", """{"type":"gru","outputs":6,"sequence":true},{"type":"tanh"},{"type":"gru","outputs":5,"sequence":true},{"type":"globalaverage"},""" + Dense3 },
        { "random fourier", """{"type":"conv1d","filters":4,"kernel":3},{"type":"flatten"},{"type":"dense","outputs":7},{"type":"randomfourier","outputs":33,"width":0.7,"seed":5},""" + Dense3 },
        { "random fourier first", """{"type":"flatten"},{"type":"randomfourier","outputs":20},""" + Dense3 },
        { "whole", """{"type":"conv1d","filters":16,"kernel":5},{"type":"relu"},{"type":"maxpool1d","size":2},{"type":"conv1d","filters":32,"kernel":5},{"type":"relu"},{"type":"globalaverage"},""" + Dense3 },
    };

    [Theory]
    [MemberData(nameof(Nets))]
    public void Gradient_OfClassifier_MatchesFiniteDifferences(string name, string layers)
    {
        var spec = Models.Classify(layers);
        Check(name, spec, 3);
        Check(name, spec, 1);
    }

    public static TheoryData<string, int, string> ImageNets => new()
    {
        { "conv2d", 3, """{"type":"conv2d","filters":5,"kernel":3},{"type":"globalaverage"},""" + Dense3 },
        { "conv2d of one channel", 1, """{"type":"conv2d","filters":6,"kernel":3},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "conv2d of one pixel", 3, """{"type":"conv2d","filters":17,"kernel":1},{"type":"globalaverage"},""" + Dense3 },
        { "conv2d as large as the image is wide", 2, """{"type":"conv2d","filters":4,"kernel":7},{"type":"flatten"},""" + Dense3 },
        { "two conv2ds", 1, """{"type":"conv2d","filters":6,"kernel":3},{"type":"tanh"},{"type":"conv2d","filters":18,"kernel":2},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "maxpool2d that leaves pixels out", 2, """{"type":"conv2d","filters":6,"kernel":2},{"type":"maxpool2d","size":3},{"type":"tanh"},{"type":"flatten"},""" + Dense3 },
        { "maxpool2d first", 3, """{"type":"maxpool2d","size":2},{"type":"conv2d","filters":6,"kernel":2},{"type":"globalaverage"},""" + Dense3 },
        { "norms of images", 1, """{"type":"conv2d","filters":6,"kernel":2},{"type":"layernorm"},{"type":"gelu"},{"type":"conv2d","filters":8,"kernel":2},{"type":"groupnorm","groups":4},{"type":"flatten"},""" + Dense3 },
        { "flatten alone", 2, """{"type":"flatten"},""" + Dense3 },
        { "tanh first", 2, """{"type":"tanh"},{"type":"dropout","rate":0},{"type":"flatten"},{"type":"dense","outputs":7},{"type":"tanh"},""" + Dense3 },
        { "whole", 1, """{"type":"conv2d","filters":6,"kernel":3},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"conv2d","filters":16,"kernel":2},{"type":"relu"},{"type":"flatten"},{"type":"dense","outputs":9},{"type":"relu"},""" + Dense3 },
    };

    [Theory]
    [MemberData(nameof(ImageNets))]
    public void Gradient_OfClassifierOfImages_MatchesFiniteDifferences(string name, int planes, string layers)
    {
        var spec = Models.ClassifyImage(layers, planes);
        Check(name, spec, 3);
        Check(name, spec, 1);
    }

    [Fact]
    public void Gradient_OfAFrameInOneRow_IsThatOfTheSameImage()
    {
        const string Layers = """{"type":"image","height":4,"width":6},{"type":"conv2d","filters":5,"kernel":3},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""";
        ModelSpec frame = Models.Classify(Layers, 24, 1), pixels = Models.Classify(Layers, 1, 24);
        Check("frame", frame, 3);
        float[] parameters = Models.Gaussian(frame.ParameterCount, 1), inputs = Models.Gaussian(2 * 24, 2);
        float[] ofFrame = new float[frame.ParameterCount], ofPixels = new float[frame.ParameterCount];
        Assert.Equal(
            new Network(frame, 2).Gradient(parameters, inputs, [0, 1], [], 2, ofFrame),
            new Network(pixels, 2).Gradient(parameters, inputs, [0, 1], [], 2, ofPixels));
        Assert.Equal(ofFrame, ofPixels);
    }

    [Theory]
    [InlineData("mse", "")]
    [InlineData("huber", "")]
    [InlineData("huber", ""","delta":0.3""")]
    [InlineData("huber", ""","delta":100""")]
    public void Gradient_OfForecast_MatchesFiniteDifferences(string loss, string delta) => Check(
        "forecast, " + loss + delta,
        Models.Parse($$"""{"name":"f","task":"forecast","channels":2,"length":12,"horizon":3,"loss":"{{loss}}"{{delta}},"layers":[{"type":"conv1d","filters":4,"kernel":3},{"type":"tanh"},{"type":"flatten"},{"type":"dense","outputs":0}]}"""),
        3);

    [Theory]
    [InlineData("mse")]
    [InlineData("huber")]
    public void Gradient_OfRegression_MatchesFiniteDifferences(string loss) => Check(
        "regress, " + loss,
        Models.Parse($$"""{"name":"r","task":"regress","channels":2,"length":12,"target":{"name":"life","scale":0.5},"loss":"{{loss}}","layers":[{"type":"conv1d","filters":4,"kernel":3},{"type":"tanh"},{"type":"gru","outputs":5},{"type":"dense","outputs":1}]}"""),
        5);

    [Fact]
    public void LossOf_WhatPredictGave_IsTheLoss()
    {
        foreach (var spec in new[] { Models.SmallCnn(), Models.Regress(""" "scale":0.01 """) })
        {
            var network = new Network(spec, 5);
            var parameters = new float[spec.ParameterCount];
            network.Initialise(parameters, 7);
            float[] inputs = Models.Gaussian(3 * spec.InputCount, 8), targets = Models.Gaussian(3 * spec.OutputCount, 9), outputs = new float[3 * spec.OutputCount];
            network.Predict(parameters, inputs, 3, outputs);
            Assert.Equal(network.Loss(parameters, inputs, [0, 1, 2], targets, 3, out _), network.LossOf(outputs, [0, 1, 2], targets, 3));
            Assert.Throws<ArgumentException>(() => network.LossOf(outputs.AsSpan(1), [0, 1, 2], targets, 3));
            Assert.Throws<ArgumentOutOfRangeException>(() => network.LossOf(outputs, [0, 1, 2], targets, 6));
        }
    }

    [Fact]
    public void Gradient_OfAutoencoder_MatchesFiniteDifferences() => Check("autoencoder", Models.Shipped("host-autoencoder").Resolve(2), 4);

    private static void Check(string name, ModelSpec spec, int batch)
    {
        var network = new Network(spec, batch);
        var parameters = new float[spec.ParameterCount];
        network.Initialise(parameters, 7);
        var inputs = Models.Gaussian(batch * spec.InputCount, 8);
        var targets = spec.Task == TaskKind.Classify ? [] : Models.Gaussian(batch * spec.OutputCount, 9);
        var labels = Enumerable.Range(0, batch).Select(b => b % 3).ToArray();
        var gradient = new float[spec.ParameterCount];
        Array.Fill(gradient, float.NaN);
        var loss = network.Gradient(parameters, inputs, labels, targets, batch, gradient);

        var exact = parameters.Select(p => (double)p).ToArray();
        var rows = inputs.Select(v => (double)v).Chunk(spec.InputCount).ToArray();
        var wanted = targets.Select(v => (double)v).Chunk(spec.OutputCount).ToArray();
        Assert.Equal(ReferenceNetwork.Loss(spec, exact, rows, labels, wanted), loss, 1e-5);
        Assert.Equal(loss, network.Loss(parameters, inputs, labels, targets, batch, out _));

        // Up to 300 parameters spread over all layers, the last of each layer among them.
        var stride = Math.Max(1, exact.Length / 300);
        var picked = Enumerable.Range(0, exact.Length).Where(i => i % stride == 0)
            .Concat(spec.Layers.Where(l => l.ParameterCount > 0).Select(l => l.ParameterOffset + l.ParameterCount - 1));
        foreach (var i in picked)
        {
            const double Step = 1e-6;
            var at = exact[i];
            exact[i] = at + Step;
            var above = ReferenceNetwork.Loss(spec, exact, rows, labels, wanted);
            exact[i] = at - Step;
            var below = ReferenceNetwork.Loss(spec, exact, rows, labels, wanted);
            exact[i] = at;
            var numeric = (above - below) / (2 * Step);
            Assert.True(Math.Abs(numeric - gradient[i]) <= 2e-5 + 1e-3 * Math.Abs(numeric), $"{name}: parameter {i}: {gradient[i]}, by differences {numeric}");
        }
    }

    [Fact]
    public void Predict_AgainstDoublePrecision_IsClose()
    {
        var spec = Models.Shipped("activity-cnn");
        var network = new Network(spec, 4);
        var parameters = new float[spec.ParameterCount];
        network.Initialise(parameters, 1);
        var inputs = Models.Gaussian(4 * spec.InputCount, 2);
        var outputs = new float[4 * spec.OutputCount];
        network.Predict(parameters, inputs, 4, outputs);
        for (var b = 0; b < 4; b++)
        {
            var exact = ReferenceNetwork.Forward(
                spec, [.. parameters.Select(p => (double)p)], [.. inputs.Skip(b * spec.InputCount).Take(spec.InputCount).Select(v => (double)v)]);
            for (var o = 0; o < spec.OutputCount; o++)
                Assert.Equal(exact[o], outputs[b * spec.OutputCount + o], 1e-5);
        }
        // A window alone gives the bits it gives in a batch: each output has one order.
        var alone = new float[spec.OutputCount];
        network.Predict(parameters, inputs.AsSpan(2 * spec.InputCount, spec.InputCount), 1, alone);
        Assert.Equal(outputs[(2 * spec.OutputCount)..(3 * spec.OutputCount)], alone);
    }

    [Fact]
    public void Gradient_SpansThatDoNotFit_Throw()
    {
        var spec = Models.SmallCnn();
        var network = new Network(spec, 2);
        var p = new float[spec.ParameterCount];
        var x = new float[2 * spec.InputCount];
        Assert.Throws<ArgumentException>(() => network.Gradient(p.AsSpan(1), x, [0, 1], [], 2, p));
        Assert.Throws<ArgumentException>(() => network.Gradient(p, x.AsSpan(1), [0, 1], [], 2, p));
        Assert.Throws<ArgumentException>(() => network.Gradient(p, x, [0], [], 2, p));
        Assert.Throws<ArgumentException>(() => network.Gradient(p, x, [0, 1], [], 2, p.AsSpan(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => network.Gradient(p, x, [0, 3], [], 2, p));
        Assert.Throws<ArgumentOutOfRangeException>(() => network.Gradient(p, x, [0, 1, 2], [], 3, p));
    }
}
