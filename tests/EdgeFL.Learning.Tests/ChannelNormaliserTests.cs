using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class ChannelNormaliserTests
{
    [Fact]
    public void Apply_AfterManyWindows_GivesMeanZeroAndDeviationOne()
    {
        var normaliser = new ChannelNormaliser(2);
        var all = new List<float[]>();
        for (var w = 0; w < 50; w++)
        {
            var values = Models.Gaussian(40, (ulong)w);
            for (var t = 0; t < 20; t++)
            {
                values[t] = 1000f + w + 5f * values[t];
                values[20 + t] *= 1e-3f;
            }
            all.Add(values);
            normaliser.Observe(values);
        }
        for (var c = 0; c < 2; c++)
        {
            double sum = 0, square = 0;
            foreach (var values in all)
            {
                var output = new float[40];
                normaliser.Apply(values, output);
                foreach (var value in output.AsSpan(c * 20, 20))
                {
                    sum += value;
                    square += value * value;
                }
            }
            Assert.Equal(0.0, sum / 1000, 1e-3);
            Assert.Equal(1.0, square / 1000, 2e-3);
        }
    }

    [Fact]
    public void UnitOf_AChannel_IsItsDeviation()
    {
        var normaliser = new ChannelNormaliser(2);
        Assert.Equal(1f, normaliser.UnitOf(0));
        var window = Models.Gaussian(4000, 7);
        Vectors.Scale(50f, window.AsSpan(0, 2000));
        Array.Fill(window, 42f, 2000, 2000);
        normaliser.Observe(window);
        Assert.Equal(50f, normaliser.UnitOf(0), 1f);
        Assert.Equal(0f, normaliser.UnitOf(1));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e30f)]
    [InlineData(-123.456f)]
    public void Apply_ConstantChannel_GivesZero(float constant)
    {
        var normaliser = new ChannelNormaliser(1);
        var values = new float[10];
        Array.Fill(values, constant);
        for (var w = 0; w < 5; w++)
            normaliser.Observe(values);
        var output = new float[10];
        Array.Fill(output, float.NaN);
        normaliser.Apply(values, output);
        Assert.All(output, value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Apply_BeforeTheFirstWindow_Copies()
    {
        float[] values = [1f, 2f, 3f];
        new ChannelNormaliser(1).Apply(values, values);
        Assert.Equal([1f, 2f, 3f], values);
    }

    [Fact]
    public void Apply_WildSample_IsHeldWithinTheLimit()
    {
        var normaliser = new ChannelNormaliser(1);
        normaliser.Observe([-1f, 1f]);
        var output = new float[2];
        normaliser.Apply([1e30f, -1e30f], output);
        Assert.Equal([10f, -10f], output);
    }

    [Fact]
    public void State_ExportedAndImported_GoesOnWithTheSameBits()
    {
        var first = new ChannelNormaliser(2);
        for (var w = 0; w < 7; w++)
            first.Observe(Models.Gaussian(10, (ulong)w));
        var state = new float[first.StateLength];
        first.ExportState(state);
        var second = new ChannelNormaliser(2);
        Assert.True(second.TryImportState(state));
        for (var w = 0; w < 5; w++)
        {
            first.Observe(Models.Gaussian(10, (ulong)w + 50));
            second.Observe(Models.Gaussian(10, (ulong)w + 50));
        }
        float[] a = new float[10], b = new float[10];
        first.Apply(Models.Gaussian(10, 77), a);
        second.Apply(Models.Gaussian(10, 77), b);
        Assert.Equal(a, b);
    }

    [Fact]
    public void TryImportState_WhatNobodyExported_IsRefusedAndChangesNothing()
    {
        var normaliser = new ChannelNormaliser(1);
        normaliser.Observe([1f, 3f]);
        float[] before = new float[3], after = new float[3];
        normaliser.ExportState(before);
        foreach (var bad in new float[][] { [], [1, 1], [1, 1, 1, 1], [float.NaN, 1, 1], [1, -1, 1], [1, float.PositiveInfinity, 1], [1, 1, -1], [1, 1, 1e9f] })
            Assert.False(normaliser.TryImportState(bad));
        normaliser.ExportState(after);
        Assert.Equal(before, after);
    }

    [Fact]
    public void Observe_SensorThatMoved_IsFollowedInTheEnd()
    {
        var normaliser = new ChannelNormaliser(1);
        for (var w = 0; w < ChannelNormaliser.MemoryWindows; w++)
            normaliser.Observe([-1f, 1f]);
        for (var w = 0; w < 6 * ChannelNormaliser.MemoryWindows; w++)
            normaliser.Observe([99f, 101f]);
        var state = new float[3];
        normaliser.ExportState(state);
        Assert.Equal(100f, state[0], 1f);
        Assert.Equal(ChannelNormaliser.MemoryWindows, state[2]);
    }

    [Fact]
    public void Forget_SensorThatMoved_IsFollowedSoon()
    {
        var normaliser = new ChannelNormaliser(1);
        for (var w = 0; w < ChannelNormaliser.MemoryWindows; w++)
            normaliser.Observe([-1f, 1f]);
        normaliser.Forget();
        for (var w = 0; w < 576; w++)
            normaliser.Observe([99f, 101f]);
        var state = new float[3];
        normaliser.ExportState(state);
        Assert.Equal(90f, state[0], 0.1f);
        Assert.Equal(640f, state[2]);
    }
}
