using System.Buffers.Binary;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>What the files of this room write and read alike: numbered members, and floats as little-endian bytes.</summary>
internal static class CborFields
{
    /// <summary>Writes floats as one byte string.</summary>
    internal static void WriteFloats(this CborWriter writer, ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        writer.WriteBytes(bytes);
    }

    /// <summary>Reads the number of the next member; false when it is another.</summary>
    internal static bool TryKey(this ref CborReader reader, ulong key) => reader.TryReadUnsigned(out ulong read, key) && read == key;

    /// <summary>Reads floats of at most so many bytes; they may be anything, NaN included.</summary>
    internal static bool TryReadFloats(this ref CborReader reader, int bytesMax, out float[] values)
    {
        values = [];
        if (!reader.TryReadBytes(bytesMax, out ReadOnlySpan<byte> bytes) || bytes.Length % 4 != 0)
            return false;
        values = new float[bytes.Length / 4];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
        return true;
    }
}
