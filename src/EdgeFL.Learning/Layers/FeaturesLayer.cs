using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>
/// What a person would measure of each channel: mean, deviation, least, largest, mean step from row to row, share of steps that cross the mean, and the logarithm
/// of the energy in bands of an octave or so. No parameters; always first, so that no gradient goes through it.
/// </summary>
internal sealed class FeaturesLayer : Layer
{
    /// <summary>Features of a channel beside the bands.</summary>
    internal const int Plain = 6;

    // Energies lie between rounding noise and hundreds: their logarithms, over this, are of like size as the rest.
    private const float LeastEnergy = 1e-6f, LogSpan = 4f;

    private readonly PowerSpectrum spectrum;
    private readonly float[] centred;
    private readonly float[] power;
    private readonly int[] edges;

    internal FeaturesLayer(LayerSpec spec)
        : base(spec)
    {
        spectrum = new PowerSpectrum(spec.Input.Length);
        centred = new float[spec.Input.Length];
        power = new float[(spectrum.Size / 2) + 1];
        edges = Edges(spec.Size, power.Length - 1);
    }

    internal override bool MayLoseOutput => true;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        int rows = Spec.Input.Length, each = Plain + Spec.Size;
        for (int channel = 0; channel < batch * Spec.Input.Channels; channel++)
            Measure(x.Slice(channel * rows, rows), y.Slice(channel * each, each));
    }

    /// <summary>Nothing to learn and nobody before it.</summary>
    internal override void Backward(
        ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx, Span<float> gradient, int batch)
    {
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

    private void Measure(ReadOnlySpan<float> rows, Span<float> features)
    {
        float sum = 0, least = rows[0], largest = rows[0], steps = 0;
        foreach (float value in rows)
        {
            sum += value;
            least = MathF.Min(least, value);
            largest = MathF.Max(largest, value);
        }

        float mean = sum / rows.Length, squares = 0;
        int crossings = 0;
        for (int t = 0; t < rows.Length; t++)
        {
            centred[t] = rows[t] - mean;
            squares += centred[t] * centred[t];
            if (t == 0)
                continue;
            steps += MathF.Abs(rows[t] - rows[t - 1]);
            crossings += (centred[t] < 0) != (centred[t - 1] < 0) ? 1 : 0;
        }

        int between = Math.Max(1, rows.Length - 1);
        features[0] = mean;
        features[1] = MathF.Sqrt(squares / rows.Length);
        features[2] = least;
        features[3] = largest;
        features[4] = steps / between;
        features[5] = (float)crossings / between;
        spectrum.Compute(centred, power);
        for (int band = 0; band < Spec.Size; band++)
        {
            float energy = LeastEnergy;
            for (int k = edges[band]; k < edges[band + 1]; k++)
                energy += power[k];
            features[Plain + band] = Elementary.Log(energy) / LogSpan;
        }
    }
}
