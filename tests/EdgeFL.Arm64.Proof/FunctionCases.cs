using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Elementary functions, activations, softmax and pooling.</summary>
internal static class FunctionCases
{
    /// <summary>Bit patterns over the whole range of floats that <see cref="ElementaryOfAllMagnitudes"/> looks at.</summary>
    private const int Magnitudes = 1 << 14;

    internal static void Elementary(int length, Words answer)
    {
        var x = Inputs.Wild(length, 1);
        var y = new float[length];
        Numerics.Elementary.Exp(x, y);
        answer.Add(y);
        Numerics.Elementary.Log(x, y);
        answer.Add(y);
        Numerics.Elementary.Tanh(x, y);
        answer.Add(y);
        Numerics.Elementary.Sigmoid(x, y);
        answer.Add(y);
        answer.Add(Numerics.Elementary.CosinePi(length / 257.0));
    }

    /// <summary>Every 2^18th float, from zero over the denormals to infinity, of both signs.</summary>
    internal static void ElementaryOfAllMagnitudes(int size, Words answer)
    {
        var shift = 0x9E37u * (uint)size;
        for (uint i = 0; i < Magnitudes; i++)
        {
            var x = BitConverter.UInt32BitsToSingle((i << 18) + shift);
            if (float.IsNaN(x))
                continue;
            answer.Add(Numerics.Elementary.Exp(x));
            answer.Add(Numerics.Elementary.Log(x));
            answer.Add(Numerics.Elementary.Tanh(x));
            answer.Add(Numerics.Elementary.Sigmoid(x));
        }
    }

    internal static void Activations(int length, Words answer)
    {
        float[] x = Inputs.Wild(length, 1), dy = Inputs.Wild(length, 2);
        var y = new float[length];
        var dx = new float[length];
        Numerics.Activations.Relu(x, y);
        answer.Add(y);
        Numerics.Activations.ReluGradient(y, dy, dx);
        answer.Add(dx);
        Numerics.Elementary.Tanh(x, y);
        Numerics.Activations.TanhGradient(y, dy, dx);
        answer.Add(dx);
        Numerics.Elementary.Sigmoid(x, y);
        Numerics.Activations.SigmoidGradient(y, dy, dx);
        answer.Add(dx);
    }

    internal static void Softmax(int length, Words answer)
    {
        if (length == 0)
            return;
        var x = Inputs.Gaussian(length, 1);
        var y = new float[length];
        Numerics.Softmax.Normalise(x, y);
        answer.Add(y);
        answer.Add(Numerics.Softmax.CrossEntropy(x, (int[])[length / 2], 1f / 16, y));
        answer.Add(y);
        float[] rows = Inputs.Gaussian(3 * length, 2), gradients = new float[rows.Length];
        answer.Add(Numerics.Softmax.CrossEntropy(rows, (int[])[0, length - 1, length / 2], 1f / 3, gradients));
        answer.Add(gradients);
    }

    /// <summary>As many channels as the length says, and seven rows.</summary>
    internal static void Pooling(int channels, Words answer)
    {
        if (channels == 0)
            return;
        var x = Inputs.Wild(7 * channels, 1);
        var y = new float[3 * channels];
        var dx = new float[x.Length];
        Numerics.Pooling.Max(x, channels, 2, y);
        answer.Add(y);
        Numerics.Pooling.MaxGradient(x, y, Inputs.Wild(y.Length, 2), channels, 2, dx);
        answer.Add(dx);
        var mean = new float[channels];
        Numerics.Pooling.Average(x, channels, mean);
        answer.Add(mean);
        Numerics.Pooling.AverageGradient(mean, channels, dx);
        answer.Add(dx);
    }

    /// <summary>As many channels as the length says, five rows of seven pixels.</summary>
    internal static void PoolingOfImages(int channels, Words answer)
    {
        if (channels == 0)
            return;
        float[] x = Inputs.Wild(35 * channels, 1), y = new float[6 * channels], dx = new float[x.Length];
        Numerics.Pooling.MaxOfImage(x, 7, channels, 2, y);
        answer.Add(y);
        Numerics.Pooling.MaxOfImageGradient(x, y, Inputs.Wild(y.Length, 2), 7, channels, 2, dx);
        answer.Add(dx);
    }
}
