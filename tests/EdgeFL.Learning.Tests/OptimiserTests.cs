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
        var optimiser = new QuasiGlobalMomentum(P, 0.9f);
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
                momentum[i] = 0.9 * momentum[i] + 0.1 * (previous[i] - exact[i]) / (0.3 * 5);
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
    public void Momentum_OnceTiny_IsZeroRatherThanDenormal()
    {
        const int P = 19;
        var x = new float[P];
        var sgd = new MomentumSgd(P, 0.5f);
        var quasiGlobal = new QuasiGlobalMomentum(P, 0.5f);
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
        Assert.Throws<ArgumentException>(() => new MomentumSgd(3).Step(new float[3], new float[2], 0.1f));
        Assert.Throws<ArgumentException>(() => new QuasiGlobalMomentum(3).Step(new float[2], new float[2], 0.1f));
        Assert.Throws<ArgumentException>(() => new QuasiGlobalMomentum(3).Anchor(new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0f, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuasiGlobalMomentum(3).EndRound(new float[3], 0.1f, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedules.Cosine(0.1f, -1, 10, 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedules.Cosine(0.1f, 1, 10, 2f));
    }
}
