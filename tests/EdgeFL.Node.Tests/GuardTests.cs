using EdgeFL.Node.Peers;

namespace EdgeFL.Node.Tests;

public sealed class GuardTests
{
    [Theory]
    [InlineData(3u, 7ul, false)] // the same
    [InlineData(3u, 6ul, false)]
    [InlineData(3u, 8ul, true)]
    [InlineData(2u, 900ul, false)]
    [InlineData(4u, 0ul, true)]
    [InlineData(4u, 1ul, true)]
    public void Replay_AfterEpoch3Sequence7_OnlyWhatComesLaterPasses(uint epoch, ulong sequence, bool passes)
    {
        var guard = new ReplayGuard(4);
        Assert.True(guard.TryAdvance(Synthetic.Id(1), 3, 7));
        Assert.Equal(passes, guard.TryAdvance(Synthetic.Id(1), epoch, sequence));
        Assert.False(guard.TryAdvance(Synthetic.Id(1), epoch, sequence));
        Assert.True(guard.TryAdvance(Synthetic.Id(2), 1, 1));
    }

    [Fact]
    public void Replay_FullGuard_ForgetsTheSenderHeardLongestAgo()
    {
        var guard = new ReplayGuard(2);
        guard.TryAdvance(Synthetic.Id(1), 1, 5);
        guard.TryAdvance(Synthetic.Id(2), 1, 5);
        guard.TryAdvance(Synthetic.Id(1), 1, 6);
        guard.TryAdvance(Synthetic.Id(3), 1, 5);
        Assert.Equal([Synthetic.Id(1), Synthetic.Id(3)], guard.Marks.Select(m => m.Key));
        Assert.False(guard.TryAdvance(Synthetic.Id(1), 1, 6));
    }

    [Fact]
    public void Bucket_LetsABurstThrough_ThenItsRate()
    {
        var bucket = new TokenBucket(10, 1000);
        for (int i = 0; i < 20; i++)
            Assert.True(bucket.TryTake(1000));
        Assert.False(bucket.TryTake(1000));
        Assert.False(bucket.TryTake(1099));
        Assert.True(bucket.TryTake(1100));
        Assert.False(bucket.TryTake(1100));

        // However long it rests, no more than a burst gathers.
        int taken = 0;
        while (bucket.TryTake(1_000_000))
            taken++;
        Assert.Equal(20, taken);
    }

    [Fact]
    public void Bucket_ClockThatRunsBackwards_GivesNothing()
    {
        var bucket = new TokenBucket(1, 10_000);
        Assert.True(bucket.TryTake(10_000));
        Assert.True(bucket.TryTake(10_000));
        Assert.False(bucket.TryTake(5_000));
        Assert.False(bucket.TryTake(5_900));
        Assert.True(bucket.TryTake(6_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenBucket(0, 0));
    }
}
