using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class LocalDataTests
{
    private static readonly ModelSpec Spec = Models.Classify("""{"type":"flatten"},{"type":"dense","outputs":3}""", channels: 1, length: 2);

    [Fact]
    public void Add_Stream_HoldsOutTheEndOfEachBlock()
    {
        var data = new LocalData(Spec, new LocalDataOptions { BlockWindows = 5, HeldOutPerBlock = 2 }, 1);
        for (var i = 0; i < 12; i++)
            Assert.True(data.Add(Window(i, 0)));
        Assert.Equal(8, data.TrainingCount);
        Assert.Equal(4, data.HeldOutCount);
        Assert.Equal([3, 4, 8, 9], HeldOut(data));
        Assert.Equal([0, 1, 2, 5, 6, 7, 10, 11], Epoch(data, 3).Order());
    }

    [Fact]
    public void Add_PastTheBound_TheOldestGiveWay()
    {
        var data = new LocalData(Spec, new LocalDataOptions { TrainingWindows = 4, HeldOutWindows = 2, BlockWindows = 2, HeldOutPerBlock = 1 }, 1);
        for (var i = 0; i < 20; i++)
            data.Add(Window(i, 0));
        Assert.Equal([12, 14, 16, 18], Epoch(data, 16).Order());
        Assert.Equal([17, 19], HeldOut(data).Order());
        Assert.Equal(14, data.DroppedWindows);
        Assert.Equal(20, data.TakenWindows);
    }

    [Fact]
    public void NextBatch_EpochAfterEpoch_SeesEveryWindowOnceInANewOrder()
    {
        LocalData data = new(Spec, new LocalDataOptions { HeldOutPerBlock = 0 }, 7), same = new(Spec, new LocalDataOptions { HeldOutPerBlock = 0 }, 7);
        for (var i = 0; i < 50; i++)
        {
            data.Add(Window(i, 0));
            same.Add(Window(i, 0));
        }
        var first = Epoch(data, 16);
        var second = Epoch(data, 16);
        Assert.Equal(Enumerable.Range(0, 50), first.Order());
        Assert.Equal(Enumerable.Range(0, 50), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(first, Epoch(same, 16));
    }

    [Fact]
    public void Balanced_OneClassForLong_LosesNoOther()
    {
        var options = new LocalDataOptions { TrainingWindows = 30, HeldOutWindows = 6, BlockWindows = 5, HeldOutPerBlock = 1, Replay = ReplayPolicy.Balanced };
        LocalData data = new(Spec, options, 1), oldest = new(Spec, options with { Replay = ReplayPolicy.Oldest }, 1);
        int[] counts = new int[3];
        for (var i = 0; i < 2000; i++)
        {
            var label = i < 60 ? i / 20 : 0;
            data.Add(Window(i, label));
            oldest.Add(Window(i, label));
            data.CountClasses(counts);
            Assert.Equal(data.TrainingCount, counts.Sum());
            Assert.InRange(data.TrainingCount, 1, 30);
        }
        Assert.Equal([10, 10, 10], counts);
        // Of each class the newest.
        var kept = Epoch(data, 16).Order().ToList();
        Assert.Equal(Enumerable.Range(0, 60).Where(i => i % 5 != 4).Skip(16).Chunk(16).SelectMany(c => c.Skip(6)), kept.Take(20));
        Assert.All(kept.Skip(20), v => Assert.InRange(v, 1987, 1999));
        Assert.Equal(2, HeldOut(data).Count(v => v >= 60));
        oldest.CountClasses(counts);
        Assert.Equal([30, 0, 0], counts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Balanced_AnyStream_KeepsTheNewestOfEachClass_AndItsShareOrAllOfIt(ulong seed)
    {
        var random = new Philox(seed, 9);
        var data = new LocalData(Spec, new LocalDataOptions { TrainingWindows = 20, HeldOutPerBlock = 0, Replay = ReplayPolicy.Balanced }, 1);
        var seen = new List<int>[] { [], [], [] };
        for (var i = 0; i < 600; i++)
        {
            var label = random.NextInt32(10) < 8 ? i / 50 % 3 : random.NextInt32(3);
            data.Add(Window(i, label));
            seen[label].Add(i);
            var counts = new int[3];
            data.CountClasses(counts);
            Assert.Equal(Enumerable.Range(0, 3).SelectMany(k => seen[k].TakeLast(counts[k])).Order(), Epoch(data, 32).Order());
            Assert.All(Enumerable.Range(0, 3), k => Assert.True(counts[k] >= Math.Min(20 / 3, seen[k].Count), $"window {i}: {string.Join(' ', counts)}"));
        }
    }

    [Fact]
    public void PreferNewest_EpochsAreMostlyOfTheNewestQuarter_UntilAllThatWereKeptAreGone()
    {
        LocalData data = new(Spec, new LocalDataOptions { TrainingWindows = 40, HeldOutPerBlock = 0 }, 7);
        for (var i = 0; i < 50; i++)
            data.Add(Window(i, 0));
        Assert.True(data.IsFull);
        data.NextBatch(4, new float[8], new int[4], []);
        data.PreferNewest();
        var first = Batch(data, 16);
        Assert.Equal(13, first.Count);
        Assert.Equal(Enumerable.Range(40, 10), first.Where(v => v >= 40).Order());
        Assert.NotEqual(first.Where(v => v < 40).Order(), Batch(data, 16).Where(v => v < 40).Order());
        for (var i = 50; i < 90; i++)
        {
            Assert.True(data.PrefersNewest);
            data.Add(Window(i, 0));
        }
        Assert.False(data.PrefersNewest);
        Assert.Equal(Enumerable.Range(50, 40), Epoch(data, 16).Order());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Add_LabelTheModelDoesNotKnow_IsCountedAndNotUsed(int label)
    {
        var data = new LocalData(Spec, new LocalDataOptions(), 1);
        Assert.False(data.Add(Window(1, label)));
        Assert.Equal(1, data.UnlabelledWindows);
        Assert.Equal(0, data.TrainingCount + data.HeldOutCount);
        Assert.Equal(0, data.NextBatch(4, new float[8], new int[4], []));
    }

    [Fact]
    public void NextBatch_Forecast_TargetsAreTheLastRowsFromTheRowBeforeThem()
    {
        var spec = Models.Parse("""{"name":"f","task":"forecast","channels":2,"length":5,"horizon":2,"layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");
        var data = new LocalData(spec, new LocalDataOptions { HeldOutPerBlock = 0 }, 1);
        Assert.True(data.Add(new SampleWindow([1, 2, 3, 4, 5, 10, 20, 30, 40, 50], 2, SampleBatch.NoLabel, 0)));
        float[] inputs = new float[6], targets = new float[4];
        Assert.Equal(1, data.NextBatch(1, inputs, new int[1], targets));
        Assert.Equal([-2, -1, 0, -20, -10, 0], inputs);
        Assert.Equal([1, 2, 10, 20], targets);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","normalise":"running" """)]
    [InlineData(""","scale":[0.5,4]""")]
    public void ToRows_OfWhatTheTargetsAre_GivesTheMeasuredRows(string members)
    {
        var spec = Models.Parse($$"""{"name":"f","task":"forecast","channels":2,"length":5,"horizon":2{{members}},"layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");
        var data = new LocalData(spec, new LocalDataOptions { HeldOutPerBlock = 0 }, 1);
        var window = new SampleWindow([1, 2, 3, 4, 5, 10, 20, 30, 40, 50], 2, SampleBatch.NoLabel, 0);
        Assert.True(data.Add(window));
        float[] inputs = new float[6], targets = new float[4], latest = new float[6], unscaled = new float[6];
        Assert.Equal(1, data.NextBatch(1, inputs, new int[1], targets));
        data.ToRows(targets, window, 2);
        Assert.Equal([4f, 5f, 40f, 50f], targets.Select(value => MathF.Round(value, 4)));

        // The latest rows are those a forecast beyond the window goes on from.
        data.PrepareLatest(window, latest);
        for (var i = 0; i < 6; i++)
            Assert.Equal(inputs[i], latest[i], 1e-5);
        data.PrepareUnscaled(window.Values, unscaled);
        Assert.Equal(0f, unscaled[2]);
        Assert.Equal(0f, unscaled[5]);
        Assert.Throws<ArgumentException>(() => data.ToRows(new float[3], window, 2));
        Assert.Throws<ArgumentException>(() => data.PrepareLatest(new SampleWindow(new float[5], 1, 0, 0), latest));
    }

    [Fact]
    public void NextBatch_Reconstruct_TargetIsTheNormalisedInput()
    {
        var spec = Models.Parse("""{"name":"r","task":"reconstruct","channels":1,"length":4,"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");
        var data = new LocalData(spec, new LocalDataOptions { HeldOutPerBlock = 0 }, 1);
        data.Add(new SampleWindow([10, 10, 30, 30], 1, SampleBatch.NoLabel, 0));
        float[] inputs = new float[4], targets = new float[4];
        data.NextBatch(1, inputs, new int[1], targets);
        Assert.Equal([-1, -1, 1, 1], inputs);
        Assert.Equal(inputs, targets);
    }

    [Fact]
    public void NextBatch_Regress_TargetIsCappedAndScaled()
    {
        var spec = Models.Regress(""" "cap":125,"scale":0.01 """, channels: 1, length: 2);
        var data = new LocalData(spec, new LocalDataOptions { TrainingWindows = 2, BlockWindows = 4, HeldOutPerBlock = 1 }, 1);
        // The fourth is held out; the first two give way to the last.
        foreach (var target in new[] { 1f, 2f, 300f, 50f, -7f })
            Assert.True(data.Add(new SampleWindow([target, 1], 1, SampleBatch.NoLabel, 0) { Target = target }));
        float[] inputs = new float[4], targets = new float[2];
        Assert.Equal(2, data.NextBatch(2, inputs, new int[2], targets));
        var seen = targets.Zip([inputs[0], inputs[2]]).ToDictionary(pair => pair.Second, pair => pair.First);
        Assert.Equal(1.25f, seen[300f]);
        Assert.Equal(-0.07f, seen[-7f]);
        Assert.Equal(1, data.HeldOutBatch(0, 1, inputs, new int[1], targets));
        Assert.Equal(0.5f, targets[0]);
        Assert.Equal(50f, spec.Target!.FromOutput(targets[0]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Add_TargetThatIsNotFinite_IsCountedAndNotUsed(float target)
    {
        var spec = Models.Regress("", channels: 1, length: 2);
        var data = new LocalData(spec, new LocalDataOptions(), 1);
        Assert.False(data.Add(new SampleWindow([1, 2], 1, 0, 0) { Target = target }));
        Assert.Equal((1, 0), (data.UnlabelledWindows, data.TakenWindows));
        // Yet the model can be asked about it.
        float[] input = new float[2], said = new float[1];
        data.Prepare(new SampleWindow([1, 2], 1, 0, 0), input, said);
        Assert.Equal([1, 2], input);
        Assert.True(float.IsNaN(said[0]));
    }

    [Fact]
    public void Add_WindowThatDoesNotFit_Throws()
    {
        var data = new LocalData(Spec, new LocalDataOptions(), 1);
        Assert.Throws<ArgumentException>(() => data.Add(new SampleWindow([1, 2, 3], 1, 0, 0)));
        Assert.Throws<ArgumentException>(() => data.Add(new SampleWindow([1, 2, 3, 4], 2, 0, 0)));
        Assert.Throws<ArgumentException>(() => data.Add(new SampleWindow([1, float.NaN], 1, 0, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalData(Spec, new LocalDataOptions { TrainingWindows = 0 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalData(Spec, new LocalDataOptions { HeldOutPerBlock = 20 }, 1));
    }

    private static SampleWindow Window(int number, int label) => new([number, number], 1, label, number);

    private static List<int> Epoch(LocalData data, int batch)
    {
        var seen = new List<int>();
        while (seen.Count < data.TrainingCount)
            seen.AddRange(Batch(data, batch));
        return seen;
    }

    private static List<int> Batch(LocalData data, int batch)
    {
        var inputs = new float[batch * 2];
        var count = data.NextBatch(batch, inputs, new int[batch], []);
        return [.. Enumerable.Range(0, count).Select(b => (int)inputs[2 * b])];
    }

    private static int[] HeldOut(LocalData data)
    {
        var inputs = new float[64];
        var count = data.HeldOutBatch(0, 32, inputs, new int[32], []);
        return [.. Enumerable.Range(0, count).Select(b => (int)inputs[2 * b])];
    }
}
