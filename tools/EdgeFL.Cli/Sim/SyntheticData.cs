using EdgeFL.Learning;
using EdgeFL.Numerics;

namespace EdgeFL.Cli.Sim;

/// <summary>
/// Made-up data: each class is a normal cloud about a centre of its own, each node has its own mixture of classes (Dirichlet). A node's windows follow from seed,
/// node and number alone, so nothing need be kept of them.
/// </summary>
internal static class SyntheticData
{
    private const ulong CentreStream = 1, TestStream = 2, NodeStream = 1UL << 32;

    /// <summary>Makes it.</summary>
    /// <param name="options">How much, how skewed, how noisy.</param>
    /// <param name="model">Resolved model; its shape and classes are those of the data.</param>
    /// <param name="nodes">Nodes.</param>
    /// <param name="seed">Of the data.</param>
    public static SimWorkload Make(SimData options, ModelSpec model, int nodes, ulong seed)
    {
        int values = model.Channels * model.Length, classes = model.Classes.Count;
        var centres = new float[classes * values];
        var random = new Philox(seed, CentreStream);
        foreach (ref float value in centres.AsSpan())
            value = random.NextGaussian();
        float noise = (float)options.Noise;
        var streams = new WindowStream[nodes];
        for (int i = 0; i < nodes; i++)
        {
            ulong node = NodeStream * (ulong)(i + 1);
            float[] shares = Shares(options.Alpha, classes, new Philox(seed, node));
            streams[i] = new WindowStream(options.WindowsPerNode, w => Window(centres, shares, noise, values, new Philox(seed, node + 1 + (ulong)w)), model.Channels);
        }

        float[] even = Shares(0, classes, default);
        List<SampleWindow> test = [.. Enumerable.Range(0, options.TestWindows)
            .Select(w => Window(centres, even, noise, values, new Philox(seed ^ ulong.MaxValue, TestStream + (ulong)w)).ToWindow(model.Channels))];
        return new SimWorkload(streams, options.WindowsPerNode, [test]);
    }

    private static LabelledRows Window(float[] centres, float[] shares, float noise, int values, Philox random)
    {
        float lot = random.NextSingle();
        int label = 0;
        while (label < shares.Length - 1 && (lot -= shares[label]) >= 0)
            label++;
        var rows = new float[values];
        for (int v = 0; v < values; v++)
            rows[v] = centres[label * values + v] + noise * random.NextGaussian();
        return new LabelledRows(rows, label);
    }

    private static float[] Shares(double alpha, int classes, Philox random)
    {
        var shares = new float[classes];
        float sum = 0;
        for (int c = 0; c < classes; c++)
            sum += shares[c] = alpha > 0 ? Gamma((float)alpha, ref random) : 1;
        for (int c = 0; c < classes; c++)
            shares[c] = sum > 0 ? shares[c] / sum : 1f / classes;
        return shares;
    }

    /// <summary>A gamma variate: Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000; below 1 by their power of a uniform one.</summary>
    private static float Gamma(float shape, ref Philox random)
    {
        if (shape < 1)
            return Gamma(shape + 1, ref random) * Elementary.Exp(Elementary.Log(1 - random.NextSingle()) / shape);
        float d = shape - 1f / 3, c = 1 / MathF.Sqrt(9 * d);
        while (true)
        {
            float x = random.NextGaussian(), v = 1 + c * x;
            if (v <= 0)
                continue;
            v = v * v * v;
            if (Elementary.Log(1 - random.NextSingle()) < 0.5f * x * x + d - d * v + d * Elementary.Log(v))
                return d * v;
        }
    }
}
