using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Sim;

/// <summary>The pictures of one run or of a sweep.</summary>
internal static class SimPlots
{
    private const int SeriesMax = 7;

    /// <summary>Writes the pictures: SVG, and PNG where that can be drawn.</summary>
    /// <returns>The files written.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(IReadOnlyList<SimResult> results, string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var files = new List<string>();
        await DrawAsync("accuracy-rounds", Plot(results, "Accuracy by round", new PlotAxis("round (mean over nodes)") { WholeNumbers = true }, at => at.Round)).ConfigureAwait(false);
        await DrawAsync("accuracy-bytes", Plot(results, "Accuracy by bytes sent", new PlotAxis("bytes sent by all nodes") { Format = ValueFormat.Bytes }, at => at.Bytes)).ConfigureAwait(false);
        await DrawAsync("accuracy-time", Plot(results, "Accuracy by virtual time", new PlotAxis("virtual seconds"), at => at.VirtualSeconds)).ConfigureAwait(false);
        await DrawAsync("consensus", Consensus(results)).ConfigureAwait(false);
        await WriteAsync("topology", TopologyPicture.Draw(results[0])).ConfigureAwait(false);
        return files;

        Task DrawAsync(string name, PlotSpec spec) => WriteAsync(name, SvgPlot.Draw(spec));
        async Task WriteAsync(string name, string svg)
        {
            string path = Path.Combine(folder, name + ".svg"), png = Path.ChangeExtension(path, ".png");
            await File.WriteAllTextAsync(path, svg, cancel).ConfigureAwait(false);
            files.Add(path);
            if (await PngRenderer.TryDrawAsync(path, png, cancel).ConfigureAwait(false))
                files.Add(png);
        }
    }

    private static PlotSpec Plot(IReadOnlyList<SimResult> results, string title, PlotAxis x, Func<SimPoint, double> at) => new(title, x, new PlotAxis("accuracy") { Format = ValueFormat.Percent })
    {
        Subtitle = Subtitle(results),
        Series = results.Count == 1
            ?
            [
                new PlotSeries("mean over nodes", [.. results[0].Curve.Select(p => new PlotPoint(at(p), p.Mean))])
                {
                    Band = [.. results[0].Curve.Where(p => double.IsFinite(p.Least)).Select(p => new PlotRange(at(p), p.Least, p.Mean))],
                    BandName = "down to the worst node",
                },
                new PlotSeries("averaged model", [.. results[0].Curve.Select(p => new PlotPoint(at(p), p.OfAverage))]) { Style = LineStyle.Dashed },
            ]
            : Series(results, at, p => p.Mean),
    };

    private static PlotSpec Consensus(IReadOnlyList<SimResult> results) =>
        new("Consensus distance by round", new PlotAxis("round (mean over nodes)") { WholeNumbers = true }, new PlotAxis("distance to the average, share of its length") { Log = true })
        {
            Subtitle = Subtitle(results),
            Series = Series(results, p => p.Round, p => p.Consensus),
        };

    private static List<PlotSeries> Series(IReadOnlyList<SimResult> results, Func<SimPoint, double> x, Func<SimPoint, double> y) =>
        [.. results.Take(SeriesMax).Select(result => new PlotSeries(NameOf(result), [.. result.Curve.Select(p => new PlotPoint(x(p), y(p)))]))];

    private static string NameOf(SimResult result) =>
        result.Changes.Count == 0 ? "all nodes" : string.Join(", ", result.Changes.Select(change => $"{change.Member[(change.Member.LastIndexOf('.') + 1)..]} {change.Value}"));

    private static string Subtitle(IReadOnlyList<SimResult> results)
    {
        string text = FormattableString.Invariant($"{results[0].Config.Name}: {results[0].Nodes} nodes, on test data that no node has");
        return results.Count > SeriesMax ? FormattableString.Invariant($"{text}; the first {SeriesMax} of {results.Count} runs") : text;
    }
}
