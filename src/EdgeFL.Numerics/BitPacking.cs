using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Small unsigned numbers in b bits each, 1 to 8, without gaps: number i takes bits b·i to b·i + b - 1 of the bytes, the lowest bit first.</summary>
internal static class BitPacking
{
    /// <summary>Bytes that <paramref name="count"/> numbers take.</summary>
    internal static int Length(int count, int bits) => (int)(((long)count * bits + 7) / 8);

    /// <summary>Packs.</summary>
    /// <param name="values">Below 2^b each; read up to the next multiple of 8, where zeros must stand.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="bits">b, 1 to 8.</param>
    /// <param name="destination">Exactly <see cref="Length"/> bytes; overwritten.</param>
    internal static void Pack(ReadOnlySpan<byte> values, int count, int bits, Span<byte> destination)
    {
        var eights = MemoryMarshal.Cast<byte, ulong>(values[..((count + 7) & ~7)]);
        var done = 0;
        // Eight bytes are written where b of them count: the next ones go over the rest.
        for (; destination.Length - done * bits >= sizeof(ulong); done++)
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(done * bits)..], Gather(Little(eights[done]), bits));
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        for (; done < eights.Length; done++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(last, Gather(Little(eights[done]), bits));
            var rest = destination[(done * bits)..];
            last[..Math.Min(bits, rest.Length)].CopyTo(rest);
        }
    }

    /// <summary>Unpacks; false when a bit behind the last number is set, which no encoder writes.</summary>
    /// <param name="source">Exactly <see cref="Length"/> bytes.</param>
    /// <param name="count">How many numbers.</param>
    /// <param name="bits">b, 1 to 8.</param>
    /// <param name="values">Room for the next multiple of 8; overwritten.</param>
    internal static bool TryUnpack(ReadOnlySpan<byte> source, int count, int bits, Span<byte> values)
    {
        var eights = MemoryMarshal.Cast<byte, ulong>(values[..((count + 7) & ~7)]);
        var done = 0;
        for (; source.Length - done * bits >= sizeof(ulong); done++)
            eights[done] = Little(Scatter(BinaryPrimitives.ReadUInt64LittleEndian(source[(done * bits)..]), bits));
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        for (; done < eights.Length; done++)
        {
            last.Clear();
            var rest = source[(done * bits)..];
            rest[..Math.Min(bits, rest.Length)].CopyTo(last);
            eights[done] = Little(Scatter(BinaryPrimitives.ReadUInt64LittleEndian(last), bits));
        }
        var spare = 8 * source.Length - count * bits;
        return spare == 0 || source[^1] >> (8 - spare) == 0;
    }

    private static ulong Little(ulong value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    /// <summary>Eight bytes of b bits to 8·b bits: neighbours move together, then pairs, then fours.</summary>
    private static ulong Gather(ulong x, int bits)
    {
        x = (x & 0x00FF00FF00FF00FF) | ((x & 0xFF00FF00FF00FF00) >> (8 - bits));
        x = (x & 0x0000FFFF0000FFFF) | ((x & 0xFFFF0000FFFF0000) >> (16 - 2 * bits));
        return (x & 0x00000000FFFFFFFF) | ((x & 0xFFFFFFFF00000000) >> (32 - 4 * bits));
    }

    /// <summary>The other way.</summary>
    private static ulong Scatter(ulong x, int bits)
    {
        ulong one = (1ul << bits) - 1, two = (1ul << (2 * bits)) - 1, four = (1ul << (4 * bits)) - 1;
        x = (x & four) | ((x & (four << (4 * bits))) << (32 - 4 * bits));
        two |= two << 32;
        x = (x & two) | ((x & (two << (2 * bits))) << (16 - 2 * bits));
        one |= one << 16;
        one |= one << 32;
        return (x & one) | ((x & (one << bits)) << (8 - bits));
    }
}
