namespace EdgeFL.Numerics.Tests;

public sealed class LayerNormTests
{
    [Fact]
    public void Forward_RowsOfAnySize_HaveTheMeanAndDeviationThatScaleAndShiftSay()
    {
        foreach (var channels in new[] { 2, 7, 16, 33 })
        {
            float[] x = Gaussian(3 * channels), y = new float[3 * channels];
            LayerNorm.Forward(x, Of(channels, 2f), Of(channels, 5f), y);
            foreach (var row in y.Chunk(channels))
            {
                Assert.Equal(5.0, row.Average(v => (double)v), 1e-5);
                Assert.Equal(2.0, Math.Sqrt(row.Average(v => (v - 5.0) * (v - 5.0))), 1e-3);
            }
        }
    }

    [Fact]
    public void Forward_LargeMean_DoesNotCancelTheVarianceAway()
    {
        float[] x = [10000.5f, 10001.5f, 10000.5f, 10001.5f], y = new float[4];
        LayerNorm.Forward(x, Of(4, 1f), Of(4, 0f), y);
        Assert.Equal([-1f, 1f, -1f, 1f], y.Select(v => MathF.Round(v, 3)));
    }

    [Fact]
    public void ConstantRow_BothWays_StaysFinite()
    {
        float[] y = new float[4], dx = new float[4], scale = new float[4], shift = new float[4];
        LayerNorm.Forward(Of(4, 3f), Of(4, 1f), Of(4, 0.5f), y);
        Assert.Equal(Of(4, 0.5f), y);
        LayerNorm.Backward(Of(4, 3f), Of(4, 1f), Of(4, 1f), new float[4], dx, scale, shift);
        Assert.Equal(Of(4, 0f), dx);
        Assert.Equal(Of(4, 0f), scale);
        Assert.Equal(Of(4, 1f), shift);
    }

    [Fact]
    public void Lengths_ThatDoNotFit_Throw()
    {
        float[] four = new float[4], five = new float[5];
        Assert.Throws<ArgumentException>(() => LayerNorm.Forward(five, four, four, five));
        Assert.Throws<ArgumentException>(() => LayerNorm.Forward(four, four, five, four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Forward(four, [], [], four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Backward(four, four, five, four, four, four, four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Backward(four, four, four, five, four, four, four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Backward(four, four, four, four, five, four, four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Backward(four, four, four, four, four, five, four));
        Assert.Throws<ArgumentException>(() => LayerNorm.Backward(four, four, four, four, four, four, five));
    }

    private static float[] Of(int count, float value) => Enumerable.Repeat(value, count).ToArray();

    private static float[] Gaussian(int count)
    {
        var random = new Philox(9);
        return [.. Enumerable.Range(0, count).Select(_ => 3f + 2f * random.NextGaussian())];
    }
}
