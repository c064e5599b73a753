using System.Globalization;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>How far a model's numbers lie from the true ones. True values above the model's cap count as the cap, unless said otherwise.</summary>
internal sealed class RegressScore : RecipeScore
{
    // About as many ranges of the true value as a person takes in.
    private const int RangesWanted = 5;

    private readonly TargetSpec target;
    private readonly Errors all;
    private readonly Errors uncapped;
    private readonly List<(double From, double To, Errors Errors)> ranges;

    /// <summary>Judges a model's outputs.</summary>
    /// <param name="target">What they say.</param>
    /// <param name="test">N windows with finite targets, at least one.</param>
    /// <param name="outputs">Shape [N].</param>
    public RegressScore(TargetSpec target, IReadOnlyList<SampleWindow> test, ReadOnlySpan<float> outputs)
    {
        this.target = target;
        var windows = new (double Is, double Says)[test.Count];
        for (int i = 0; i < windows.Length; i++)
            windows[i] = (test[i].Target, target.FromOutput(outputs[i]));
        uncapped = Errors.Of(windows.Select(w => w.Says - w.Is));
        windows = [.. windows.Select(w => (Math.Min(w.Is, target.Cap), w.Says))];
        all = Errors.Of(windows.Select(w => w.Says - w.Is));
        ranges = [.. ByRange(windows)];
    }

    /// <inheritdoc/>
    public override string Summary
    {
        get
        {
            string unit = target.Unit.Length > 0 ? " " + target.Unit : "";
            string capped = float.IsFinite(target.Cap) ? FormattableString.Invariant($", true values above {target.Cap} taken as {target.Cap}") : "";
            return FormattableString.Invariant($"{target.Name}: RMSE {all.Rms:0.00}{unit}, mean absolute error {all.MeanAbsolute:0.00}{unit}{capped}");
        }
    }

    /// <inheritdoc/>
    public override void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteString("target", target.Name);
        json.WriteString("unit", target.Unit);
        json.WriteFinite("rmse", all.Rms);
        json.WriteFinite("mae", all.MeanAbsolute);
        if (float.IsFinite(target.Cap))
        {
            json.WriteNumber("cap", target.Cap);
            json.WriteFinite("rmse_uncapped", uncapped.Rms);
        }
    }

    /// <inheritdoc/>
    public override void WriteDetail(Utf8JsonWriter json) => json.WriteObjects("ranges", ranges, (range, item) =>
    {
        range.WriteNumber("from", item.From);
        range.WriteNumber("to", item.To);
        range.WriteNumber("windows", item.Errors.Count);
        range.WriteFinite("rmse", item.Errors.Rms);
        range.WriteFinite("mean_error", item.Errors.Mean);
    });

    /// <inheritdoc/>
    public override Table ToTable(CliContext context)
    {
        string Written(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
        Table table = context.NewTable(target.Unit.Length > 0 ? $"{target.Name}, {target.Unit}" : target.Name, "windows", "RMSE", "mean error");
        foreach ((double from, double to, Errors errors) in ranges)
            table.AddRow(new Text(FormattableString.Invariant($"{from} to {to}")), new Text($"{errors.Count}"), new Text(Written(errors.Rms)), new Text(Written(errors.Mean)));
        return table;
    }

    /// <summary>The windows by true value, in ranges of a round width; ranges without windows are left out. The last takes in its upper end.</summary>
    private static IEnumerable<(double From, double To, Errors Errors)> ByRange((double Is, double Says)[] windows)
    {
        double least = windows.Min(w => w.Is), most = windows.Max(w => w.Is), width = RoundWidth((most - least) / RangesWanted);
        double first = Math.Floor(least / width), last = Math.Max(first, Math.Ceiling(most / width) - 1);
        return windows.GroupBy(w => Math.Clamp(Math.Floor(w.Is / width), first, last)).OrderBy(group => group.Key)
            .Select(group => (group.Key * width, (group.Key + 1) * width, Errors.Of(group.Select(w => w.Says - w.Is))));
    }

    /// <summary>1, 2, 2.5 or 5 times a power of ten, not below <paramref name="width"/>; 1 for a width of 0.</summary>
    private static double RoundWidth(double width)
    {
        if (width <= 0)
            return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(width)));
        double[] steps = [1, 2, 2.5, 5];
        return Array.Find(steps, step => step * power >= width) is > 0 and double found ? found * power : 10 * power;
    }

    /// <summary>Said minus true.</summary>
    private readonly record struct Errors(int Count, double Mean, double MeanAbsolute, double Rms)
    {
        public static Errors Of(IEnumerable<double> errors)
        {
            double[] all = [.. errors];
            return new Errors(all.Length, all.Average(), all.Average(Math.Abs), Math.Sqrt(all.Average(e => e * e)));
        }
    }
}
