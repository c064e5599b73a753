using System.Text;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// A domain name in uncompressed wire form (RFC 1035, 3.1), at most 255 bytes with its final zero. Names compare without regard to
/// ASCII case and to nothing else (RFC 6762, 16). Label lengths are below 64 and so never look like a letter: whole wire forms can be folded.
/// </summary>
internal sealed class DnsName : IEquatable<DnsName>
{
    public const int WireBytesMax = 255;
    public const int LabelBytesMax = 63;

    private readonly byte[] wire;
    private readonly int hash;

    private DnsName(byte[] wire)
    {
        this.wire = wire;
        var code = new HashCode();
        Span<byte> folded = stackalloc byte[WireBytesMax];
        for (var i = 0; i < wire.Length; i++)
            folded[i] = Fold(wire[i]);
        code.AddBytes(folded[..wire.Length]);
        hash = code.ToHashCode();
    }

    public ReadOnlySpan<byte> Wire => wire;

    public ReadOnlyMemory<byte> WireMemory => wire;

    /// <summary>The first label as text, e.g. the instance name of a service; empty for the root.</summary>
    public string FirstLabel => Encoding.UTF8.GetString(wire, 1, wire[0]);

    /// <summary>Takes bytes that were checked to be a whole uncompressed name.</summary>
    public static DnsName FromWire(ReadOnlySpan<byte> checkedWire) => new(checkedWire.ToArray());

    /// <summary>Splits at dots; there are no escapes, so labels that hold dots go through <see cref="Prepend"/>.</summary>
    /// <exception cref="ArgumentException">A label is empty or over 63 bytes of UTF-8, or the name is over 255 bytes.</exception>
    public static DnsName Parse(string dotted)
    {
        var labels = dotted.TrimEnd('.').Split('.');
        Span<byte> buffer = stackalloc byte[WireBytesMax];
        var length = 0;
        foreach (var label in labels)
            length = Append(buffer, length, label);
        if (length + 1 > WireBytesMax)
            throw TooLong(dotted);
        buffer[length] = 0;
        return FromWire(buffer[..(length + 1)]);
    }

    /// <summary>The name with one more label in front. The label may hold dots and spaces (RFC 6763, 4.1.1).</summary>
    /// <exception cref="ArgumentException">The label is empty or over 63 bytes of UTF-8, or the name gets over 255 bytes.</exception>
    public DnsName Prepend(string label)
    {
        Span<byte> buffer = stackalloc byte[WireBytesMax];
        var length = Append(buffer, 0, label);
        if (length + wire.Length > WireBytesMax)
            throw TooLong(label);
        wire.CopyTo(buffer[length..]);
        return FromWire(buffer[..(length + wire.Length)]);
    }

    /// <summary>Whether this name is exactly one label in front of <paramref name="parent"/>.</summary>
    public bool IsChildOf(DnsName parent) => wire[0] != 0 && FoldedEqual(wire.AsSpan(wire[0] + 1), parent.wire);

    public bool Equals(DnsName? other) => other is not null && hash == other.hash && FoldedEqual(wire, other.wire);

    public override bool Equals(object? obj) => Equals(obj as DnsName);

    public override int GetHashCode() => hash;

    /// <summary>Dotted text with backslashes before dots and backslashes inside labels; for people, not for parsing.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (var at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (at > 0)
                text.Append('.');
            text.Append(Encoding.UTF8.GetString(wire, at + 1, wire[at]).Replace("\\", "\\\\").Replace(".", "\\."));
        }
        return text.ToString();
    }

    internal static byte Fold(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

    private static bool FoldedEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
            return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (Fold(a[i]) != Fold(b[i]))
                return false;
        }
        return true;
    }

    private static int Append(Span<byte> buffer, int length, string label)
    {
        var bytes = Encoding.UTF8.GetByteCount(label);
        if (bytes is 0 or > LabelBytesMax)
            throw new ArgumentException($"The DNS label '{label}' has {bytes} bytes of UTF-8; 1 to {LabelBytesMax} are allowed.");
        if (length + 1 + bytes > WireBytesMax)
            throw TooLong(label);
        buffer[length] = (byte)bytes;
        Encoding.UTF8.GetBytes(label, buffer[(length + 1)..]);
        return length + 1 + bytes;
    }

    private static ArgumentException TooLong(string name) => new($"The DNS name with '{name}' is over {WireBytesMax} bytes.");
}
