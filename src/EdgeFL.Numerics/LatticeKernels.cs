using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>What <see cref="ModuloLattice"/> does with each value of a group, once for every width.</summary>
internal static class LatticeKernels
{
    // 3·2^22: a float this large has steps of one, so that adding it rounds to an integer (halves to the even one), which its lowest bits then are.
    private const float Rounding = 12582912f;
    private const uint RoundingBits = 0x4B400000;

    // Beyond it a level cannot come from an encoder; it is held there, so that the sums stay exact.
    private const float LargestLevel = 2097152f;

    /// <summary>Largest magnitude.</summary>
    /// <param name="values">Shape [I].</param>
    /// <param name="finite">False when one is NaN or infinite; the answer then means nothing.</param>
    internal static float Largest(ReadOnlySpan<float> values, out bool finite)
    {
        Span<float> state = stackalloc float[32];
        state.Clear();
        ref var x = ref MemoryMarshal.GetReference(values);
        var done = 0;
        if (Lanes.Use512)
            done = Largest<WordLanes512, Vector512<uint>>(ref x, done, values.Length, state);
        else if (Lanes.Use256)
            done = Largest<WordLanes256, Vector256<uint>>(ref x, done, values.Length, state);
        else if (Lanes.Use128)
            done = Largest<WordLanes128, Vector128<uint>>(ref x, done, values.Length, state);
        Largest<WordLanes1, uint>(ref x, done, values.Length, state);
        var largest = 0f;
        finite = true;
        for (var i = 0; i < 16; i++)
        {
            largest = Math.Max(largest, state[i]);
            finite &= state[16 + i] == 0f;
        }
        return largest;
    }

    /// <summary>Values to residues; returns the check.</summary>
    internal static ulong Quantise(ModuloLattice.Buffers buffers, int length, int bits, float step)
    {
        var check = 0ul;
        var done = 0;
        buffers.Residues.Slice(length & ~7, length % 8 == 0 ? 0 : 8).Clear();
        if (Lanes.Use512)
            done = Quantise<WordLanes512, Vector512<uint>>(buffers, done, length, bits, step, ref check);
        else if (Lanes.Use256)
            done = Quantise<WordLanes256, Vector256<uint>>(buffers, done, length, bits, step, ref check);
        else if (Lanes.Use128)
            done = Quantise<WordLanes128, Vector128<uint>>(buffers, done, length, bits, step, ref check);
        Quantise<WordLanes1, uint>(buffers, done, length, bits, step, ref check);
        return check;
    }

    /// <summary>The receiver's values and the residues to levels, and how near they are to the borders; returns the check.</summary>
    internal static ulong Nearest(ModuloLattice.Buffers buffers, int length, int bits, float step)
    {
        var check = 0ul;
        var done = 0;
        if (Lanes.Use512)
            done = Nearest<WordLanes512, Vector512<uint>>(buffers, done, length, bits, step, ref check);
        else if (Lanes.Use256)
            done = Nearest<WordLanes256, Vector256<uint>>(buffers, done, length, bits, step, ref check);
        else if (Lanes.Use128)
            done = Nearest<WordLanes128, Vector128<uint>>(buffers, done, length, bits, step, ref check);
        Nearest<WordLanes1, uint>(buffers, done, length, bits, step, ref check);
        return check;
    }

    /// <summary>Levels to values: (k' - u)·s.</summary>
    internal static void Restore(ModuloLattice.Buffers buffers, int length, float step)
    {
        var done = 0;
        if (Lanes.Use512)
            done = Restore<WordLanes512, Vector512<uint>>(buffers, done, length, step);
        else if (Lanes.Use256)
            done = Restore<WordLanes256, Vector256<uint>>(buffers, done, length, step);
        else if (Lanes.Use128)
            done = Restore<WordLanes128, Vector128<uint>>(buffers, done, length, step);
        Restore<WordLanes1, uint>(buffers, done, length, step);
    }

    private static int Largest<TLanes, TVector>(ref float values, int first, int length, Span<float> state)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        ref var place = ref MemoryMarshal.GetReference(state);
        ref var otherPlace = ref Unsafe.Add(ref place, 16);
        TVector largest = TLanes.Load(ref place), zeros = TLanes.Load(ref otherPlace);
        var magnitude = TLanes.Broadcast(0x7FFFFFFF);
        var i = first;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var value = TLanes.Load(ref Unsafe.Add(ref values, i));
            largest = TLanes.MaxSingles(TLanes.And(value, magnitude), largest);
            zeros = TLanes.Fma(value, TLanes.BroadcastSingle(0f), zeros);
        }
        TLanes.Store(largest, ref place);
        TLanes.Store(zeros, ref otherPlace);
        return i;
    }

    private static int Quantise<TLanes, TVector>(ModuloLattice.Buffers buffers, int first, int length, int bits, float step, ref ulong check)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        ref var values = ref MemoryMarshal.GetReference(buffers.Values);
        ref var dither = ref MemoryMarshal.GetReference(buffers.Dither);
        ref var residues = ref MemoryMarshal.GetReference(buffers.Residues);
        TVector factor = TLanes.BroadcastSingle(1f / step), rounding = TLanes.BroadcastSingle(Rounding), roundingBits = TLanes.Broadcast(RoundingBits);
        TVector mask = TLanes.Broadcast((1u << bits) - 1), low = TLanes.Broadcast(0), high = low;
        var i = first;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var exact = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref values, i)), factor, TLanes.Load(ref Unsafe.Add(ref dither, i)));
            var level = TLanes.Subtract(TLanes.AddSingles(exact, rounding), roundingBits);
            TLanes.StoreLowest(TLanes.And(level, mask), ref Unsafe.Add(ref residues, i));
            var interval = TLanes.ShiftRightSigned(level, bits);
            LatticeWeights.At<TLanes, TVector>(i, out var lowWeight, out var highWeight);
            low = TLanes.Add(low, TLanes.Multiply(interval, lowWeight));
            high = TLanes.Add(high, TLanes.Multiply(interval, highWeight));
        }
        check = LatticeWeights.Add(check, LatticeWeights.Join(TLanes.Sum(low), TLanes.Sum(high)));
        return i;
    }

    private static int Nearest<TLanes, TVector>(ModuloLattice.Buffers buffers, int first, int length, int bits, float step, ref ulong check)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        ref var values = ref MemoryMarshal.GetReference(buffers.Values);
        ref var dither = ref MemoryMarshal.GetReference(buffers.Dither);
        ref var margins = ref MemoryMarshal.GetReference(buffers.Margins);
        ref var residues = ref MemoryMarshal.GetReference(buffers.Residues);
        TVector factor = TLanes.BroadcastSingle(1f / step), rounding = TLanes.BroadcastSingle(Rounding), roundingBits = TLanes.Broadcast(RoundingBits);
        TVector most = TLanes.BroadcastSingle(LargestLevel), least = TLanes.BroadcastSingle(-LargestLevel), small = TLanes.BroadcastSingle(8388608f);
        TVector width = TLanes.BroadcastSingle(1 << bits), narrow = TLanes.BroadcastSingle(1f / (1 << bits));
        TVector low = TLanes.Broadcast(0), high = low;
        var i = first;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var exact = TLanes.Fma(TLanes.Load(ref Unsafe.Add(ref values, i)), factor, TLanes.Load(ref Unsafe.Add(ref dither, i)));
            exact = TLanes.MinSingles(TLanes.MaxSingles(exact, least), most);
            var residue = TLanes.SubtractSingles(TLanes.Or(TLanes.Widen(ref Unsafe.Add(ref residues, i)), small), small);
            var place = TLanes.MultiplySingles(TLanes.SubtractSingles(exact, residue), narrow);
            var rounded = TLanes.AddSingles(place, rounding);
            var interval = TLanes.SubtractSingles(rounded, rounding);
            TLanes.Store(TLanes.SubtractSingles(place, interval), ref Unsafe.Add(ref margins, i));
            TLanes.Store(TLanes.Fma(interval, width, residue), ref Unsafe.Add(ref values, i));
            LatticeWeights.At<TLanes, TVector>(i, out var lowWeight, out var highWeight);
            var whole = TLanes.Subtract(rounded, roundingBits);
            low = TLanes.Add(low, TLanes.Multiply(whole, lowWeight));
            high = TLanes.Add(high, TLanes.Multiply(whole, highWeight));
        }
        check = LatticeWeights.Add(check, LatticeWeights.Join(TLanes.Sum(low), TLanes.Sum(high)));
        return i;
    }

    private static int Restore<TLanes, TVector>(ModuloLattice.Buffers buffers, int first, int length, float step)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        ref var values = ref MemoryMarshal.GetReference(buffers.Values);
        ref var dither = ref MemoryMarshal.GetReference(buffers.Dither);
        var factor = TLanes.BroadcastSingle(step);
        var i = first;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            ref var place = ref Unsafe.Add(ref values, i);
            TLanes.Store(TLanes.MultiplySingles(TLanes.SubtractSingles(TLanes.Load(ref place), TLanes.Load(ref Unsafe.Add(ref dither, i))), factor), ref place);
        }
        return i;
    }
}
