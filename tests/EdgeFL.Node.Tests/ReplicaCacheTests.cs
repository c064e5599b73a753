using EdgeFL.Learning.Aggregation;
using EdgeFL.Node.Rounds;

namespace EdgeFL.Node.Tests;

public sealed class ReplicaCacheTests
{
    [Fact]
    public void Take_WhenFull_EvictsTheOldestArrival()
    {
        var cache = new ReplicaCache(1, 3);
        Put(cache, 1, round: 4, value: 1);
        Put(cache, 2, round: 5, value: 2);
        Put(cache, 3, round: 4, value: 3);
        Put(cache, 1, round: 4, value: 9);
        Put(cache, 4, round: 3, value: 4);
        Assert.Equal([9f, 3f, 4f], Values(cache, 5));
        Assert.Equal(3, cache.Count);
        Assert.Equal(5, cache.Arrivals);
    }

    [Fact]
    public void Fresh_ComesInOrderOfId_WeighedByTimeSinceArrival_WithoutTheTooOldAndTheFarBehind()
    {
        var cache = new ReplicaCache(1, 5);
        Put(cache, 3, round: 10, value: 3, ownRound: 10);
        Put(cache, 1, round: 7, value: 1, ownRound: 7);
        Put(cache, 2, round: 12, value: 2, ownRound: 10); // ahead of the node
        Put(cache, 4, round: 1, value: 4, ownRound: 1);
        Put(cache, 5, round: 3, value: 5, ownRound: 10); // came just now from a slow node
        PeerModel[] fresh = cache.Fresh(10, 8, leastRound: 2).ToArray();
        Assert.Equal([1f, 2f, 3f, 5f], fresh.Select(p => p.Parameters.Span[0]));
        Assert.Equal([0.5f, 1f, 1f, 1f], fresh.Select(p => p.Weight));
        Assert.Equal([1f, 2f, 3f], cache.Fresh(10, 8, leastRound: 4).ToArray().Select(p => p.Parameters.Span[0]));
        Assert.Equal(5, cache.Fresh(9, 8, leastRound: 0).Length);
    }

    [Fact]
    public void Shift_MovesTheNodesCount_AndMakesNoModelOlder()
    {
        var cache = new ReplicaCache(1, 2);
        Put(cache, 1, round: 7, value: 1, ownRound: 7);
        Put(cache, 2, round: 40, value: 2, ownRound: 9);
        cache.Shift(30);
        cache.Advance(39, [100f]);
        PeerModel[] fresh = cache.Fresh(39, 8, leastRound: 0).ToArray();
        Assert.Equal([1 / MathF.Sqrt(3), 1f], fresh.Select(p => p.Weight));
        Assert.Equal([201f, 2f], fresh.Select(p => p.Parameters.Span[0]));
    }

    [Fact]
    public void Advance_ModelOfASlowNode_IsMovedByRoundsSinceItCame_NotByTheDifferenceOfCounts()
    {
        var cache = new ReplicaCache(1, 1);
        Put(cache, 1, round: 10, value: 0, ownRound: 500);
        cache.Advance(501, [1f]);
        Assert.Equal([1f], Values(cache, 501));
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
    public void Advance_OfASilentNeighbour_EndsAfterThreeRounds()
    {
        var cache = new ReplicaCache(1, 1);
        Put(cache, 1, round: 1, value: 0);
        for (int round = 2; round <= 9; round++)
            cache.Advance(round, [1f]);
        Assert.Equal([3f], Values(cache, 9));
        Put(cache, 1, round: 9, value: 0, ownRound: 9);
        cache.Advance(14, [1f]);
        Assert.Equal([3f], Values(cache, 14));
    }

    [Fact]
    public void MedianRound_OneLiarOfThree_DoesNotMoveItFar_AndTheSilentDoNotCount()
    {
        var cache = new ReplicaCache(1, 3);
        Assert.Equal(-1, cache.MedianRound(10, 8));
        Put(cache, 1, round: 10, value: 0);
        Assert.Equal(10, cache.MedianRound(10, 8));
        Put(cache, 2, round: int.MaxValue, value: 0, ownRound: 10);
        Assert.Equal(10, cache.MedianRound(10, 8));
        Put(cache, 3, round: 12, value: 0);
        Assert.Equal(12, cache.MedianRound(10, 8));
        Assert.Equal(12, cache.MedianRound(20, 8));
        Assert.Equal(-1, cache.MedianRound(30, 8));
    }

    [Fact]
    public void Clear_GivesTheBuffersBack()
    {
        var cache = new ReplicaCache(1, 1);
        Put(cache, 1, round: 1, value: 1);
        cache.Clear();
        Assert.Equal(0, cache.Count);
        Put(cache, 2, round: 1, value: 2);
        Assert.Equal([2f], Values(cache, 1));
    }

    private static void Put(ReplicaCache cache, int id, int round, float value, int? ownRound = null) =>
        cache.Take(Synthetic.Id(id), round, ownRound ?? round).Fill(value);

    private static float[] Values(ReplicaCache cache, int round) => cache.Fresh(round, 1000, 0).ToArray().Select(p => p.Parameters.Span[0]).ToArray();
}
