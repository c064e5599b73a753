namespace EdgeFL.Numerics.Tests;

public sealed class DropoutTests
{
    [Fact]
    public void Apply_ManyElements_DropsTheShareAndKeepsTheMean()
    {
        const int Count = 100_003;
        float[] x = Of(Count, 2f), y = new float[Count];
        Dropout.Apply(1, 2, 3, 0.25f, x, y);
        Assert.All(y, v => Assert.True(v is 0f or 2f / 0.75f));
        Assert.Equal(0.25, y.Count(v => v == 0f) / (double)Count, 0.01);
        Assert.Equal(2.0, y.Average(v => (double)v), 0.02);
    }

    [Fact]
    public void Apply_SameCounter_RepeatsAndEachPartOfItMatters()
    {
        static float[] Draw(ulong seed, ulong step, int layer)
        {
            var y = new float[257];
            Dropout.Apply(seed, step, layer, 0.5f, Of(257, 1f), y);
            return y;
        }
        var first = Draw(1, 2, 3);
        Assert.Equal(first, Draw(1, 2, 3));
        foreach (var other in new[] { Draw(2, 2, 3), Draw(1 + (1UL << 32), 2, 3), Draw(1, 3, 3), Draw(1, 2 + (1UL << 32), 3), Draw(1, 2, 4) })
            Assert.InRange(first.Zip(other).Count(pair => pair.First != pair.Second), 90, 170);
        // The place alone decides: a shorter vector is the beginning of a longer one.
        var begin = new float[101];
        Dropout.Apply(1, 2, 3, 0.5f, Of(101, 1f), begin);
        Assert.Equal(first[..101], begin);
    }

    [Fact]
    public void Apply_RateZeroOrInPlace_IsTheIdentityOrTheSame()
    {
        var x = Inputs.Wild(50, 1);
        var y = new float[50];
        Dropout.Apply(1, 2, 3, 0f, x, y);
        Assert.Equal(x, y);
        Dropout.Apply(1, 2, 3, 0.3f, x, y);
        Dropout.Apply(1, 2, 3, 0.3f, x, x);
        Assert.Equal(y, x);
    }

    [Fact]
    public void Apply_ArgumentsThatDoNotFit_Throw()
    {
        var x = new float[3];
        Assert.Throws<ArgumentException>(() => Dropout.Apply(1, 2, 3, 0.5f, x, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dropout.Apply(1, 2, 3, 1f, x, x));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dropout.Apply(1, 2, 3, float.NaN, x, x));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dropout.Apply(1, 2, -1, 0.5f, x, x));
    }

    private static float[] Of(int count, float value) => Enumerable.Repeat(value, count).ToArray();
}
