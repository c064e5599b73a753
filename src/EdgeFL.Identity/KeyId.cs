using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeFL.Identity;

/// <summary>First 8 bytes of SHA-256 over a SubjectPublicKeyInfo: names a key in a COSE header and in mDNS. A hint to find the key, never proof of it.</summary>
/// <param name="Bits">The 8 bytes, big-endian.</param>
public readonly record struct KeyId(ulong Bits)
{
    /// <summary>Bytes of a key id.</summary>
    public const int Length = 8;

    /// <summary>The id of a public key.</summary>
    /// <param name="subjectPublicKeyInfo">DER, RFC 5280 section 4.1.2.7.</param>
    public static KeyId Of(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(subjectPublicKeyInfo, hash);
        return Read(hash);
    }

    /// <summary>Reads the first 8 bytes.</summary>
    /// <param name="source">At least 8 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes.</exception>
    public static KeyId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt64BigEndian(source));

    /// <summary>Writes the 8 bytes.</summary>
    /// <param name="destination">At least 8 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes.</exception>
    public void WriteTo(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, Bits);

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public override string ToString() => Bits.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
