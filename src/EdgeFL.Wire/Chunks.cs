using System.Security.Cryptography;

namespace EdgeFL.Wire;

/// <summary>
/// Data that does not fit a frame is cut into chunks of 60 KiB, the last one shorter. Chunks are not signed: the signed frame lists the first 16
/// bytes of each one's SHA-256, so a forger must find a second preimage of 128 bits.
/// </summary>
public static class Chunks
{
    /// <summary>Bytes of every chunk but the last.</summary>
    public const int BytesEach = UpdateLimits.FrameBytesMax;

    /// <summary>Bytes of a hash.</summary>
    public const int HashLength = 16;

    /// <summary>How many chunks data comes to.</summary>
    /// <param name="dataLength">Bytes, at least 0.</param>
    public static int Count(int dataLength) => (int)(((long)dataLength + BytesEach - 1) / BytesEach);

    /// <summary>Bytes of one chunk.</summary>
    /// <param name="dataLength">Bytes in all.</param>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such chunk.</exception>
    public static int LengthOf(int dataLength, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count(dataLength), nameof(index));
        return Math.Min(BytesEach, dataLength - index * BytesEach);
    }

    /// <summary>One chunk, pointing into the data.</summary>
    /// <param name="data">All of it.</param>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such chunk.</exception>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> data, int index) =>
        data.Slice(index * BytesEach, LengthOf(data.Length, index));

    /// <summary>Hashes of all chunks, one behind the other.</summary>
    /// <param name="data">All of it.</param>
    public static byte[] Hashes(ReadOnlyMemory<byte> data)
    {
        var hashes = new byte[Count(data.Length) * HashLength];
        for (int i = 0; i < hashes.Length / HashLength; i++)
            Hash(Of(data, i).Span, hashes.AsSpan(i * HashLength, HashLength));
        return hashes;
    }

    /// <summary>First 16 bytes of SHA-256.</summary>
    /// <param name="chunk">A chunk.</param>
    /// <param name="hash">16 bytes, written.</param>
    /// <exception cref="ArgumentException">The span is not 16 bytes.</exception>
    public static void Hash(ReadOnlySpan<byte> chunk, Span<byte> hash)
    {
        if (hash.Length != HashLength)
            throw new ArgumentException($"A chunk's hash has {HashLength} bytes, not {hash.Length}.", nameof(hash));
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(chunk, whole);
        whole[..HashLength].CopyTo(hash);
    }
}
