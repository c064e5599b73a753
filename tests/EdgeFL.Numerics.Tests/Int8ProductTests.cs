namespace EdgeFL.Numerics.Tests;

[Collection(LaneWidths.Name)]
public sealed class Int8ProductTests
{
    [Fact]
    public void Multiply_EveryDepthAndPath_IsTheSumOfProducts()
    {
        for (var depth = 1; depth <= 257; depth++)
            Check(new Int8Shape(1 + depth % 9, 1 + depth % 37, depth, depth % 3 == 0 ? 7 : depth), (ulong)depth);
    }

    [Fact]
    public void Multiply_EveryNumberOfOutputsAndPath_IsTheSumOfProducts()
    {
        for (var outputs = 1; outputs <= 257; outputs++)
            Check(new Int8Shape(1 + outputs % 15, outputs, 1 + outputs % 23, 3), (ulong)outputs);
    }

    [Theory]
    [InlineData(124, 16, 30, 6)]
    [InlineData(58, 32, 80, 16)]
    [InlineData(1, 6, 32, 0)]
    [InlineData(1, 32, 768, 0)]
    [InlineData(7, 1, 5, 1)]
    public void Multiply_ShapesOfLayers_IsTheSumOfProducts(int rows, int outputs, int depth, int stride) => Check(new Int8Shape(rows, outputs, depth, stride), 9);

    [Theory]
    [InlineData(127, -128)]
    [InlineData(127, 127)]
    [InlineData(127, -127)]
    [InlineData(0, -128)]
    public void Multiply_NothingButExtremes_DoesNotSaturate(int level, int weight)
    {
        var shape = new Int8Shape(7, 35, 4099, 1);
        byte[] levels = new byte[shape.LevelCount];
        sbyte[] weights = new sbyte[shape.Outputs * shape.Depth];
        Array.Fill(levels, (byte)level);
        Array.Fill(weights, (sbyte)weight);
        foreach (var path in LevelPaths.All)
            Assert.All(Multiply(shape, levels, weights, path), sum => Assert.Equal(shape.Depth * level * weight, sum));
    }

    [Fact]
    public void Multiply_WhatFollowsTheLastRow_DoesNotMatter()
    {
        // Three levels past the depth are read and meet weights of zero, whatever they are.
        var shape = new Int8Shape(6, 17, 9, 9);
        byte[] clean = LevelPaths.Levels(shape.LevelCount, 1), dirty = [.. clean];
        dirty.AsSpan((shape.Rows - 1) * shape.Stride + shape.Depth).Fill(255);
        var weights = LevelPaths.Weights(shape.Outputs * shape.Depth, 2);
        foreach (var path in LevelPaths.All)
            Assert.Equal(Multiply(shape, clean, weights, path), Multiply(shape, dirty, weights, path));
    }

    [Fact]
    public void SumRows_EveryNumberOfChannelsAndPath_IsTheSum()
    {
        for (var channels = 1; channels <= 257; channels++)
        {
            int size = 1 + channels % 7, windows = 1 + channels % 3;
            // One row more than fills windows.
            var levels = LevelPaths.Levels((windows * size + 1) * channels, (ulong)channels);
            foreach (var path in LevelPaths.All)
            {
                var sums = LevelPaths.At(path, () =>
                {
                    var result = new int[windows * channels];
                    Int8Product.SumRows(levels, channels, size, result);
                    return result;
                });
                for (var i = 0; i < sums.Length; i++)
                    Assert.Equal(Enumerable.Range(0, size).Sum(j => levels[(i / channels * size + j) * channels + i % channels]), sums[i]);
            }
        }
    }

    [Fact]
    public void Kernels_ShapesThatDoNotFit_Throw()
    {
        var shape = new Int8Shape(3, 2, 5, 5);
        byte[] levels = new byte[shape.LevelCount];
        sbyte[] packed = new sbyte[shape.PackedCount];
        int[] sums = new int[shape.SumCount];
        Int8Product.Multiply(shape, levels, packed, sums);
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape, levels.AsSpan(1), packed, sums));
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape, levels, packed.AsSpan(1), sums));
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape, levels, packed, sums.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape with { Rows = 0 }, levels, packed, sums));
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape with { Depth = Int8Shape.DepthMax + 1 }, levels, packed, sums));
        Assert.Throws<ArgumentException>(() => Int8Product.Multiply(shape with { Stride = -1 }, levels, packed, sums));
        Assert.Throws<ArgumentException>(() => Int8Product.Pack(shape, new sbyte[9], packed));
        Assert.Throws<ArgumentException>(() => Int8Product.SumRows(levels, 2, 10, sums));
        Assert.Throws<ArgumentException>(() => Int8Product.SumRows(levels, 4, 1, sums));
        Assert.Throws<ArgumentOutOfRangeException>(() => Int8Product.SumRows(levels, 2, 0, sums));
    }

    private static void Check(in Int8Shape shape, ulong seed)
    {
        var levels = LevelPaths.Levels(shape.LevelCount, seed);
        var weights = LevelPaths.Weights(shape.Outputs * shape.Depth, seed);
        var expected = new int[shape.SumCount];
        for (var i = 0; i < expected.Length; i++)
        {
            for (var k = 0; k < shape.Depth; k++)
                expected[i] += levels[i / shape.Outputs * shape.Stride + k] * weights[i % shape.Outputs * shape.Depth + k];
        }
        foreach (var path in LevelPaths.All)
            Assert.True(expected.AsSpan().SequenceEqual(Multiply(shape, levels, weights, path)), $"{shape}, {path}");
    }

    private static int[] Multiply(Int8Shape shape, byte[] levels, sbyte[] weights, (int, bool) path) => LevelPaths.At(path, () =>
    {
        var packed = new sbyte[shape.PackedCount];
        Int8Product.Pack(shape, weights, packed);
        var sums = new int[shape.SumCount];
        Int8Product.Multiply(shape, levels, packed, sums);
        return sums;
    });
}
