using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public class GradientClipTests
{
    private const int P = 33;

    [Fact]
    public void Apply_LengthsOfOneKind_KnowsTheNinetiethPercentile()
    {
        var clip = new GradientClip();
        var random = new Philox(4);
        for (int i = 0; i < 20_000; i++)
            Assert.True(clip.TryApply(Of(2f + 10f * random.NextSingle())));
        Assert.InRange(clip.Long, 10.5f, 11.5f);
    }

    [Fact]
    public void Apply_ALengthFarBeyondTheUsual_IsShortenedAndKeepsItsDirection()
    {
        var clip = new GradientClip();
        for (int i = 0; i < 2000; i++)
            Assert.True(clip.TryApply(Of(4f)));
        float usual = clip.Long;
        float[] usualOne = Of(4f), spike = Of(1000f);
        Assert.True(clip.TryApply(usualOne));
        Assert.True(clip.TryApply(spike));
        Assert.Equal(Of(4f), usualOne);
        Assert.Equal(1.5f * usual, Length(spike), 0.05f);
        Assert.All(spike, v => Assert.Equal(spike[0], v));
        Assert.InRange(clip.Long, usual, usual * 1.01f);
    }

    [Fact]
    public void Apply_AfterDaysOfNothingNew_StillTakesWhatIsNew()
    {
        var clip = new GradientClip();
        for (int i = 0; i < 50_000; i++)
            Assert.True(clip.TryApply(Of(0f)));
        float[] news = Of(1.4f);
        Assert.True(clip.TryApply(news));
        Assert.Equal(Of(1.4f), news);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)] // Finite, but not its length.
    public void Apply_LengthThatIsNotFinite_SaysSoAndChangesNothing(float value)
    {
        var clip = new GradientClip();
        float[] gradient = Of(3f);
        gradient[7] = value;
        float[] before = [.. gradient];
        Assert.False(clip.TryApply(gradient));
        Assert.Equal(before, gradient);
        Assert.Equal(1f, clip.Long);
    }

    private static float[] Of(float length) => Enumerable.Repeat(length / MathF.Sqrt(P), P).ToArray();

    private static float Length(float[] x) => MathF.Sqrt(Vectors.SumOfSquares(x));
}
