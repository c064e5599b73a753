using System.Globalization;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Report;

/// <summary>How the numbers of a report are written, the same in every form of it.</summary>
internal static class ReportNumbers
{
    /// <summary>What stands for a value that was not measured.</summary>
    public const string Missing = "–";

    /// <summary>An accuracy as <c>81.3 %</c>, or an error with its unit and three figures.</summary>
    public static string Score(this DemoResult result, double value)
    {
        if (!double.IsFinite(value))
            return Missing;
        if (result.Measure == Measure.Accuracy)
            return (value * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";
        return Figures(value) + (result.ErrorUnit.Length > 0 ? " " + result.ErrorUnit : "");
    }

    /// <summary>What the measure is called.</summary>
    public static string ScoreName(this DemoResult result) => result.Measure == Measure.Accuracy ? "accuracy" : result.ErrorName;

    /// <summary>Bytes in decimal units.</summary>
    public static string Bytes(double value) => PlotScale.Bytes(value);

    /// <summary>Three significant figures without an exponent where the size allows.</summary>
    public static string Figures(double value)
    {
        if (!double.IsFinite(value))
            return Missing;
        if (value == 0)
            return "0";
        var size = Math.Abs(value);
        var format = size >= 99.95 ? "0" : size >= 9.995 ? "0.0" : size >= 0.9995 ? "0.00" : size >= 0.09995 ? "0.000" : size >= 0.0009995 ? "0.0000" : "0.00e+0";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Seconds as <c>42 s</c> or <c>3 min 05 s</c>.</summary>
    public static string Seconds(double value)
    {
        if (!double.IsFinite(value) || value < 0)
            return Missing;
        if (value < 10)
            return value.ToString("0.0", CultureInfo.InvariantCulture) + " s";
        var whole = (long)Math.Round(value);
        return whole < 120 ? $"{whole} s" : $"{whole / 60} min {whole % 60:00} s";
    }

    /// <summary>Megabytes as <c>8.4 MB</c>.</summary>
    public static string Megabytes(double value) =>
        double.IsFinite(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) + " MB" : Missing;

    /// <summary>The run in one sentence.</summary>
    public static string Headline(this DemoResult result)
    {
        var s = result.Summary;
        var text = $"{s.Nodes} devices, {s.Rounds} rounds: together {result.Score(s.Mean)} {result.ScoreName()}";
        if (double.IsFinite(s.AloneMean))
            text += $", each alone {result.Score(s.AloneMean)}";
        if (double.IsFinite(s.Pooled))
            text += $", all data in one place {result.Score(s.Pooled)}";
        return text + ".";
    }

    /// <summary>How much of the way from alone to pooled learning together went, 0 to 1 and beyond; NaN where it has no meaning.</summary>
    public static double GapClosed(this DemoResult result)
    {
        var s = result.Summary;
        var way = s.Pooled - s.AloneMean;
        var better = result.Measure == Measure.Accuracy ? way > 0.005 : way < -1e-9;
        return better ? (s.Mean - s.AloneMean) / way : double.NaN;
    }
}
