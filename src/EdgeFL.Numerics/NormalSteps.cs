namespace EdgeFL.Numerics;

/// <summary>
/// A normal number of variance 1 rounded to whole steps: how often each number of steps comes up, of 2^14 times, and which value stands for it. Symbol <see cref="Largest"/> is 0 steps. The tables lie in
/// the program, and what is derived from them in the caller's spans: nothing is set up before the first use.
/// </summary>
internal readonly ref struct NormalSteps
{
    /// <summary>Frequencies add up to 2 to this power.</summary>
    internal const int FrequencyBits = 14;

    /// <summary>The most symbols and one.</summary>
    internal const int StartsLength = 58;

    /// <summary>Where looking for a slot's symbol begins, for each 16 slots.</summary>
    internal const int SymbolsLength = 1 << (FrequencyBits - CoarseBits);

    private const int CoarseBits = 4;

    private readonly Span<ushort> starts;
    private readonly Span<byte> symbols;
    private readonly ReadOnlySpan<float> means;

    /// <summary>The table whose entropy is so many bits.</summary>
    /// <param name="bits">2, 3 or 4.</param>
    /// <param name="starts">Shape [<see cref="StartsLength"/>]; overwritten.</param>
    /// <param name="symbols">Shape [<see cref="SymbolsLength"/>], or empty when no symbol is looked for; overwritten.</param>
    internal NormalSteps(int bits, Span<ushort> starts, Span<byte> symbols)
    {
        CheckBits(bits);
        var frequencies = Frequencies(bits);
        this.starts = starts;
        this.symbols = symbols;
        means = Means(bits);
        Step = bits switch { 2 => 1.0824f, 3 => 0.5224f, _ => 0.2590f };
        Largest = frequencies.Length - 1;
        starts[0] = 0;
        for (var symbol = 0; symbol <= 2 * Largest; symbol++)
        {
            int first = starts[symbol], end = first + frequencies[Math.Abs(symbol - Largest)];
            starts[symbol + 1] = (ushort)end;
            if (!symbols.IsEmpty)
                symbols[Coarse(first)..Coarse(end)].Fill((byte)symbol);
        }
    }

    /// <summary>The step.</summary>
    internal float Step { get; }

    /// <summary>The most steps from 0.</summary>
    internal int Largest { get; }

    /// <summary>Says for which bits there are tables.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    internal static void CheckBits(int bits)
    {
        if (bits is < 2 or > 4)
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "There are tables for 2, 3 and 4 bits.");
    }

    /// <summary>Where the slots of a symbol begin.</summary>
    internal uint Start(int symbol) => starts[symbol];

    /// <summary>How many slots a symbol has.</summary>
    internal uint Frequency(int symbol) => (uint)(starts[symbol + 1] - starts[symbol]);

    /// <summary>The value that stands for a symbol.</summary>
    internal float Mean(int symbol) => symbol < Largest ? -means[Largest - symbol] : means[symbol - Largest];

    /// <summary>Whose slot it is.</summary>
    internal int Symbol(uint slot)
    {
        int symbol = symbols[(int)(slot >> CoarseBits)];
        while (starts[symbol + 1] <= slot)
            symbol++;
        return symbol;
    }

    /// <summary>The first sixteenth that begins at a slot or behind it.</summary>
    private static int Coarse(int slot) => (slot + (1 << CoarseBits) - 1) >> CoarseBits;

    /// <summary>Of 0, 1, 2 and so on steps to one side; the last number stands for all beyond, and each comes up once at least.</summary>
    private static ReadOnlySpan<ushort> Frequencies(int bits) => bits switch
    {
        2 => [6738, 3964, 800, 55, 1, 1, 1, 1],
        3 => [3364, 2955, 1980, 1016, 399, 120, 28, 5, 1, 1, 1, 1, 1, 1, 1],
        _ => [1666, 1633, 1477, 1250, 990, 733, 508, 329, 200, 113, 60, 30, 14, 6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    };

    /// <summary>Means of the normal density within the steps.</summary>
    private static ReadOnlySpan<float> Means(int bits) => bits switch
    {
        2 => [0f, 0.98288645f, 1.97698386f, 2.98821977f, 4.01663805f, 5.05912778f, 6.11201271f, 7.17249845f],
        3 =>
        [
            0f, 0.510641738f, 1.02136893f, 1.5322641f, 2.04340412f, 2.55485789f, 3.06668462f, 3.57893269f, 4.09163915f, 4.60482985f, 5.11852007f, 5.63271543f,
            6.14741323f, 6.66260373f, 7.18899508f,
        ],
        _ =>
        [
            0f, 0.257555511f, 0.515111669f, 0.77266912f, 1.03022851f, 1.28779047f, 1.54535563f, 1.80292464f, 2.06049809f, 2.31807661f, 2.57566079f, 2.83325121f,
            3.09084846f, 3.34845308f, 3.60606564f, 3.86368665f, 4.12131664f, 4.37895609f, 4.63660548f, 4.89426528f, 5.15193593f, 5.40961783f, 5.6673114f,
            5.92501702f, 6.18273503f, 6.44046578f, 6.69820959f, 6.95596674f, 7.25784318f,
        ],
    };
}
