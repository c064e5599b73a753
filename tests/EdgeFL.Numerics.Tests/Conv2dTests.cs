namespace EdgeFL.Numerics.Tests;

/// <summary>Convolution over images against its definition, element by element, bit for bit, at every width.</summary>
[Collection(LaneWidths.Name)]
public sealed class Conv2dTests
{
    /// <summary>Inputs, outputs, kernel, height, width.</summary>
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 1, 6, 5, 28, 28 },
        { 6, 16, 5, 12, 12 },
        { 1, 1, 1, 1, 1 },
        { 1, 8, 3, 8, 8 },
        { 1, 15, 3, 5, 9 },
        { 1, 7, 4, 6, 6 },
        { 1, 1, 2, 6, 6 },
        { 1, 1, 2, 3, 9 },
        { 1, 2, 6, 7, 13 },
        { 1, 4, 7, 9, 8 },
        { 1, 16, 3, 9, 5 },
        { 1, 3, 4, 4, 4 },
        { 2, 5, 2, 6, 3 },
        { 3, 6, 5, 11, 17 },
        { 3, 9, 1, 4, 7 },
        { 5, 19, 3, 7, 8 },
        { 7, 33, 3, 6, 6 },
        { 8, 12, 4, 10, 5 },
        { 17, 4, 2, 5, 5 },
        { 16, 7, 1, 3, 3 },
        { 4, 10, 3, 40, 33 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_AtEveryWidth_IsOneChainForEachOutput(int inputs, int outputs, int kernel, int height, int width)
    {
        var shape = new Conv2dShape(inputs, outputs, kernel, height, width);
        float[] x = Inputs.Wild(shape.InputCount, 1), weight = Inputs.Wild(shape.WeightCount, 2), bias = Inputs.Wild(outputs, 3);
        var expected = new float[shape.OutputCount];
        for (var at = 0; at < expected.Length; at++)
        {
            int o = at % outputs, column = at / outputs % shape.OutputWidth, row = at / outputs / shape.OutputWidth;
            var sum = bias[o];
            foreach (var (j, k, i) in Taps(shape))
                sum = MathF.FusedMultiplyAdd(x[((row + j) * width + column + k) * inputs + i], weight[Weight(shape, o, j, k, i)], sum);
            expected[at] = sum;
        }
        AtEveryWidth(expected, () =>
        {
            float[] packed = Stale(shape.PackedForwardCount), y = Stale(shape.OutputCount);
            Conv2d.PackForward(shape, weight, packed);
            Conv2d.Forward(shape, x, packed, bias, Stale(shape.ScratchCount), y);
            return y;
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ParameterGradient_AtEveryWidth_IsOneChainForEachParameterOrSixteen(int inputs, int outputs, int kernel, int height, int width)
    {
        const int Batch = 2;
        var shape = new Conv2dShape(inputs, outputs, kernel, height, width);
        float[] x = Inputs.Wild(Batch * shape.InputCount, 1), dy = Inputs.Wild(Batch * shape.OutputCount, 2);
        // Where one channel meets few filters there are sixteen chains, one for each lane of the widest vector.
        var chains = inputs == 1 && outputs < 16 ? 16 : 1;
        var sums = new float[chains, shape.WeightCount + outputs];
        for (var p = 0; p < Batch * shape.OutputCount / outputs; p++)
        {
            int pixels = shape.OutputHeight * shape.OutputWidth, b = p / pixels, row = p % pixels / shape.OutputWidth, column = p % pixels % shape.OutputWidth;
            var chain = (row * width + column) % chains;
            for (var o = 0; o < outputs; o++)
            {
                var gradient = dy[p * outputs + o];
                foreach (var (j, k, i) in Taps(shape))
                {
                    ref var sum = ref sums[chain, Weight(shape, o, j, k, i)];
                    sum = MathF.FusedMultiplyAdd(gradient, x[b * shape.InputCount + ((row + j) * width + column + k) * inputs + i], sum);
                }
                sums[chain, shape.WeightCount + o] += gradient;
            }
        }
        for (var half = chains / 2; half > 0; half /= 2)
        {
            for (var at = 0; at < half * sums.GetLength(1); at++)
                sums[at / sums.GetLength(1), at % sums.GetLength(1)] += sums[at / sums.GetLength(1) + half, at % sums.GetLength(1)];
        }
        float[] expected = [.. Enumerable.Range(0, sums.GetLength(1)).Select(at => sums[0, at])];
        AtEveryWidth(expected, () =>
        {
            var gradient = Stale(expected.Length);
            var scratch = Stale(shape.ScratchCount);
            Conv2d.ParameterGradient(shape, x, dy, Batch, scratch, gradient.AsSpan(0, shape.WeightCount), gradient.AsSpan(shape.WeightCount));
            return gradient;
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InputGradient_AtEveryWidth_IsTheSumOfThePatches(int inputs, int outputs, int kernel, int height, int width)
    {
        var shape = new Conv2dShape(inputs, outputs, kernel, height, width);
        float[] dy = Inputs.Wild(shape.OutputCount, 1), weight = Inputs.Wild(shape.WeightCount, 2), expected = new float[shape.InputCount];
        for (var p = 0; p < dy.Length / outputs; p++)
        {
            foreach (var (j, k, i) in Taps(shape))
            {
                var sum = 0f;
                for (var o = 0; o < outputs; o++)
                    sum = MathF.FusedMultiplyAdd(dy[p * outputs + o], weight[Weight(shape, o, j, k, i)], sum);
                expected[((p / shape.OutputWidth + j) * width + p % shape.OutputWidth + k) * inputs + i] += sum;
            }
        }
        AtEveryWidth(expected, () =>
        {
            float[] packed = Stale(shape.PackedBackwardCount), dx = Stale(shape.InputCount);
            Conv2d.PackBackward(shape, weight, packed);
            Conv2d.InputGradient(shape, dy, packed, Stale(shape.ScratchCount), dx);
            return dx;
        });
    }

    [Fact]
    public void InputGradient_OneOutputThatIsNotFinite_SpoilsNoPixelThatItHadNoPartIn()
    {
        foreach (var bits in LaneWidths.Bits)
        {
            var shape = new Conv2dShape(3, 2, 2, 5, 6);
            var dy = new float[shape.OutputCount];
            dy[shape.Outputs * (shape.OutputWidth + 2)] = float.PositiveInfinity;
            float[] packed = new float[shape.PackedBackwardCount], dx = new float[shape.InputCount];
            LaneWidths.At(bits, () =>
            {
                Conv2d.PackBackward(shape, [.. Enumerable.Repeat(1f, shape.WeightCount)], packed);
                Conv2d.InputGradient(shape, dy, packed, new float[shape.ScratchCount], dx);
                return 0;
            });
            for (var at = 0; at < dx.Length; at++)
            {
                int row = at / 3 / 6, column = at / 3 % 6;
                Assert.Equal(row is 1 or 2 && column is 2 or 3 ? float.PositiveInfinity : 0f, dx[at]);
            }
        }
    }

    [Fact]
    public void Kernels_SpansThatDoNotFit_Throw()
    {
        var shape = new Conv2dShape(2, 3, 2, 4, 5);
        float[] x = new float[40], y = new float[36], w = new float[24], b = new float[3], scratch = new float[shape.ScratchCount];
        float[] forward = new float[shape.PackedForwardCount], backward = new float[shape.PackedBackwardCount];
        Assert.Throws<ArgumentException>(() => Conv2d.PackForward(shape, w.AsSpan(1), forward));
        Assert.Throws<ArgumentException>(() => Conv2d.PackForward(shape, w, forward.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Conv2d.PackBackward(shape, w, backward.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Conv2d.Forward(shape, x.AsSpan(1), forward, b, scratch, y));
        Assert.Throws<ArgumentException>(() => Conv2d.Forward(shape, x, forward.AsSpan(1), b, scratch, y));
        Assert.Throws<ArgumentException>(() => Conv2d.Forward(shape, x, forward, b.AsSpan(1), scratch, y));
        Assert.Throws<ArgumentException>(() => Conv2d.Forward(shape, x, forward, b, scratch.AsSpan(1), y));
        Assert.Throws<ArgumentException>(() => Conv2d.Forward(shape, x, forward, b, scratch, y.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Conv2d.ParameterGradient(shape, x, y, 2, scratch, w, b));
        Assert.Throws<ArgumentException>(() => Conv2d.ParameterGradient(shape, x, y, 1, scratch, w, b.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Conv2d.InputGradient(shape, y, backward.AsSpan(1), scratch, x));
        Assert.Throws<ArgumentException>(() => Conv2d.InputGradient(shape, y, backward, scratch, x.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Conv2d.InputGradient(shape with { Kernel = 5 }, y, backward, scratch, x));
    }

    private static void AtEveryWidth(float[] expected, Func<float[]> compute)
    {
        foreach (var bits in LaneWidths.Bits)
            Assert.True(Numbers.Bits(expected).AsSpan().SequenceEqual(Numbers.Bits(LaneWidths.At(bits, compute))), $"{bits} bits");
    }

    /// <summary>What memory holds that was used before.</summary>
    private static float[] Stale(int count)
    {
        var values = new float[count];
        Array.Fill(values, float.NaN);
        return values;
    }

    private static IEnumerable<(int J, int K, int I)> Taps(Conv2dShape shape)
    {
        for (var tap = 0; tap < shape.Kernel * shape.Kernel * shape.Inputs; tap++)
            yield return (tap / shape.Inputs / shape.Kernel, tap / shape.Inputs % shape.Kernel, tap % shape.Inputs);
    }

    private static int Weight(Conv2dShape shape, int o, int j, int k, int i) => ((o * shape.Inputs + i) * shape.Kernel + j) * shape.Kernel + k;
}
