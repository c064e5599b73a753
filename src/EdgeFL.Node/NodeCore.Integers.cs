using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Numerics;

namespace EdgeFL.Node;

// Inference in 8-bit integers: the model of each checkpoint, calibrated on the node's own held-out windows.
public sealed partial class NodeCore
{
    private const int CalibrationWindows = 64;

    private QuantizedNetwork? integers;
    private int integersRound;

    /// <summary>Infers with a quantized model until the next checkpoint makes another. Call after <see cref="Restore"/>, before the first input.</summary>
    /// <param name="file">What <see cref="NodeEffect.Persist"/> gave, or the command line made.</param>
    /// <returns>Why not; the node then infers in floats until its next checkpoint.</returns>
    /// <exception cref="InvalidOperationException">The options do not say that the node infers in integers.</exception>
    public QuantizedModelError RestoreIntegers(ReadOnlySpan<byte> file)
    {
        if (!options.Int8Inference)
            throw new InvalidOperationException("This node does not infer in integers.");
        QuantizedModelError error = QuantizedModelFile.Read(file, model, out QuantizedModel? quantized);
        if (error == QuantizedModelError.None)
            (integers, integersRound) = (new QuantizedNetwork(quantized!), round);
        return error;
    }

    private ReadOnlyMemory<byte> Quantize()
    {
        int count = Math.Min(CalibrationWindows, data.HeldOutCount), values = model.InputCount;
        if (!options.Int8Inference || count == 0)
            return default;
        float[] windows = new float[count * values];
        int[] label = new int[1];
        for (int i = 0; i < count; i++) // spread over all that are held out: neighbours in time are alike
            data.HeldOutBatch((int)((long)i * data.HeldOutCount / count), 1, windows.AsSpan(i * values, values), label, target);
        if (!Vectors.AllFinite(windows))
            return default;
        QuantizedModel quantized = Quantizer.Quantize(model, parameters.Span, windows);
        (integers, integersRound) = (new QuantizedNetwork(quantized), round);
        return QuantizedModelFile.Write(quantized);
    }

    /// <summary>Fills the output from the window's rows from this one on; returns the round that the model is of.</summary>
    private int InferInIntegers(SampleWindow window, int firstRow = 0)
    {
        data.PrepareUnscaled(window.Values, input, firstRow);
        integers!.Predict(input, output);
        return integersRound;
    }
}
