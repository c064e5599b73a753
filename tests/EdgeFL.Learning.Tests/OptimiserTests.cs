using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class OptimiserTests
{
    [Fact]
    public void MomentumSgd_ManySteps_IsPyTorchsDefinition()
    {
        const int P = 37;
        var x = Models.Gaussian(P, 1);
        var exact = x.Select(v => (double)v).ToArray();
        var buffer = new double[P];
        var optimiser = new MomentumSgd(P, 0.9f, 0.01f);
        for (var step = 0; step < 20; step++)
        {
            var g = Models.Gaussian(P, (ulong)step + 10);
            optimiser.Step(x, g, 0.05f);
            for (var i = 0; i < P; i++)
            {
                buffer[i] = 0.9 * buffer[i] + g[i] + 0.01 * exact[i];
                exact[i] -= 0.05 * buffer[i];
            }
        }
        for (var i = 0; i < P; i++)
            Assert.Equal(exact[i], x[i], 1e-4);
    }

    [Fact]
    public void QuasiGlobalMomentum_RoundsWithMerges_FollowsItsEquations()
    {
        const int P = 37;
        var x = Models.Gaussian(P, 1);
        var exact = x.Select(v => (double)v).ToArray();
        var previous = exact.ToArray();
        var momentum = new double[P];
        var optimiser = new QuasiGlobalMomentum(P, 0.9f, 0.2f);
        optimiser.Anchor(x);
        for (var round = 0; round < 6; round++)
        {
            // The merge moves the parameters too, and counts.
            var merge = Models.Gaussian(P, (ulong)round + 500);
            for (var i = 0; i < P; i++)
            {
                x[i] += 0.1f * merge[i];
                exact[i] += 0.1 * merge[i];
            }
            for (var step = 0; step < 5; step++)
            {
                var g = Models.Gaussian(P, (ulong)(round * 10 + step + 10));
                optimiser.Step(x, g, 0.3f);
                for (var i = 0; i < P; i++)
                    exact[i] -= 0.3 * (0.1 * g[i] + 0.9 * momentum[i]);
            }
            optimiser.EndRound(x, 0.3f, 5);
            for (var i = 0; i < P; i++)
            {
                momentum[i] = 0.8 * momentum[i] + 0.2 * (previous[i] - exact[i]) / (0.3 * 5);
                previous[i] = exact[i];
            }
        }
        for (var i = 0; i < P; i++)
        {
            Assert.Equal(exact[i], x[i], 1e-4);
            Assert.Equal(momentum[i], optimiser.Momentum[i], 1e-4);
            Assert.Equal(x[i], optimiser.Previous[i]);
        }
    }

    [Fact]
    public void QuasiGlobalMomentum_PastItsLongest_IsShortenedAndKeepsItsDirection()
    {
        float[] x = [3f, -4f, 0f];
        QuasiGlobalMomentum free = new(3), held = new(3);
        foreach (QuasiGlobalMomentum optimiser in new[] { free, held })
            optimiser.Anchor(new float[3]);
        free.EndRound(x, 0.1f, 1);
        held.EndRound(x, 0.1f, 1, 2.5f);
        Assert.Equal([-6f, 8f, 0f], free.Momentum.ToArray().Select(m => MathF.Round(m, 4)));
        Assert.Equal([-1.5f, 2f, 0f], held.Momentum.ToArray().Select(m => MathF.Round(m, 4)));
        held.EndRound(x, 0.1f, 1, 2.5f);
        Assert.Equal([-1.2f, 1.6f, 0f], held.Momentum.ToArray().Select(m => MathF.Round(m, 4)));
    }

    /// <summary>The oldest models that a node mixes in are eight rounds old: if all are, the default must still come to rest at the minimum.</summary>
    [Theory]
    [InlineData(0.2f, float.PositiveInfinity, 0, 0.2)]
    [InlineData(0.5f, float.PositiveInfinity, 1000, double.MaxValue)]
    [InlineData(0.5f, 1f, 1, 20)]
    public void QuasiGlobalMomentum_AmongNeighboursEightRoundsOld_StaysInItsBounds(float renewal, float longest, double least, double most)
    {
        const int devices = 6, P = 8, rounds = 500, age = 8;
        var random = new Philox(1);
        var models = new float[devices][];
        var optimisers = new QuasiGlobalMomentum[devices];
        for (var i = 0; i < devices; i++)
        {
            models[i] = Enumerable.Repeat(1f, P).ToArray();
            optimisers[i] = new QuasiGlobalMomentum(P, 0.9f, renewal);
            optimisers[i].Anchor(models[i]);
        }
        var history = new List<float[]>();
        var gradient = new float[P];
        for (var round = 0; round < rounds; round++)
        {
            history.Add(Enumerable.Range(0, P).Select(p => models.Average(model => model[p])).ToArray());
            var old = history[Math.Max(0, round - age)];
            for (var i = 0; i < devices; i++)
            {
                var x = models[i];
                for (var p = 0; p < P; p++)
                    x[p] += (devices - 1f) / devices * (old[p] - x[p]);
                for (var step = 0; step < 3; step++)
                {
                    for (var p = 0; p < P; p++)
                        gradient[p] = x[p] + (0.1f * random.NextGaussian());
                    optimisers[i].Step(x, gradient, 0.6f);
                }
                optimisers[i].EndRound(x, 0.6f, 3, longest);
            }
        }
        Assert.InRange(history[^100..].Max(mean => mean.Max(MathF.Abs)), least, most);
    }

    [Fact]
    public void Momentum_OnceTiny_IsZeroRatherThanDenormal()
    {
        const int P = 19;
        var x = new float[P];
        var sgd = new MomentumSgd(P, 0.5f);
        var quasiGlobal = new QuasiGlobalMomentum(P, 0.5f, 0.5f);
        sgd.Buffer.Fill(1.5e-20f);
        quasiGlobal.Momentum.Fill(1.5e-20f);
        sgd.Step(x, new float[P], 0.1f);
        quasiGlobal.Anchor(x);
        quasiGlobal.EndRound(x, 0.1f, 1);
        Assert.All(sgd.Buffer.ToArray(), m => Assert.Equal(0f, m));
        Assert.All(quasiGlobal.Momentum.ToArray(), m => Assert.Equal(0f, m));
    }

    [Fact]
    public void Cosine_OverARun_FallsFromRateToFloor()
    {
        Assert.Equal(0.3f, Schedules.Cosine(0.3f, 0, 100, 0.1f));
        Assert.Equal(0.3f * 0.55f, Schedules.Cosine(0.3f, 50, 100, 0.1f), 1e-7f);
        Assert.Equal(0.03f, Schedules.Cosine(0.3f, 100, 100, 0.1f), 1e-7f);
        Assert.Equal(0.03f, Schedules.Cosine(0.3f, 5000, 100, 0.1f), 1e-7f);
        for (var step = 1; step <= 100; step++)
            Assert.True(Schedules.Cosine(0.3f, step, 100, 0.1f) < Schedules.Cosine(0.3f, step - 1, 100, 0.1f));
    }

    [Fact]
    public void Optimisers_ArgumentsThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumSgd(3, 1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumSgd(3, 0.9f, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3, 0.9f, 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3, 0.9f, 1.1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0.1f, 1, 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0.1f, 1, float.NaN));
        Assert.Throws<ArgumentException>(() => new MomentumSgd(3).Step(new float[3], new float[2], 0.1f));
        Assert.Throws<ArgumentException>(() => new QuasiGlobalMomentum(3).Step(new float[2], new float[2], 0.1f));
        Assert.Throws<ArgumentException>(() => new QuasiGlobalMomentum(3).Anchor(new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0f, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0.1f, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedules.Cosine(0.1f, -1, 10, 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedules.Cosine(0.1f, 1, 10, 2f));
    }
}
