using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Made-up numbers, the same on every processor.</summary>
internal static class Inputs
{
    /// <summary>Floats of many magnitudes and both signs, zeros of both signs among them.</summary>
    internal static float[] Wild(int count, ulong seed)
    {
        var random = new Philox(seed, 77);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = random.NextInt32(12) switch
            {
                0 => 0f,
                1 => -0f,
                2 => random.NextGaussian() * 1e6f,
                3 => random.NextGaussian() * 1e-6f,
                _ => random.NextGaussian(),
            };
        }
        return values;
    }

    /// <summary>Normal floats.</summary>
    internal static float[] Gaussian(int count, ulong seed)
    {
        var random = new Philox(seed, 78);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = random.NextGaussian();
        return values;
    }
}
