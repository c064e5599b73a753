using EdgeFL.Cli.Framework;
using EdgeFL.Learning;

namespace EdgeFL.Cli.Training;

/// <summary>Gives the rows of recordings what they do not hold themselves: labels from a table, and how many rows are left.</summary>
/// <param name="target">Where the target comes from; null for no target.</param>
/// <param name="labels">Recording's number to class; null for the rows' own labels.</param>
/// <param name="rest">Recording's number to the rows that would have followed its last; null for none after any.</param>
internal sealed class RecipeRows(RecipeTarget? target, IReadOnlyDictionary<int, int>? labels, IReadOnlyDictionary<int, float>? rest)
{
    /// <summary>Completes the rows of one file.</summary>
    /// <param name="batches">All rows of the file: the rows of a recording stand in one file.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <exception cref="CliException"><c>bad-data</c>: <c>rest</c> does not have a recording.</exception>
    public IEnumerable<SampleBatch> Complete(IReadOnlyList<SampleBatch> batches, string file)
    {
        Dictionary<int, float>? left = target is { RowsLeft: true } ? RowsAndRest(batches, file) : null;
        foreach (SampleBatch batch in batches)
        {
            var completed = new SampleBatch(batch.Channels, batch.Capacity);
            for (int row = 0; row < batch.Count; row++)
            {
                int segment = batch.Segment(row);
                int label = labels?.GetValueOrDefault(segment, SampleBatch.NoLabel) ?? batch.Label(row);
                completed.TryAdd(batch.TimeMs(row), segment, label, batch.Values(row), left is null ? batch.Target(row) : --left[segment]);
            }

            yield return completed;
        }
    }

    /// <summary>Recording's number to its rows and those that would have followed: one more than are left after its first row.</summary>
    private Dictionary<int, float> RowsAndRest(IReadOnlyList<SampleBatch> batches, string file)
    {
        var left = new Dictionary<int, float>();
        foreach (SampleBatch batch in batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                int segment = batch.Segment(row);
                left[segment] = 1 + (left.TryGetValue(segment, out float soFar) ? soFar : RestOf(segment, file));
            }
        }

        return left;
    }

    private float RestOf(int segment, string file) => rest is null ? 0 : rest.TryGetValue(segment, out float rows)
        ? rows
        : throw new CliException("bad-data", $"{target!.TestRest!.File} has no row for recording {segment} of {file}.", "--data DIR   (the folder of the recordings)", ExitCodes.Failure);
}
