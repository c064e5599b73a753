namespace EdgeFL.Numerics.Tests;

/// <summary>Tests that change the kernels' width run one after the other; all others do not care, for the bits are the same.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LaneWidths
{
    public const string Name = "lane widths";

    internal static readonly int[] Bits = [512, 256, 128, 32];

    /// <summary>Runs a computation at one width and says that no wider one was allowed meanwhile.</summary>
    internal static T At<T>(int bits, Func<T> compute)
    {
        var before = Lanes.WidestBits;
        Lanes.WidestBits = bits;
        try
        {
            Assert.True(bits >= 512 || !Lanes.Use512);
            Assert.True(bits >= 256 || !Lanes.Use256);
            Assert.True(bits >= 128 || (!Lanes.Use128 && !Lanes.UseVector));
            return compute();
        }
        finally
        {
            Lanes.WidestBits = before;
        }
    }
}

internal static class Numbers
{
    internal static int[] Bits(ReadOnlySpan<float> values)
    {
        var bits = new int[values.Length];
        for (var i = 0; i < bits.Length; i++)
            bits[i] = BitConverter.SingleToInt32Bits(values[i]);
        return bits;
    }
}
