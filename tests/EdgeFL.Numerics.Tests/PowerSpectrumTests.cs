namespace EdgeFL.Numerics.Tests;

public sealed class PowerSpectrumTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(60)]
    [InlineData(128)]
    [InlineData(1000)]
    public void Compute_Noise_IsTheDefinition(int samples)
    {
        var spectrum = new PowerSpectrum(samples);
        var random = new Philox(7);
        float[] signal = Enumerable.Range(0, samples).Select(_ => random.NextGaussian()).ToArray();
        var power = new float[(spectrum.Size / 2) + 1];
        spectrum.Compute(signal, power);
        for (int k = 0; k < power.Length; k++)
        {
            double real = 0, imaginary = 0;
            for (int t = 0; t < samples; t++)
            {
                (double sine, double cosine) = Math.SinCos(-2 * Math.PI * k * t / spectrum.Size);
                real += signal[t] * cosine;
                imaginary += signal[t] * sine;
            }

            double exact = ((real * real) + (imaginary * imaginary)) / samples;
            Assert.Equal(exact, power[k], 1e-5 * Math.Max(1, exact));
        }
    }

    [Fact]
    public void Compute_AWave_IsAllInItsBin()
    {
        var spectrum = new PowerSpectrum(64);
        float[] signal = Enumerable.Range(0, 64).Select(t => (float)Math.Cos(2 * Math.PI * 5 * t / 64)).ToArray();
        var power = new float[33];
        spectrum.Compute(signal, power);
        Assert.Equal(16f, power[5], 1e-4f);
        Assert.All(power.Where((_, k) => k != 5), p => Assert.InRange(p, 0f, 1e-8f));
        Assert.Equal(0, Allocation.Least(() => spectrum.Compute(signal, power)));
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PowerSpectrum(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PowerSpectrum(65_537));
        Assert.Throws<ArgumentException>(() => new PowerSpectrum(8).Compute(new float[8], new float[4]));
        Assert.Throws<ArgumentException>(() => new PowerSpectrum(8).Compute(new float[7], new float[5]));
    }
}
