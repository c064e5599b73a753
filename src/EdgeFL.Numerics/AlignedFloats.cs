using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Room for floats that begins with a cache line: a vector as wide as one then never lies across two, which would take two loads.</summary>
public static class AlignedFloats
{
    private const int Line = 64;

    /// <summary>Zeros, from an address that 64 divides and that never moves.</summary>
    /// <param name="length">How many, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static Memory<float> Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length == 0)
            return default;
        var room = GC.AllocateArray<float>(checked(length + Line / sizeof(float)), pinned: true);
        return room.AsMemory(ToLine(room), length);
    }

    /// <summary>Floats from the start of a span that does not move to the next cache line.</summary>
    internal static int ToLine(ReadOnlySpan<float> room)
    {
        var past = (int)((ulong)Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(room)) % Line);
        return (Line - past) % Line / sizeof(float);
    }
}
