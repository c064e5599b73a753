using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeFL.Numerics;

/// <summary>
/// A rotation of up to 4095 values that both sides draw from one seed: random signs, then the Walsh-Hadamard transform scaled by 1/√P. Lengths are kept, and what
/// a few values hold is spread over all, so that the result looks like normal numbers whatever went in.
/// </summary>
/// <remarks>
/// A length that is no power of two is not padded. P being the largest power of two within the length, the first P values are rotated; then, with signs of their own, the last P; then the values
/// before those P and the values behind the first P are mixed in pairs, (a + b)/√2 and (a - b)/√2; then the first P are rotated once more. Each of these keeps lengths. Without the pairs
/// what is only in one end would hardly come to the other where the length is nearly 2 P; as it is, no place has more than 1.13 times the mean square wherever all of it was.
/// Source of the method: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform and approximate nearest neighbors", 2009.
/// </remarks>
internal static class RandomRotation
{
    /// <summary>Values that are rotated together, but for the last group, which has these and the rest.</summary>
    internal const int GroupLength = 2048;

    /// <summary>Longest vector that can be rotated.</summary>
    internal const int LongestLength = 2 * GroupLength - 1;

    /// <summary>Groups of a vector.</summary>
    internal static int GroupCount(int count) => count == 0 ? 0 : Math.Max(1, count / GroupLength);

    /// <summary>Where a group lies.</summary>
    internal static (int First, int Length) Group(int group, int count)
    {
        var first = group * GroupLength;
        return (first, group == GroupCount(count) - 1 ? count - first : GroupLength);
    }

    /// <summary>The longest group of a vector.</summary>
    internal static int LongestGroup(int count) => count == 0 ? 0 : Group(GroupCount(count) - 1, count).Length;

    /// <summary>z = R·x.</summary>
    /// <param name="x">Shape [I], I in 1 to <see cref="LongestLength"/>.</param>
    /// <param name="words">Names the rotation.</param>
    /// <param name="group">Names it further: another group, other signs.</param>
    /// <param name="z">Shape [I]; overwritten.</param>
    internal static void Forward(ReadOnlySpan<float> x, RandomWords words, int group, Span<float> z)
    {
        var length = x.Length;
        var power = LargestPower(length);
        Span<uint> signs = stackalloc uint[RandomWords.BatchLength];
        words.Draw(RandomWords.Use.FirstSigns, group, signs);
        Flip(x[..power], signs, z[..power]);
        Hadamard.Transform(z[..power]);
        if (power == length)
            return;
        x[power..].CopyTo(z[power..]);
        words.Draw(RandomWords.Use.LastSigns, group, signs);
        var last = z[^power..];
        Flip(last, signs, last);
        Hadamard.Transform(last);
        MixEnds(z, power);
        words.Draw(RandomWords.Use.AgainSigns, group, signs);
        Flip(z[..power], signs, z[..power]);
        Hadamard.Transform(z[..power]);
    }

    /// <summary>x = R⁻¹·z.</summary>
    /// <param name="z">Shape [I], I in 1 to <see cref="LongestLength"/>; destroyed.</param>
    /// <param name="words">As in <see cref="Forward"/>.</param>
    /// <param name="group">As in <see cref="Forward"/>.</param>
    /// <param name="x">Shape [I]; overwritten.</param>
    internal static void Inverse(Span<float> z, RandomWords words, int group, Span<float> x)
    {
        var length = z.Length;
        var power = LargestPower(length);
        Span<uint> signs = stackalloc uint[RandomWords.BatchLength];
        if (power != length)
        {
            Hadamard.Transform(z[..power]);
            words.Draw(RandomWords.Use.AgainSigns, group, signs);
            Flip(z[..power], signs, z[..power]);
            MixEnds(z, power);
            var last = z[^power..];
            Hadamard.Transform(last);
            words.Draw(RandomWords.Use.LastSigns, group, signs);
            Flip(last, signs, last);
            z[power..].CopyTo(x[power..]);
        }
        Hadamard.Transform(z[..power]);
        words.Draw(RandomWords.Use.FirstSigns, group, signs);
        Flip(z[..power], signs, x[..power]);
    }

    /// <summary>The values before the last P and those behind the first P, in pairs. It undoes itself.</summary>
    private static void MixEnds(Span<float> z, int power)
    {
        const float Half = 0.70710678f; // its root
        Span<float> first = z[..(z.Length - power)], last = z[power..];
        var done = 0;
        if (Lanes.UseVector)
        {
            var half = new Vector<float>(Half);
            for (; done <= last.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector<float> a = new(first[done..]), b = new(last[done..]);
                ((a + b) * half).CopyTo(first[done..]);
                ((a - b) * half).CopyTo(last[done..]);
            }
        }
        for (; done < last.Length; done++)
            (first[done], last[done]) = ((first[done] + last[done]) * Half, (first[done] - last[done]) * Half);
    }

    private static int LargestPower(int length)
    {
        var power = 1;
        while (power <= length / 2)
            power *= 2;
        return power;
    }

    /// <summary>to = ±from/√P, in place or not. Value p takes bit p/16 mod 32 of word 16·(p/512) + p mod 16, which suits every width.</summary>
    private static void Flip(ReadOnlySpan<float> from, ReadOnlySpan<uint> signs, Span<float> to)
    {
        // The root is rounded right everywhere, so the quotient is too.
        var factor = 1f / MathF.Sqrt(from.Length);
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var destination = ref MemoryMarshal.GetReference(to);
        ref var words = ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(signs));
        var done = 0;
        if (Lanes.Use512)
            done = Flip<WordLanes512, Vector512<uint>>(ref source, ref words, ref destination, factor, done, from.Length);
        else if (Lanes.Use256)
            done = Flip<WordLanes256, Vector256<uint>>(ref source, ref words, ref destination, factor, done, from.Length);
        else if (Lanes.Use128)
            done = Flip<WordLanes128, Vector128<uint>>(ref source, ref words, ref destination, factor, done, from.Length);
        Flip<WordLanes1, uint>(ref source, ref words, ref destination, factor, done, from.Length);
    }

    private static int Flip<TLanes, TVector>(ref float from, ref float words, ref float to, float factor, int first, int length)
        where TLanes : struct, IWordLanes<TVector>
        where TVector : struct
    {
        var scale = TLanes.BroadcastSingle(factor);
        var signBit = TLanes.Broadcast(0x80000000);
        var i = first;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var word = TLanes.Load(ref Unsafe.Add(ref words, 16 * (i >> 9) + (i & 15)));
            var sign = TLanes.And(TLanes.ShiftLeft(word, 31 - ((i >> 4) & 31)), signBit);
            TLanes.Store(TLanes.Xor(TLanes.MultiplySingles(TLanes.Load(ref Unsafe.Add(ref from, i)), scale), sign), ref Unsafe.Add(ref to, i));
        }
        return i;
    }
}
