using System.Globalization;
using System.Text;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Sim;

/// <summary>Draws who sees whom as SVG: all nodes on one circle, or, of neighbourhoods, each on a circle of its own.</summary>
internal static class TopologyPicture
{
    private const int Size = 720;
    private const int NodesMax = 400;
    private const int Top = 60;

    /// <summary>Draws the first nodes of a run's topology.</summary>
    /// <param name="result">The run.</param>
    /// <returns>A whole SVG document.</returns>
    public static string Draw(SimResult result)
    {
        int shown = Math.Min(result.Nodes, NodesMax);
        var options = result.Config.World.Topology;
        int ring = options.Kind == EdgeFL.Simulation.TopologyKind.Lan ? options.Neighbourhood : shown;
        (double X, double Y)[] at = Places(shown, Math.Min(ring, shown), out int height);
        int edges = result.Sees.Sum(seen => seen.Count) / 2;
        string title = FormattableString.Invariant($"Who sees whom: {result.Nodes} nodes, {edges} edges") + (shown < result.Nodes ? FormattableString.Invariant($"; the first {shown} are shown") : "");
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Size} {height}\" width=\"{Size}\" height=\"{height}\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{SvgPlot.Escape(title)}</title>\n<rect width=\"{Size}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        SvgPlot.Text(svg, 16, 28, result.Config.Name, "#1b1f24", size: 17, weight: "600");
        SvgPlot.Text(svg, 16, 49, title, "#57606a");
        double opacity = Math.Clamp(60.0 / Math.Max(1, edges), 0.08, 0.7);
        svg.Append(CultureInfo.InvariantCulture, $"<g stroke=\"#0072B2\" stroke-width=\"1\" stroke-opacity=\"{opacity:0.##}\">\n");
        for (int i = 0; i < shown; i++)
        {
            foreach (int j in result.Sees[i].Where(j => j > i && j < shown))
                svg.Append($"<line x1=\"{SvgPlot.N(at[i].X)}\" y1=\"{SvgPlot.N(at[i].Y)}\" x2=\"{SvgPlot.N(at[j].X)}\" y2=\"{SvgPlot.N(at[j].Y)}\"/>\n");
        }

        svg.Append("</g>\n<g fill=\"#D55E00\">\n");
        double radius = Math.Clamp(120.0 / shown, 1.5, 6);
        foreach ((double x, double y) in at)
            svg.Append($"<circle cx=\"{SvgPlot.N(x)}\" cy=\"{SvgPlot.N(y)}\" r=\"{SvgPlot.N(radius)}\"/>\n");
        svg.Append("</g>\n</svg>\n");
        return svg.ToString();
    }

    private static (double X, double Y)[] Places(int nodes, int ring, out int height)
    {
        int rings = (nodes + ring - 1) / ring, across = (int)Math.Ceiling(Math.Sqrt(rings));
        double cell = (double)Size / across;
        height = Top + (int)Math.Ceiling(cell * ((rings + across - 1) / across));
        var at = new (double X, double Y)[nodes];
        for (int i = 0; i < nodes; i++)
        {
            int group = i / ring;
            double angle = 2 * Math.PI * (i % ring) / ring - Math.PI / 2;
            at[i] = ((group % across + 0.5) * cell + 0.42 * cell * Math.Cos(angle), Top + (group / across + 0.5) * cell + 0.42 * cell * Math.Sin(angle));
        }

        return at;
    }
}
