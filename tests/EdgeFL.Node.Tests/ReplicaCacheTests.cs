using EdgeFL.Learning.Aggregation;
using EdgeFL.Node.Rounds;

namespace EdgeFL.Node.Tests;

public sealed class ReplicaCacheTests
{
    [Fact]
    public void Take_WhenFull_EvictsTheLowestRound_ThenTheOldestArrival()
    {
        var cache = new ReplicaCache(1, 3);
        Put(cache, 1, round: 5, value: 1);
        Put(cache, 2, round: 4, value: 2);
        Put(cache, 3, round: 4, value: 3);
        Put(cache, 4, round: 4, value: 4);
        Assert.Equal([1f, 3f, 4f], Values(cache, 5));
        Put(cache, 1, round: 6, value: 9);
        Assert.Equal([9f, 3f, 4f], Values(cache, 6));
        Assert.Equal(3, cache.Count);
    }

    [Fact]
    public void Fresh_ComesInOrderOfId_WeighedByAge_WithoutTheTooOld()
    {
        var cache = new ReplicaCache(1, 4);
        Put(cache, 3, round: 10, value: 3);
        Put(cache, 1, round: 7, value: 1);
        Put(cache, 2, round: 12, value: 2); // ahead of the node
        Put(cache, 4, round: 1, value: 4);
        PeerModel[] fresh = cache.Fresh(10, 8).ToArray();
        Assert.Equal([1f, 2f, 3f], fresh.Select(p => p.Parameters.Span[0]));
        Assert.Equal([0.5f, 1f, 1f], fresh.Select(p => p.Weight));
        Assert.Equal(4, cache.Fresh(9, 8).Length);
    }

    [Fact]
    public void Advance_MovesWhatLiesBehind_OnceForEachRound()
    {
        var cache = new ReplicaCache(2, 3);
        Put(cache, 1, round: 3, value: 1);
        Put(cache, 2, round: 5, value: 1);
        Put(cache, 3, round: 9, value: 1);
        cache.Advance(5, [1f, -2f]);
        Assert.Equal([3f, 1f, 1f], Values(cache, 5));
        cache.Advance(5, [1f, -2f]);
        Assert.Equal([3f, 1f, 1f], Values(cache, 5));
        cache.Advance(6, [10f, 0f]);
        Assert.Equal([13f, 11f, 1f], Values(cache, 6));
        Put(cache, 1, round: 6, value: 7); // a new model starts over
        cache.Advance(6, [10f, 0f]);
        Assert.Equal([7f, 11f, 1f], Values(cache, 6));
    }

    [Fact]
    public void MedianRound_OneLiarOfThree_DoesNotMoveItFar()
    {
        var cache = new ReplicaCache(1, 3);
        Assert.Equal(-1, cache.MedianRound());
        Put(cache, 1, round: 10, value: 0);
        Assert.Equal(10, cache.MedianRound());
        Put(cache, 2, round: int.MaxValue, value: 0);
        Assert.Equal(10, cache.MedianRound());
        Put(cache, 3, round: 12, value: 0);
        Assert.Equal(12, cache.MedianRound());
    }

    [Fact]
    public void Drop_GivesTheBufferBack()
    {
        var cache = new ReplicaCache(1, 1);
        Put(cache, 1, round: 1, value: 1);
        cache.Drop(Synthetic.Id(1));
        cache.Drop(Synthetic.Id(1));
        Assert.Equal(0, cache.Count);
        Put(cache, 2, round: 1, value: 2);
        Assert.Equal([2f], Values(cache, 1));
    }

    private static void Put(ReplicaCache cache, int id, int round, float value) => cache.Take(Synthetic.Id(id), round).Fill(value);

    private static float[] Values(ReplicaCache cache, int round) => cache.Fresh(round, 1000).ToArray().Select(p => p.Parameters.Span[0]).ToArray();
}
