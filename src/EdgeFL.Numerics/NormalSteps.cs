namespace EdgeFL.Numerics;

/// <summary>A normal number of variance 1 rounded to whole steps: how often each number of steps comes up, of 2^14 times, and which value stands for it.</summary>
internal sealed class NormalSteps
{
    /// <summary>Frequencies add up to 2 to this power.</summary>
    internal const int FrequencyBits = 14;

    private const int CoarseBits = 4;

    // Frequencies and means of 0, 1, 2 and so on steps; the last number stands for all beyond, and each comes up once at least. Means are of the normal density within the step.
    private static readonly NormalSteps Two = new(
        1.0824f,
        [6738, 3964, 800, 55, 1, 1, 1, 1],
        [0f, 0.98288645f, 1.97698386f, 2.98821977f, 4.01663805f, 5.05912778f, 6.11201271f, 7.17249845f]);

    private static readonly NormalSteps Three = new(
        0.5224f,
        [3364, 2955, 1980, 1016, 399, 120, 28, 5, 1, 1, 1, 1, 1, 1, 1],
        [
            0f, 0.510641738f, 1.02136893f, 1.5322641f, 2.04340412f, 2.55485789f, 3.06668462f, 3.57893269f, 4.09163915f, 4.60482985f, 5.11852007f, 5.63271543f, 6.14741323f,
            6.66260373f, 7.18899508f,
        ]);

    private static readonly NormalSteps Four = new(
        0.2590f,
        [1666, 1633, 1477, 1250, 990, 733, 508, 329, 200, 113, 60, 30, 14, 6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        [
            0f, 0.257555511f, 0.515111669f, 0.77266912f, 1.03022851f, 1.28779047f, 1.54535563f, 1.80292464f, 2.06049809f, 2.31807661f, 2.57566079f, 2.83325121f, 3.09084846f,
            3.34845308f, 3.60606564f, 3.86368665f, 4.12131664f, 4.37895609f, 4.63660548f, 4.89426528f, 5.15193593f, 5.40961783f, 5.6673114f, 5.92501702f, 6.18273503f, 6.44046578f,
            6.69820959f, 6.95596674f, 7.25784318f,
        ]);

    private readonly ushort[] starts;
    private readonly float[] means;
    private readonly byte[] symbols;

    private NormalSteps(float step, ReadOnlySpan<ushort> frequencies, ReadOnlySpan<float> means)
    {
        Step = step;
        Largest = frequencies.Length - 1;
        starts = new ushort[2 * Largest + 2];
        this.means = new float[2 * Largest + 1];
        symbols = new byte[1 << (FrequencyBits - CoarseBits)];
        for (var symbol = 0; symbol <= 2 * Largest; symbol++)
        {
            var steps = symbol - Largest;
            this.means[symbol] = steps < 0 ? -means[-steps] : means[steps];
            starts[symbol + 1] = (ushort)(starts[symbol] + frequencies[Math.Abs(steps)]);
            for (var slot = starts[symbol]; slot < starts[symbol + 1]; slot++)
            {
                if (slot % (1 << CoarseBits) == 0)
                    symbols[slot >> CoarseBits] = (byte)symbol;
            }
        }
    }

    /// <summary>The step.</summary>
    internal float Step { get; }

    /// <summary>The most steps from 0.</summary>
    internal int Largest { get; }

    /// <summary>The table whose entropy is so many bits.</summary>
    /// <param name="bits">2, 3 or 4.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number of bits.</exception>
    internal static NormalSteps Of(int bits) => bits switch
    {
        2 => Two,
        3 => Three,
        4 => Four,
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "There are tables for 2, 3 and 4 bits."),
    };

    /// <summary>Where the slots of a symbol begin; symbol <see cref="Largest"/> is 0 steps.</summary>
    internal uint Start(int symbol) => starts[symbol];

    /// <summary>How many slots a symbol has.</summary>
    internal uint Frequency(int symbol) => (uint)(starts[symbol + 1] - starts[symbol]);

    /// <summary>The value that stands for a symbol.</summary>
    internal float Mean(int symbol) => means[symbol];

    /// <summary>Whose slot it is.</summary>
    internal int Symbol(uint slot)
    {
        int symbol = symbols[slot >> CoarseBits];
        while (starts[symbol + 1] <= slot)
            symbol++;
        return symbol;
    }
}
