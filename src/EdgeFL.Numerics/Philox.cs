namespace EdgeFL.Numerics;

/// <summary>
/// Philox4x32-10, a counter-based generator: the n-th number of a stream is a function of (seed, stream, n) alone.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A struct: pass it by reference to go on
/// with it.
/// </summary>
public struct Philox
{
    internal const int Rounds = 10;
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;

    private readonly ulong seed;
    private readonly ulong stream;
    private ulong counter;
    private uint word0;
    private uint word1;
    private uint word2;
    private uint word3;
    private int left;
    private float spare;
    private bool hasSpare;

    /// <summary>Starts a stream at its first number.</summary>
    /// <param name="seed">Key, both 32-bit words.</param>
    /// <param name="stream">Upper half of the counter: streams of one seed never overlap.</param>
    public Philox(ulong seed, ulong stream = 0)
    {
        this.seed = seed;
        this.stream = stream;
    }

    /// <summary>The next 32 bits.</summary>
    public uint NextUInt32()
    {
        if (left == 0)
        {
            (word0, word1, word2, word3) =
                Block((uint)counter, (uint)(counter >> 32), (uint)stream, (uint)(stream >> 32), (uint)seed, (uint)(seed >> 32));
            counter++;
            left = 4;
        }
        left--;
        return left switch { 3 => word0, 2 => word1, 1 => word2, _ => word3 };
    }

    /// <summary>The next 64 bits; the first 32 drawn are the low ones.</summary>
    public ulong NextUInt64()
    {
        ulong low = NextUInt32();
        return low | ((ulong)NextUInt32() << 32);
    }

    /// <summary>Uniform in [0,1), a multiple of 2^-24.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / 16777216f);

    /// <summary>Uniform in [0,1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / 9007199254740992.0);

    /// <summary>Uniform in 0 to <paramref name="exclusiveMax"/> - 1 without bias (Lemire's multiplication with rejection).</summary>
    /// <param name="exclusiveMax">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is below 1.</exception>
    public int NextInt32(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMax, 1);
        var range = (uint)exclusiveMax;
        var product = (ulong)NextUInt32() * range;
        if ((uint)product < range)
        {
            var threshold = unchecked(0u - range) % range;
            while ((uint)product < threshold)
                product = (ulong)NextUInt32() * range;
        }
        return (int)(product >> 32);
    }

    /// <summary>Normal with mean 0 and variance 1 (Marsaglia's polar method over <see cref="Elementary"/>'s logarithm).</summary>
    public float NextGaussian()
    {
        if (hasSpare)
        {
            hasSpare = false;
            return spare;
        }
        while (true)
        {
            var u = 2.0 * NextDouble() - 1.0;
            var v = 2.0 * NextDouble() - 1.0;
            var square = u * u + v * v;
            if (square is 0.0 or >= 1.0)
                continue;
            var factor = Math.Sqrt(-2.0 * Elementary.LogOfPositive(square) / square);
            spare = (float)(v * factor);
            hasSpare = true;
            return (float)(u * factor);
        }
    }

    /// <summary>Puts the values in a uniformly random order (Fisher and Yates, from the end).</summary>
    /// <typeparam name="T">Any type.</typeparam>
    /// <param name="values">Any length; read and written.</param>
    public void Shuffle<T>(Span<T> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>Ten rounds over one counter.</summary>
    internal static (uint R0, uint R1, uint R2, uint R3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var product0 = (ulong)Multiplier0 * c0;
            var product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }
}
