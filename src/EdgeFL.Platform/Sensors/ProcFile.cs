using System.Buffers.Text;

namespace EdgeFL.Platform.Sensors;

/// <summary>A small kernel file, read anew each time into a buffer that several share.</summary>
internal static class ProcFile
{
    /// <summary>Reads the file; false when it is not there or cannot be read. What does not fit is cut off.</summary>
    public static bool TryRead(string path, byte[] buffer, out int length)
    {
        length = 0;
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // Kernel files say that they are empty: read until nothing comes.
            int got;
            while (length < buffer.Length && (got = RandomAccess.Read(handle, buffer.AsSpan(length), length)) > 0)
                length += got;
            return length > 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Takes the next word off the text; empty at its end.</summary>
    public static ReadOnlySpan<byte> Word(ref ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t"u8);
        int length = text.IndexOfAny((byte)' ', (byte)'\t', (byte)'\n');
        var word = length < 0 ? text : text[..length];
        text = text[word.Length..];
        return word;
    }

    /// <summary>Takes the next line off the text; false at its end.</summary>
    public static bool Line(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        if (text.IsEmpty)
        {
            line = default;
            return false;
        }
        int length = text.IndexOf((byte)'\n');
        line = length < 0 ? text : text[..length];
        text = length < 0 ? [] : text[(length + 1)..];
        return true;
    }

    /// <summary>A word as a number.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> word, out double value) =>
        Utf8Parser.TryParse(word, out value, out int used) && used == word.Length && double.IsFinite(value);
}
