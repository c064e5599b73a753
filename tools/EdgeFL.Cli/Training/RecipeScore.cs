using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>How well a model does on the windows that test, in the terms of its task.</summary>
internal abstract class RecipeScore
{
    /// <summary>Judges what a model said.</summary>
    /// <param name="model">A model that classifies, regresses or clusters.</param>
    /// <param name="classes">Names of the labels that windows may have.</param>
    /// <param name="test">N windows that it can be judged by.</param>
    /// <param name="outputs">What it said, shape [N,O].</param>
    /// <param name="loss">Mean loss.</param>
    public static RecipeScore Of(ModelSpec model, IReadOnlyList<string> classes, IReadOnlyList<SampleWindow> test, ReadOnlySpan<float> outputs, double loss) =>
        model.Target is { } target ? new RegressScore(target, test, outputs)
            : model.Task == TaskKind.Cluster ? new ClusterScore(model, classes, test, outputs)
            : new ClassifyScore(model, test, outputs, loss);

    /// <summary>Writes the figures that sum it up.</summary>
    /// <param name="json">Inside the result's object.</param>
    public abstract void WriteFigures(Utf8JsonWriter json);

    /// <summary>Writes where it is right and where it errs.</summary>
    /// <param name="json">Inside the result's object.</param>
    public abstract void WriteDetail(Utf8JsonWriter json);

    /// <summary>Where it is right and where it errs, for a person.</summary>
    /// <param name="context">Makes the table.</param>
    public abstract Table ToTable(CliContext context);

    /// <summary>The figures that sum it up, for a person.</summary>
    public abstract string Summary { get; }
}
