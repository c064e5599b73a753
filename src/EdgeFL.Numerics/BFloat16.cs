namespace EdgeFL.Numerics;

/// <summary>bfloat16, the upper half of a float32: what scales are sent in.</summary>
internal static class BFloat16
{
    /// <summary>The value of two bytes.</summary>
    internal static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The smallest one that is not below a float of 0 or more, finite and not among the largest.</summary>
    internal static ushort AtLeast(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits >> 16) + ((bits & 0xFFFF) == 0 ? 0u : 1u));
    }
}
