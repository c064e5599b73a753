using System.Diagnostics;
using EdgeFL.Learning;
using EdgeFL.Node.Rounds;
using EdgeFL.Numerics;

namespace EdgeFL.Cli.Training;

/// <summary>What came of a recipe.</summary>
/// <param name="Score">How the model does on the windows that test.</param>
/// <param name="Steps">Minibatch steps made.</param>
/// <param name="RefusedSteps">Those left out because loss or gradient was not finite.</param>
/// <param name="Seconds">How long they took.</param>
/// <param name="Parameters">The model, shape [P].</param>
/// <param name="Data">What it learned from: brings further windows to what the model takes.</param>
internal sealed record RecipeResult(RecipeScore Score, long Steps, long RefusedSteps, double Seconds, float[] Parameters, LocalData Data);

/// <summary>Trains a recipe's model on this machine as one device would.</summary>
internal static class RecipeRun
{
    private const int JudgeBatch = 64;

    /// <summary>Trains and judges.</summary>
    /// <param name="recipe">How it learns.</param>
    /// <param name="model">Resolved model.</param>
    /// <param name="windows">What it learns from.</param>
    /// <param name="seed">Decides initial weights and the order of the minibatches.</param>
    /// <param name="progress">Told after each epoch: number and mean loss of its minibatches.</param>
    /// <param name="cancel">Stops.</param>
    public static RecipeResult Train(Recipe recipe, ModelSpec model, RecipeData windows, ulong seed, Action<int, double> progress, CancellationToken cancel)
    {
        RecipeLearning how = recipe.Learning;
        var data = new LocalData(model, new LocalDataOptions { TrainingWindows = windows.Train.Count, HeldOutPerBlock = 0, Rotation = how.Rotation }, seed);
        foreach (SampleWindow window in windows.Train)
            data.Add(window);
        var trainer = new Trainer(new Network(model, how.Batch) { DropoutSeed = seed }, data, how.Batch);
        float[] parameters = new float[model.ParameterCount];
        new Network(model, 1).Initialise(parameters, seed);
        var optimiser = new MomentumSgd(parameters.Length, how.Momentum);
        var average = new ModelAverage(parameters.Length);
        int stepsPerEpoch = (data.TrainingCount + how.Batch - 1) / how.Batch, total = stepsPerEpoch * how.Epochs;
        // One model for each tenth of an epoch is as good an average as all of them.
        int between = Math.Max(1, stepsPerEpoch / 10);
        var clock = Stopwatch.StartNew();
        for (int epoch = 0; epoch < how.Epochs; epoch++)
        {
            double sum = 0;
            for (int i = 0; i < stepsPerEpoch; i++)
            {
                cancel.ThrowIfCancellationRequested();
                int step = (epoch * stepsPerEpoch) + i;
                sum += trainer.Step(parameters, optimiser, Schedules.Cosine(how.LearningRate, step, total, how.Floor));
                if (step >= total * (1 - how.TailAverage) && step % between == 0)
                    average.Add(parameters);
            }

            progress(epoch + 1, sum / stepsPerEpoch);
        }

        double seconds = clock.Elapsed.TotalSeconds;
        average.CopyTo(parameters);
        return new RecipeResult(Judge(recipe, model, data, windows, parameters), trainer.Steps, trainer.SkippedSteps, seconds, parameters, data);
    }

    private static RecipeScore Judge(Recipe recipe, ModelSpec model, LocalData data, RecipeData windows, float[] parameters)
    {
        (float[] outputs, float[] errors, double loss) = Say(model, data, windows.Test, parameters);
        return model.Task switch
        {
            TaskKind.Regress => new RegressScore(model.Target!, windows.Test, outputs),
            TaskKind.Cluster => new ClusterScore(model, windows.Classes, windows.Test, outputs),
            TaskKind.Reconstruct => new UnusualScore(recipe.Usual, windows, errors, Say(model, data, windows.Train, parameters).Errors),
            TaskKind.Forecast => new ForecastScore(model, data, windows, outputs),
            _ => new ClassifyScore(model, windows.Test, outputs, loss),
        };
    }

    /// <summary>What a model says of windows, [N,O]; how far each is from its targets, mean squares, [N], 0 without targets; and the mean loss.</summary>
    private static (float[] Outputs, float[] Errors, double Loss) Say(ModelSpec model, LocalData data, IReadOnlyList<SampleWindow> windows, float[] parameters)
    {
        var network = new Network(model, JudgeBatch);
        float[] inputs = new float[JudgeBatch * model.InputCount], targets = new float[JudgeBatch * model.TargetCount];
        float[] outputs = new float[windows.Count * model.OutputCount], errors = new float[windows.Count];
        int[] labels = new int[JudgeBatch];
        double loss = 0;
        for (int first = 0; first < windows.Count; first += JudgeBatch)
        {
            int count = Math.Min(JudgeBatch, windows.Count - first);
            for (int b = 0; b < count; b++)
            {
                SampleWindow window = windows[first + b];
                data.Prepare(window, inputs.AsSpan(b * model.InputCount, model.InputCount), targets.AsSpan(b * model.TargetCount, model.TargetCount));
                labels[b] = window.Label;
            }

            Span<float> said = outputs.AsSpan(first * model.OutputCount, count * model.OutputCount);
            network.Predict(parameters, inputs.AsSpan(0, count * model.InputCount), count, said);
            loss += (double)network.LossOf(said, labels.AsSpan(0, count), targets.AsSpan(0, count * model.TargetCount), count) * count;
            for (int b = 0; b < count && model.TargetCount > 0; b++)
                errors[first + b] = Vectors.SquaredDistance(said.Slice(b * model.OutputCount, model.OutputCount), targets.AsSpan(b * model.TargetCount, model.TargetCount)) / model.OutputCount;
        }

        return (outputs, errors, loss / windows.Count);
    }
}
