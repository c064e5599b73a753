namespace EdgeFL.Numerics.Tests;

public sealed class PoolingTests
{
    [Fact]
    public void Max_RowsThatDoNotFillAWindow_AreLeftOut()
    {
        // Two channels, five rows, windows of two.
        float[] x = [1, 9, 3, 8, 5, 2, 4, 7, 100, 100];
        var y = new float[4];
        Pooling.Max(x, 2, 2, y);
        Assert.Equal([3f, 9f, 5f, 7f], y);
        var dx = new float[10];
        Pooling.MaxGradient(x, y, new float[] { 10, 20, 30, 40 }, 2, 2, dx);
        Assert.Equal([0f, 20f, 10f, 0f, 30f, 0f, 0f, 40f, 0f, 0f], dx);
    }

    [Fact]
    public void MaxGradient_EqualValues_GoesToTheFirst()
    {
        float[] x = [2, 2, 2];
        var y = new float[1];
        Pooling.Max(x, 1, 3, y);
        var dx = new float[3];
        Pooling.MaxGradient(x, y, new float[] { 5 }, 1, 3, dx);
        Assert.Equal([5f, 0f, 0f], dx);
    }

    [Fact]
    public void Average_AndItsGradient_AreTheMeanAndItsShare()
    {
        float[] x = [1, 10, 2, 20, 3, 30, 6, 60];
        var y = new float[2];
        Pooling.Average(x, 2, y);
        Assert.Equal([3f, 30f], y);
        var dx = new float[8];
        Pooling.AverageGradient(new float[] { 4, 8 }, 2, dx);
        Assert.Equal([1f, 2f, 1f, 2f, 1f, 2f, 1f, 2f], dx);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(4, 4, 1, 1)]
    [InlineData(24, 24, 6, 2)]
    [InlineData(8, 8, 16, 2)]
    [InlineData(7, 9, 5, 2)]
    [InlineData(9, 7, 1, 3)]
    [InlineData(5, 5, 3, 5)]
    [InlineData(6, 11, 21, 3)]
    [InlineData(4, 5, 40, 2)]
    public void MaxOfImage_AndItsGradient_AreThoseOfEachWindow(int height, int width, int channels, int size)
    {
        int rows = height / size, columns = width / size;
        var random = new Philox((ulong)(height * width * channels));
        var x = new float[height * width * channels];
        // Few different values, so that windows have several that are largest.
        foreach (ref var value in x.AsSpan())
            value = random.NextInt32(4) - 2;
        var dy = Inputs.Wild(rows * columns * channels, 1);
        float[] expected = new float[dy.Length], spread = new float[x.Length];
        for (var at = 0; at < dy.Length; at++)
        {
            int c = at % channels, column = at / channels % columns, row = at / channels / columns;
            var window = Enumerable.Range(0, size * size)
                .Select(w => ((row * size + w / size) * width + column * size + w % size) * channels + c).ToArray();
            expected[at] = window.Max(i => x[i]);
            spread[window.First(i => x[i] == expected[at])] = dy[at];
        }
        foreach (var bits in LaneWidths.Bits)
        {
            float[] y = new float[dy.Length], dx = new float[x.Length];
            Array.Fill(dx, float.NaN);
            LaneWidths.At(bits, () =>
            {
                Pooling.MaxOfImage(x, width, channels, size, y);
                Pooling.MaxOfImageGradient(x, y, dy, width, channels, size, dx);
                return 0;
            });
            Assert.True(expected.AsSpan().SequenceEqual(y), $"{height}x{width}, {channels} channels by {size}, {bits} bits");
            Assert.True(spread.AsSpan().SequenceEqual(dx), $"gradient of {height}x{width}, {channels} channels by {size}, {bits} bits");
        }
    }

    [Fact]
    public void MaxOfImage_OfEveryShapeThatIsSmall_IsThatOfEachWindow()
    {
        for (var size = 1; size <= 4; size++)
        {
            for (var height = size; height <= 3 * size + 1; height++)
            {
                for (var width = size; width <= 5 * size + 1; width++)
                {
                    for (var channels = 1; channels <= 9; channels++)
                        MaxOfImage_AndItsGradient_AreThoseOfEachWindow(height, width, channels, size);
                }
            }
        }
    }

    [Fact]
    public void MaxOfImage_ShapesThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentException>(() => Pooling.MaxOfImage(new float[25], 4, 1, 2, new float[4]));
        Assert.Throws<ArgumentException>(() => Pooling.MaxOfImage(new float[24], 4, 1, 2, new float[5]));
        Assert.Throws<ArgumentException>(() => Pooling.MaxOfImage(new float[4], 4, 1, 2, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pooling.MaxOfImage(new float[4], 1, 1, 2, new float[1]));
        Assert.Throws<ArgumentException>(() => Pooling.MaxOfImageGradient(new float[4], new float[1], new float[2], 2, 1, 2, new float[4]));
        Assert.Throws<ArgumentException>(() => Pooling.MaxOfImageGradient(new float[4], new float[1], new float[1], 2, 1, 2, new float[5]));
    }

    [Fact]
    public void Pooling_ShapesThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentException>(() => Pooling.Max(new float[7], 2, 2, new float[2]));
        Assert.Throws<ArgumentException>(() => Pooling.Max(new float[8], 2, 2, new float[2]));
        Assert.Throws<ArgumentException>(() => Pooling.Average(new float[8], 2, new float[3]));
    }
}
