using System.Text;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class ModelSpecTests
{
    [Fact]
    public void Parse_Scale_IsReadAndChangesTheHash()
    {
        const string Layers = "\"layers\":[{\"type\":\"flatten\"},{\"type\":\"dense\",\"outputs\":0}]";
        const string Head = "\"name\":\"m\",\"task\":\"classify\",\"channels\":2,\"length\":4,\"classes\":[\"a\",\"b\"]";
        var plain = Models.Parse($"{{{Head},{Layers}}}");
        var scaled = Models.Parse($"{{{Head},\"scale\":[0.5,2],{Layers}}}");
        Assert.True(plain.Scale.IsEmpty);
        Assert.Equal([0.5f, 2f], scaled.Scale.ToArray());
        Assert.False(plain.Hash.Span.SequenceEqual(scaled.Hash.Span));
        Assert.Contains("scale=0.5,2\n", scaled.CanonicalText(), StringComparison.Ordinal);

        var data = new LocalData(scaled, new LocalDataOptions(), 1);
        var input = new float[8];
        data.Prepare(new SampleWindow([1, 2, 3, 4, 5, 6, 7, 8], 2, 0, 0), input, []);
        Assert.Equal([0.5f, 1, 1.5f, 2, 10, 12, 14, 16], input);

        foreach (var bad in new[] { "\"scale\":[1]", "\"scale\":[1,0]", "\"scale\":[1,-2]", "\"scale\":[1,1e9]", "\"scale\":[1,2],\"normalise\":\"running\"" })
            Assert.Contains("scale", Assert.Throws<ModelFormatException>(() => Models.Parse($"{{{Head},{bad},{Layers}}}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Target_IsReadAndChangesTheHash()
    {
        ModelSpec plain = Models.Regress(""), whole = Models.Regress(""" "unit":"cycles","cap":125,"scale":0.01 """);
        Assert.Equal(new TargetSpec("life", "", float.PositiveInfinity, 1f), plain.Target);
        Assert.Equal(new TargetSpec("life", "cycles", 125f, 0.01f), whole.Target);
        Assert.Equal((1, LossKind.MeanSquaredError, TaskKind.Regress), (whole.OutputCount, whole.Loss, whole.Task));
        Assert.Contains("target.name=life\ntarget.unit=cycles\ntarget.cap=125\ntarget.scale=0.01\n", whole.CanonicalText(), StringComparison.Ordinal);
        string[] members = ["", " \"unit\":\"h\" ", " \"cap\":9 ", " \"scale\":2 "];
        Assert.Equal(4, members.Select(m => Convert.ToHexString(Models.Regress(m).Hash.Span)).Distinct().Count());
    }

    [Fact]
    public void Hash_OfAShippedModel_IsWhatFleetsInTheFieldHave() =>
        Assert.StartsWith("1f416e1366c6c872", Convert.ToHexStringLower(Models.Shipped("activity-cnn").Hash.Span), StringComparison.Ordinal);

    [Fact]
    public void Parse_SeparableConvolution_IsTheTwoLayersItStandsFor()
    {
        const string End = """,{"type":"dropout","rate":0.25},{"type":"globalaverage"},{"type":"dense","outputs":3}""";
        var joined = Models.Classify("""{"type":"separableconv1d","filters":8,"kernel":5}""" + End);
        var named = Models.Classify("""{"type":"depthwiseconv1d","kernel":5},{"type":"conv1d","filters":8,"kernel":1}""" + End);
        Assert.Equal(named.Layers, joined.Layers);
        Assert.Equal(named.Hash.ToArray(), joined.Hash.ToArray());
        Assert.Equal(3 * 6 + 8 * 4 + 27, joined.ParameterCount);
        var other = Models.Classify("""{"type":"separableconv1d","filters":8,"kernel":5}""" + End.Replace("0.25", "0.5", StringComparison.Ordinal));
        Assert.NotEqual(joined.Hash.ToArray(), other.Hash.ToArray());
    }

    [Fact]
    public void Parse_Lenet_HasTheShapesParametersAndMultiplyAddsItShould()
    {
        var spec = Models.ClassifyImage(
            """{"type":"conv2d","filters":6,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"conv2d","filters":16,"kernel":5},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"flatten"},{"type":"dense","outputs":120},{"type":"relu"},{"type":"dense","outputs":84},{"type":"relu"},{"type":"dense","outputs":3}""",
            1,
            28,
            28);
        Assert.Equal(44_426 - 7 * 85, spec.ParameterCount);
        Assert.Equal(
            ["1x28x28", "6x24x24", "6x24x24", "6x12x12", "16x8x8", "16x8x8", "16x4x4", "256", "120", "120", "84", "84", "3"],
            spec.Layers.Select(layer => layer.Output.ToString()));
        Assert.Equal([(0, 156), (156, 2416)], spec.Layers.Where(l => l.Kind == LayerKind.Conv2d).Select(l => (l.ParameterOffset, l.ParameterCount)));
        Assert.Equal(24 * 24 * 6 * 25 + 8 * 8 * 16 * 150 + 256 * 120 + 120 * 84 + 84 * 3, spec.Layers.Sum(layer => layer.MultiplyAdds));
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 1);
        Assert.InRange(parameters.AsSpan(0, 156).ToArray().Max(MathF.Abs), 0.19f, 0.2f);
    }

    [Fact]
    public void Hash_OfImages_KnowsTheirShape()
    {
        static string HashOf(int height, int width) => Convert.ToHexString(
            Models.ClassifyImage("""{"type":"globalaverage"},{"type":"dense","outputs":3}""", 3, height, width).Hash.Span);
        var series = Convert.ToHexString(Models.Classify("""{"type":"globalaverage"},{"type":"dense","outputs":3}""").Hash.Span);
        Assert.Equal(3, new[] { HashOf(4, 5), HashOf(5, 4), series }.Distinct().Count());
    }

    [Fact]
    public void Hash_OfRandomFeatures_KnowsTheirDrawing()
    {
        static string HashOf(string members) => Convert.ToHexString(
            Models.Classify($$"""{"type":"flatten"},{"type":"randomfourier","outputs":9{{members}}},{"type":"dense","outputs":3}""").Hash.Span);
        Assert.Equal(HashOf(""), HashOf(""","width":1,"seed":0"""));
        Assert.Equal(3, new[] { HashOf(""), HashOf(""","seed":1"""), HashOf(""","width":2""") }.Distinct().Count());
    }

    [Fact]
    public void Initialise_NewLayers_StartAsTheyShould()
    {
        var spec = Models.Classify("""{"type":"depthwiseconv1d","kernel":4},{"type":"groupnorm","groups":3},{"type":"gru","outputs":16,"sequence":true},{"type":"layernorm"},{"type":"globalaverage"},{"type":"dense","outputs":3}""");
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 1);
        float[] Of(LayerKind kind)
        {
            var layer = spec.Layers.Single(l => l.Kind == kind);
            return parameters.AsSpan(layer.ParameterOffset, layer.ParameterCount).ToArray();
        }
        Assert.Equal([1f, 1f, 1f, 0f, 0f, 0f], Of(LayerKind.GroupNorm));
        Assert.Equal(Enumerable.Repeat(1f, 16).Concat(Enumerable.Repeat(0f, 16)), Of(LayerKind.LayerNorm));
        Assert.InRange(Of(LayerKind.Gru).Max(MathF.Abs), 0.24f, 0.25f);
        Assert.InRange(Of(LayerKind.DepthwiseConv1d).Max(MathF.Abs), 0.4f, 0.5f);
    }

    [Fact]
    public void Parse_HuberLoss_HasItsDistanceInTheHash()
    {
        static ModelSpec With(string loss) =>
            Models.Parse($$"""{"name":"m","task":"reconstruct","channels":1,"length":4,{{loss}}"layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");
        ModelSpec squared = With(""), huber = With("""
            "loss":"huber",
            """), narrow = With("""
            "loss":"huber","delta":0.5,
            """);
        Assert.Equal((LossKind.MeanSquaredError, 0f), (squared.Loss, squared.HuberDelta));
        Assert.Equal((LossKind.Huber, 1f), (huber.Loss, huber.HuberDelta));
        Assert.Equal(0.5f, narrow.HuberDelta);
        Assert.Equal(3, new[] { squared, huber, narrow }.Select(spec => Convert.ToHexString(spec.Hash.Span)).Distinct().Count());
    }

    [Theory]
    [InlineData("activity-cnn", 6, 3286, 6)]
    [InlineData("activity-mlp", 6, (768 * 32) + 32 + (32 * 6) + 6, 6)]
    [InlineData("turbofan-life", 15, (16 * 15 * 5) + 16 + (16 * 16 * 5) + 16 + (16 * 22 * 32) + 32 + 32 + 1, 1)]
    [InlineData("host-autoencoder", 5, (40 * 32) + 32 + (32 * 8) + 8 + (8 * 32) + 32 + (32 * 40) + 40, 40)]
    public void ShippedModel_Resolved_HasTheParametersItShould(string name, int channels, int parameters, int outputs)
    {
        var spec = Models.Shipped(name).Resolve(channels);
        Assert.Equal(name, spec.Name);
        Assert.Equal(parameters, spec.ParameterCount);
        Assert.Equal(outputs, spec.OutputCount);
        Assert.Equal(32, spec.Hash.Length);
    }

    [Fact]
    public void ActivityCnn_Layout_IsThatOfPyTorch()
    {
        var layers = Models.Shipped("activity-cnn").Layers.Where(layer => layer.ParameterCount > 0).ToArray();
        Assert.Equal([(0, 16 * 6 * 5 + 16), (496, 32 * 16 * 5 + 32), (496 + 2592, 6 * 32 + 6)], layers.Select(l => (l.ParameterOffset, l.ParameterCount)));
    }

    [Fact]
    public void Resolve_ModelForAnySensor_TakesItsChannels()
    {
        var open = Models.Shipped("host-autoencoder");
        Assert.False(open.IsResolved);
        Assert.Throws<ArgumentException>(() => new Network(open, 1));
        Assert.Throws<ArgumentException>(() => new LocalData(open, new LocalDataOptions(), 1));
        var four = open.Resolve(4);
        Assert.Equal(4, four.Channels);
        Assert.Same(four, four.Resolve(4));
        Assert.NotEqual(four.Hash.ToArray(), open.Resolve(5).Hash.ToArray());
        Assert.Equal(four.Hash.ToArray(), open.Resolve(4).Hash.ToArray());
        var error = Assert.Throws<ModelFormatException>(() => four.Resolve(5));
        Assert.Contains("takes 4 channels, the sensor has 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_SpacingAndComments_DoNotChangeIt()
    {
        var plain = Models.Parse("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","b"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""");
        var spaced = Models.Parse("""
            { // a comment
              "task": "classify", "name": "m", "format": 1, "length": 4, "channels": 1, "normalise": "none", "loss": "cross-entropy",
              "classes": ["a", "b"], "layers": [ { "type": "flatten" }, { "type": "dense", "outputs": 0 }, ] }
            """);
        var other = Models.Parse("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","c"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""");
        Assert.Equal(plain.Hash.ToArray(), spaced.Hash.ToArray());
        Assert.NotEqual(plain.Hash.ToArray(), other.Hash.ToArray());
    }

    [Theory]
    [InlineData("""{"type":"conv1d","filters":4,"kernel":21},{"type":"globalaverage"},{"type":"dense","outputs":3}""", "layer 0 (conv1d), input 3x20", "kernel of 21 taps")]
    [InlineData("""{"type":"maxpool1d","size":8},{"type":"maxpool1d","size":3},{"type":"flatten"},{"type":"dense","outputs":3}""", "layer 1 (maxpool1d), input 3x2", "pools 3 rows")]
    [InlineData("""{"type":"dense","outputs":3}""", "layer 0 (dense), input 3x20", "put flatten or globalaverage before")]
    [InlineData("""{"type":"flatten"},{"type":"conv1d","filters":4,"kernel":2}""", "layer 1 (conv1d), input 60", "needs rows of channels")]
    [InlineData("""{"type":"flatten"},{"type":"flatten"}""", "layer 1 (flatten), input 60", "already a vector")]
    [InlineData("""{"type":"globalaverage"},{"type":"globalaverage"}""", "layer 1 (globalaverage), input 3", "time is already gone")]
    [InlineData("""{"type":"flatten"},{"type":"dense","outputs":4}""", "layer 1 (dense), input 60", "ends the model with 4, but classify needs a vector of 3")]
    [InlineData("""{"type":"conv1d","filters":3,"kernel":2}""", "layer 0 (conv1d), input 3x20", "ends the model with 3x19")]
    [InlineData("""{"type":"flatten"},{"type":"dense"}""", "layer 1 (dense), input 60", "lacks \"outputs\"")]
    [InlineData("""{"type":"conv1d","filters":0,"kernel":2}""", "layer 0 (conv1d), input 3x20", "\"filters\": 0; it must be 1 to 1024")]
    [InlineData("""{"type":"averagepool1d","size":21}""", "layer 0 (averagepool1d), input 3x20", "pools 21 rows")]
    [InlineData("""{"type":"flatten"},{"type":"averagepool1d","size":2}""", "layer 1 (averagepool1d), input 60", "needs rows of channels")]
    [InlineData("""{"type":"averagepool1d"}""", "layer 0 (averagepool1d), input 3x20", "lacks \"size\"")]
    [InlineData("""{"type":"layernorm","kernel":3}""", "layer 0 (layernorm), input 3x20", "takes no \"kernel\"")]
    [InlineData("""{"type":"gelu","filters":3}""", "layer 0 (gelu), input 3x20", "takes no \"filters\"")]
    [InlineData("""{"type":"depthwiseconv1d","kernel":21}""", "layer 0 (depthwiseconv1d), input 3x20", "kernel of 21 taps")]
    [InlineData("""{"type":"depthwiseconv1d","kernel":2,"filters":3}""", "layer 0 (depthwiseconv1d), input 3x20", "takes no \"filters\"")]
    [InlineData("""{"type":"separableconv1d","kernel":2}""", "layer 0 (separableconv1d), input 3x20", "lacks \"filters\"")]
    [InlineData("""{"type":"separableconv1d","kernel":2,"filters":4},{"type":"separableconv1d","kernel":20,"filters":4}""", "layer 1 (separableconv1d), input 4x19", "kernel of 20 taps")]
    [InlineData("""{"type":"flatten"},{"type":"separableconv1d","kernel":2,"filters":4}""", "layer 1 (separableconv1d), input 60", "needs rows of channels")]
    [InlineData("""{"type":"flatten"},{"type":"gru","outputs":4}""", "layer 1 (gru), input 60", "needs rows of channels")]
    [InlineData("""{"type":"gru"}""", "layer 0 (gru), input 3x20", "lacks \"outputs\"")]
    [InlineData("""{"type":"gru","outputs":1025}""", "layer 0 (gru), input 3x20", "\"outputs\": 1025; it must be 1 to 1024")]
    [InlineData("""{"type":"gru","outputs":3,"sequence":true}""", "layer 0 (gru), input 3x20", "ends the model with 3x20")]
    [InlineData("""{"type":"conv1d","filters":1024,"kernel":1},{"type":"gru","outputs":1024}""", "layer 1 (gru), input 1024x20", "has 6297600 parameters, more than 4000000")]
    [InlineData("""{"type":"groupnorm","groups":2}""", "layer 0 (groupnorm), input 3x20", "2 groups of 3 channels")]
    [InlineData("""{"type":"groupnorm"}""", "layer 0 (groupnorm), input 3x20", "lacks \"groups\"")]
    [InlineData("""{"type":"dropout"}""", "layer 0 (dropout), input 3x20", "lacks \"rate\"")]
    [InlineData("""{"type":"dropout","rate":1}""", "layer 0 (dropout), input 3x20", "\"rate\": 1; it must be 0 to 0.95")]
    [InlineData("""{"type":"relu","rate":0.5}""", "layer 0 (relu), input 3x20", "takes no \"rate\"")]
    [InlineData("""{"type":"randomfourier","outputs":9}""", "layer 0 (randomfourier), input 3x20", "needs a vector")]
    [InlineData("""{"type":"flatten"},{"type":"randomfourier"}""", "layer 1 (randomfourier), input 60", "lacks \"outputs\"")]
    [InlineData("""{"type":"flatten"},{"type":"randomfourier","outputs":9,"width":0}""", "layer 1 (randomfourier), input 60", "\"width\": 0; it must be 0.0001 to 1000")]
    [InlineData("""{"type":"flatten"},{"type":"randomfourier","outputs":9,"seed":-1}""", "layer 1 (randomfourier), input 60", "\"seed\": -1; it must be 0 to")]
    [InlineData("""{"type":"dense","outputs":3,"seed":1}""", "layer 0 (dense), input 3x20", "takes no \"seed\"")]
    [InlineData("""{"type":"image","height":4,"width":6}""", "layer 0 (image), input 3x20", "4x6 = 24 pixels, which 3x20 values are not; give the model \"length\": 24 and a channel for each plane, or \"length\": 1 and \"channels\": 24")]
    [InlineData("""{"type":"image","width":5}""", "layer 0 (image), input 3x20", "lacks \"height\", a number from 1 to 1024")]
    [InlineData("""{"type":"image","height":4,"width":4.5}""", "layer 0 (image), input 3x20", "\"width\": 4.5; it must be a whole number")]
    [InlineData("""{"type":"image","height":4,"width":1025}""", "layer 0 (image), input 3x20", "\"width\": 1025; it must be 1 to 1024")]
    [InlineData("""{"type":"image","height":0,"width":5}""", "layer 0 (image), input 3x20", "\"height\": 0; it must be 1 to 1024")]
    [InlineData("""{"type":"image","height":4,"width":5,"size":2}""", "layer 0 (image), input 3x20", "takes no \"size\"")]
    [InlineData("""{"type":"relu"},{"type":"image","height":4,"width":5}""", "layer 1 (image), input 3x20", "it can only be the first layer")]
    [InlineData("""{"type":"conv2d","filters":4,"kernel":3}""", "layer 0 (conv2d), input 3x20", "needs an image; begin the layers with { \"type\": \"image\"")]
    [InlineData("""{"type":"maxpool2d","size":2}""", "layer 0 (maxpool2d), input 3x20", "needs an image; begin")]
    [InlineData("""{"type":"flatten"},{"type":"conv2d","filters":4,"kernel":3}""", "layer 1 (conv2d), input 60", "needs an image; put it before flatten")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv2d","filters":4,"kernel":5}""", "layer 1 (conv2d), input 3x4x5", "a kernel of 5x5, larger than the 4x5 pixels")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv2d","filters":4,"kernel":33}""", "layer 1 (conv2d), input 3x4x5", "\"kernel\": 33; it must be 1 to 32")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv2d","filters":4}""", "layer 1 (conv2d), input 3x4x5", "lacks \"kernel\"")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv2d","filters":4,"kernel":2,"height":3}""", "layer 1 (conv2d), input 3x4x5", "takes no \"height\"")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"maxpool2d","size":2},{"type":"maxpool2d","size":3}""", "layer 2 (maxpool2d), input 3x2x2", "pools 3x3 pixels, more than the 2x2")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv1d","filters":4,"kernel":2}""", "layer 1 (conv1d), input 3x4x5", "goes over time, and this is an image; conv2d and maxpool2d")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"depthwiseconv1d","kernel":2}""", "layer 1 (depthwiseconv1d), input 3x4x5", "goes over time")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"maxpool1d","size":2}""", "layer 1 (maxpool1d), input 3x4x5", "goes over time")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"gru","outputs":2}""", "layer 1 (gru), input 3x4x5", "goes over time")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"dense","outputs":3}""", "layer 1 (dense), input 3x4x5", "put flatten or globalaverage before")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"conv2d","filters":3,"kernel":2}""", "layer 1 (conv2d), input 3x4x5", "ends the model with 3x3x4")]
    [InlineData("""{"type":"image","height":4,"width":5},{"type":"features","bands":2}""", "layer 1 (features), input 3x4x5", "it can only be the first layer")]
    [InlineData("""{"type":"image","height":4,"width":5}""", "layer 0 (image), input 3x20", "ends the model with 3x4x5")]
    [InlineData("""{"type":"relu","size":2}""", "layer 0 (relu), input 3x20", "takes no \"size\"")]
    [InlineData("""{"type":"lstm"}""", "layer 0 (lstm), input 3x20", "no known type; there are conv1d, relu")]
    [InlineData("""{}""", "layer 0 (no type), input 3x20", "no known type")]
    [InlineData("null", "layer 0 (no type), input 3x20", "is null")]
    [InlineData("""{"type":"globalaverage"}""", "no parameters", "conv1d or a dense")]
    [InlineData("""{"type":"flatten"},{"type":"dense","outputs":65536},{"type":"dense","outputs":3}""", "layer 2 (dense), input 65536", "brings the model to 4194307 parameters")]
    [InlineData("", "1 to 64 \"layers\"", "not 0")]
    public void Parse_LayersThatDoNotFit_NamesLayerAndShapes(string layers, string where, string what)
    {
        var error = Assert.Throws<ModelFormatException>(() => Models.Classify(layers));
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not valid at line 1")]
    [InlineData("null", "holds null")]
    [InlineData("[]", "not valid")]
    [InlineData("{\"name\":\"m\",\n\"taks\":\"classify\"}", "taks")]
    [InlineData("""{"format":2}""", "format 2")]
    [InlineData("""{"name":"m","task":"classify","length":4}""", "\"channels\" is missing")]
    [InlineData("""{"name":"M m","task":"classify","channels":1,"length":4}""", "\"name\" must be")]
    [InlineData("""{"name":"m","task":"dream","channels":1,"length":4}""", "classify, forecast, reconstruct, regress or cluster, not \"dream\"")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4}""", "\"target\": {")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","b"],"target":{"name":"t"}}""", "\"target\" belongs to regress models only; this one is classify")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{}}""", "\"target.name\" is 1 to 64")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"a\u0007"}}""", "\"target.name\" is 1 to 64")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t","unit":"aaaaaaaaaaaaaaaaa"}}""", "\"target.unit\" is up to 16")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t","unit":"\n"}}""", "\"target.unit\" is up to 16")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t","cap":0}}""", "\"target.cap\" must be above 0 to 1000000000, not 0")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t","scale":-1}}""", "\"target.scale\" must be 0.000001 to 1000000, not -1")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t","sclae":1}}""", "sclae")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t"},"classes":["a","b"]}""", "classify models only; this one is regress")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t"},"horizon":2}""", "forecast models only; this one is regress")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t"},"loss":"cross-entropy"}""", "regress model must be mse or huber")]
    [InlineData("""{"name":"m","task":"regress","channels":1,"length":4,"target":{"name":"t"},"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""", "regress needs a vector of 1")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":0}""", "\"length\" must be 1 to 65536, not 0")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a"]}""", "2 to 1024 \"classes\", not 1")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","a"]}""", "a class twice")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a",null]}""", "printable")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","b"],"horizon":2}""", "forecast models only")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","b"],"loss":"mse"}""", "must be cross-entropy, not mse")]
    [InlineData("""{"name":"m","task":"classify","channels":1,"length":4,"classes":["a","b"],"loss":"huber"}""", "must be cross-entropy, not huber")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"loss":"cross-entropy"}""", "must be mse or huber, not cross-entropy")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"loss":"mae"}""", "cross-entropy, mse or huber, not \"mae\"")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"delta":1}""", "\"delta\" goes with")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"loss":"huber","delta":0}""", "\"delta\" must be 0.001 to 1000, not 0")]
    [InlineData("""{"name":"m","task":"forecast","channels":1,"length":4}""", "\"horizon\" is missing")]
    [InlineData("""{"name":"m","task":"forecast","channels":1,"length":4,"horizon":3}""", "1 to 2, not 3")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"classes":["a","b"]}""", "classify models only")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":1,"length":4,"normalise":"batch"}""", "none or running, not \"batch\"")]
    [InlineData("""{"name":"m","task":"reconstruct","channels":4096,"length":65536,"layers":[{"type":"flatten"}]}""", "4096x65536")]
    public void Parse_MembersThatDoNotFit_SaysWhich(string json, string what)
    {
        var error = Assert.Throws<ModelFormatException>(() => Models.Parse(json));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_EveryTruncationAndRandomDamage_IsAModelOrAModelFormatException()
    {
        const ulong Seed = 31337;
        var json = Encoding.UTF8.GetBytes("""{"name":"m","task":"classify","channels":2,"length":9,"classes":["a","b"],"layers":[{"type":"conv1d","filters":4,"kernel":3},{"type":"globalaverage"},{"type":"dense","outputs":2}]}""");
        for (var length = 0; length < json.Length; length++)
            Assert.Throws<ModelFormatException>(() => ModelSpec.Parse(json.AsSpan(0, length)));
        var random = new Philox(Seed);
        var models = 0;
        for (var round = 0; round < 5000; round++)
        {
            var damaged = json.ToArray();
            for (var hits = 1 + random.NextInt32(3); hits > 0; hits--)
                damaged[random.NextInt32(damaged.Length)] = (byte)(32 + random.NextInt32(96));
            try
            {
                Assert.InRange(ModelSpec.Parse(damaged).ParameterCount, 1, ModelSpec.ParametersMax);
                models++;
            }
            catch (ModelFormatException)
            {
                continue;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed}, round {round}: {Encoding.UTF8.GetString(damaged)}: {e}");
            }
        }
        Assert.InRange(models, 1, 4000);
    }

    [Fact]
    public void Initialise_OfASeed_RepeatsAndStaysWithinTheBound()
    {
        var spec = Models.Shipped("activity-cnn");
        var network = new Network(spec, 1);
        float[] first = new float[3286], again = new float[3286], other = new float[3286];
        network.Initialise(first, 1);
        network.Initialise(again, 1);
        network.Initialise(other, 2);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        foreach (var layer in spec.Layers.Where(l => l.ParameterCount > 0))
        {
            var bound = 1 / Math.Sqrt(layer.ParameterCount / layer.Size - 1);
            var own = first.AsSpan(layer.ParameterOffset, layer.ParameterCount).ToArray();
            Assert.All(own, p => Assert.InRange(p, -bound - 1e-6, bound + 1e-6));
            Assert.True(own.Max() > 0.9 * bound && own.Min() < -0.9 * bound);
        }
    }
}
