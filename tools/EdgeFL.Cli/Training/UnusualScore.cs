using System.Globalization;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>Which windows a model that reconstructs finds unusual, by the threshold that a device would have after its training windows.</summary>
internal sealed class UnusualScore : RecipeScore
{
    private readonly float threshold;
    private readonly double meanError;
    private readonly double auc;
    private readonly List<(string Label, bool IsUsual, float[] Errors)> groups;

    /// <summary>Judges errors.</summary>
    /// <param name="usual">Labels of what is usual; null when nothing else is known of the windows.</param>
    /// <param name="windows">What tests, with labels unless <paramref name="usual"/> is null.</param>
    /// <param name="errors">Mean squared error of each window that tests.</param>
    /// <param name="trainErrors">Of each that trained.</param>
    public UnusualScore(IReadOnlyList<string>? usual, RecipeData windows, float[] errors, float[] trainErrors)
    {
        var running = new UnusualThreshold();
        foreach (float error in trainErrors)
            running.Observe(error);
        threshold = running.Value;
        meanError = errors.Average(error => (double)error);
        groups = [.. windows.Test.Zip(errors).GroupBy(pair => usual is null ? -1 : pair.First.Label).OrderBy(group => group.Key)
            .Select(group => (group.Key < 0 ? "all" : windows.Classes[group.Key], usual is null || usual.Contains(windows.Classes[group.Key]), group.Select(pair => pair.Second).Order().ToArray()))];
        auc = AreaUnderCurve(Errors(true), Errors(false));
    }

    /// <inheritdoc/>
    public override string Summary => !float.IsFinite(threshold)
        ? FormattableString.Invariant($"mean squared error {meanError:0.0000}; fewer than {UnusualThreshold.Needed} windows to train on say too little of what is unusual")
        : Errors(false).Length == 0 ? FormattableString.Invariant($"mean squared error {meanError:0.0000}, {100 * Share(true):0.0} % unusual")
        : Errors(true).Length == 0 ? FormattableString.Invariant($"{100 * Share(false):0.0} % of the unusual found; no usual window tests")
        : FormattableString.Invariant($"{100 * Share(false):0.0} % of the unusual found, {100 * Share(true):0.0} % false alarms, area under the curve {auc:0.000}");

    /// <inheritdoc/>
    public override void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteFinite("error", meanError, 6);
        json.WriteFinite("threshold", threshold, 6);
        json.WriteFinite("detected", Share(false), 6);
        json.WriteFinite("false_alarms", Share(true), 6);
        json.WriteFinite("auc", auc, 6);
    }

    /// <inheritdoc/>
    public override void WriteDetail(Utf8JsonWriter json) => json.WriteObjects("labels", groups, (group, item) =>
    {
        group.WriteString("label", item.Label);
        group.WriteBoolean("usual", item.IsUsual);
        group.WriteNumber("windows", item.Errors.Length);
        group.WriteFinite("median_error", Median(item.Errors), 6);
        group.WriteFinite("unusual", Share(item.Errors), 6);
    });

    /// <inheritdoc/>
    public override Table ToTable(CliContext context)
    {
        Table table = context.NewTable("is", "windows", "median error", "found unusual");
        foreach ((string label, bool isUsual, float[] errors) in groups)
        {
            table.AddRow(
                new Text(isUsual ? $"{label} (usual)" : label), new Text($"{errors.Length}"), new Text(Median(errors).ToString("0.0000", CultureInfo.InvariantCulture)),
                new Text(double.IsNaN(Share(errors)) ? "-" : FormattableString.Invariant($"{100 * Share(errors):0.0} %")));
        }

        return table;
    }

    private float[] Errors(bool ofUsual) => [.. groups.Where(group => group.IsUsual == ofUsual).SelectMany(group => group.Errors).Order()];

    private double Share(bool ofUsual) => Share(Errors(ofUsual));

    private double Share(float[] errors) => errors.Length == 0 || !float.IsFinite(threshold) ? double.NaN : (double)errors.Count(error => error > threshold) / errors.Length;

    private static double Median(float[] sorted) => 0.5 * (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]);

    /// <summary>Probability that an unusual window has a larger error than a usual one, ties half; NaN when there is none of either.</summary>
    private static double AreaUnderCurve(float[] usual, float[] unusual)
    {
        double below = 0;
        int less = 0, lessOrSame = 0;
        foreach (float error in unusual)
        {
            while (less < usual.Length && usual[less] < error)
                less++;
            while (lessOrSame < usual.Length && usual[lessOrSame] <= error)
                lessOrSame++;
            below += 0.5 * (less + lessOrSame);
        }

        return below / ((double)usual.Length * unusual.Length);
    }
}
