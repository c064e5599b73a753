using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>
/// Gated recurrent units over the window, from a state of zeros; gives the last state, or all of them. The input's part of the gates is one product for all
/// rows; the state's part is one product a row for the whole batch.
/// </summary>
internal sealed class GruLayer : Layer
{
    private readonly int inputs;
    private readonly int units;
    private readonly int time;
    private readonly int hiddenAt;
    private readonly int inputBiasAt;
    private readonly int hiddenBiasAt;
    private readonly float[] inputTransposed;
    private readonly float[] hiddenTransposed;
    private readonly float[] gates;
    private readonly float[] states;
    private readonly float[] hidden;
    private readonly float[] carried;
    private readonly float[] through;
    private readonly float[] biases;

    internal GruLayer(LayerSpec spec, int maxBatch)
        : base(spec)
    {
        inputs = spec.Input.Channels;
        units = spec.Size;
        time = spec.Input.Length;
        hiddenAt = 3 * units * inputs;
        inputBiasAt = hiddenAt + 3 * units * units;
        hiddenBiasAt = inputBiasAt + 3 * units;
        inputTransposed = new float[3 * units * inputs];
        hiddenTransposed = new float[3 * units * units];
        gates = new float[checked(maxBatch * time * 4 * units)];
        // One row of zeros before each sample's states is the state it starts from.
        states = new float[checked(maxBatch * (time + 1) * units)];
        hidden = new float[maxBatch * 3 * units];
        carried = new float[maxBatch * units];
        through = new float[maxBatch * units];
        biases = new float[4 * units];
    }

    internal override bool MayLoseOutput => true;

    internal override void Initialise(Span<float> parameters, ref Philox random) => Uniform(parameters, 1f / MathF.Sqrt(units), ref random);

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        Matrix.Transpose(parameters[..hiddenAt], 3 * units, inputs, inputTransposed);
        Matrix.Transpose(parameters[hiddenAt..inputBiasAt], 3 * units, units, hiddenTransposed);
        var fromInput = new MatrixProduct
        {
            Rows = batch * time,
            Columns = 3 * units,
            Depth = inputs,
            ARow = inputs,
            ADepth = 1,
            BDepth = 3 * units,
            CRow = 4 * units,
        };
        Matrix.Multiply(fromInput, x, inputTransposed, parameters[inputBiasAt..hiddenBiasAt], gates);
        var fromState = new MatrixProduct
        {
            Rows = batch,
            Columns = 3 * units,
            Depth = units,
            ARow = (time + 1) * units,
            ADepth = 1,
            BDepth = 3 * units,
            CRow = 3 * units,
        };
        for (var t = 0; t < time; t++)
        {
            Matrix.Multiply(fromState, states.AsSpan(t * units), hiddenTransposed, parameters[hiddenBiasAt..], hidden);
            for (var b = 0; b < batch; b++)
                GruCell.Forward(Gates(b, t), hidden.AsSpan(b * 3 * units, 3 * units), State(b, t), State(b, t + 1));
        }
        var rows = Spec.Output.Length;
        for (var b = 0; b < batch; b++)
            states.AsSpan((b * (time + 1) + time + 1 - rows) * units, rows * units).CopyTo(y[(b * OutputCount)..]);
    }

    internal override void Backward(
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        Span<float> dy,
        Span<float> dx,
        Span<float> gradient,
        int batch)
    {
        ThroughTime(parameters[hiddenAt..inputBiasAt], dy, batch);
        WeightGradients(x, gradient, batch);
        if (dx.IsEmpty)
            return;
        var product = new MatrixProduct
        {
            Rows = batch * time,
            Columns = inputs,
            Depth = 3 * units,
            ARow = 4 * units,
            ADepth = 1,
            BDepth = inputs,
            CRow = inputs,
        };
        Matrix.Multiply(product, gates, parameters[..hiddenAt], [], dx);
    }

    /// <summary>From the last row to the first: leaves the gates' gradients where the gates were.</summary>
    private void ThroughTime(ReadOnlySpan<float> hiddenWeights, ReadOnlySpan<float> dy, int batch)
    {
        var product = new MatrixProduct
        {
            Rows = batch,
            Columns = units,
            Depth = 3 * units,
            ARow = 3 * units,
            ADepth = 1,
            BDepth = units,
            CRow = units,
        };
        var all = batch * units;
        carried.AsSpan(0, all).Clear();
        for (var t = time - 1; t >= 0; t--)
        {
            // The output holds the last rows: all of them, or one.
            var row = t - (time - Spec.Output.Length);
            for (var b = 0; b < batch; b++)
            {
                var stateGradient = carried.AsSpan(b * units, units);
                if (row >= 0)
                    Vectors.Add(stateGradient, dy.Slice(b * OutputCount + row * units, units), stateGradient);
                GruCell.Backward(Gates(b, t), hidden.AsSpan(b * 3 * units, 3 * units), State(b, t), stateGradient);
            }
            Matrix.Multiply(product, hidden, hiddenWeights, [], through);
            Vectors.Add(carried.AsSpan(0, all), through.AsSpan(0, all), carried.AsSpan(0, all));
        }
    }

    private void WeightGradients(ReadOnlySpan<float> x, Span<float> gradient, int batch)
    {
        var ofInput = new MatrixProduct
        {
            Rows = 3 * units,
            Columns = inputs,
            Depth = batch * time,
            ARow = 1,
            ADepth = 4 * units,
            BDepth = inputs,
            CRow = inputs,
        };
        Matrix.Multiply(ofInput, gates, x, [], gradient[..hiddenAt]);
        var ofState = new MatrixProduct
        {
            Rows = 2 * units,
            Columns = units,
            Depth = time,
            ARow = 1,
            ADepth = 4 * units,
            BDepth = units,
            CRow = units,
            Batches = batch,
            ABatch = time * 4 * units,
            BBatch = (time + 1) * units,
        };
        Matrix.Multiply(ofState, gates, states, [], gradient[hiddenAt..]);
        // The candidate's product with the state has a gradient of its own, the fourth block.
        var candidate = hiddenAt + 2 * units * units;
        Matrix.Multiply(ofState with { Rows = units }, gates.AsSpan(3 * units), states, [], gradient[candidate..]);
        Matrix.SumRows(gates, batch * time, 4 * units, biases);
        biases.AsSpan(0, 3 * units).CopyTo(gradient[inputBiasAt..]);
        biases.AsSpan(0, 2 * units).CopyTo(gradient[hiddenBiasAt..]);
        biases.AsSpan(3 * units).CopyTo(gradient[(hiddenBiasAt + 2 * units)..]);
    }

    private Span<float> Gates(int sample, int t) => gates.AsSpan((sample * time + t) * 4 * units, 4 * units);

    private Span<float> State(int sample, int t) => states.AsSpan((sample * (time + 1) + t) * units, units);
}
