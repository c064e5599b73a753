using System.Buffers.Text;
using System.Text;

namespace EdgeFL.Platform.Sensors;

/// <summary>Splits a line into cells without copying. Cells may be quoted (RFC 4180), but not run over several lines.</summary>
internal sealed class CsvRow(byte separator, int columnsMax)
{
    private readonly int[] starts = new int[columnsMax];
    private readonly int[] lengths = new int[columnsMax];

    /// <summary>Cells in the line split last; may be larger than what was kept.</summary>
    public int Count { get; private set; }

    /// <summary>The separator that a header uses: comma, else semicolon, else tab.</summary>
    public static byte SeparatorOf(ReadOnlySpan<byte> header) =>
        header.Contains((byte)',') ? (byte)',' : header.Contains((byte)';') ? (byte)';' : header.Contains((byte)'\t') ? (byte)'\t' : (byte)',';

    /// <summary>Splits a header into names.</summary>
    public static List<string> Names(ReadOnlySpan<byte> header)
    {
        byte separator = SeparatorOf(header);
        int count = header.Count(separator) + 1;
        var row = new CsvRow(separator, count);
        row.Split(header);
        var names = new List<string>(row.Count);
        for (int i = 0; i < row.Count; i++)
            names.Add(Encoding.UTF8.GetString(row.Cell(header, i)));
        return names;
    }

    public void Split(ReadOnlySpan<byte> line)
    {
        int cells = 0;
        int at = 0;
        while (true)
        {
            var rest = line[at..];
            int length = rest.StartsWith("\""u8) ? QuotedLength(rest) : rest.IndexOf(separator);
            if (length < 0)
                length = rest.Length;
            if (cells < starts.Length)
            {
                starts[cells] = at;
                lengths[cells] = length;
            }
            cells++;
            at += length + 1;
            if (at > line.Length)
                break;
        }
        Count = cells;
    }

    /// <summary>Byte column of a cell, from 1.</summary>
    public int ColumnOf(int cell) => starts[cell] + 1;

    /// <summary>A cell without blanks and quotes around it.</summary>
    public ReadOnlySpan<byte> Cell(ReadOnlySpan<byte> line, int cell)
    {
        var text = line.Slice(starts[cell], lengths[cell]).Trim(" \t"u8);
        return text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;
    }

    /// <summary>A cell as number; false when it is not one or is not finite.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out double value, out bool finite)
    {
        finite = true;
        if (text.Length > 1 && text[0] == '+')
            text = text[1..];
        if (!Utf8Parser.TryParse(text, out value, out int used) || used != text.Length || text.IsEmpty)
        {
            finite = !IsNamedNonFinite(text);
            return false;
        }
        return finite = double.IsFinite(value);
    }

    private static bool IsNamedNonFinite(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && text[0] is (byte)'-')
            text = text[1..];
        return Ascii.EqualsIgnoreCase(text, "nan"u8) || Ascii.EqualsIgnoreCase(text, "inf"u8) || Ascii.EqualsIgnoreCase(text, "infinity"u8);
    }

    private int QuotedLength(ReadOnlySpan<byte> rest)
    {
        int at = 1;
        while (at < rest.Length)
        {
            if (rest[at] != '"')
                at++;
            else if (at + 1 < rest.Length && rest[at + 1] == '"')
                at += 2;
            else
                break;
        }
        int next = rest[Math.Min(at, rest.Length)..].IndexOf(separator);
        return next < 0 ? -1 : at + next;
    }
}
