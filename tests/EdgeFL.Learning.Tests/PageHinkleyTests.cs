using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class PageHinkleyTests
{
    [Theory]
    [InlineData(0.5f, 0.2f)]
    [InlineData(2f, 0.05f)]
    [InlineData(0.001f, 0.0005f)]
    public void Observe_CalmLosses_RaiseNoAlarm(float mean, float deviation)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var random = new Philox(seed, 5);
            var test = new PageHinkley();
            for (var i = 0; i < 100_000; i++)
                Assert.False(test.Observe(mean + deviation * random.NextGaussian()), $"seed {seed}, loss {i}");
            Assert.Equal(mean, test.Mean, deviation / 2);
        }
    }

    [Theory]
    [InlineData(1f, 20, 80)]
    [InlineData(3f, 10, 25)]
    [InlineData(100f, 10, 20)]
    public void Observe_LossesThatRise_RaiseOneAlarmSoon(float byDeviations, int soonest, int latest)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var random = new Philox(seed, 5);
            var test = new PageHinkley();
            for (var i = 0; i < 1000; i++)
                Assert.False(test.Observe(0.5f + 0.1f * random.NextGaussian()));
            var alarms = new List<int>();
            for (var i = 1; i <= 5000; i++)
            {
                if (test.Observe(0.5f + 0.1f * (byDeviations + random.NextGaussian())))
                    alarms.Add(i);
            }
            Assert.InRange(Assert.Single(alarms), soonest, latest);
        }
    }

    [Fact]
    public void Observe_LossesThatFall_OrOneThatIsWild_OrNone_RaiseNoAlarm()
    {
        var random = new Philox(1, 5);
        var test = new PageHinkley();
        for (var i = 0; i < 20_000; i++)
        {
            var usual = 2f / (1 + i / 500f) + 0.05f * random.NextGaussian();
            Assert.False(test.Observe(i % 500 == 499 ? 50f : i % 500 == 250 ? float.NaN : usual), $"loss {i}");
        }
    }

    [Fact]
    public void Observe_BeforeEnoughIsSeen_RaisesNoAlarm()
    {
        var test = new PageHinkley();
        for (var i = 0; i < PageHinkley.Needed; i++)
            Assert.False(test.Observe(i < PageHinkley.Needed / 2 ? 0.1f : 10f));
    }
}
