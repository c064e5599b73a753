using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>Which classes a model takes for which.</summary>
internal sealed class ClassifyScore : RecipeScore
{
    private readonly IReadOnlyList<string> classes;
    private readonly int[,] confusion; // Rows: what a window is; columns: what the model says.
    private readonly double loss;
    private readonly double accuracy;

    /// <summary>Judges logits.</summary>
    /// <param name="model">The model.</param>
    /// <param name="test">N windows with labels of the model.</param>
    /// <param name="outputs">Logits, shape [N,O].</param>
    /// <param name="loss">Mean cross-entropy.</param>
    public ClassifyScore(ModelSpec model, IReadOnlyList<SampleWindow> test, ReadOnlySpan<float> outputs, double loss)
    {
        classes = model.Classes;
        confusion = new int[classes.Count, classes.Count];
        this.loss = loss;
        int right = 0;
        for (int i = 0; i < test.Count; i++)
        {
            int says = Network.LargestOf(outputs.Slice(i * classes.Count, classes.Count));
            confusion[test[i].Label, says]++;
            right += says == test[i].Label ? 1 : 0;
        }

        accuracy = (double)right / test.Count;
    }

    /// <inheritdoc/>
    public override string Summary => FormattableString.Invariant($"accuracy {100 * accuracy:0.0} %, loss {loss:0.000}");

    /// <inheritdoc/>
    public override void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteFinite("accuracy", accuracy, 6);
        json.WriteFinite("loss", loss, 6);
    }

    /// <inheritdoc/>
    public override void WriteDetail(Utf8JsonWriter json)
    {
        json.WriteStartObject("recall");
        for (int c = 0; c < classes.Count; c++)
        {
            (int right, int all) = Recall(c);
            if (all > 0)
                json.WriteNumber(classes[c], Math.Round((double)right / all, 6));
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public override Table ToTable(CliContext context)
    {
        Table table = context.NewTable(["is / model says", .. classes, "right"]);
        for (int row = 0; row < classes.Count; row++)
        {
            (int right, int all) = Recall(row);
            var cells = new List<string> { classes[row] };
            for (int column = 0; column < classes.Count; column++)
                cells.Add(confusion[row, column] == 0 ? "·" : FormattableString.Invariant($"{confusion[row, column]}"));
            cells.Add(all == 0 ? "-" : FormattableString.Invariant($"{100.0 * right / all:0.0} %"));
            table.AddRow(cells.Select(cell => new Text(cell)));
        }

        return table;
    }

    private (int Right, int All) Recall(int row)
    {
        int all = 0;
        for (int column = 0; column < classes.Count; column++)
            all += confusion[row, column];
        return (confusion[row, row], all);
    }
}
