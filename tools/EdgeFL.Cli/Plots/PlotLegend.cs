using System.Text;

namespace EdgeFL.Cli.Plots;

/// <summary>The legend: one row of samples above the plot, or as many rows as its names need.</summary>
internal sealed class PlotLegend
{
    private const double RowHeight = 22;
    private const double SampleWidth = 30;
    private const double Gap = 22;

    private readonly List<(double X, double Y, string Name, string Colour, LineStyle Style, bool IsBand)> _entries = [];

    /// <param name="spec">The plot.</param>
    /// <param name="width">Pixels to use.</param>
    public PlotLegend(PlotSpec spec, double width)
    {
        double x = 0, y = 0;
        for (var i = 0; i < spec.Series.Count; i++)
        {
            var series = spec.Series[i];
            var colour = SvgPlot.Colour(spec, i);
            var empty = !series.Points.Any(p => double.IsFinite(p.X) && double.IsFinite(p.Y));
            Place(empty ? series.Name + " (no data)" : series.Name, colour, series.Style, isBand: false);
            if (series.Band.Count > 1 && series.BandName.Length > 0)
                Place(series.BandName, colour, LineStyle.Solid, isBand: true);
        }

        Height = spec.Series.Count == 0 ? 0 : y + RowHeight;

        void Place(string name, string colour, LineStyle style, bool isBand)
        {
            var wide = SampleWidth + 8 + SvgPlot.TextWidth(name, 13);
            if (x > 0 && x + wide > width)
                (x, y) = (0, y + RowHeight);
            _entries.Add((x, y, name, colour, style, isBand));
            x += wide + Gap;
        }
    }

    /// <summary>Pixels that the legend takes.</summary>
    public double Height { get; }

    /// <summary>Draws the legend with its upper left corner at a point.</summary>
    public void Draw(StringBuilder svg, double left, double top)
    {
        svg.Append("<g class=\"legend\">\n");
        foreach (var (x, y, name, colour, style, isBand) in _entries)
        {
            var middle = top + y + (RowHeight / 2);
            var start = left + x;
            if (isBand)
            {
                svg.Append($"<rect x=\"{SvgPlot.N(start)}\" y=\"{SvgPlot.N(middle - 6)}\" width=\"{SvgPlot.N(SampleWidth)}\" height=\"12\" rx=\"2\" fill=\"{colour}\" fill-opacity=\"0.18\"/>\n");
            }
            else
            {
                svg.Append($"<line x1=\"{SvgPlot.N(start)}\" y1=\"{SvgPlot.N(middle)}\" x2=\"{SvgPlot.N(start + SampleWidth)}\" y2=\"{SvgPlot.N(middle)}\" stroke=\"{colour}\" stroke-width=\"2.6\" stroke-linecap=\"round\"{SvgPlot.Dashes(style)}/>\n");
            }

            SvgPlot.Text(svg, start + SampleWidth + 8, middle + 4.5, name, "#1b1f24");
        }

        svg.Append("</g>\n");
    }
}
