using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Report;

/// <summary>The two pictures of a run: by round, and by bytes sent.</summary>
internal static class DemoPlots
{
    private const int TogetherColour = 0;
    private const int AloneColour = 1;
    private const int PooledColour = 2;

    /// <summary>Accuracy or error by round, with the alone and the pooled curve, or lines where only their ends are known.</summary>
    public static PlotSpec Rounds(DemoResult result)
    {
        var series = new List<PlotSeries> { Together(result, p => p.Round, points => points) };
        var references = new List<ReferenceLine>();
        Compare(result.Pooled, "all data in one place", "pooled", result.Summary.Pooled, PooledColour, LineStyle.Dashed);
        Compare(result.Alone, "each device alone (mean)", "alone", result.Summary.AloneMean, AloneColour, LineStyle.Dotted);
        return new PlotSpec(Name(result) + " by round", new PlotAxis("round") { WholeNumbers = true }, YAxis(result))
        {
            Subtitle = "on test data that no device has seen" + Devices(result),
            Series = series,
            References = references,
        };

        void Compare(IReadOnlyList<ComparisonPoint> curve, string name, string shortName, double end, int colour, LineStyle style)
        {
            if (curve.Count > 1)
                series.Add(new PlotSeries(name, curve.Select(p => new PlotPoint(p.Round, p.Value)).ToList()) { Colour = colour, Style = style });
            else if (double.IsFinite(end))
                references.Add(new ReferenceLine($"{shortName} {result.Score(end)}", end));
        }
    }

    /// <summary>Accuracy or error by bytes that a device has sent.</summary>
    public static PlotSpec Bytes(DemoResult result)
    {
        var series = new List<PlotSeries> { Together(result, p => p.BytesPerNode, points => points.Where(p => p.BytesPerNode > 0)) };
        var times = result.Summary.Fp32BytesPerNode / result.Summary.BytesSentPerNode;
        if (double.IsFinite(times) && times > 1.05)
        {
            series.Add(new PlotSeries("the same rounds sent as float32 (computed)",
                result.Together.Where(p => p.BytesPerNode > 0).Select(p => new PlotPoint(p.BytesPerNode * times, p.Mean)).ToList())
            { Colour = 3, Style = LineStyle.Dashed });
        }

        var references = new List<ReferenceLine>();
        if (double.IsFinite(result.Summary.Pooled))
            references.Add(new ReferenceLine($"pooled {result.Score(result.Summary.Pooled)}", result.Summary.Pooled));
        if (double.IsFinite(result.Summary.AloneMean))
            references.Add(new ReferenceLine($"alone {result.Score(result.Summary.AloneMean)}", result.Summary.AloneMean));
        return new PlotSpec(Name(result) + " by bytes sent", new PlotAxis("bytes sent by a device (logarithmic)") { Log = true, Format = ValueFormat.Bytes },
            YAxis(result))
        {
            Subtitle = "on test data that no device has seen" + Devices(result),
            Series = series,
            References = references,
            EndValues = false, // lines end at different x here: a value at the edge would stand beside the wrong one
        };
    }

    private static PlotSeries Together(DemoResult result, Func<CurvePoint, double> x, Func<IEnumerable<CurvePoint>, IEnumerable<CurvePoint>> shown)
    {
        var points = shown(result.Together).ToList();
        return new PlotSeries("together (mean)", points.Select(p => new PlotPoint(x(p), p.Mean)).ToList())
        {
            Colour = TogetherColour,
            Band = points.Select(p => new PlotRange(x(p), p.Min, p.Max)).ToList(),
            BandName = result.Measure == Measure.Accuracy ? "worst to best device" : "best to worst device",
        };
    }

    private static string Devices(DemoResult result) => result.Summary.Nodes > 0 ? $"; {result.Summary.Nodes} devices" : "";

    private static string Name(DemoResult result)
    {
        var name = result.ScoreName();
        return name.Length == 0 ? "Error" : char.ToUpperInvariant(name[0]) + name[1..];
    }

    private static PlotAxis YAxis(DemoResult result) => result.Measure == Measure.Accuracy
        ? new PlotAxis("accuracy") { Format = ValueFormat.Percent }
        : new PlotAxis(result.ErrorName + (result.ErrorUnit.Length > 0 ? $" ({result.ErrorUnit})" : "") + ", lower is better");
}
