namespace EdgeFL.Learning;

/// <summary>
/// The features of windows, as their rows arrive: each row is read once, into the block that is being filled, and a block is summed up when it is complete. Of a channel
/// it holds the rows of one block and a summary, as long as its features, of each block of a window.
/// </summary>
internal sealed class FeatureStream(WindowFeatures features)
{
    private readonly float[] rows = new float[features.Channels * features.Block];
    private readonly float[] summaries = new float[features.Blocks * features.Count];
    private int filled;
    private int complete;

    /// <summary>Forgets all rows: the next is the first of a window.</summary>
    internal void Clear() => filled = complete = 0;

    /// <summary>Takes a row; true when a window is complete, which <see cref="Cut"/> must then take.</summary>
    /// <param name="row">Shape [C].</param>
    internal bool Add(ReadOnlySpan<float> row)
    {
        for (int channel = 0; channel < row.Length; channel++)
            rows[(channel * features.Block) + filled] = row[channel];
        if (++filled < features.Block)
            return false;
        filled = 0;
        features.Summarise(rows, features.Block, summaries.AsSpan(complete * features.Count, features.Count));
        return ++complete == features.Blocks;
    }

    /// <summary>The features of the complete window, shape [C,F].</summary>
    /// <param name="step">Rows from its start to that of the next window, a whole number of blocks.</param>
    internal float[] Cut(int step)
    {
        var window = new float[features.Count];
        features.Merge(summaries, window);
        complete = Math.Max(0, features.Blocks - (step / features.Block));
        summaries.AsSpan((features.Blocks - complete) * features.Count).CopyTo(summaries);
        return window;
    }
}
