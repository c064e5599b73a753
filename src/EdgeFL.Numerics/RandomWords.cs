using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// The words of <see cref="Philox"/> in batches of 64, for kernels that draw one or more a value: 16 counters at once, and the answer is laid out so that every
/// width writes it in whole vectors. Word 16·w + j of a batch is the w-th of the four words of counter j.
/// </summary>
/// <param name="seed">Key, both 32-bit words.</param>
/// <param name="stream">Upper half of the counter.</param>
/// <remarks>The lower half of the counter has the <see cref="Use"/> in its upper word, so that signs and dither of one stream never overlap.</remarks>
internal readonly struct RandomWords(ulong seed, ulong stream)
{
    /// <summary>Words in a batch.</summary>
    internal const int BatchLength = 64;

    /// <summary>Values whose dither a batch holds.</summary>
    internal const int DitherLength = 2 * BatchLength;

    private const int Counters = 16;

    /// <summary>What words are drawn for.</summary>
    internal enum Use
    {
        /// <summary>Numbers in (-1/2, 1/2).</summary>
        Dither,

        /// <summary>Signs of the first values of a group.</summary>
        FirstSigns,

        /// <summary>Signs of the last values of a group whose length is no power of two.</summary>
        LastSigns,

        /// <summary>Signs of the first values when they are rotated once more.</summary>
        AgainSigns,
    }

    /// <summary>Draws one batch.</summary>
    /// <param name="use">What for.</param>
    /// <param name="batch">Which, 0 to 2^28 - 1.</param>
    /// <param name="words">Shape [<see cref="BatchLength"/>]; overwritten.</param>
    internal void Draw(Use use, int batch, Span<uint> words)
    {
        ref var first = ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(words[..BatchLength]));
        var counter = (uint)batch * Counters;
        if (Lanes.Use512)
            Draw<WordLanes512, Vector512<uint>>(counter, (uint)use, ref first);
        else if (Lanes.Use256)
            Draw<WordLanes256, Vector256<uint>>(counter, (uint)use, ref first);
        else if (Lanes.Use128)
            Draw<WordLanes128, Vector128<uint>>(counter, (uint)use, ref first);
        else
            Draw<WordLanes1, uint>(counter, (uint)use, ref first);
    }

    /// <summary>
    /// Numbers uniform in (-1/2, 1/2), each (k + 1/2)/65536 - 1/2 with k a half of a word: in each 32 values of a batch of 128, the low halves of 16 words and then their
    /// high halves.
    /// </summary>
    /// <param name="firstBatch">Batch of the first value.</param>
    /// <param name="dither">A multiple of <see cref="DitherLength"/> values; overwritten.</param>
    internal void DrawDither(int firstBatch, Span<float> dither)
    {
        Span<uint> words = stackalloc uint[BatchLength];
        for (var batch = firstBatch; dither.Length >= DitherLength; batch++)
        {
            Draw(Use.Dither, batch, words);
            ref var source = ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(words));
            ref var destination = ref MemoryMarshal.GetReference(dither);
            if (Lanes.Use512)
                ToDither<WordLanes512, Vector512<uint>>(ref source, ref destination);
            else if (Lanes.Use256)
                ToDither<WordLanes256, Vector256<uint>>(ref source, ref destination);
            else if (Lanes.Use128)
                ToDither<WordLanes128, Vector128<uint>>(ref source, ref destination);
            else
                ToDither<WordLanes1, uint>(ref source, ref destination);
            dither = dither[DitherLength..];
        }
    }

    private void Draw<TLanes, TVector>(uint counter, uint use, ref float words)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        for (var j = 0; j < Counters; j += TLanes.Count)
        {
            TVector c0 = TLanes.Add(TLanes.Broadcast(counter + (uint)j), TLanes.Indices), c1 = TLanes.Broadcast(use);
            TVector c2 = TLanes.Broadcast((uint)stream), c3 = TLanes.Broadcast((uint)(stream >> 32));
            uint k0 = (uint)seed, k1 = (uint)(seed >> 32);
            for (var round = 0; round < Philox.Rounds; round++)
            {
                var low0 = TLanes.MultiplyWide(c0, TLanes.Broadcast(Philox.Multiplier0), out var high0);
                var low1 = TLanes.MultiplyWide(c2, TLanes.Broadcast(Philox.Multiplier1), out var high1);
                c0 = TLanes.Xor(TLanes.Xor(high1, c1), TLanes.Broadcast(k0));
                c1 = low1;
                c2 = TLanes.Xor(TLanes.Xor(high0, c3), TLanes.Broadcast(k1));
                c3 = low0;
                k0 += Philox.Weyl0;
                k1 += Philox.Weyl1;
            }
            ref var place = ref Unsafe.Add(ref words, j);
            TLanes.Store(c0, ref place);
            TLanes.Store(c1, ref Unsafe.Add(ref place, Counters));
            TLanes.Store(c2, ref Unsafe.Add(ref place, 2 * Counters));
            TLanes.Store(c3, ref Unsafe.Add(ref place, 3 * Counters));
        }
    }

    private static void ToDither<TLanes, TVector>(ref float words, ref float dither)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        for (var i = 0; i < BatchLength; i += TLanes.Count)
        {
            var word = TLanes.Load(ref Unsafe.Add(ref words, i));
            ref var place = ref Unsafe.Add(ref dither, 2 * (i & ~15) + (i & 15));
            TLanes.Store(Centred<TLanes, TVector>(TLanes.And(word, TLanes.Broadcast(0xFFFF))), ref place);
            TLanes.Store(Centred<TLanes, TVector>(TLanes.ShiftRight(word, 16)), ref Unsafe.Add(ref place, 16));
        }
    }

    /// <summary>A half-word laid into the fraction of 2^23 is that float's distance from 2^23; the rest is exact, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Centred<TLanes, TVector>(TVector half)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        var value = TLanes.SubtractSingles(TLanes.Or(half, TLanes.BroadcastSingle(8388608f)), TLanes.BroadcastSingle(8388608f));
        return TLanes.Fma(value, TLanes.BroadcastSingle(1f / 65536f), TLanes.BroadcastSingle(0.5f / 65536f - 0.5f));
    }
}
