using System.Runtime.CompilerServices;

namespace EdgeFL.Numerics;

/// <summary>
/// The weights of <see cref="ModuloLattice"/>'s check: for each place in a group two words that look random, a function of the place alone. A pair of words is carried as a
/// ulong whose halves are added each for itself, modulo 2^32.
/// </summary>
internal static class LatticeWeights
{
    /// <summary>Weights of as many places as there are lanes.</summary>
    /// <remarks>The mixing constants are those of Wellons' "lowbias32", 2018, and of MurmurHash3.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void At<TLanes, TVector>(int place, out TVector low, out TVector high)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        var x = TLanes.Multiply(TLanes.Add(TLanes.Broadcast((uint)place + 1), TLanes.Indices), TLanes.Broadcast(0x9E3779B9));
        x = TLanes.Multiply(TLanes.Xor(x, TLanes.ShiftRight(x, 16)), TLanes.Broadcast(0x7FEB352D));
        x = TLanes.Multiply(TLanes.Xor(x, TLanes.ShiftRight(x, 15)), TLanes.Broadcast(0x846CA68B));
        low = TLanes.Xor(x, TLanes.ShiftRight(x, 16));
        x = TLanes.Multiply(low, TLanes.Broadcast(0x85EBCA6B));
        x = TLanes.Multiply(TLanes.Xor(x, TLanes.ShiftRight(x, 13)), TLanes.Broadcast(0xC2B2AE35));
        high = TLanes.Xor(x, TLanes.ShiftRight(x, 16));
    }

    /// <summary>The pair of one place.</summary>
    internal static ulong At(int place)
    {
        At<WordLanes1, uint>(place, out var low, out var high);
        return Join(low, high);
    }

    internal static ulong Join(uint low, uint high) => low | ((ulong)high << 32);

    internal static ulong Add(ulong a, ulong b) => Join((uint)a + (uint)b, (uint)(a >> 32) + (uint)(b >> 32));

    internal static ulong Subtract(ulong a, ulong b) => Join((uint)a - (uint)b, (uint)(a >> 32) - (uint)(b >> 32));
}
