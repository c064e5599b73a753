using System.Text;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Report;

/// <summary>Writes the report of a run into a folder, and its last words to the console.</summary>
internal static class DemoReport
{
    /// <summary>Writes report.html, report.md, result.json and the pictures.</summary>
    /// <param name="result">The run.</param>
    /// <param name="folder">Where to; made when missing, files of an older report are replaced.</param>
    /// <param name="cancel">Stops between files.</param>
    /// <returns>Paths written, report.html first.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static async Task<IReadOnlyList<string>> WriteAsync(DemoResult result, string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var word = result.Measure == Measure.Accuracy ? "accuracy" : "error";
        (string Name, PlotSpec Plot, string Caption)[] plots =
        [
            ($"{word}-rounds", DemoPlots.Rounds(result), "Shaded: from the worst to the best device. All data in one place is the ceiling, and what EdgeFL never does: data stays on its device."),
            ($"{word}-bytes", DemoPlots.Bytes(result), "The same points by what a device had sent to its neighbours until then."),
        ];
        var written = new List<string>();
        var drawn = new List<(string Svg, string Caption)>();
        var linked = new List<string>();
        foreach (var (name, plot, caption) in plots)
        {
            var svg = SvgPlot.Draw(plot);
            drawn.Add((svg, caption));
            var svgPath = await Save(name + ".svg", svg).ConfigureAwait(false);
            var pngPath = Path.Combine(folder, name + ".png");
            if (await PngRenderer.TryDrawAsync(svgPath, pngPath, cancel).ConfigureAwait(false))
            {
                written.Add(pngPath);
                linked.Add(name + ".png");
            }
            else
            {
                File.Delete(pngPath); // an older run's picture must not pass for this one's
                linked.Add(name + ".svg");
            }
        }

        await Save("report.md", MarkdownReport.Write(result, linked)).ConfigureAwait(false);
        await Save("result.json", ResultJson.Whole(result) + "\n").ConfigureAwait(false);
        await Save("report.html", HtmlReport.Write(result, drawn)).ConfigureAwait(false);
        written.Reverse();
        return written;

        async Task<string> Save(string name, string text)
        {
            var path = Path.Combine(folder, name);
            await File.WriteAllTextAsync(path + ".tmp", text, new UTF8Encoding(false), cancel).ConfigureAwait(false);
            File.Move(path + ".tmp", path, overwrite: true);
            written.Add(path);
            return path;
        }
    }

    /// <summary>The end of a run on stdout: the table and the figures, or with <c>--json</c> the summary line alone; where the report lies goes to stderr.</summary>
    public static void Print(DemoResult result, string? folder, CliContext context)
    {
        if (context.Json)
        {
            context.Data(ResultJson.SummaryLine(result));
        }
        else
        {
            context.Data(result.Headline());
            context.Data("");
            ReportTable.Print(result, context);
        }

        if (folder is not null)
            context.Progress($"report: {Path.Combine(folder, "report.html")}");
    }
}
