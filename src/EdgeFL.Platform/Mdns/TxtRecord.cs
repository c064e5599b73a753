using System.Text;

namespace EdgeFL.Platform.Mdns;

/// <summary>The key=value pairs of a TXT record (RFC 6763, 6).</summary>
public static class TxtRecord
{
    /// <summary>Bytes of TXT data that are advertised and accepted. DNS-SD advises to stay below 400; above 1000 a packet gets too
    /// full.</summary>
    public const int BytesMax = 1000;

    /// <summary>Pairs that are read from one record; further ones are ignored.</summary>
    public const int PairsMax = 64;

    /// <summary>Encodes pairs in the order of the map: one length-prefixed <c>key=value</c> string each.</summary>
    /// <param name="pairs">Keys of 1 or more printable ASCII characters without <c>=</c>; values of any text.</param>
    /// <returns>TXT data; a single zero byte for no pairs (RFC 6763, 6.1).</returns>
    /// <exception cref="ArgumentException">A key breaks the rule, a pair is over 255 bytes, or all are over
    /// <see cref="BytesMax"/>.</exception>
    public static byte[] Encode(IReadOnlyDictionary<string, string> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (pairs.Count == 0)
            return [0];
        var data = new List<byte>();
        foreach (var (key, value) in pairs)
        {
            if (key.Length == 0 || key.Contains('=') || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                throw new ArgumentException($"The TXT key '{key}' must be printable ASCII without '='.", nameof(pairs));
            var text = Encoding.UTF8.GetBytes($"{key}={value}");
            if (text.Length > byte.MaxValue)
                throw new ArgumentException($"The TXT pair '{key}' has {text.Length} bytes; 255 are allowed.", nameof(pairs));
            data.Add((byte)text.Length);
            data.AddRange(text);
        }
        if (data.Count > BytesMax)
            throw new ArgumentException($"The TXT record has {data.Count} bytes; {BytesMax} are allowed.", nameof(pairs));
        return [.. data];
    }

    /// <summary>
    /// Decodes TXT data. Keys compare without regard to case and the first of equal keys wins (RFC 6763, 6.4); a key without <c>=</c>
    /// gets an empty value; strings without a key are ignored; bytes that are not UTF-8 become U+FFFD.
    /// </summary>
    /// <param name="data">Length-prefixed strings.</param>
    /// <param name="pairs">What was read; empty when the result is false.</param>
    /// <returns>False when a length runs past the end or the data is over <see cref="BytesMax"/>.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> data, out IReadOnlyDictionary<string, string> pairs)
    {
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        pairs = map;
        if (data.Length > BytesMax || !IsWellFormed(data))
            return false;
        while (data.Length > 0 && map.Count < PairsMax)
        {
            var text = data.Slice(1, data[0]);
            data = data[(data[0] + 1)..];
            var equals = text.IndexOf((byte)'=');
            var key = equals < 0 ? text : text[..equals];
            if (key.Length > 0)
                map.TryAdd(Encoding.UTF8.GetString(key), equals < 0 ? "" : Encoding.UTF8.GetString(text[(equals + 1)..]));
        }
        return true;
    }

    internal static bool IsWellFormed(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            if (data[0] + 1 > data.Length)
                return false;
            data = data[(data[0] + 1)..];
        }
        return true;
    }
}
