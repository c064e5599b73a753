namespace EdgeFL.Numerics.Tests;

public sealed class RandomFourierTests
{
    [Fact]
    public void Features_OfManyPairs_HaveTheGaussianKernelAsTheirProduct()
    {
        const int Inputs = 3, Features = 8192;
        const float Width = 0.8f;
        float[] projection = new float[Inputs * Features], offset = new float[Features];
        RandomFourier.Draw(5, Width, projection, offset);
        var random = new Philox(3);
        for (var pair = 0; pair < 10; pair++)
        {
            float[] points = [.. Enumerable.Range(0, 2 * Inputs).Select(_ => random.NextGaussian())];
            var turns = new float[2 * Features];
            Matrix.Multiply(
                new MatrixProduct { Rows = 2, Columns = Features, Depth = Inputs, ARow = Inputs, ADepth = 1, BDepth = Features, CRow = Features },
                points,
                projection,
                offset,
                turns);
            RandomFourier.Forward(turns, Features, turns);
            var kernel = Math.Exp(-0.5 * Width * Width * Vectors.SquaredDistance(points.AsSpan(0, Inputs), points.AsSpan(Inputs)));
            // Each product of two features deviates by at most 1/√2 of their mean: 5 standard deviations.
            Assert.Equal(kernel, Vectors.Dot(turns.AsSpan(0, Features), turns.AsSpan(Features)), 5 * 0.8 / Math.Sqrt(Features));
        }
    }

    [Fact]
    public void Draw_OfASeed_Repeats()
    {
        float[] first = new float[12], again = new float[12], other = new float[12], offset = new float[4];
        RandomFourier.Draw(1, 1f, first, offset);
        RandomFourier.Draw(1, 1f, again, offset);
        RandomFourier.Draw(2, 1f, other, offset);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.All(offset, turn => Assert.InRange(turn, 0f, 1f));
    }

    [Fact]
    public void Arguments_ThatDoNotFit_Throw()
    {
        float[] four = new float[4], five = new float[5];
        Assert.Throws<ArgumentException>(() => RandomFourier.Draw(1, 1f, five, four));
        Assert.Throws<ArgumentException>(() => RandomFourier.Draw(1, 1f, five, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => RandomFourier.Draw(1, 0f, four, four));
        Assert.Throws<ArgumentException>(() => RandomFourier.Forward(five, 4, five));
        Assert.Throws<ArgumentException>(() => RandomFourier.Forward(four, 4, five));
        Assert.Throws<ArgumentException>(() => RandomFourier.Backward(four, 4, five));
    }
}
