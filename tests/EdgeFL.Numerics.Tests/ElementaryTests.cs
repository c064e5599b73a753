namespace EdgeFL.Numerics.Tests;

public sealed class ElementaryTests
{
    public static TheoryData<string> Functions => ["exp", "log", "tanh", "sigmoid", "rsqrt", "gelu", "cosine", "sine"];

    /// <summary>A walk over all floats, a prime number of bit patterns at a time; the platform's double functions are the reference.</summary>
    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_AllOverTheFloats_ErrsByHalfAnUlpAndALittle(string name)
    {
        var worst = 0.0;
        var at = 0f;
        for (long pattern = 0; pattern <= uint.MaxValue; pattern += 9973)
        {
            var x = BitConverter.UInt32BitsToSingle((uint)pattern);
            if (!float.IsFinite(x))
                continue;
            var (got, exact) = Both(name, x);
            if (!float.IsFinite((float)exact))
            {
                Assert.Equal((float)exact, got);
                continue;
            }
            var error = Math.Abs(got - exact) / Ulp((float)exact);
            if (error > worst)
                (worst, at) = (error, x);
        }
        Assert.True(worst <= 0.51, $"{name}({at:R}) is {worst} ulp off");
    }

    [Fact]
    public void Functions_SpecialValues_AreAsDocumented()
    {
        Assert.Equal(1f, Elementary.Exp(0f));
        Assert.Equal(0f, Elementary.Exp(float.NegativeInfinity));
        Assert.Equal(float.PositiveInfinity, Elementary.Exp(float.PositiveInfinity));
        Assert.Equal(float.NegativeInfinity, Elementary.Log(0f));
        Assert.Equal(0f, Elementary.Log(1f));
        Assert.True(float.IsNaN(Elementary.Log(-1f)));
        Assert.Equal(float.PositiveInfinity, Elementary.Log(float.PositiveInfinity));
        Assert.Equal(1f, Elementary.Tanh(float.PositiveInfinity));
        Assert.Equal(-1f, Elementary.Tanh(float.NegativeInfinity));
        Assert.True(float.IsNegative(Elementary.Tanh(-0f)));
        Assert.Equal(0.5f, Elementary.Sigmoid(0f));
        Assert.Equal(0f, Elementary.Sigmoid(float.NegativeInfinity));
        Assert.Equal(1f, Elementary.Sigmoid(float.PositiveInfinity));
        Assert.Equal(float.PositiveInfinity, Elementary.ReciprocalSqrt(0f));
        Assert.Equal(0f, Elementary.ReciprocalSqrt(float.PositiveInfinity));
        Assert.True(float.IsNaN(Elementary.ReciprocalSqrt(-1f)));
        Assert.Equal(float.PositiveInfinity, Elementary.Gelu(float.PositiveInfinity));
        Assert.True(float.IsNegative(Elementary.Gelu(float.NegativeInfinity)) && Elementary.Gelu(float.NegativeInfinity) == 0f);
        Assert.True(float.IsNaN(Elementary.CosineOfTurns(float.PositiveInfinity)) && float.IsNaN(Elementary.SineOfTurns(float.NegativeInfinity)));
        Assert.Equal((1f, 0f, -1f, 0f), (Elementary.CosineOfTurns(7f), Elementary.CosineOfTurns(7.25f), Elementary.CosineOfTurns(7.5f), Elementary.CosineOfTurns(7.75f)));
        Assert.Equal((0f, 1f, 0f, -1f), (Elementary.SineOfTurns(7f), Elementary.SineOfTurns(7.25f), Elementary.SineOfTurns(7.5f), Elementary.SineOfTurns(7.75f)));
        Assert.Equal(0.5f, Elementary.GeluDerivative(0f));
        Assert.Equal(1f, Elementary.GeluDerivative(float.PositiveInfinity));
        Assert.Equal(0f, Elementary.GeluDerivative(float.NegativeInfinity));
        Assert.True(float.IsNaN(Elementary.GeluDerivative(float.NaN)));
        foreach (var name in new[] { "exp", "log", "tanh", "sigmoid", "rsqrt", "gelu", "cosine", "sine" })
            Assert.True(float.IsNaN(Both(name, float.NaN).Got));
    }

    [Fact]
    public void GeluDerivative_AllAlongTheAxis_ErrsAsLittleAsItSays()
    {
        for (var x = -16f; x <= 12f; x += 1f / 1024f)
        {
            var exact = ErrorFunction.Normal(x) + x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
            Assert.InRange(Elementary.GeluDerivative(x) - exact, -Math.Max(1e-8, 0.51 * Ulp((float)exact)), Math.Max(1e-8, 0.51 * Ulp((float)exact)));
        }
    }

    [Fact]
    public void CosinePi_OverHalfATurn_IsTheCosine()
    {
        for (var i = 0; i <= 1000; i++)
            Assert.Equal(Math.Cos(Math.PI * i / 1000.0), Elementary.CosinePi(i / 1000.0), 1e-14);
        Assert.Equal(1.0, Elementary.CosinePi(0));
        Assert.Equal(0.0, Elementary.CosinePi(0.5));
        Assert.Equal(-1.0, Elementary.CosinePi(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Elementary.CosinePi(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Elementary.CosinePi(double.NaN));
    }

    [Fact]
    public void CrossEntropy_AgainstDoublePrecision_GivesLossAndGradient()
    {
        float[] logits = [1.5f, -2f, 40f, 38f];
        var gradient = new float[4];
        var loss = Softmax.CrossEntropy(logits, [3], 0.25f, gradient);
        var sum = logits.Sum(x => Math.Exp(x - 40.0));
        Assert.Equal(Math.Log(sum) + 2.0, loss, 1e-6);
        for (var i = 0; i < 4; i++)
            Assert.Equal(0.25 * (Math.Exp(logits[i] - 40.0) / sum - (i == 3 ? 1 : 0)), gradient[i], 1e-7);

        // A batch is its rows one by one, to the bit, and may be written over itself.
        float[] batch = [.. logits, 0.5f, 0.25f, -8f, 1f], alone = new float[4];
        var first = Softmax.CrossEntropy(batch.AsSpan(0, 4), [3], 0.5f, gradient);
        var second = Softmax.CrossEntropy(batch.AsSpan(4), [1], 0.5f, alone);
        Assert.Equal(first + second, Softmax.CrossEntropy(batch, [3, 1], 0.5f, batch), 1e-6f);
        Assert.Equal([.. gradient, .. alone], batch);
        var probability = new float[4];
        Softmax.Normalise(logits, probability);
        Assert.Equal(1f, probability.Sum(), 1e-6f);
        Assert.Throws<ArgumentOutOfRangeException>(() => Softmax.CrossEntropy(logits, [4], 1f, gradient));
        Assert.Throws<ArgumentOutOfRangeException>(() => Softmax.CrossEntropy(logits, [-1], 1f, gradient));
        Assert.Throws<ArgumentException>(() => Softmax.CrossEntropy(logits, [0, 1, 0], 1f, gradient));
        Assert.Throws<ArgumentException>(() => Softmax.CrossEntropy(logits, [], 1f, gradient));
        Assert.Throws<ArgumentException>(() => Softmax.CrossEntropy(logits, [0], 1f, new float[3]));
        Assert.Throws<ArgumentException>(() => Softmax.Normalise([], []));
    }

    private static (float Got, double Exact) Both(string name, float x) => name switch
    {
        "exp" => (Elementary.Exp(x), Math.Exp(x)),
        "log" => (Elementary.Log(x), Math.Log(x)),
        "tanh" => (Elementary.Tanh(x), Math.Tanh(x)),
        "rsqrt" => (Elementary.ReciprocalSqrt(x), 1.0 / Math.Sqrt(x)),
        "cosine" => (Elementary.CosineOfTurns(x), double.CosPi(2.0 * x)),
        "sine" => (Elementary.SineOfTurns(x), double.SinPi(2.0 * x)),
        "gelu" => (Elementary.Gelu(x), x * ErrorFunction.Normal(x)),
        _ => (Elementary.Sigmoid(x), 1.0 / (1.0 + Math.Exp(-(double)x))),
    };

    private static double Ulp(float value) => Math.Max((double)MathF.BitIncrement(Math.Abs(value)) - Math.Abs(value), float.Epsilon);
}
