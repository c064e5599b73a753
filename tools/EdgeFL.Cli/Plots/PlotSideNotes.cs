using System.Text;

namespace EdgeFL.Cli.Plots;

/// <summary>What stands to the right of a plot: the names of its reference lines and the last values of its series, moved apart where they meet.</summary>
internal sealed class PlotSideNotes
{
    private const double LabelSize = 13;
    private const double BoldWider = 1.1;
    private const double LineHeight = LabelSize + 3;

    private readonly List<(double Position, string Text, string Colour)> _notes = [];

    /// <param name="spec">The plot.</param>
    /// <param name="y">Its vertical scale.</param>
    public PlotSideNotes(PlotSpec spec, PlotScale y)
    {
        foreach (var reference in spec.References)
            Add(reference.Y, reference.Name, "#57606a");
        for (var i = 0; spec.EndValues && i < spec.Series.Count; i++)
        {
            var last = spec.Series[i].Points.LastOrDefault(p => double.IsFinite(p.X) && double.IsFinite(p.Y), new PlotPoint(double.NaN, double.NaN));
            // Two lines that end at the same height say it once.
            if (double.IsFinite(last.Y) && !_notes.Exists(n => n.Text == y.Value(last.Y)))
                Add(last.Y, y.Value(last.Y), SvgPlot.Colour(spec, i));
        }

        _notes.Sort((a, b) => b.Position.CompareTo(a.Position));
        Width = _notes.Select(n => SvgPlot.TextWidth(n.Text, LabelSize) * BoldWider).DefaultIfEmpty(0).Max();

        void Add(double value, string text, string colour)
        {
            var position = y.Position(value);
            if (double.IsFinite(position))
                _notes.Add((position, text, colour));
        }
    }

    /// <summary>Pixels that the widest note takes; 0 without notes.</summary>
    public double Width { get; }

    /// <summary>Writes the notes beside a plot.</summary>
    /// <param name="svg">Where to.</param>
    /// <param name="left">Left edge of the notes.</param>
    /// <param name="top">Upper edge of the plot.</param>
    /// <param name="height">Height of the plot.</param>
    public void Draw(StringBuilder svg, double left, double top, double height)
    {
        var at = new double[_notes.Count];
        for (var i = 0; i < at.Length; i++)
        {
            at[i] = top + ((1 - _notes[i].Position) * height);
            if (i > 0)
                at[i] = Math.Max(at[i], at[i - 1] + LineHeight);
        }

        // What was pushed below the plot goes up again, and pushes what is above it.
        for (var i = at.Length - 1; i >= 0; i--)
            at[i] = Math.Min(at[i], i == at.Length - 1 ? top + height : at[i + 1] - LineHeight);
        for (var i = 0; i < at.Length; i++)
            SvgPlot.Text(svg, left, at[i] + 4.5, _notes[i].Text, _notes[i].Colour, weight: "600");
    }
}
