using System.Text;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Report;

/// <summary>A run as one HTML file that needs nothing else: no script, no link, no outside font.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light; }
        body { font: 16px/1.5 Inter, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; color: #1b1f24; background: #f6f8fa; margin: 0; }
        main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
        h2 { font-size: 20px; margin: 40px 0 12px; }
        .lead { font-size: 18px; color: #32383f; margin: 0 0 24px; max-width: 46em; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 12px; margin: 0; }
        .cards div { background: #fff; border: 1px solid #d8dee4; border-radius: 8px; padding: 12px 14px; }
        .cards dt { color: #57606a; font-size: 14px; }
        .cards dd { margin: 2px 0 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
        figure { background: #fff; border: 1px solid #d8dee4; border-radius: 8px; margin: 16px 0; padding: 12px; }
        figure svg { display: block; width: 100%; height: auto; }
        figcaption { color: #57606a; font-size: 14px; padding: 4px 6px; }
        .wide { overflow-x: auto; background: #fff; border: 1px solid #d8dee4; border-radius: 8px; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
        th, td { padding: 7px 9px; text-align: right; white-space: nowrap; border-bottom: 1px solid #eaeef2; }
        th { color: #57606a; font-weight: 600; }
        th:first-child, td:first-child { text-align: left; }
        tbody tr:last-child td { border-bottom: 0; }
        .setup th, .setup td { text-align: left; white-space: normal; }
        pre { background: #fff; border: 1px solid #d8dee4; border-radius: 8px; padding: 12px 14px; overflow-x: auto; }
        .note { border-left: 4px solid #E69F00; background: #fff; padding: 8px 14px; margin: 12px 0; }
        footer { color: #57606a; font-size: 14px; margin-top: 40px; }
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="result">The run.</param>
    /// <param name="pictures">Drawn plots, as SVG documents, with a caption each.</param>
    public static string Write(DemoResult result, IReadOnlyList<(string Svg, string Caption)> pictures)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        page.Append($"<title>{E(result.Title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>\n");
        page.Append($"<h1>{E(result.Title)}</h1>\n<p class=\"lead\">{E(result.Headline())}</p>\n<dl class=\"cards\">\n");
        foreach (var (name, value) in ReportTable.Facts(result))
            page.Append($"<div><dt>{E(name)}</dt><dd>{E(value)}</dd></div>\n");
        page.Append("</dl>\n<h2>How it went</h2>\n");
        foreach (var (svg, caption) in pictures)
            page.Append($"<figure>\n{svg}<figcaption>{E(caption)}</figcaption>\n</figure>\n");
        Devices(page, result);
        Setup(page, result);
        foreach (var note in result.Notes)
            page.Append($"<p class=\"note\">{E(note)}</p>\n");
        page.Append($"<footer>edgefl {E(CommandLine.Version)}, {result.FinishedAt.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. All numbers are in result.json too.</footer>\n");
        page.Append("</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static void Devices(StringBuilder page, DemoResult result)
    {
        page.Append("<h2>Devices</h2>\n<div class=\"wide\"><table>\n<thead><tr>");
        foreach (var column in ReportTable.Columns(result))
            page.Append($"<th>{E(column)}</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in ReportTable.Rows(result))
            page.Append("<tr>" + string.Concat(row.Select(cell => $"<td>{E(cell)}</td>")) + "</tr>\n");
        page.Append("</tbody></table></div>\n");
        var name = result.ScoreName();
        page.Append($"<p>Own: {E(name)} on data that the device held back from its own sensor. Test: on data from people or places that no device has seen. "
            + "Alone: on the same test data, by a device that trained as long on its own data only.</p>\n");
    }

    private static void Setup(StringBuilder page, DemoResult result)
    {
        if (result.Setup.Count > 0)
        {
            page.Append("<h2>What was run</h2>\n<div class=\"wide setup\"><table><tbody>\n");
            foreach (var (name, value) in result.Setup)
                page.Append($"<tr><th>{E(name)}</th><td>{E(value)}</td></tr>\n");
            page.Append("</tbody></table></div>\n");
        }

        if (result.Command.Length > 0)
            page.Append($"<h2>Run it again</h2>\n<pre>{E(result.Command)}</pre>\n");
    }

    private static string E(string text) => SvgPlot.Escape(text);
}
