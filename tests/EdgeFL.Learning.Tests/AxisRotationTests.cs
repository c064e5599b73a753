using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class AxisRotationTests
{
    private const int T = 37;

    [Fact]
    public void Apply_TwoSensors_TurnsBothByOneRotation()
    {
        var turn = new AxisRotation(6, T, 0.3f);
        var random = new Philox(3);
        float[] window = Models.Gaussian(6 * T, 8), turned = [.. window];
        turn.Apply(turned, ref random);
        for (int t = 0; t < T; t++)
        {
            // A rotation keeps lengths and angles: within a sensor, between two times, and between the two sensors.
            Assert.Equal(Dot(window, 0, t, 0, t), Dot(turned, 0, t, 0, t), 1e-4);
            Assert.Equal(Dot(window, 0, t, 0, 0), Dot(turned, 0, t, 0, 0), 1e-4);
            Assert.Equal(Dot(window, 0, t, 3, t), Dot(turned, 0, t, 3, t), 1e-4);
            Assert.Equal(Triple(window, t), Triple(turned, t), 1e-3); // And hands: it is no mirror.
        }

        Assert.NotEqual(window, turned);
    }

    [Fact]
    public void Apply_ManyTimes_AnglesDeviateAsAsked()
    {
        const float deviation = 0.1f;
        var turn = new AxisRotation(3, 1, deviation);
        var random = new Philox(5);
        double sum = 0;
        const int draws = 4000;
        for (int i = 0; i < draws; i++)
        {
            float[] z = [0, 0, 1];
            turn.Apply(z, ref random);
            sum += (z[0] * z[0]) + (z[1] * z[1]); // Turns about x and y move it; each by the deviation.
        }

        Assert.Equal(deviation, Math.Sqrt(sum / draws / 2), 0.005);
    }

    [Fact]
    public void NextBatch_WithRotation_TurnsWhatIsTrainedOnAndNothingElse()
    {
        var spec = ModelSpec.Parse("""{"name":"m","task":"classify","channels":3,"length":4,"classes":["a","b"],"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}"""u8);
        var data = new LocalData(spec, new LocalDataOptions { BlockWindows = 2, HeldOutPerBlock = 1, Rotation = 0.2f }, 1);
        float[] values = Models.Gaussian(12, 1);
        data.Add(new SampleWindow(values, 3, 0, 0));
        data.Add(new SampleWindow(values, 3, 1, 0));
        var input = new float[12];
        var label = new int[1];
        Assert.Equal(1, data.HeldOutBatch(0, 1, input, label, []));
        Assert.Equal(values, input);
        Assert.Equal(1, data.NextBatch(1, input, label, []));
        float[] first = [.. input];
        Assert.NotEqual(values, first);
        Assert.Equal(1, data.NextBatch(1, input, label, []));
        Assert.NotEqual(first, input);
    }

    [Fact]
    public void WhatIsNoThreeAxisSensor_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new AxisRotation(4, 8, 0.1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AxisRotation(3, 8, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AxisRotation(3, 0, 0.1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalDataOptions { Rotation = 1.5f }.Validate());
        foreach (string wrong in (string[])["\"normalise\":\"running\"", "\"scale\":[1,1,2]"])
        {
            var spec = Models.Parse($$"""{"name":"m","task":"classify","channels":3,"length":4,"classes":["a","b"],{{wrong}},"layers":[{"type":"flatten"},{"type":"dense","outputs":2}]}""");
            Assert.Contains("cannot be turned", Assert.Throws<ArgumentException>(() => new LocalData(spec, new LocalDataOptions { Rotation = 0.1f }, 1)).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => new LocalData(Models.Shipped("host-autoencoder").Resolve(3), new LocalDataOptions { Rotation = 0.1f }, 1));
    }

    private static double Dot(float[] w, int sensor, int t, int other, int u) => Enumerable.Range(0, 3).Sum(a => (double)w[((sensor + a) * T) + t] * w[((other + a) * T) + u]);

    private static double Triple(float[] w, int t)
    {
        double A(int axis, int at) => w[(axis * T) + at];
        int u = (t + 5) % T, v = (t + 11) % T;
        return (A(0, t) * ((A(1, u) * A(2, v)) - (A(2, u) * A(1, v)))) + (A(1, t) * ((A(2, u) * A(0, v)) - (A(0, u) * A(2, v)))) + (A(2, t) * ((A(0, u) * A(1, v)) - (A(1, u) * A(0, v))));
    }
}
