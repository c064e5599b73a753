namespace EdgeFL.Numerics.Tests;

[Collection(LaneWidths.Name)]
public sealed class LevelsTests
{
    [Fact]
    public void OfSums_EveryNumberOfOutputsAndPath_RoundsWhatItShould()
    {
        for (var outputs = 1; outputs <= 257; outputs++)
        {
            int pool = 1 + outputs % 3, rows = pool * (1 + outputs % 4) + outputs % pool;
            var random = new Philox((ulong)outputs, 43);
            var sums = new int[rows * outputs];
            foreach (ref var sum in sums.AsSpan())
                sum = random.NextInt32(200_001) - 100_000;
            float[] factor = new float[outputs], offset = new float[outputs];
            for (var n = 0; n < outputs; n++)
                (factor[n], offset[n]) = (random.NextInt32(1000) / 1e6f, random.NextInt32(129) - 0.5f);
            var expected = new byte[rows / pool * outputs];
            for (var i = 0; i < expected.Length; i++)
            {
                int t = i / outputs, n = i % outputs;
                var most = Enumerable.Range(0, pool).Max(j => sums[(t * pool + j) * outputs + n]);
                expected[i] = Level(most, factor[n], offset[n]);
            }
            foreach (var path in LevelPaths.All)
            {
                // What follows is left alone.
                var got = LevelPaths.At(path, () =>
                {
                    var levels = new byte[expected.Length + 2];
                    levels.AsSpan(expected.Length).Fill(99);
                    Levels.OfSums(sums, pool, factor, offset, levels);
                    return levels;
                });
                Assert.True(got.SequenceEqual(expected.Append((byte)99).Append((byte)99)), $"{outputs} outputs, {path}");
            }
        }
    }

    [Fact]
    public void OfWindow_EveryLengthAndPath_TurnsAndRoundsWhatItShould()
    {
        for (var length = 0; length <= 257; length++)
        {
            var channels = 1 + length % 11;
            var x = Inputs.Wild(length * channels, (ulong)length);
            float[] factor = new float[channels], offset = new float[channels];
            for (var c = 0; c < channels; c++)
                (factor[c], offset[c]) = (30f / (c + 1), 60f + c);
            var expected = new byte[length * channels];
            for (var i = 0; i < expected.Length; i++)
                expected[i] = Level(x[i % channels * length + i / channels], factor[i % channels], offset[i % channels]);
            foreach (var path in LevelPaths.All)
            {
                var got = LevelPaths.At(path, () =>
                {
                    var levels = new byte[expected.Length + 3];
                    Levels.OfWindow(x, factor, offset, levels);
                    return levels;
                });
                Assert.True(got.AsSpan(0, expected.Length).SequenceEqual(expected), $"{channels}x{length}, {path}");
            }
        }
    }

    [Fact]
    public void OfValues_EveryLengthAndPath_RoundsWhatItShould()
    {
        for (var length = 0; length <= 257; length++)
        {
            var x = Inputs.Wild(length, (ulong)length);
            foreach (var path in LevelPaths.All)
            {
                var got = LevelPaths.At(path, () =>
                {
                    var levels = new byte[length + 1];
                    levels[length] = 99;
                    Levels.OfValues(x, 30f, 64f, levels);
                    return levels;
                });
                Assert.True(got.SequenceEqual(x.Select(value => Level(value, 30f, 64f)).Append((byte)99)), $"{length}, {path}");
            }
        }
    }

    [Fact]
    public void RangeOf_EveryLengthAndPath_IsTheLeastAndTheLargest()
    {
        for (var length = 0; length <= 257; length++)
        {
            var x = Inputs.Wild(length, (ulong)length);
            for (var i = length % 5; i < length; i += 5)
                x[i] = length % 2 == 0 ? float.NaN : -0f;
            var numbers = x.Where(value => !float.IsNaN(value)).ToArray();
            var expected = numbers.Length == 0 ? (float.PositiveInfinity, float.NegativeInfinity) : (numbers.Min() + 0f, numbers.Max() + 0f);
            foreach (var path in LevelPaths.All)
                Assert.Equal(Bits(expected), Bits(LevelPaths.At(path, () => Range(x))));
        }
    }

    [Fact]
    public void RangeOf_ZerosOfBothSigns_IsThePositiveOne()
    {
        for (var at = 0; at < 37; at++)
        {
            var x = new float[37];
            x.AsSpan(at).Fill(-0f);
            foreach (var path in LevelPaths.All)
                Assert.Equal(Bits((0f, 0f)), Bits(LevelPaths.At(path, () => Range(x))));
        }
    }

    [Fact]
    public void EndsOfSums_EveryNumberOfOutputsAndPath_AreThoseOfEachOutput()
    {
        for (var outputs = 1; outputs <= 257; outputs++)
        {
            var (sums, factor, offset) = Sums(outputs, 1 + outputs % 6);
            var expected = new float[2 * outputs];
            for (var n = 0; n < outputs; n++)
            {
                var column = sums.Where((_, i) => i % outputs == n).ToArray();
                expected[n] = MathF.FusedMultiplyAdd(column.Min(), factor[n], offset[n]);
                expected[outputs + n] = MathF.FusedMultiplyAdd(column.Max(), factor[n], offset[n]);
            }
            foreach (var path in LevelPaths.All)
            {
                var got = LevelPaths.At(path, () =>
                {
                    var ends = new float[2 * outputs];
                    Levels.EndsOfSums(sums, factor, offset, ends);
                    return ends;
                });
                Assert.True(got.SequenceEqual(expected), $"{outputs} outputs, {path}");
            }
        }
    }

    [Fact]
    public void TotalsOfSums_EveryNumberOfOutputsAndPath_AddUpInTheirOrder()
    {
        for (var outputs = 1; outputs <= 257; outputs++)
        {
            int pool = 1 + outputs % 3, windows = 1 + outputs % 6;
            var isRectified = outputs % 2 == 0;
            var (sums, factor, offset) = Sums(outputs, pool * windows + outputs % pool);
            var expected = new float[outputs];
            for (var n = 0; n < outputs; n++)
            {
                var parts = new float[2];
                for (var t = 0; t < windows; t++)
                {
                    var most = Enumerable.Range(0, pool).Max(j => sums[(t * pool + j) * outputs + n]);
                    var value = MathF.FusedMultiplyAdd(most, factor[n], offset[n]);
                    parts[t % 2] += isRectified ? Math.Max(0f, value) : value;
                }
                expected[n] = parts[0] + parts[1];
            }
            foreach (var path in LevelPaths.All)
            {
                var got = LevelPaths.At(path, () =>
                {
                    var totals = new float[outputs];
                    Levels.TotalsOfSums(sums, pool, factor, offset, isRectified, totals);
                    return totals;
                });
                Assert.True(got.SequenceEqual(expected), $"{outputs} outputs, {path}");
            }
        }
    }

    [Fact]
    public void OfWindow_ValuesOutOfAllMeasure_AreHeldAtTheEnds()
    {
        var x = new float[40];
        for (var i = 0; i < x.Length; i++)
            x[i] = (i % 5) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, 3 => 3e38f, _ => -3e38f };
        foreach (var path in LevelPaths.All)
        {
            var got = LevelPaths.At(path, () =>
            {
                var levels = new byte[43];
                Levels.OfWindow(x, [2f], [5f], levels);
                return levels;
            });
            for (var i = 0; i < x.Length; i++)
                Assert.Equal(i % 5 is 1 or 3 ? 127 : 0, got[i]);
        }
    }

    [Theory]
    [InlineData(0.5f, 0)]
    [InlineData(1.5f, 2)]
    [InlineData(2.5f, 2)]
    [InlineData(126.5f, 126)]
    [InlineData(127.5f, 127)]
    [InlineData(-0.5f, 0)]
    [InlineData(0.50001f, 1)]
    public void OfSums_Halves_GoToTheEvenLevel(float value, int level)
    {
        foreach (var path in LevelPaths.All)
        {
            var got = LevelPaths.At(path, () =>
            {
                var levels = new byte[19];
                var offset = new float[19];
                Array.Fill(offset, value);
                Levels.OfSums(new int[19], 1, new float[19], offset, levels);
                return levels;
            });
            Assert.All(got, one => Assert.Equal(level, one));
        }
    }

    [Fact]
    public void Kernels_ShapesThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentException>(() => Levels.OfWindow(new float[6], [1f, 1f], [0f, 0f], new byte[8]));
        Assert.Throws<ArgumentException>(() => Levels.OfWindow(new float[7], [1f, 1f], [0f, 0f], new byte[20]));
        Assert.Throws<ArgumentException>(() => Levels.OfWindow(new float[6], [1f, 1f], [0f], new byte[20]));
        Assert.Throws<ArgumentException>(() => Levels.OfWindow([], [], [], new byte[20]));
        Assert.Throws<ArgumentException>(() => Levels.OfSums(new int[6], 1, [1f, 1f], [0f, 0f], new byte[5]));
        Assert.Throws<ArgumentException>(() => Levels.OfSums(new int[7], 1, [1f, 1f], [0f, 0f], new byte[8]));
        Assert.Throws<ArgumentException>(() => Levels.OfSums(new int[6], 1, [1f, 1f], [0f], new byte[6]));
        Assert.Throws<ArgumentException>(() => Levels.OfValues(new float[3], 1f, 0f, new byte[2]));
        Assert.Throws<ArgumentException>(() => Levels.EndsOfSums([], [1f, 1f], [0f, 0f], new float[4]));
        Assert.Throws<ArgumentException>(() => Levels.EndsOfSums(new int[5], [1f, 1f], [0f, 0f], new float[4]));
        Assert.Throws<ArgumentException>(() => Levels.EndsOfSums(new int[6], [1f, 1f], [0f], new float[4]));
        Assert.Throws<ArgumentException>(() => Levels.EndsOfSums(new int[6], [1f, 1f], [0f, 0f], new float[3]));
        Assert.Throws<ArgumentException>(() => Levels.TotalsOfSums(new int[5], 1, [1f, 1f], [0f, 0f], true, new float[2]));
        Assert.Throws<ArgumentException>(() => Levels.TotalsOfSums(new int[6], 1, [1f, 1f], [0f], true, new float[2]));
        Assert.Throws<ArgumentException>(() => Levels.TotalsOfSums(new int[6], 1, [1f, 1f], [0f, 0f], true, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Levels.TotalsOfSums(new int[6], 0, [1f, 1f], [0f, 0f], true, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Levels.OfSums(new int[6], 0, [1f, 1f], [0f, 0f], new byte[6]));
    }

    private static (float, float) Range(float[] x)
    {
        Levels.RangeOf(x, out var least, out var most);
        return (least, most);
    }

    private static (int, int) Bits((float Least, float Most) range) => (BitConverter.SingleToInt32Bits(range.Least), BitConverter.SingleToInt32Bits(range.Most));

    private static (int[] Sums, float[] Factor, float[] Offset) Sums(int outputs, int rows)
    {
        var random = new Philox((ulong)outputs, 44);
        var sums = new int[rows * outputs];
        foreach (ref var sum in sums.AsSpan())
            sum = random.NextInt32(200_001) - 100_000;
        float[] factor = new float[outputs], offset = new float[outputs];
        for (var n = 0; n < outputs; n++)
            (factor[n], offset[n]) = (random.NextInt32(1000) / 1e6f, random.NextInt32(129) - 64.5f);
        return (sums, factor, offset);
    }

    /// <summary>As the definition stands, by the base library's rounding.</summary>
    private static byte Level(float value, float factor, float offset) =>
        (byte)Math.Clamp(MathF.Round(MathF.FusedMultiplyAdd(value, factor, offset), MidpointRounding.ToEven), 0f, 127f);
}
