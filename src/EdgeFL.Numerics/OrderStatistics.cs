using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Medians and trimmed means, of one set of numbers or of many columns at once. Values are finite; no allocation.</summary>
public static class OrderStatistics
{
    /// <summary>Median; of an even count the mean of the middle two.</summary>
    /// <param name="scratch">At least one value; sorted on return.</param>
    /// <exception cref="ArgumentException"><paramref name="scratch"/> is empty.</exception>
    public static float Median(Span<float> scratch)
    {
        if (scratch.IsEmpty)
            throw new ArgumentException("Nothing has no median.", nameof(scratch));
        scratch.Sort();
        var middle = scratch.Length / 2;
        return scratch.Length % 2 == 1 ? scratch[middle] : 0.5f * scratch[middle - 1] + 0.5f * scratch[middle];
    }

    /// <summary>Mean without the <paramref name="trim"/> smallest and the <paramref name="trim"/> largest, summed from small to
    /// large.</summary>
    /// <param name="scratch">More than 2·trim values; sorted on return.</param>
    /// <param name="trim">0 or more.</param>
    /// <exception cref="ArgumentException">Nothing would be left.</exception>
    public static float TrimmedMean(Span<float> scratch, int trim)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trim);
        if (scratch.Length <= 2 * (long)trim)
            throw new ArgumentException($"Trimming {trim} on either side leaves nothing of {scratch.Length} values.", nameof(trim));
        scratch.Sort();
        var sum = 0f;
        foreach (var value in scratch[trim..^trim])
            sum += value;
        return sum / (scratch.Length - 2 * trim);
    }

    /// <summary>Sorts every column of a small table ascending (odd-even transposition over whole rows, so that vectors run over
    /// columns).</summary>
    /// <param name="table">Shape [rows, columns]; read and written.</param>
    /// <param name="rows">Values in a column; the work grows with its square, so keep it below 64.</param>
    /// <param name="columns">Columns.</param>
    /// <exception cref="ArgumentException">The table has another length than rows·columns.</exception>
    public static void SortColumns(Span<float> table, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (table.Length != (long)rows * columns)
            throw new ArgumentException($"{table.Length} values are not {rows}x{columns}.", nameof(table));
        for (var pass = 0; pass < rows; pass++)
        {
            for (var row = pass & 1; row + 1 < rows; row += 2)
                CompareExchange(table.Slice(row * columns, columns), table.Slice((row + 1) * columns, columns));
        }
    }

    /// <summary>Moves the smaller of each pair to <paramref name="low"/>. Compares and selects rather than takes minima: zeros of either
    /// sign then
    /// fall the same way on every machine.</summary>
    private static void CompareExchange(Span<float> low, Span<float> high)
    {
        var done = 0;
        if (Lanes.UseVector)
        {
            var vl = MemoryMarshal.Cast<float, Vector<float>>(low);
            var vh = MemoryMarshal.Cast<float, Vector<float>>(high);
            for (var j = 0; j < vl.Length; j++)
            {
                Vector<float> l = vl[j], h = vh[j];
                var swap = Vector.GreaterThan(l, h);
                vl[j] = Vector.ConditionalSelect(swap, h, l);
                vh[j] = Vector.ConditionalSelect(swap, l, h);
            }
            done = vl.Length * Vector<float>.Count;
        }
        for (var i = done; i < low.Length; i++)
        {
            if (low[i] > high[i])
                (low[i], high[i]) = (high[i], low[i]);
        }
    }
}
