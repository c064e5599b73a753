using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class UnusualThresholdTests
{
    [Fact]
    public void Value_UntilEnoughIsSeen_IsInfinite()
    {
        var threshold = new UnusualThreshold();
        for (var i = 0; i < UnusualThreshold.Needed; i++)
        {
            Assert.Equal(float.PositiveInfinity, threshold.Value);
            threshold.Observe(1f);
        }
        // Errors that do not scatter: a twentieth either way is taken for their spread.
        Assert.Equal(Math.Exp(3.5 * 1.4826 * 0.05), threshold.Value, 1e-5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void Value_OfScatteredErrors_IsExceededByTheFarOnly(int wildPercent)
    {
        var random = new Philox(3, 1);
        var threshold = new UnusualThreshold();
        int usual = 0, exceeded = 0, wild = 0, caught = 0;
        for (var i = 0; i < 3000; i++)
        {
            var isWild = random.NextInt32(100) < wildPercent;
            var error = Elementary.Exp(0.3f * random.NextGaussian() + (isWild ? 3f : 0f));
            if (i >= 512)
            {
                (usual, wild) = isWild ? (usual, wild + 1) : (usual + 1, wild);
                (exceeded, caught) = isWild ? (exceeded, caught + (error > threshold.Value ? 1 : 0)) : (exceeded + (error > threshold.Value ? 1 : 0), caught);
            }
            threshold.Observe(error);
        }
        Assert.True(exceeded <= 0.005 * usual, $"{exceeded} of {usual} usual errors");
        Assert.True(wildPercent == 0 || caught >= 0.9 * wild, $"{caught} of {wild} wild errors");
    }

    [Fact]
    public void Value_AfterErrorsHaveFallen_FollowsOnceMostAreOfTheNew()
    {
        var threshold = new UnusualThreshold(64);
        for (var i = 0; i < 64; i++)
            threshold.Observe(1f);
        for (var i = 0; i < 16; i++)
            threshold.Observe(0.01f);
        Assert.InRange(threshold.Value, 1f, 2f);
        for (var i = 0; i < 36; i++)
            threshold.Observe(0.01f);
        Assert.InRange(threshold.Value, 0.01f, 0.02f);
    }

    [Fact]
    public void Observe_WhatIsNoError_ChangesNothing()
    {
        var threshold = new UnusualThreshold(32);
        for (var i = 0; i < 32; i++)
            threshold.Observe(i);
        var before = threshold.Value;
        foreach (var wrong in new[] { float.NaN, float.PositiveInfinity })
        {
            for (var i = 0; i < 32; i++)
                threshold.Observe(wrong);
        }
        Assert.Equal(before, threshold.Value);
        Assert.True(float.IsFinite(before));
        Assert.Equal(0, Allocation.Least(() => threshold.Observe(1f)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnusualThreshold(31));
    }
}
