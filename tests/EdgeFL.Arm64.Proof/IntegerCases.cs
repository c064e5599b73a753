using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Products of levels and 8-bit weights, levels of sums and windows, and a whole model in integers.</summary>
internal static class IntegerCases
{
    internal static void Products(int length, Words answer)
    {
        if (length == 0)
            return;
        Multiply(new Int8Shape(1 + length % 9, 1 + length % 37, length, length % 3 == 0 ? 7 : length), answer);
        Multiply(new Int8Shape(1 + length % 15, length, 1 + length % 23, 3), answer);
        var sums = new int[2 * length];
        Int8Product.SumRows(Bytes(2 * (1 + length % 5) * length, 3), length, 1 + length % 5, sums);
        answer.Add(sums);
    }

    internal static void OfWindows(int length, Words answer)
    {
        var channels = 1 + length % 11;
        var levels = new byte[length * channels + 3];
        Levels.OfWindow(Inputs.Wild(length * channels, 1), Vary(channels, 30f), Vary(channels, 64f), levels);
        answer.Add(levels.AsSpan(0, length * channels));
        Levels.OfValues(Inputs.Wild(length * channels, 2), 30f, 64f, levels);
        answer.Add(levels.AsSpan(0, length * channels));
        Levels.RangeOf(Inputs.Wild(length, 3), out var least, out var most);
        answer.Add(least);
        answer.Add(most);
    }

    internal static void ActivityCnn(int size, Words answer)
    {
        const int Windows = 40;
        var spec = Models.ActivityCnn();
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 7);
        var windows = Inputs.Gaussian(Windows * spec.InputCount, 8);
        var network = new QuantizedNetwork(Quantizer.Quantize(spec, parameters, windows));
        var outputs = new float[spec.OutputCount];
        for (var b = 0; b < Windows; b++)
        {
            network.Predict(windows.AsSpan(b * spec.InputCount, spec.InputCount), outputs);
            answer.Add(outputs);
        }
    }

    private static void Multiply(in Int8Shape shape, Words answer)
    {
        var weights = new sbyte[shape.Outputs * shape.Depth];
        var random = new Philox((ulong)weights.Length, 79);
        foreach (ref var weight in weights.AsSpan())
            weight = (sbyte)(random.NextInt32(256) - 128);
        var packed = new sbyte[shape.PackedCount];
        Int8Product.Pack(shape, weights, packed);
        var sums = new int[shape.SumCount];
        Int8Product.Multiply(shape, Bytes(shape.LevelCount, 2), packed, sums);
        answer.Add(sums);
        var levels = new byte[sums.Length];
        Levels.OfSums(sums, 1 + shape.Rows % 2, Vary(shape.Outputs, 0.001f), Vary(shape.Outputs, 64f), levels);
        answer.Add(levels);
        float[] ends = new float[2 * shape.Outputs], totals = new float[shape.Outputs];
        Levels.EndsOfSums(sums, Vary(shape.Outputs, 0.001f), Vary(shape.Outputs, 64f), ends);
        answer.Add(ends);
        Levels.TotalsOfSums(sums, 1 + shape.Rows % 2, Vary(shape.Outputs, 0.001f), Vary(shape.Outputs, -2f), shape.Rows % 3 == 0, totals);
        answer.Add(totals);
    }

    private static byte[] Bytes(int count, ulong seed)
    {
        var random = new Philox(seed, 80);
        var levels = new byte[count];
        foreach (ref var level in levels.AsSpan())
            level = (byte)random.NextInt32(128);
        return levels;
    }

    private static float[] Vary(int count, float about)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = about * (1 + i % 7) / 4;
        return values;
    }
}
