using EdgeFL.Learning.Aggregation;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class AggregationTests
{
    private const int P = 531;

    [Fact]
    public void WeightedMean_AnyPeers_IsTheWeightedMean()
    {
        var (own, peers) = Fleet(4, 1);
        peers[2] = peers[2] with { Weight = 0.25f };
        var result = Merge(new WeightedMean(P, 8), own, peers);
        for (var i = 0; i < P; i++)
        {
            double sum = own[i];
            foreach (var peer in peers)
                sum += (double)peer.Weight * peer.Parameters.Span[i];
            Assert.Equal(sum / 4.25, result[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(5, 2)]
    [InlineData(8, 3)]
    [InlineData(8, 0)]
    public void TrimmedMean_AnySize_MatchesSortingEveryCoordinate(int peerCount, int trim)
    {
        var (own, peers) = Fleet(peerCount, 2);
        var result = Merge(new TrimmedMean(P, 8, trim), own, peers);
        var b = Math.Min(trim, peerCount / 2);
        for (var i = 0; i < P; i++)
        {
            var column = peers.Select(p => p.Parameters.Span[i]).Append(own[i]).Order().Skip(b).SkipLast(b).ToArray();
            Assert.Equal(column.Average(v => (double)v), result[i], 1e-5);
        }
    }

    [Fact]
    public void TrimmedMean_AsManyOutliersAsItTrims_StaysWithinTheHonest()
    {
        var (own, peers) = Fleet(8, 3);
        for (var attack = 0; attack < 20; attack++)
        {
            var random = new Philox((ulong)attack);
            var attacked = peers.ToArray();
            for (var j = 0; j < 3; j++)
            {
                var lie = Models.Gaussian(P, (ulong)(attack * 10 + j));
                Vectors.Scale(MathF.Pow(10, random.NextInt32(30)), lie);
                attacked[random.NextInt32(8)] = new PeerModel(lie, 1f);
            }
            var honest = attacked.Where(p => peers.Any(q => q.Parameters.Equals(p.Parameters))).ToArray();
            var result = Merge(new TrimmedMean(P, 8, 3), own, attacked);
            for (var i = 0; i < P; i++)
            {
                var values = honest.Select(p => p.Parameters.Span[i]).Append(own[i]).ToArray();
                Assert.InRange(result[i], values.Min() - 1e-4f, values.Max() + 1e-4f);
            }
        }
    }

    [Fact]
    public void GatedClip_AnyPeers_MatchesItsDefinition()
    {
        var (own, peers) = Fleet(4, 4);
        var far = peers[1].Parameters.ToArray();
        Vectors.Scale(100f, far);
        peers[1] = peers[1] with { Parameters = far };
        peers[3] = peers[3] with { Weight = 0.5f };
        var distances = peers.Select(p => Math.Sqrt(p.Parameters.ToArray().Zip(own, (a, b) => Math.Pow((double)a - b, 2)).Sum())).ToArray();
        var sorted = distances.Order().ToArray();
        var t = sorted[1];
        var result = Merge(new GatedClip(P, 8), own, peers);
        for (var i = 0; i < P; i++)
        {
            double sum = 0;
            for (var j = 0; j < 4; j++)
            {
                if (distances[j] <= 5 * t)
                    sum += peers[j].Weight * Math.Min(1, 3 * t / distances[j]) * (peers[j].Parameters.Span[i] - own[i]);
            }
            Assert.Equal(own[i] + sum / 5, result[i], 1e-5);
        }
        // The far one moved nothing.
        var moved = Math.Sqrt(Vectors.SquaredDistance(own, result));
        Assert.True(moved <= 3 * 3 * t / 5 + 1e-3);
    }

    [Fact]
    public void GatedClip_OneOfTwoPeersNegated_IsLeftOut()
    {
        var (own, peers) = Fleet(2, 6, 0.05f);
        var flipped = peers[0].Parameters.ToArray();
        Vectors.Scale(-1f, flipped);
        var alone = Merge(new GatedClip(P, 8), own, [peers[1]]);
        var both = Merge(new GatedClip(P, 8), own, [peers[0] with { Parameters = flipped }, peers[1]]);
        for (var i = 0; i < P; i++)
            Assert.Equal((alone[i] - own[i]) * 2 / 3, both[i] - own[i], 1e-5);
    }

    [Theory]
    [InlineData(AggregationRule.GatedClip, "gated-clip")]
    [InlineData(AggregationRule.TrimmedMean, "gated-clip|trimmed-mean")]
    [InlineData(AggregationRule.NearestNeighbourTrimmedMean, "gated-clip|nearest-neighbour-mixing+trimmed-mean")]
    [InlineData(AggregationRule.Mean, "weighted-mean")]
    public void Create_OfAKind_IsThatRule(AggregationRule kind, string name) => Assert.Equal(name, ByPeerCount.Create(kind, P, 8, 3).Name);

    [Fact]
    public void Create_OfNoKind_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => ByPeerCount.Create((AggregationRule)9, P, 8, 3));

    [Theory]
    [InlineData(3, 1)]
    [InlineData(8, 3)]
    [InlineData(8, 0)]
    public void NearestNeighbourMixing_ThenMean_MatchesASlowReference(int peerCount, int b)
    {
        var (own, peers) = Fleet(peerCount, 5);
        var models = peers.Select(p => p.Parameters.ToArray()).Prepend(own).ToArray();
        var near = models.Length - Math.Min(b, (models.Length - 1) / 2);
        var mixed = models.Select(x => models
            .OrderBy(y => x.Zip(y, (p, q) => Math.Pow((double)p - q, 2)).Sum()).Take(near)
            .Aggregate(new double[P], (sum, y) => [.. sum.Zip(y, (s, v) => s + v / near)])).ToArray();
        var result = Merge(new NearestNeighbourMixing(P, 8, new WeightedMean(P, 8), b), own, peers);
        for (var i = 0; i < P; i++)
            Assert.Equal(mixed.Average(m => m[i]), result[i], 1e-5);
    }

    [Fact]
    public void Default_ThreeAttackersOfEight_StaysNearTheHonestMean()
    {
        var (own, peers) = Fleet(8, 6, spread: 0.1f);
        var honest = new float[P];
        for (var i = 0; i < P; i++)
            honest[i] = peers.Take(5).Average(p => p.Parameters.Span[i]);
        for (var j = 5; j < 8; j++)
        {
            var flipped = honest.ToArray();
            Vectors.Scale(-4f, flipped);
            peers[j] = new PeerModel(flipped, 1f);
        }
        var robust = Merge(ByPeerCount.CreateDefault(P, 8), own, peers);
        var naive = Merge(new WeightedMean(P, 8), own, peers);
        Assert.True(Vectors.SquaredDistance(robust, honest) < 0.02f * Vectors.SumOfSquares(honest));
        Assert.True(Vectors.SquaredDistance(naive, honest) > Vectors.SumOfSquares(honest));
    }

    [Fact]
    public void Rules_WithoutPeersOrAllAlike_GiveTheOwnModel()
    {
        var own = Models.Gaussian(P, 9);
        foreach (var rule in Rules())
        {
            Assert.Equal(own, Merge(rule, own, []));
            var same = Enumerable.Repeat(new PeerModel(own.ToArray(), 1f), 6).ToArray();
            var merged = Merge(rule, own, same);
            for (var i = 0; i < P; i++)
                Assert.Equal(own[i], merged[i], 1e-6f);
        }
    }

    [Fact]
    public void Rules_ResultInPlaceOfOwn_GiveTheSameBitsAndAllocateNothing()
    {
        var (own, peers) = Fleet(7, 10);
        foreach (var rule in Rules())
        {
            var expected = Merge(rule, own, peers);
            float[] inPlace = [.. own], scratch = new float[own.Length];
            Assert.Equal(0, Allocation.Least(() => rule.Aggregate(own, peers, scratch)));
            rule.Aggregate(inPlace, peers, inPlace);
            Assert.Equal(expected, inPlace);
        }
    }

    [Fact]
    public void Rules_CallsThatDoNotFit_Throw()
    {
        var (own, peers) = Fleet(9, 11);
        foreach (var rule in Rules())
        {
            Assert.Throws<ArgumentException>(() => rule.Aggregate(own, peers, new float[P]));
            Assert.Throws<ArgumentException>(() => rule.Aggregate(own, peers.AsSpan(0, 2), new float[P - 1]));
            Assert.Throws<ArgumentException>(() => rule.Aggregate(own, [new PeerModel(new float[P - 1], 1f)], new float[P]));
            Assert.Throws<ArgumentException>(() => rule.Aggregate(own, [new PeerModel(own, 0f)], new float[P]));
            Assert.Throws<ArgumentException>(() => rule.Aggregate(own, [new PeerModel(own, float.NaN)], new float[P]));
        }
    }

    private static IAggregationRule[] Rules() =>
        [new WeightedMean(P, 8), new TrimmedMean(P, 8), new GatedClip(P, 8), ByPeerCount.CreateDefault(P, 8)];

    private static float[] Merge(IAggregationRule rule, float[] own, PeerModel[] peers)
    {
        var result = new float[own.Length];
        Array.Fill(result, float.NaN);
        rule.Aggregate(own, peers, result);
        return result;
    }

    private static (float[] Own, PeerModel[] Peers) Fleet(int peerCount, ulong seed, float spread = 1f)
    {
        var centre = Models.Gaussian(P, seed);
        float[] Around(ulong one)
        {
            var model = centre.ToArray();
            Vectors.Axpy(spread, Models.Gaussian(P, seed * 1000 + one), model);
            return model;
        }
        return (Around(999), [.. Enumerable.Range(0, peerCount).Select(j => new PeerModel(Around((ulong)j), 1f))]);
    }
}
