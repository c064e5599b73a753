using EdgeFL.Node.Rounds;

namespace EdgeFL.Node.Tests;

public sealed class RunPlanTests
{
    [Fact]
    public void Run_TrainsThenAveragesThenMixes()
    {
        var plan = new RunPlan(Synthetic.Options() with { Rounds = 100, SettleRounds = 5, TailAverage = 0.2f, LearningRate = 2, LearningRateFloor = 0.5f });
        Assert.Equal(Enumerable.Range(0, 95), Enumerable.Range(0, 120).Where(plan.Trains));
        Assert.Equal(Enumerable.Range(76, 19), Enumerable.Range(0, 120).Where(plan.Averages));
        Assert.Equal(95, plan.TrainedRounds);
        Assert.Equal(100, Enumerable.Range(0, 120).First(plan.IsOver));
        Assert.Equal(2f, plan.LearningRate(0));
        Assert.Equal(1f, plan.LearningRate(95), 1e-6f);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 9)]
    [InlineData(20, 18)]
    [InlineData(1000, 984)]
    public void ShortRun_SettlesForATenthAtMost(int rounds, int trained)
    {
        var plan = new RunPlan(Synthetic.Options() with { Rounds = rounds });
        Assert.Equal(trained, Enumerable.Range(0, rounds).Count(plan.Trains));
    }

    [Fact]
    public void EndlessRun_TrainsAtOneRate()
    {
        var plan = new RunPlan(Synthetic.Options() with { LearningRateFloor = 0 });
        foreach (int round in new[] { 0, 1000, int.MaxValue - 1 })
        {
            Assert.True(plan.Trains(round));
            Assert.False(plan.Averages(round) || plan.IsOver(round));
            Assert.Equal(Synthetic.Options().LearningRate, plan.LearningRate(round));
        }
    }

    [Fact]
    public void Average_OfModels_IsTheirMean()
    {
        var average = new ModelAverage(2);
        float[] model = [7f, 7f];
        average.CopyTo(model);
        Assert.Equal([7f, 7f], model);
        average.Add([1f, 2f]);
        average.Add([3f, 6f]);
        average.Add([5f, -2f]);
        average.CopyTo(model);
        Assert.Equal(3f, model[0], 1e-6f);
        Assert.Equal(2f, model[1], 1e-6f);
    }
}
