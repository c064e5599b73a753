namespace EdgeFL.Learning.Tests;

public sealed class FeaturesTests
{
    [Fact]
    public void Features_OfAWave_AreWhatAPersonWouldMeasure()
    {
        const int T = 64, bands = 4;
        var spec = Models.Classify("""{"type":"features","bands":4},{"type":"dense","outputs":3}""", channels: 1, length: T);
        // A wave of amplitude 2 about 5, eight periods in the window.
        float[] wave = Enumerable.Range(0, T).Select(t => (float)(5 + (2 * Math.Sin((2 * Math.PI * 8 * t / T) + 0.1)))).ToArray();
        float[] features = Features(spec, wave);
        Assert.Equal(6 + bands, features.Length);
        Assert.Equal(5, features[0], 1e-4);
        Assert.Equal(Math.Sqrt(2), features[1], 1e-4);
        Assert.Equal(wave.Min(), features[2]);
        Assert.Equal(wave.Max(), features[3]);
        Assert.Equal(Enumerable.Range(1, T - 1).Average(t => Math.Abs(wave[t] - wave[t - 1])), features[4], 1e-4);
        Assert.Equal(15 / 63.0, features[5], 1e-6);
        // 32 bins in four bands that grow by about 2.4: 1 to 2, 3 to 6, 7 to 13, 14 to 32. All energy, 2·2·T/4, is in bin 8.
        Assert.Equal(Math.Log(64) / 4, features[8], 1e-3);
        Assert.All(new[] { 6, 7, 9 }, band => Assert.Equal(Math.Log(1e-6) / 4, features[band], 0.05));
    }

    [Fact]
    public void Features_OfAConstantChannel_AreFinite()
    {
        var spec = Models.Classify("""{"type":"features","bands":32},{"type":"dense","outputs":3}""", channels: 1, length: 64);
        float[] features = Features(spec, Enumerable.Repeat(3f, 64).ToArray());
        Assert.Equal([3f, 0f, 3f, 3f, 0f, 0f], features[..6]);
        Assert.All(features, value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData("""{"type":"relu"},{"type":"features","bands":2},{"type":"dense","outputs":3}""", 64, "first layer")]
    [InlineData("""{"type":"features"},{"type":"dense","outputs":3}""", 64, "lacks \"bands\"")]
    [InlineData("""{"type":"features","bands":9},{"type":"dense","outputs":3}""", 16, "it must be 1 to 8")]
    [InlineData("""{"type":"features","bands":1,"size":2},{"type":"dense","outputs":3}""", 16, "takes no \"size\"")]
    [InlineData("""{"type":"features","bands":1},{"type":"dense","outputs":3}""", 3, "4 rows or more")]
    public void Features_WhereTheyDoNotFit_AreRefusedByName(string layers, int length, string says)
    {
        var wrong = Assert.Throws<ModelFormatException>(() => Models.Classify(layers, channels: 2, length: length));
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("(features)", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>What the dense layer behind them sees, read off with weights of one at one feature at a time.</summary>
    private static float[] Features(ModelSpec spec, float[] window)
    {
        int count = spec.Layers[0].Output.Count;
        var network = new Network(spec, 1);
        var outputs = new float[3];
        return Enumerable.Range(0, count).Select(feature =>
        {
            var parameters = new float[spec.ParameterCount];
            parameters[feature * 3] = 1;
            network.Predict(parameters, window, 1, outputs);
            return outputs[0];
        }).ToArray();
    }
}
