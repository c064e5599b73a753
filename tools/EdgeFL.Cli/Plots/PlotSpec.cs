namespace EdgeFL.Cli.Plots;

/// <summary>One point in data units. A point with a NaN or infinite co-ordinate is a gap in the line.</summary>
internal readonly record struct PlotPoint(double X, double Y);

/// <summary>A shaded range at one x.</summary>
internal readonly record struct PlotRange(double X, double Low, double High);

/// <summary>How a line looks beside its colour, so that lines stay apart in print and for the colour-blind.</summary>
internal enum LineStyle
{
    /// <summary>A full line.</summary>
    Solid,

    /// <summary>Long dashes.</summary>
    Dashed,

    /// <summary>Dots.</summary>
    Dotted,
}

/// <summary>How the numbers of an axis are written.</summary>
internal enum ValueFormat
{
    /// <summary>Plain number.</summary>
    Number,

    /// <summary>A share from 0 to 1, written as a percentage.</summary>
    Percent,

    /// <summary>Bytes in decimal units: kB, MB, GB.</summary>
    Bytes,
}

/// <summary>A line with a name. The name must be unique in its plot.</summary>
internal sealed record PlotSeries(string Name, IReadOnlyList<PlotPoint> Points)
{
    /// <summary>Shaded range behind the line, in its colour; empty for none.</summary>
    public IReadOnlyList<PlotRange> Band { get; init; } = [];

    /// <summary>What the shading means, for the legend, for example <c>worst to best device</c>.</summary>
    public string BandName { get; init; } = "";

    /// <summary>Dashes. Default solid.</summary>
    public LineStyle Style { get; init; } = LineStyle.Solid;

    /// <summary>Index into the palette, or -1 for the next free colour.</summary>
    public int Colour { get; init; } = -1;
}

/// <summary>A horizontal line across the plot with its name at the right end.</summary>
internal sealed record ReferenceLine(string Name, double Y);

/// <summary>One axis.</summary>
internal sealed record PlotAxis(string Title)
{
    /// <summary>Logarithmic instead of linear; points that are not above zero are left out.</summary>
    public bool Log { get; init; }

    /// <summary>How numbers are written.</summary>
    public ValueFormat Format { get; init; } = ValueFormat.Number;

    /// <summary>Whether ticks lie at whole numbers only (rounds, epochs).</summary>
    public bool WholeNumbers { get; init; }

    /// <summary>Lowest value shown, or NaN to take it from the data.</summary>
    public double Min { get; init; } = double.NaN;

    /// <summary>Highest value shown, or NaN to take it from the data.</summary>
    public double Max { get; init; } = double.NaN;
}

/// <summary>Everything a plot shows.</summary>
internal sealed record PlotSpec(string Title, PlotAxis X, PlotAxis Y)
{
    /// <summary>A line under the title, or empty.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>The lines.</summary>
    public IReadOnlyList<PlotSeries> Series { get; init; } = [];

    /// <summary>Horizontal lines to compare with.</summary>
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <summary>Whether each line has its last value written at its end.</summary>
    public bool EndValues { get; init; } = true;

    /// <summary>Width in pixels, at least 320.</summary>
    public int Width { get; init; } = 860;

    /// <summary>Height in pixels, at least 240.</summary>
    public int Height { get; init; } = 500;
}
