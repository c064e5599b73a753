using System.Numerics;

namespace EdgeFL.Numerics.Tests;

public sealed class HadamardTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(128)]
    [InlineData(512)]
    [InlineData(2048)]
    public void Transform_OfAnyPowerOfTwo_IsTheMatrixOfSigns(int length)
    {
        var random = new Philox((ulong)length);
        var x = Enumerable.Range(0, length).Select(_ => random.NextGaussian()).ToArray();
        var y = x.ToArray();
        Hadamard.Transform(y);
        for (var i = 0; i < length; i++)
        {
            double sum = 0;
            for (var j = 0; j < length; j++)
                sum += BitOperations.PopCount((uint)(i & j)) % 2 == 0 ? x[j] : -x[j];
            Assert.Equal(sum, y[i], 1e-4 * Math.Sqrt(length));
        }
        Hadamard.Transform(y);
        for (var i = 0; i < length; i++)
            Assert.Equal(x[i] * length, y[i], 1e-5 * length * Math.Sqrt(length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(48)]
    public void Transform_OfAnotherLength_IsRefused(int length) => Assert.Throws<ArgumentException>(() => Hadamard.Transform(new float[length]));

    [Fact]
    public void Transform_AllocatesNothing()
    {
        var x = new float[1024];
        Assert.Equal(0, Allocation.Least(() => Hadamard.Transform(x)));
    }
}
