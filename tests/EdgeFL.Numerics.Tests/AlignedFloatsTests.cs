using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics.Tests;

public sealed class AlignedFloatsTests
{
    [Fact]
    public void Allocate_AnyLength_IsThatManyZerosFromTheStartOfALine()
    {
        for (var length = 1; length < 200; length++)
        {
            var floats = AlignedFloats.Allocate(length);
            Assert.Equal(length, floats.Length);
            Assert.All(floats.ToArray(), value => Assert.Equal(0f, value));
            Assert.Equal(0, (long)Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(floats.Span)) % 64);
            floats.Span.Fill(1f);
        }
    }

    [Fact]
    public void Allocate_OutOfRange_IsEmptyOrRefused()
    {
        Assert.True(AlignedFloats.Allocate(0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => AlignedFloats.Allocate(-1));
        Assert.Throws<OverflowException>(() => AlignedFloats.Allocate(int.MaxValue));
    }
}
