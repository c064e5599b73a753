using System.Globalization;
using System.Text;

namespace EdgeFL.Cli.Plots;

/// <summary>
/// Draws a line chart as SVG text: light background, grid, legend, shaded bands, reference lines. The text holds no script, no link and
/// no outside font, so it can be put into a page or a mail as it is.
/// </summary>
internal static class SvgPlot
{
    /// <summary>Okabe and Ito's colours, told apart with every common colour blindness; the pale yellow is left out on white.</summary>
    private static readonly string[] Palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444"];

    private const string Font = "'Inter','Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif";
    private const string Ink = "#1b1f24";
    private const string Soft = "#57606a";
    private const string Grid = "#e4e8ec";
    private const string Frame = "#8c959f";
    private const double LabelSize = 13;

    /// <summary>Draws the plot.</summary>
    /// <param name="spec">What to show. Series without a point that can be shown keep their place in the legend, marked "no data".</param>
    /// <returns>A whole SVG document, UTF-8 text without an XML declaration.</returns>
    public static string Draw(PlotSpec spec)
    {
        var width = Math.Max(320, spec.Width);
        var height = Math.Max(240, spec.Height);
        var legend = new PlotLegend(spec, width - 32);
        var top = 34 + (spec.Subtitle.Length > 0 ? 24 : 0) + legend.Height + 14;
        var y = PlotScale.For(spec.Y, Ys(spec), Math.Clamp((int)((height - top - 60) / 48), 3, 10), tight: false);
        var notes = new PlotSideNotes(spec, y);
        var right = notes.Width > 0 ? 18 + notes.Width : 24;
        var left = 34 + Math.Max(28, y.Ticks.Select(t => TextWidth(y.Label(t), LabelSize)).DefaultIfEmpty(28).Max());
        var box = new Box(left, top, width - left - right, height - top - 62);
        var x = PlotScale.For(spec.X, Xs(spec), Math.Clamp((int)(box.Width / 90), 3, 12), tight: true);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"{Font}\" font-size=\"{LabelSize}\">\n");
        svg.Append($"<title>{Escape(spec.Title)}</title>\n");
        svg.Append($"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        Text(svg, 16, 28, spec.Title, Ink, size: 17, weight: "600");
        if (spec.Subtitle.Length > 0)
            Text(svg, 16, 49, spec.Subtitle, Soft);
        legend.Draw(svg, 16, top - 14 - legend.Height);
        Axes(svg, spec, box, x, y);
        var clip = "plot-" + Stable(spec.Title);
        svg.Append($"<clipPath id=\"{clip}\"><rect x=\"{N(box.Left)}\" y=\"{N(box.Top)}\" width=\"{N(box.Width)}\" height=\"{N(box.Height)}\"/></clipPath>\n");
        References(svg, spec, box, y);
        notes.Draw(svg, box.Left + box.Width + 8, box.Top, box.Height);
        svg.Append($"<g clip-path=\"url(#{clip})\">\n");
        for (var i = 0; i < spec.Series.Count; i++)
            Band(svg, spec.Series[i], Colour(spec, i), box, x, y);
        svg.Append("</g>\n<g>\n");
        // Drawn last to first, so that the first series, the one the plot is about, lies on top.
        for (var i = spec.Series.Count - 1; i >= 0; i--)
            Line(svg, spec.Series[i], Colour(spec, i), box, x, y);
        svg.Append("</g>\n");
        if (!spec.Series.Any(s => s.Points.Any(p => double.IsFinite(x.Position(p.X)) && double.IsFinite(p.Y))))
            Text(svg, box.Left + (box.Width / 2), box.Top + (box.Height / 2), "no data yet", Soft, anchor: "middle", size: 16);
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    /// <summary>The colour of a series.</summary>
    internal static string Colour(PlotSpec spec, int index)
    {
        var chosen = spec.Series[index].Colour;
        return Palette[(chosen >= 0 ? chosen : index) % Palette.Length];
    }

    /// <summary>The dash pattern of a style, as an attribute with a leading space, or nothing.</summary>
    internal static string Dashes(LineStyle style) => style switch
    {
        LineStyle.Dashed => " stroke-dasharray=\"8 5\"",
        LineStyle.Dotted => " stroke-dasharray=\"2 4\"",
        _ => "",
    };

    /// <summary>About how wide a text is, in pixels; on the safe side for the fonts named.</summary>
    internal static double TextWidth(string text, double size) =>
        size * text.Sum(c => "il.,:;|'! ()[]".Contains(c) ? 0.36 : "mwMW%@".Contains(c) ? 0.92 : char.IsUpper(c) ? 0.70 : 0.605);

    /// <summary>A text element.</summary>
    internal static void Text(StringBuilder svg, double x, double y, string text, string colour, string anchor = "start", double size = LabelSize,
        string weight = "400", string transform = "")
    {
        svg.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" fill=\"{colour}\"");
        if (anchor != "start")
            svg.Append($" text-anchor=\"{anchor}\"");
        if (size != LabelSize)
            svg.Append($" font-size=\"{N(size)}\"");
        if (weight != "400")
            svg.Append($" font-weight=\"{weight}\"");
        if (transform.Length > 0)
            svg.Append($" transform=\"{transform}\"");
        svg.Append($">{Escape(text)}</text>\n");
    }

    /// <summary>A number for SVG: at most two decimals, never an exponent.</summary>
    internal static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Text for XML: markup escaped, characters that XML forbids left out.</summary>
    internal static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => safe.Append("&amp;"),
                '<' => safe.Append("&lt;"),
                '>' => safe.Append("&gt;"),
                '"' => safe.Append("&quot;"),
                < ' ' and not ('\t' or '\n') => safe,
                '\uFFFE' or '\uFFFF' => safe,
                _ when char.IsSurrogate(c) => safe,
                _ => safe.Append(c),
            };
        }

        return safe.ToString();
    }

    private static IEnumerable<double> Xs(PlotSpec spec) =>
        spec.Series.SelectMany(s => s.Points.Where(p => double.IsFinite(p.Y)).Select(p => p.X).Concat(s.Band.Select(b => b.X)));

    private static IEnumerable<double> Ys(PlotSpec spec) =>
        spec.Series.SelectMany(s => s.Points.Select(p => p.Y).Concat(s.Band.SelectMany(b => (double[])[b.Low, b.High])))
            .Concat(spec.References.Select(r => r.Y));

    private static void Axes(StringBuilder svg, PlotSpec spec, Box box, PlotScale x, PlotScale y)
    {
        var bottom = box.Top + box.Height;
        foreach (var tick in y.Ticks)
        {
            var at = box.Y(y.Position(tick));
            svg.Append($"<line x1=\"{N(box.Left)}\" y1=\"{N(at)}\" x2=\"{N(box.Left + box.Width)}\" y2=\"{N(at)}\" stroke=\"{Grid}\"/>\n");
            Text(svg, box.Left - 9, at + 4.5, y.Label(tick), Soft, anchor: "end");
        }

        var lastEnd = double.NegativeInfinity;
        foreach (var tick in x.Ticks)
        {
            var at = box.X(x.Position(tick));
            var label = x.Label(tick);
            var half = TextWidth(label, LabelSize) / 2;
            svg.Append($"<line x1=\"{N(at)}\" y1=\"{N(box.Top)}\" x2=\"{N(at)}\" y2=\"{N(bottom)}\" stroke=\"{Grid}\"/>\n");
            svg.Append($"<line x1=\"{N(at)}\" y1=\"{N(bottom)}\" x2=\"{N(at)}\" y2=\"{N(bottom + 5)}\" stroke=\"{Frame}\"/>\n");
            if (at - half < lastEnd + 8)
                continue;
            Text(svg, at, bottom + 21, label, Soft, anchor: "middle");
            lastEnd = at + half;
        }

        svg.Append($"<line x1=\"{N(box.Left)}\" y1=\"{N(bottom)}\" x2=\"{N(box.Left + box.Width)}\" y2=\"{N(bottom)}\" stroke=\"{Frame}\" stroke-width=\"1.2\"/>\n");
        Text(svg, box.Left + (box.Width / 2), bottom + 46, spec.X.Title, Ink, anchor: "middle");
        var middle = box.Top + (box.Height / 2);
        Text(svg, 20, middle, spec.Y.Title, Ink, anchor: "middle", transform: $"rotate(-90 20 {N(middle)})");
    }

    private static void References(StringBuilder svg, PlotSpec spec, Box box, PlotScale y)
    {
        foreach (var reference in spec.References.Where(r => double.IsFinite(y.Position(r.Y))))
        {
            var at = box.Y(y.Position(reference.Y));
            svg.Append($"<line class=\"reference\" x1=\"{N(box.Left)}\" y1=\"{N(at)}\" x2=\"{N(box.Left + box.Width)}\" y2=\"{N(at)}\" stroke=\"{Soft}\" stroke-width=\"1.4\" stroke-dasharray=\"3 3\"/>\n");
        }
    }

    private static void Band(StringBuilder svg, PlotSeries series, string colour, Box box, PlotScale x, PlotScale y)
    {
        var ranges = series.Band.Where(b => double.IsFinite(x.Position(b.X)) && double.IsFinite(y.Position(b.Low)) && double.IsFinite(y.Position(b.High))).ToList();
        if (ranges.Count < 2)
            return;
        var path = new StringBuilder();
        foreach (var range in ranges)
            path.Append(path.Length == 0 ? 'M' : 'L').Append(N(box.X(x.Position(range.X)))).Append(' ').Append(N(box.Y(y.Position(range.High))));
        for (var i = ranges.Count - 1; i >= 0; i--)
            path.Append('L').Append(N(box.X(x.Position(ranges[i].X)))).Append(' ').Append(N(box.Y(y.Position(ranges[i].Low))));
        svg.Append($"<path class=\"band\" d=\"{path}Z\" fill=\"{colour}\" fill-opacity=\"0.14\"/>\n");
    }

    private static void Line(StringBuilder svg, PlotSeries series, string colour, Box box, PlotScale x, PlotScale y)
    {
        var path = new StringBuilder();
        var drawn = new List<(double X, double Y)>();
        var open = false;
        foreach (var point in series.Points)
        {
            var (px, py) = (x.Position(point.X), y.Position(point.Y));
            if (!double.IsFinite(px) || !double.IsFinite(py))
            {
                open = false;
                continue;
            }

            var at = (X: box.X(Math.Clamp(px, 0, 1)), Y: box.Y(Math.Clamp(py, 0, 1)));
            path.Append(open ? 'L' : 'M').Append(N(at.X)).Append(' ').Append(N(at.Y));
            drawn.Add(at);
            open = true;
        }

        svg.Append($"<g class=\"series\" data-name=\"{Escape(series.Name)}\">\n");
        if (drawn.Count > 0)
        {
            svg.Append($"<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.4\" stroke-linejoin=\"round\" stroke-linecap=\"round\"{Dashes(series.Style)}/>\n");
            // Few points are marked each, so that measured values and the lines between them stay apart; of many only the last.
            foreach (var (dx, dy) in drawn.Count <= 40 ? drawn : [drawn[^1]])
                svg.Append($"<circle cx=\"{N(dx)}\" cy=\"{N(dy)}\" r=\"{(drawn.Count <= 40 ? "2.6" : "3.6")}\" fill=\"{colour}\"/>\n");
        }

        svg.Append("</g>\n");
    }

    private static uint Stable(string text) => text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);

    private readonly record struct Box(double Left, double Top, double Width, double Height)
    {
        public double X(double position) => Left + (position * Width);

        public double Y(double position) => Top + ((1 - position) * Height);
    }
}
