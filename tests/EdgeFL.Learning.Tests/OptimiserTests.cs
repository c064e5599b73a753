using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class OptimiserTests
{
    [Theory]
    [InlineData(0f)]
    [InlineData(0.9f)]
    public void MomentumSgd_ManySteps_IsPyTorchsDefinition(float dampening)
    {
        const int P = 37;
        var x = Models.Gaussian(P, 1);
        var exact = x.Select(v => (double)v).ToArray();
        var buffer = new double[P];
        var optimiser = new MomentumSgd(P, 0.9f, 0.01f, dampening);
        for (var step = 0; step < 20; step++)
        {
            var g = Models.Gaussian(P, (ulong)step + 10);
            optimiser.Step(x, g, 0.05f);
            for (var i = 0; i < P; i++)
            {
                buffer[i] = 0.9 * buffer[i] + (1.0 - dampening) * (g[i] + 0.01 * exact[i]);
                exact[i] -= 0.05 * buffer[i];
            }
        }
        for (var i = 0; i < P; i++)
            Assert.Equal(exact[i], x[i], 1e-4);
    }

    [Fact]
    public void Adam_ManySteps_FollowsItsEquations()
    {
        const int P = 37;
        var x = Models.Gaussian(P, 1);
        var exact = x.Select(v => (double)v).ToArray();
        double[] mean = new double[P], square = new double[P];
        var optimiser = new Adam(P, 0.8f, 0.99f, 1e-6f, 0.1f);
        for (var step = 1; step <= 40; step++)
        {
            var g = Models.Gaussian(P, (ulong)step + 10);
            optimiser.Step(x, g, 0.02f);
            for (var i = 0; i < P; i++)
            {
                mean[i] = 0.8 * mean[i] + 0.2 * g[i];
                square[i] = 0.99 * square[i] + 0.01 * g[i] * g[i];
                exact[i] -= 0.02 * 0.1 * exact[i];
                exact[i] -= 0.02 * mean[i] / (1 - Math.Pow(0.8, step)) / (Math.Sqrt(square[i] / (1 - Math.Pow(0.99, step))) + 1e-6);
            }
        }
        Assert.Equal(40, optimiser.Steps);
        for (var i = 0; i < P; i++)
        {
            Assert.Equal(exact[i], x[i], 1e-5);
            Assert.Equal(mean[i], optimiser.Mean[i], 1e-5);
            Assert.Equal(square[i], optimiser.Square[i], 1e-5);
        }
    }

    [Fact]
    public void Adam_FromACheckpoint_GoesOnWithTheSameBits()
    {
        const int P = 21;
        float[] x = Models.Gaussian(P, 1), restored = new float[P];
        Adam whole = new(P), second = new(P);
        for (var step = 0; step < 8; step++)
        {
            if (step == 5)
            {
                x.CopyTo(restored, 0);
                whole.Mean.CopyTo(second.Mean);
                whole.Square.CopyTo(second.Square);
                second.Steps = whole.Steps;
            }
            whole.Step(x, Models.Gaussian(P, (ulong)step), 0.01f);
            if (step >= 5)
                second.Step(restored, Models.Gaussian(P, (ulong)step), 0.01f);
        }
        Assert.Equal(x, restored);
    }

    [Fact]
    public void Optimisers_AnyLength_AllocateNothingAndHaveTheScalarBits()
    {
        for (var length = 1; length <= 67; length++)
        {
            float[] g = Models.Gaussian(length, 5), whole = Models.Gaussian(length, 6);
            IOptimiser[] optimisers = [new Adam(length, weightDecay: 0.01f), new MomentumSgd(length, 0.9f, 0.01f, 0.5f)];
            foreach (var optimiser in optimisers)
            {
                var x = whole.ToArray();
                // Two steps, the second of which meets moments; then each element alone, which never meets a vector.
                optimiser.Step(x, g, 0.1f);
                optimiser.Step(x, g, 0.1f);
                for (var i = 0; i < length; i++)
                {
                    IOptimiser single = optimiser is Adam ? new Adam(1, weightDecay: 0.01f) : new MomentumSgd(1, 0.9f, 0.01f, 0.5f);
                    float[] one = [whole[i]];
                    single.Step(one, g.AsSpan(i, 1), 0.1f);
                    single.Step(one, g.AsSpan(i, 1), 0.1f);
                    Assert.Equal(one[0], x[i]);
                }
                if (length == 67)
                    Assert.Equal(0, Allocation.Least(() => optimiser.Step(x, g, 0.1f)));
            }
        }
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
        var adam = new Adam(P, 0.5f, 0.5f);
        adam.Mean.Fill(1.5e-20f);
        adam.Square.Fill(1.5e-20f);
        adam.Step(x, new float[P], 0.1f);
        Assert.All(adam.Mean.ToArray().Concat(adam.Square.ToArray()), m => Assert.Equal(0f, m));
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
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumSgd(3, 0.9f, 0f, 1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(3, 1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(3, 0.9f, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(3, epsilon: 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(3, weightDecay: -1f));
        Assert.Throws<ArgumentException>(() => new Adam(3).Step(new float[3], new float[2], 0.1f));
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
