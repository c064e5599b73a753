using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Node.Tests;

public sealed class QuantizedModelFileTests
{
    [Fact]
    public void RoundTrip_GivesTheSameBytesAndTheSameOutputs()
    {
        (QuantizedModel model, float[] windows) = Sample();
        byte[] bytes = QuantizedModelFile.Write(model);
        Assert.Equal(bytes, QuantizedModelFile.Write(Sample().Model));
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(bytes, Synthetic.Model, out QuantizedModel? read));
        Assert.Equal(bytes, QuantizedModelFile.Write(read!));
        QuantizedNetwork one = new(model), other = new(read!);
        float[] first = new float[3], second = new float[3];
        for (int at = 0; at < windows.Length; at += Synthetic.Model.InputCount)
        {
            one.Predict(windows.AsSpan(at, Synthetic.Model.InputCount), first);
            other.Predict(windows.AsSpan(at, Synthetic.Model.InputCount), second);
            Assert.Equal(first, second);
        }
    }

    [Fact]
    public void Write_ALargeModel_TakesLittleMoreThanAByteAParameter()
    {
        ModelSpec spec = Synthetic.LargeModel;
        byte[] bytes = QuantizedModelFile.Write(Quantizer.Quantize(spec, new float[spec.ParameterCount], new float[spec.InputCount]));
        // Eight for each output beside, and four for each of the first layer's from each channel.
        Assert.InRange(bytes.Length, spec.ParameterCount, spec.ParameterCount + 8 * 1003 + 4 * 1000 * spec.Channels + 300);
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(bytes, spec, out _));
    }

    [Fact]
    public void Read_EveryTruncationAndAnExtraByte_IsMalformed()
    {
        byte[] bytes = QuantizedModelFile.Write(Sample().Model);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(QuantizedModelError.Malformed, QuantizedModelFile.Read(bytes.AsSpan(0, length), Synthetic.Model, out QuantizedModel? read));
            Assert.Null(read);
        }

        Assert.Equal(QuantizedModelError.Malformed, QuantizedModelFile.Read([.. bytes, 0], Synthetic.Model, out _));
    }

    [Fact]
    public void Read_AnyByteChanged_IsNeverTakenForAModel()
    {
        byte[] bytes = QuantizedModelFile.Write(Sample().Model);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x10;
            Assert.NotEqual(QuantizedModelError.None, QuantizedModelFile.Read(changed, Synthetic.Model, out QuantizedModel? read));
            Assert.Null(read);
        }
    }

    [Fact]
    public void Read_WhatIsWrong_IsTold()
    {
        byte[] bytes = QuantizedModelFile.Write(Sample().Model);
        Assert.Equal(QuantizedModelError.WrongModel, QuantizedModelFile.Read(bytes, Synthetic.LargeModel, out _));
        Assert.Equal(QuantizedModelError.Malformed, QuantizedModelFile.Read("not a model"u8, Synthetic.Model, out _));
        byte[] damaged = [.. bytes], other = [.. bytes];
        damaged[100] ^= 1;
        Assert.Equal(QuantizedModelError.Damaged, QuantizedModelFile.Read(damaged, Synthetic.Model, out _));
        // A map of four, key 1, version.
        Assert.Equal((byte)QuantizedModelFile.Version, other[2]);
        foreach (byte version in (byte[])[1, (byte)(QuantizedModelFile.Version + 1)])
        {
            other[2] = version;
            Assert.Equal(QuantizedModelError.UnknownVersion, QuantizedModelFile.Read(other, Synthetic.Model, out _));
        }
    }

    [Fact]
    public void Read_Garbage_NeverThrows()
    {
        const int Seed = 20261;
        var random = new Random(Seed);
        byte[] bytes = QuantizedModelFile.Write(Sample().Model);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. bytes];
            for (int flips = random.Next(1, 5); flips > 0; flips--)
                changed[random.Next(i % 2 == 0 ? 60 : changed.Length)] = (byte)random.Next(256);
            bool same = changed.AsSpan().SequenceEqual(bytes);
            QuantizedModelError error = QuantizedModelFile.Read(changed.AsSpan(0, i % 3 == 0 ? random.Next(changed.Length) : changed.Length), Synthetic.Model, out QuantizedModel? read);
            Assert.True(error == QuantizedModelError.None == read is not null && (error != QuantizedModelError.None || same), $"seed {Seed} case {i}");
        }
    }

    private static (QuantizedModel Model, float[] Windows) Sample()
    {
        ModelSpec spec = Synthetic.Model;
        float[] parameters = new float[spec.ParameterCount], windows = new float[20 * spec.InputCount];
        new Network(spec, 1).Initialise(parameters, 1);
        var random = new Philox(2, 3);
        foreach (ref float value in windows.AsSpan())
            value = random.NextGaussian();
        return (Quantizer.Quantize(spec, parameters, windows), windows);
    }
}
