namespace EdgeFL.Numerics;

/// <summary>
/// Power of the frequencies in a real signal, by a radix-2 Fourier transform over tables made once. Every operation is rounded by itself, so the same bits come out
/// everywhere. Source: Cooley, Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series", Math. Comp. 19 (1965).
/// </summary>
public sealed class PowerSpectrum
{
    private readonly float[] cosine;
    private readonly float[] sine;
    private readonly float[] real;
    private readonly float[] imaginary;
    private readonly int[] reversed;

    /// <summary>Makes tables and scratch; <see cref="Compute"/> allocates nothing.</summary>
    /// <param name="samples">T, samples of the signal, 2 to 65,536; padded with zeros to the next power of two.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="samples"/> is outside its range.</exception>
    public PowerSpectrum(int samples)
    {
        if (samples is < 2 or > 65_536)
            throw new ArgumentOutOfRangeException(nameof(samples), samples, "A spectrum is made of 2 to 65,536 samples.");
        Samples = samples;
        int bits = 1;
        while (1 << bits < samples)
            bits++;
        Size = 1 << bits;
        cosine = new float[Size / 2];
        sine = new float[Size / 2];
        for (int k = 0; k < Size / 2; k++)
        {
            double u = 2.0 * k / Size; // e^(-iπu)
            cosine[k] = (float)Elementary.CosinePi(u);
            sine[k] = (float)-Elementary.CosinePi(Math.Abs(0.5 - u));
        }

        real = new float[Size];
        imaginary = new float[Size];
        reversed = new int[Size];
        for (int i = 0; i < Size; i++)
        {
            for (int bit = 0; bit < bits; bit++)
                reversed[i] |= ((i >> bit) & 1) << (bits - 1 - bit);
        }
    }

    /// <summary>T.</summary>
    public int Samples { get; }

    /// <summary>N, T or the next power of two.</summary>
    public int Size { get; }

    /// <summary>power[k] = |Σ x[t]·e^(-2πikt/N)|²/T, for k from 0 to N/2.</summary>
    /// <param name="signal">Shape [T].</param>
    /// <param name="power">Shape [N/2 + 1]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Compute(ReadOnlySpan<float> signal, Span<float> power)
    {
        if (signal.Length != Samples || power.Length != (Size / 2) + 1)
            throw new ArgumentException($"{signal.Length} samples into {power.Length} powers do not fit a spectrum of {Samples} samples into {(Size / 2) + 1}.");
        for (int i = 0; i < Size; i++)
            real[i] = reversed[i] < signal.Length ? signal[reversed[i]] : 0f;
        Array.Clear(imaginary);
        for (int half = 1; half < Size; half *= 2)
        {
            int stride = Size / (2 * half);
            for (int first = 0; first < Size; first += 2 * half)
            {
                for (int k = 0; k < half; k++)
                {
                    int a = first + k, b = a + half;
                    float c = cosine[k * stride], s = sine[k * stride];
                    float r = (c * real[b]) - (s * imaginary[b]), i = (c * imaginary[b]) + (s * real[b]);
                    real[b] = real[a] - r;
                    imaginary[b] = imaginary[a] - i;
                    real[a] += r;
                    imaginary[a] += i;
                }
            }
        }

        for (int k = 0; k < power.Length; k++)
            power[k] = ((real[k] * real[k]) + (imaginary[k] * imaginary[k])) / Samples;
    }
}
