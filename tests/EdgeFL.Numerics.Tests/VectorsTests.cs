namespace EdgeFL.Numerics.Tests;

public sealed class VectorsTests
{
    [Fact]
    public void Reductions_AgainstDoublePrecision_AreClose()
    {
        for (var length = 0; length < 100; length++)
        {
            var random = new Philox((ulong)length);
            var x = Enumerable.Range(0, length).Select(_ => random.NextGaussian()).ToArray();
            var y = Enumerable.Range(0, length).Select(_ => random.NextGaussian()).ToArray();
            double dot = 0, square = 0, distance = 0;
            for (var i = 0; i < length; i++)
            {
                dot += (double)x[i] * y[i];
                square += (double)x[i] * x[i];
                distance += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
            }
            Assert.Equal(dot, Vectors.Dot(x, y), 1e-4);
            Assert.Equal(square, Vectors.SumOfSquares(x), 1e-4);
            Assert.Equal(distance, Vectors.SquaredDistance(x, y), 1e-4);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(33)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(127)]
    [InlineData(1000)]
    public void Dot_SixtyFourChainsThenATree_IsTheDocumentedOrder(int length)
    {
        var x = Inputs.Wild(length, 5);
        var y = Inputs.Wild(length, 6);
        var lanes = new float[64];
        for (var i = 0; i < x.Length; i++)
            lanes[i % 64] = MathF.FusedMultiplyAdd(x[i], y[i], lanes[i % 64]);
        for (var half = 32; half > 0; half /= 2)
        {
            for (var l = 0; l < half; l++)
                lanes[l] += lanes[l + half];
        }
        Assert.Equal(BitConverter.SingleToInt32Bits(lanes[0]), BitConverter.SingleToInt32Bits(Vectors.Dot(x, y)));
    }

    [Fact]
    public void Lerp_ShareZeroAndOne_AreTheEnds()
    {
        float[] x = [1f, 2f, 3f];
        Vectors.Lerp(x, [5f, 6f, 7f], 0f);
        Assert.Equal([1f, 2f, 3f], x);
        Vectors.Lerp(x, [5f, 6f, 7f], 1f);
        Assert.Equal([5f, 6f, 7f], x);
    }

    [Fact]
    public void Kernels_LengthsThatDiffer_Throw()
    {
        Assert.Throws<ArgumentException>(() => Vectors.Axpy(1f, new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => Vectors.Add(new float[3], new float[3], new float[2]));
        Assert.Throws<ArgumentException>(() => Vectors.Subtract(new float[3], new float[4], new float[3]));
        Assert.Throws<ArgumentException>(() => Vectors.Lerp(new float[3], new float[4], 0.5f));
        Assert.Throws<ArgumentException>(() => Vectors.Dot(new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => Vectors.SquaredDistance(new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => Activations.Relu(new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => Elementary.Exp(new float[3], new float[4]));
    }

    [Fact]
    public void Multiply_SpansThatAreTooShort_Throw()
    {
        var product = new MatrixProduct { Rows = 9, Columns = 5, Depth = 3, ARow = 3, ADepth = 1, BDepth = 5, CRow = 5 };
        float[] a = new float[27], b = new float[15], c = new float[45];
        Matrix.Multiply(product, a, b, [], c);
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product, a.AsSpan(1), b, [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product, a, b.AsSpan(1), [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product, a, b, [], c.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product, a, b, new float[4], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product with { Depth = 0 }, a, b, [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product with { CRow = 4 }, a, b, [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product with { BColumn = 2, BDepth = 3 }, a, b, [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product with { BColumn = 9, BDepth = 1 }, a, b, [], c));
        Assert.Throws<ArgumentException>(() => Matrix.Multiply(product with { ARow = -1 }, a, b, [], c));
    }

    [Fact]
    public void Transpose_TwiceOver_IsTheOriginal()
    {
        var x = Inputs.Wild(13 * 21, 9);
        float[] turned = new float[x.Length], back = new float[x.Length];
        Matrix.Transpose(x, 13, 21, turned);
        Assert.Equal(x[2 * 21 + 5], turned[5 * 13 + 2]);
        Matrix.Transpose(turned, 21, 13, back);
        Assert.Equal(x, back);
    }
}
