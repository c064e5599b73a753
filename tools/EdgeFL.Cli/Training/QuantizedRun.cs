using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;

namespace EdgeFL.Cli.Training;

/// <summary>A recipe's trained model in integers, judged by the same windows.</summary>
/// <param name="Model">The model.</param>
/// <param name="CalibrationWindows">Windows that its ranges come from.</param>
/// <param name="FloatAccuracy">Share of test windows that the model in floats names right.</param>
/// <param name="Accuracy">Share of test windows named right.</param>
/// <param name="Agreement">Share of test windows of which the float model says the same.</param>
internal sealed record QuantizedRun(QuantizedModel Model, int CalibrationWindows, double FloatAccuracy, double Accuracy, double Agreement)
{
    private const int CalibrationMax = 512;

    /// <summary>Quantizes and judges.</summary>
    /// <param name="spec">The recipe's model; it classifies, and runs on integers.</param>
    /// <param name="windows">What it learned from, which calibrates, and what judges.</param>
    /// <param name="result">What it learned.</param>
    /// <exception cref="NotSupportedException">A layer does not run on integers.</exception>
    public static QuantizedRun Of(ModelSpec spec, RecipeData windows, RecipeResult result)
    {
        // Spread evenly over the recordings, so that all people and classes are there.
        int count = Math.Min(CalibrationMax, windows.Train.Count), values = spec.InputCount;
        float[] calibration = new float[count * values];
        for (int i = 0; i < count; i++)
            result.Data.Prepare(windows.Train[(int)((long)i * windows.Train.Count / count)], calibration.AsSpan(i * values, values), []);
        QuantizedModel model = Quantizer.Quantize(spec, result.Parameters, calibration);

        var exact = new Network(spec, 1);
        var integers = new QuantizedNetwork(model);
        float[] input = new float[values], outputs = new float[spec.OutputCount];
        int rightBefore = 0, right = 0, same = 0;
        foreach (SampleWindow window in windows.Test)
        {
            result.Data.Prepare(window, input, []);
            exact.Predict(result.Parameters, input, 1, outputs);
            int said = Network.LargestOf(outputs);
            result.Data.PrepareUnscaled(window.Values, input);
            integers.Predict(input, outputs);
            int best = Network.LargestOf(outputs);
            rightBefore += said == window.Label ? 1 : 0;
            right += best == window.Label ? 1 : 0;
            same += best == said ? 1 : 0;
        }

        return new QuantizedRun(model, count, (double)rightBefore / windows.Test.Count, (double)right / windows.Test.Count, (double)same / windows.Test.Count);
    }
}
