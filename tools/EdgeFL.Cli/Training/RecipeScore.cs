using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>How well a model does on the windows that test, in the terms of its task.</summary>
internal abstract class RecipeScore
{
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
