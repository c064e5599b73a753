using System.Text;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>Small models and made-up data for tests.</summary>
internal static class Models
{
    internal static ModelSpec Parse(string json) => ModelSpec.Parse(Encoding.UTF8.GetBytes(json));

    internal static ModelSpec Classify(string layers, int channels = 3, int length = 20) => Parse(
        $$"""{"name":"small","task":"classify","channels":{{channels}},"length":{{length}},"classes":["a","b","c"],"layers":[{{layers}}]}""");

    /// <summary>A linear model of one number; <paramref name="members"/> are those of its target besides the name.</summary>
    internal static ModelSpec Regress(string members, int channels = 3, int length = 20) => Parse(
        $$"""{"name":"number","task":"regress","channels":{{channels}},"length":{{length}},"target":{"name":"life"{{(members.Length > 0 ? "," : "")}}{{members}}},"layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");

    internal static ModelSpec SmallCnn() => Classify(
        """{"type":"conv1d","filters":5,"kernel":3},{"type":"relu"},{"type":"maxpool1d","size":2},{"type":"conv1d","filters":7,"kernel":4},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""");

    /// <summary>What <see cref="SmallCnn"/> leaves out, in sizes that no vector divides.</summary>
    internal static ModelSpec EveryLayer() => Classify(
        """{"type":"separableconv1d","filters":18,"kernel":3},{"type":"groupnorm","groups":3},{"type":"gelu"},{"type":"averagepool1d","size":2},{"type":"dropout","rate":0.1},{"type":"gru","outputs":9,"sequence":true},{"type":"layernorm"},{"type":"gru","outputs":7},{"type":"dropout","rate":0.2},{"type":"randomfourier","outputs":37,"width":0.5},{"type":"dense","outputs":3}""");

    /// <summary>A classifier of images: as many channels as planes, a row for each pixel.</summary>
    internal static ModelSpec ClassifyImage(string layers, int planes = 3, int height = 8, int width = 7) => Classify(
        $$"""{"type":"image","height":{{height}},"width":{{width}}},{{layers}}""", planes, height * width);

    /// <summary>Both layers of images in sizes that no vector divides, and those that do not mind images.</summary>
    internal static ModelSpec ImageLayers() => ClassifyImage(
        """{"type":"conv2d","filters":6,"kernel":3},{"type":"relu"},{"type":"maxpool2d","size":2},{"type":"groupnorm","groups":2},{"type":"conv2d","filters":19,"kernel":2},{"type":"gelu"},{"type":"layernorm"},{"type":"dropout","rate":0.1},{"type":"maxpool2d","size":2},{"type":"flatten"},{"type":"dense","outputs":3}""",
        1,
        13,
        15);

    internal static ModelSpec Shipped(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null)
        {
            var file = Path.Combine(folder.FullName, "firmware-config", "models", name + ".json");
            if (File.Exists(file))
                return ModelSpec.Parse(File.ReadAllBytes(file));
            folder = folder.Parent;
        }
        throw new FileNotFoundException($"firmware-config/models/{name}.json is in no folder above {AppContext.BaseDirectory}.");
    }

    internal static float[] Gaussian(int count, ulong seed)
    {
        var random = new Philox(seed, 99);
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = random.NextGaussian();
        return values;
    }

    /// <summary>Three classes that differ in frequency, with noise; the number to learn is twice the class.</summary>
    internal static SampleWindow Wave(ModelSpec spec, int label, ref Philox random)
    {
        var values = new float[spec.Channels * spec.Length];
        var phase = random.NextDouble();
        for (var i = 0; i < values.Length; i++)
        {
            // A triangle wave: the platform's sine differs in its last bits from one C library to the next.
            var turns = phase + i % spec.Length * (0.05 + 0.11 * label) + 0.2 * (i / spec.Length);
            values[i] = (float)(4 * Math.Abs(turns - Math.Floor(turns) - 0.5) - 1) + 0.3f * random.NextGaussian();
        }
        return new SampleWindow(values, spec.Channels, label, 0) { Target = 2 * label };
    }

    /// <summary>The features of windows of rows, laid end to end.</summary>
    internal static float[] Features(ModelSpec spec, float[] windows)
    {
        var measured = new WindowFeatures(spec);
        var rows = spec.Channels * spec.Length;
        var features = new float[windows.Length / rows * measured.Count];
        for (var w = 0; w < windows.Length / rows; w++)
            measured.Compute(windows.AsSpan(w * rows, rows), features.AsSpan(w * measured.Count, measured.Count));
        return features;
    }

    /// <summary>Bars that stand, lie or are slanted, anywhere in a noisy image.</summary>
    internal static SampleWindow Bar(ModelSpec spec, int label, ref Philox random)
    {
        var image = spec.Layers[0].Output;
        var values = new float[spec.InputCount];
        int row = random.NextInt32(image.Height), column = random.NextInt32(image.Width);
        for (var i = 0; i < values.Length; i++)
        {
            int down = i % image.Length / image.Width - row, right = i % image.Width - column;
            var isOnBar = label switch { 0 => right == 0, 1 => down == 0, _ => right == down };
            values[i] = (isOnBar ? 1f : 0f) + 0.3f * random.NextGaussian();
        }
        return new SampleWindow(values, spec.Channels, label, 0);
    }

    internal static LocalData BarData(ModelSpec spec, int windows, ulong seed)
    {
        var data = new LocalData(spec, new LocalDataOptions(), seed);
        var random = new Philox(seed, 6);
        for (var i = 0; i < windows; i++)
            data.Add(Bar(spec, random.NextInt32(3), ref random));
        return data;
    }

    internal static LocalData WaveData(ModelSpec spec, int windows, ulong seed, LocalDataOptions? options = null)
    {
        var data = new LocalData(spec, options ?? new LocalDataOptions(), seed);
        var random = new Philox(seed, 5);
        for (var i = 0; i < windows; i++)
            data.Add(Wave(spec, random.NextInt32(3), ref random));
        return data;
    }
}
