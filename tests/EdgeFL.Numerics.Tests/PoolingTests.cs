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

    [Fact]
    public void Pooling_ShapesThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentException>(() => Pooling.Max(new float[7], 2, 2, new float[2]));
        Assert.Throws<ArgumentException>(() => Pooling.Max(new float[8], 2, 2, new float[2]));
        Assert.Throws<ArgumentException>(() => Pooling.Average(new float[8], 2, new float[3]));
    }
}
