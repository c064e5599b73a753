using EdgeFL.Learning;
using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Kernels of normalising, recurrent, depthwise, random-feature and dropout layers, by channels, units or length.</summary>
internal static class LayerCases
{
    internal static void Products(int length, Words answer)
    {
        float[] x = Inputs.Wild(length, 1), y = Inputs.Wild(length, 2), z = new float[length];
        Vectors.Multiply(x, y, z);
        answer.Add(z);
        Vectors.MultiplyAdd(x, y, Inputs.Wild(length, 3), z);
        answer.Add(z);
        Vectors.Shift(0.3f, x, z);
        answer.Add(z);
        answer.Add(Vectors.Sum(x));
    }

    internal static void Functions(int length, Words answer)
    {
        float[] x = Inputs.Wild(length, 1), y = new float[length];
        Elementary.Gelu(x, y);
        answer.Add(y);
        Elementary.GeluGradient(x, Inputs.Wild(length, 2), y);
        answer.Add(y);
        foreach (var value in x)
        {
            answer.Add(Elementary.Gelu(value));
            answer.Add(Elementary.GeluDerivative(value));
            answer.Add(Elementary.ReciprocalSqrt(Math.Abs(value)));
            answer.Add(Elementary.CosineOfTurns(value));
            answer.Add(Elementary.SineOfTurns(value));
        }
    }

    internal static void Losses(int length, Words answer)
    {
        var gradient = new float[length];
        answer.Add(Huber.Sum(Inputs.Wild(length, 1), Inputs.Wild(length, 2), 1f, 1f / 16, gradient));
        answer.Add(gradient);
    }

    internal static void DroppedOut(int length, Words answer)
    {
        var y = new float[length];
        Dropout.Apply(7, (ulong)length, 3, 0.25f, Inputs.Wild(length, 1), y);
        answer.Add(y);
    }

    internal static void Norms(int channels, Words answer)
    {
        if (channels == 0)
            return;
        const int Rows = 5;
        float[] x = Inputs.Gaussian(Rows * channels, 1), scale = Inputs.Gaussian(channels, 2), shift = Inputs.Gaussian(channels, 3);
        float[] dy = Inputs.Gaussian(Rows * channels, 4), y = new float[x.Length], dx = new float[x.Length];
        float[] dScale = new float[channels], dShift = new float[channels], scratch = new float[3 * channels];
        LayerNorm.Forward(x, scale, shift, y);
        answer.Add(y);
        LayerNorm.Backward(x, scale, dy, scratch.AsSpan(0, channels), dx, dScale, dShift);
        answer.Add(dx);
        answer.Add(dScale);
        answer.Add(dShift);
        var groups = channels % 4 == 0 ? 4 : 1;
        GroupNorm.Forward(x, groups, scale, shift, scratch, y);
        answer.Add(y);
        GroupNorm.Backward(x, groups, scale, dy, scratch, dx, dScale, dShift);
        answer.Add(dx);
        answer.Add(dScale);
        answer.Add(dShift);
    }

    internal static void Gru(int units, Words answer)
    {
        if (units == 0)
            return;
        float[] gates = Inputs.Gaussian(4 * units, 1), hidden = Inputs.Gaussian(3 * units, 2), state = Inputs.Gaussian(units, 3);
        float[] next = new float[units], gradient = Inputs.Gaussian(units, 4);
        GruCell.Forward(gates, hidden, state, next);
        answer.Add(gates);
        answer.Add(next);
        GruCell.Backward(gates, hidden, state, gradient);
        answer.Add(gates);
        answer.Add(hidden);
        answer.Add(gradient);
    }

    internal static void Depthwise(int channels, Words answer)
    {
        if (channels == 0)
            return;
        const int Batch = 2;
        var shape = new DepthwiseShape(channels, 1 + channels % 5, 9 + channels % 4);
        var outputs = shape.OutputLength * channels;
        float[] x = Inputs.Wild(Batch * shape.Length * channels, 1), packed = Inputs.Wild(shape.WeightCount, 2), dy = Inputs.Wild(Batch * outputs, 3);
        float[] y = new float[outputs], dx = new float[shape.Length * channels];
        DepthwiseConv1d.Forward(shape, x.AsSpan(0, dx.Length), packed, Inputs.Wild(channels, 4), y);
        answer.Add(y);
        DepthwiseConv1d.InputGradient(shape, dy.AsSpan(0, outputs), packed, dx);
        answer.Add(dx);
        DepthwiseConv1d.WeightGradient(shape, x, dy, Batch, packed);
        answer.Add(packed);
    }

    internal static void Features(int block, Words answer)
    {
        if (block < 4)
            return;
        var features = new WindowFeatures(Models.Features(block));
        var measured = new float[features.Count];
        features.Compute(Inputs.Gaussian(features.Channels * features.Length, 1), measured);
        answer.Add(measured);
        features.Compute(Inputs.Wild(features.Channels * features.Length, 2), measured);
        answer.Add(measured);
    }

    internal static void Fourier(int features, Words answer)
    {
        if (features == 0)
            return;
        float[] projection = new float[6 * features], offset = new float[features];
        RandomFourier.Draw(5, 2f, projection, offset);
        answer.Add(projection);
        answer.Add(offset);
        float[] turns = Inputs.Gaussian(2 * features, 1), y = new float[turns.Length], gradient = Inputs.Gaussian(turns.Length, 2);
        RandomFourier.Forward(turns, features, y);
        answer.Add(y);
        RandomFourier.Backward(turns, features, gradient);
        answer.Add(gradient);
    }
}
