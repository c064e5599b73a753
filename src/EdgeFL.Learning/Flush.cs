using System.Numerics;
using System.Runtime.CompilerServices;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>Sets momentum below 1e-20 to zero: .NET has no flush-to-zero mode, and denormals make a step ten times slower.</summary>
internal static class Flush
{
    private const float Threshold = 1e-20f;

    internal static float Tiny(float value) => Math.Abs(value) < Threshold ? 0f : value;

    internal static Vector<float> Tiny(Vector<float> value) =>
        Vector.ConditionalSelect(Vector.LessThan(Vector.Abs(value), new Vector<float>(Threshold)), Vector<float>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Tiny<TLanes, TVector>(TVector value)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var above = TLanes.WhereGreater(value, TLanes.Broadcast(-Threshold), TLanes.Zero, value);
        return TLanes.WhereGreater(TLanes.Broadcast(Threshold), value, above, value); // NaN is greater than nothing and stays.
    }

    internal static void CheckLengths(int expected, int first, int second)
    {
        if (first != expected || second != expected)
            throw new ArgumentException($"Vectors of {first} and {second} elements do not fit an optimiser of {expected} parameters.");
    }
}
