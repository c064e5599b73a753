using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// What a person would measure of each channel of a window: mean, deviation, least, largest, mean step from row to row, share of steps that cross the mean, and the
/// logarithm of the energy in bands of an octave or so. A window is made of blocks; each is summarised once, and a window merges the summaries of its blocks, oldest
/// first, so that overlapping windows share them and nothing is ever taken out of a sum. Steps and crossings are those inside the blocks, crossings of the block's own
/// mean; energies are means over the blocks, each about its own mean. Not thread-safe: owns scratch.
/// </summary>
/// <remarks>
/// Spectra of blocks: Welch, "The Use of Fast Fourier Transform for the Estimation of Power Spectra", IEEE Trans. Audio Electroacoust. 15 (1967), without overlap or
/// taper. Squares: Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, merged about the window's mean.
/// </remarks>
public sealed class WindowFeatures
{
    /// <summary>Features of a channel beside the bands.</summary>
    internal const int Plain = 6;

    // Energies lie between rounding noise and hundreds: their logarithms, over this, are of like size as the rest.
    private const float LeastEnergy = 1e-6f, LogSpan = 4f;

    // Squares of what is larger, and their sums over the longest block, would not be finite.
    private const float LargestValue = 1e12f;

    private readonly float[] scale;
    private readonly PowerSpectrum spectrum;
    private readonly float[] values;
    private readonly float[] power;
    private readonly float[] summaries;
    private readonly int[] edges;

    /// <summary>Makes the scratch; nothing else allocates.</summary>
    /// <param name="spec">A resolved model whose first layer is features.</param>
    /// <exception cref="ArgumentException">The model is not resolved, or begins with something else.</exception>
    public WindowFeatures(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Features is not { } layer || !spec.IsResolved)
            throw new ArgumentException($"Model '{spec.Name}' does not begin with features, or does not yet know its channels.", nameof(spec));
        Channels = spec.Channels;
        Length = spec.Length;
        Block = layer.Kernel;
        Bands = layer.Size;
        scale = spec.Scale.ToArray();
        spectrum = new PowerSpectrum(Block);
        values = new float[Block];
        power = new float[(spectrum.Size / 2) + 1];
        summaries = new float[Count * Blocks];
        edges = Edges(Bands, power.Length - 1);
    }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>T, rows of a window.</summary>
    public int Length { get; }

    /// <summary>Rows of a block, a divisor of T.</summary>
    public int Block { get; }

    /// <summary>Bands of frequency.</summary>
    public int Bands { get; }

    /// <summary>Blocks of a window.</summary>
    public int Blocks => Length / Block;

    /// <summary>F, features of a channel.</summary>
    public int PerChannel => Plain + Bands;

    /// <summary>C·F, features of a window, and values that sum one of its blocks up.</summary>
    public int Count => Channels * PerChannel;

    /// <summary>The features of a window.</summary>
    /// <param name="window">Shape [C,T], channel-major, as measured; values beyond ±10¹² after the model's scale count as that.</param>
    /// <param name="features">Shape [C,F]; overwritten; finite when the window is.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Compute(ReadOnlySpan<float> window, Span<float> features)
    {
        if (window.Length != Channels * Length)
            throw new ArgumentException($"{window.Length} values are no window of {Channels}x{Length}.", nameof(window));
        for (int block = 0; block < Blocks; block++)
            Summarise(window[(block * Block)..], Length, summaries.AsSpan(block * Count, Count));
        Merge(summaries, features);
    }

    /// <summary>Sums a block up.</summary>
    /// <param name="rows">From the block's first row of the first channel on, channel-major, as measured.</param>
    /// <param name="stride">Values from one channel to the next, <see cref="Block"/> or more.</param>
    /// <param name="summary">Shape [C,F]: mean, squares about it, least, largest, sum of steps, crossings of the mean, energies; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Summarise(ReadOnlySpan<float> rows, int stride, Span<float> summary)
    {
        if (stride < Block || rows.Length < ((Channels - 1) * stride) + Block || summary.Length != Count)
            throw new ArgumentException($"{rows.Length} values, {stride} a channel, into {summary.Length} are no block of {Channels}x{Block}.");
        for (int channel = 0; channel < Channels; channel++)
        {
            float factor = scale.Length == 0 ? 1f : scale[channel];
            ReadOnlySpan<float> from = rows.Slice(channel * stride, Block);
            for (int t = 0; t < Block; t++)
                values[t] = Math.Clamp(from[t] * factor, -LargestValue, LargestValue);
            Summarise(summary.Slice(channel * PerChannel, PerChannel));
        }
    }

    /// <summary>Merges the summaries of a window's blocks into its features.</summary>
    /// <param name="blocks">Shape [<see cref="Blocks"/>,C,F], oldest first.</param>
    /// <param name="features">Shape [C,F]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Merge(ReadOnlySpan<float> blocks, Span<float> features)
    {
        if (blocks.Length != Blocks * Count || features.Length != Count)
            throw new ArgumentException($"{blocks.Length} values into {features.Length} features do not fit {Blocks} blocks of {Channels} channels.");
        for (int channel = 0; channel < Channels; channel++)
            Merge(blocks[(channel * PerChannel)..], Count, features.Slice(channel * PerChannel, PerChannel));
    }

    /// <summary>Bins 1 to <paramref name="last"/> in bands whose edges grow by a constant factor, each with one bin at least.</summary>
    /// <param name="bands">1 to <paramref name="last"/>.</param>
    /// <param name="last">Highest bin.</param>
    private static int[] Edges(int bands, int last)
    {
        var edges = new int[bands + 1];
        edges[0] = 1;
        double logLast = Elementary.Log(last);
        for (int band = 1; band <= bands; band++)
        {
            int wanted = 1 + (int)Math.Round(Elementary.Exp((float)(logLast * band / bands)));
            edges[band] = Math.Clamp(wanted, edges[band - 1] + 1, last + 1 - (bands - band));
        }

        return edges;
    }

    private void Summarise(Span<float> summary)
    {
        float sum = 0, least = values[0], largest = values[0], steps = 0;
        foreach (float value in values)
        {
            sum += value;
            least = MathF.Min(least, value);
            largest = MathF.Max(largest, value);
        }

        float mean = sum / Block, squares = 0;
        for (int t = 1; t < Block; t++)
            steps += MathF.Abs(values[t] - values[t - 1]);
        int crossings = 0;
        for (int t = 0; t < Block; t++)
        {
            values[t] -= mean;
            squares += values[t] * values[t];
            crossings += t > 0 && (values[t] < 0) != (values[t - 1] < 0) ? 1 : 0;
        }

        summary[0] = mean;
        summary[1] = squares;
        summary[2] = least;
        summary[3] = largest;
        summary[4] = steps;
        summary[5] = crossings;
        spectrum.Compute(values, power);
        for (int band = 0; band < Bands; band++)
        {
            float energy = 0;
            for (int k = edges[band]; k < edges[band + 1]; k++)
                energy += power[k];
            summary[Plain + band] = energy;
        }
    }

    private void Merge(ReadOnlySpan<float> blocks, int stride, Span<float> features)
    {
        float sum = 0, squares = 0, least = blocks[2], largest = blocks[3], steps = 0, crossings = 0;
        for (int at = 0; at < Blocks * stride; at += stride)
        {
            sum += blocks[at];
            least = MathF.Min(least, blocks[at + 2]);
            largest = MathF.Max(largest, blocks[at + 3]);
            steps += blocks[at + 4];
            crossings += blocks[at + 5];
        }

        float mean = sum / Blocks;
        for (int at = 0; at < Blocks * stride; at += stride)
            squares += blocks[at + 1] + (Block * ((blocks[at] - mean) * (blocks[at] - mean)));
        int between = Length - Blocks;
        features[0] = mean;
        features[1] = MathF.Sqrt(squares / Length);
        features[2] = least;
        features[3] = largest;
        features[4] = steps / between;
        features[5] = crossings / between;
        for (int band = Plain; band < PerChannel; band++)
        {
            float energy = 0;
            for (int at = band; at < Blocks * stride; at += stride)
                energy += blocks[at];
            features[band] = Elementary.Log(LeastEnergy + (energy / Blocks)) / LogSpan;
        }
    }
}
