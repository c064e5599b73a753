namespace EdgeFL.Learning.Tests;

/// <summary>The same model in double precision, channel-major, written as the definitions stand: slow, and shares no code with the real one.</summary>
internal static class ReferenceNetwork
{
    internal static double[] Forward(ModelSpec spec, double[] parameters, double[] input)
    {
        var x = input;
        foreach (var layer in spec.Layers)
        {
            var own = parameters.AsSpan(layer.ParameterOffset, layer.ParameterCount).ToArray();
            x = layer.Kind switch
            {
                LayerKind.Conv1d => Conv(layer, own, x),
                LayerKind.Dense => Dense(layer, own, x),
                LayerKind.MaxPool1d => MaxPool(layer, x),
                LayerKind.GlobalAverage => [.. x.Chunk(layer.Input.Length).Select(row => row.Average())],
                LayerKind.Relu => [.. x.Select(v => Math.Max(v, 0))],
                LayerKind.Tanh => [.. x.Select(Math.Tanh)],
                LayerKind.Sigmoid => [.. x.Select(v => 1 / (1 + Math.Exp(-v)))],
                _ => x,
            };
        }
        return x;
    }

    /// <summary>Mean loss over a batch.</summary>
    internal static double Loss(ModelSpec spec, double[] parameters, double[][] inputs, int[] labels, double[][] targets)
    {
        double sum = 0;
        for (var b = 0; b < inputs.Length; b++)
        {
            var y = Forward(spec, parameters, inputs[b]);
            if (spec.Loss == LossKind.CrossEntropy)
            {
                var largest = y.Max();
                sum += Math.Log(y.Sum(v => Math.Exp(v - largest))) + largest - y[labels[b]];
            }
            else
            {
                sum += y.Zip(targets[b], (got, wanted) => (got - wanted) * (got - wanted)).Average();
            }
        }
        return sum / inputs.Length;
    }

    private static double[] Conv(LayerSpec layer, double[] own, double[] x)
    {
        int inputs = layer.Input.Channels, time = layer.Input.Length, taps = layer.Kernel, filters = layer.Size, output = layer.Output.Length;
        var y = new double[filters * output];
        for (var o = 0; o < filters; o++)
        {
            for (var t = 0; t < output; t++)
            {
                var sum = own[filters * inputs * taps + o];
                for (var i = 0; i < inputs; i++)
                {
                    for (var k = 0; k < taps; k++)
                        sum += own[(o * inputs + i) * taps + k] * x[i * time + t + k];
                }
                y[o * output + t] = sum;
            }
        }
        return y;
    }

    private static double[] Dense(LayerSpec layer, double[] own, double[] x)
    {
        int inputs = x.Length, outputs = layer.Size;
        var y = new double[outputs];
        for (var o = 0; o < outputs; o++)
        {
            y[o] = own[inputs * outputs + o];
            for (var i = 0; i < inputs; i++)
                y[o] += own[o * inputs + i] * x[i];
        }
        return y;
    }

    private static double[] MaxPool(LayerSpec layer, double[] x)
    {
        int time = layer.Input.Length, output = layer.Output.Length;
        var y = new double[layer.Input.Channels * output];
        for (var c = 0; c < layer.Input.Channels; c++)
        {
            for (var t = 0; t < output; t++)
                y[c * output + t] = x.Skip(c * time + t * layer.Size).Take(layer.Size).Max();
        }
        return y;
    }
}
