namespace EdgeFL.Numerics.Tests;

/// <summary>The paths of the integer kernels: every width, and at 256 bits with and without AVX-VNNI.</summary>
internal static class LevelPaths
{
    internal static readonly (int Bits, bool Vnni)[] All = [(512, true), (512, false), (256, false), (128, false), (32, false)];

    internal static T At<T>((int Bits, bool Vnni) path, Func<T> compute)
    {
        var before = LevelLanes.MayUseVnni;
        LevelLanes.MayUseVnni = path.Vnni;
        try
        {
            return LaneWidths.At(path.Bits, () =>
            {
                Assert.True(path.Vnni || !LevelLanes.UseVnni);
                return compute();
            });
        }
        finally
        {
            LevelLanes.MayUseVnni = before;
        }
    }

    /// <summary>Levels of 0 to 127, the ends more often than others.</summary>
    internal static byte[] Levels(int count, ulong seed)
    {
        var random = new Philox(seed, 41);
        var levels = new byte[count];
        foreach (ref var level in levels.AsSpan())
            level = (byte)(random.NextInt32(4) switch { 0 => 127, 1 => 0, _ => random.NextInt32(128) });
        return levels;
    }

    /// <summary>Weights of -128 to 127, the ends more often than others.</summary>
    internal static sbyte[] Weights(int count, ulong seed)
    {
        var random = new Philox(seed, 42);
        var weights = new sbyte[count];
        foreach (ref var weight in weights.AsSpan())
            weight = (sbyte)(random.NextInt32(4) switch { 0 => -128, 1 => 127, _ => random.NextInt32(256) - 128 });
        return weights;
    }
}
