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
                LayerKind.MaxPool1d => Pool(layer, x, rows => rows.Max()),
                LayerKind.AveragePool1d => Pool(layer, x, rows => rows.Average()),
                LayerKind.LayerNorm => LayerNorm(layer, own, x),
                LayerKind.GroupNorm => GroupNorm(layer, own, x),
                LayerKind.DepthwiseConv1d => Depthwise(layer, own, x),
                LayerKind.Gru => Gru(layer, own, x),
                LayerKind.Dropout => x,
                LayerKind.RandomFourier => RandomFourier(layer, x),
                LayerKind.Gelu => [.. x.Select(Gelu)],
                LayerKind.GlobalAverage => [.. x.Chunk(layer.Input.Length).Select(row => row.Average())],
                LayerKind.Relu => [.. x.Select(v => Math.Max(v, 0))],
                LayerKind.Tanh => [.. x.Select(Math.Tanh)],
                LayerKind.Sigmoid => [.. x.Select(v => 1 / (1 + Math.Exp(-v)))],
                LayerKind.Flatten or LayerKind.Image => x,
                LayerKind.Conv2d => Conv2d(layer, own, x),
                LayerKind.MaxPool2d => MaxPool2d(layer, x),
                _ => throw new ArgumentException($"There is no reference for {layer.Kind}.", nameof(spec)),
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
            else if (spec.Loss == LossKind.Huber)
            {
                double delta = spec.HuberDelta;
                sum += y.Zip(targets[b], (got, wanted) => Math.Abs(got - wanted))
                    .Average(d => d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta));
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
                y[o] += own[i * outputs + o] * x[i];
        }
        return y;
    }

    private static double[] Pool(LayerSpec layer, double[] x, Func<IEnumerable<double>, double> pooled)
    {
        int time = layer.Input.Length, output = layer.Output.Length;
        var y = new double[layer.Input.Channels * output];
        for (var c = 0; c < layer.Input.Channels; c++)
        {
            for (var t = 0; t < output; t++)
                y[c * output + t] = pooled(x.Skip(c * time + t * layer.Size).Take(layer.Size));
        }
        return y;
    }

    private static double[] LayerNorm(LayerSpec layer, double[] own, double[] x)
    {
        int channels = layer.Input.Channels, time = layer.Input.Length;
        var y = new double[x.Length];
        for (var t = 0; t < time; t++)
        {
            var row = Enumerable.Range(0, channels).Select(c => x[c * time + t]).ToArray();
            double mean = row.Average(), variance = row.Average(v => (v - mean) * (v - mean));
            for (var c = 0; c < channels; c++)
                y[c * time + t] = own[c] * (row[c] - mean) / Math.Sqrt(variance + 1e-5) + own[channels + c];
        }
        return y;
    }

    private static double[] GroupNorm(LayerSpec layer, double[] own, double[] x)
    {
        int channels = layer.Input.Channels, time = layer.Input.Length, size = x.Length / layer.Size;
        var y = new double[x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            // Channel-major, a group is one stretch.
            var group = x.Skip(i / size * size).Take(size).ToArray();
            double mean = group.Average(), variance = group.Average(v => (v - mean) * (v - mean));
            y[i] = own[i / time] * (x[i] - mean) / Math.Sqrt(variance + 1e-5) + own[channels + i / time];
        }
        return y;
    }

    private static double[] Depthwise(LayerSpec layer, double[] own, double[] x)
    {
        int channels = layer.Input.Channels, time = layer.Input.Length, taps = layer.Kernel, output = layer.Output.Length;
        var y = new double[channels * output];
        for (var i = 0; i < y.Length; i++)
        {
            var c = i / output;
            y[i] = own[channels * taps + c] + Enumerable.Range(0, taps).Sum(k => own[c * taps + k] * x[c * time + i % output + k]);
        }
        return y;
    }

    private static double[] Conv2d(LayerSpec layer, double[] own, double[] x)
    {
        int inputs = layer.Input.Channels, height = layer.Input.Height, width = layer.Input.Width, side = layer.Kernel, taps = inputs * side * side;
        int rows = height - side + 1, columns = width - side + 1;
        var y = new double[layer.Size * rows * columns];
        for (var at = 0; at < y.Length; at++)
        {
            int o = at / (rows * columns), row = at / columns % rows, column = at % columns;
            y[at] = own[layer.Size * taps + o];
            for (var tap = 0; tap < taps; tap++)
            {
                int i = tap / (side * side), j = tap / side % side, k = tap % side;
                y[at] += own[o * taps + tap] * x[(i * height + row + j) * width + column + k];
            }
        }
        return y;
    }

    private static double[] MaxPool2d(LayerSpec layer, double[] x)
    {
        int height = layer.Input.Height, width = layer.Input.Width, side = layer.Size, rows = height / side, columns = width / side;
        var y = new double[layer.Input.Channels * rows * columns];
        for (var at = 0; at < y.Length; at++)
        {
            int c = at / (rows * columns), row = at / columns % rows, column = at % columns;
            y[at] = Enumerable.Range(0, side * side).Max(w => x[(c * height + row * side + w / side) * width + column * side + w % side]);
        }
        return y;
    }

    private static double[] Gru(LayerSpec layer, double[] own, double[] x)
    {
        int inputs = layer.Input.Channels, time = layer.Input.Length, units = layer.Size;
        int hidden = 3 * units * inputs, bias = hidden + 3 * units * units;
        var y = new double[units * layer.Output.Length];
        var state = new double[units];
        for (var t = 0; t < time; t++)
        {
            double OfInput(int g) => own[bias + g] + Enumerable.Range(0, inputs).Sum(i => own[g * inputs + i] * x[i * time + t]);
            double OfState(int g) => own[bias + 3 * units + g] + state.Select((h, i) => own[hidden + g * units + i] * h).Sum();
            double Gate(int g) => 1 / (1 + Math.Exp(-(OfInput(g) + OfState(g))));
            state = [.. state.Select((h, u) =>
            {
                var candidate = Math.Tanh(OfInput(2 * units + u) + Gate(u) * OfState(2 * units + u));
                return (1 - Gate(units + u)) * candidate + Gate(units + u) * h;
            })];
            for (var u = 0; u < units; u++)
            {
                if (layer.Output.IsVector)
                    y[u] = state[u];
                else
                    y[u * time + t] = state[u];
            }
        }
        return y;
    }

    private static double[] RandomFourier(LayerSpec layer, double[] x)
    {
        // The drawing is the real one: a fixed part of the model, like a parameter.
        float[] projection = new float[x.Length * layer.Size], offset = new float[layer.Size];
        Numerics.RandomFourier.Draw((ulong)layer.Seed, layer.Width, projection, offset);
        return [.. offset.Select((turn, o) =>
            Math.Sqrt(2.0 / layer.Size) * Math.Cos(2 * Math.PI * (turn + x.Select((v, i) => v * projection[i * layer.Size + o]).Sum())))];
    }

    /// <summary>x·Φ(x), the distribution by its power series.</summary>
    private static double Gelu(double x)
    {
        double sum = 0, term = x;
        for (var k = 3; Math.Abs(term) > 1e-18; k += 2)
        {
            sum += term;
            term *= x * x / k;
        }
        return x * (0.5 + Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI) * sum);
    }
}
