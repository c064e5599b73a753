using System.Globalization;
using System.Xml.Linq;
using EdgeFL.Cli.Plots;

namespace EdgeFL.Cli.Tests;

public sealed class SvgPlotTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static PlotSpec Spec(params PlotSeries[] series) =>
        new("A <title> & more", new PlotAxis("round"), new PlotAxis("accuracy") { Format = ValueFormat.Percent }) { Series = series };

    private static List<XElement> Series(XDocument plot) =>
        plot.Descendants(Svg + "g").Where(g => (string?)g.Attribute("class") == "series").ToList();

    private static XDocument Draw(PlotSpec spec) => XDocument.Parse(SvgPlot.Draw(spec));

    [Fact]
    public void Plot_OfSeveralSeries_IsWellFormedAndHoldsEach()
    {
        var plot = Draw(Spec(
            new PlotSeries("together", [new(0, 0.2), new(1, 0.5), new(2, 0.8)]) { Band = [new(0, 0.1, 0.3), new(1, 0.4, 0.6), new(2, 0.7, 0.9)], BandName = "range" },
            new PlotSeries("alone \"x\" <y>", [new(0, 0.2), new(2, 0.4)]) { Style = LineStyle.Dashed })
            with { References = [new ReferenceLine("pooled", 0.9)] });

        Assert.Equal(["together", "alone \"x\" <y>"], Series(plot).Select(s => (string)s.Attribute("data-name")!).Order(StringComparer.Ordinal).Reverse());
        Assert.Single(plot.Descendants(), e => (string?)e.Attribute("class") == "band");
        Assert.Single(plot.Descendants(), e => (string?)e.Attribute("class") == "reference");
        var texts = plot.Descendants(Svg + "text").Select(t => t.Value).ToList();
        foreach (var text in (string[])["A <title> & more", "round", "accuracy", "together", "range", "pooled", "0 %", "100 %"])
            Assert.Contains(text, texts);
    }

    [Fact]
    public void Plot_OfALine_PutsPointsWhereTheScaleSays()
    {
        var spec = Spec(new PlotSeries("line", [new(0, 0), new(1, 0.5), new(2, 1)]));
        var circles = Series(Draw(spec))[0].Elements(Svg + "circle")
            .Select(c => (X: double.Parse((string)c.Attribute("cx")!, CultureInfo.InvariantCulture), Y: double.Parse((string)c.Attribute("cy")!, CultureInfo.InvariantCulture))).ToList();

        Assert.Equal(3, circles.Count);
        Assert.Equal(circles[1].X, (circles[0].X + circles[2].X) / 2, 1);
        Assert.Equal(circles[1].Y, (circles[0].Y + circles[2].Y) / 2, 1);
        Assert.True(circles[0].Y > circles[2].Y, "larger values lie higher");
    }

    [Fact]
    public void Plot_WithNoData_SaysSo()
    {
        var nothing = Draw(Spec());
        var empty = Draw(Spec(new PlotSeries("later", [])));
        var notFinite = Draw(Spec(new PlotSeries("broken", [new(double.NaN, 1), new(1, double.NaN), new(2, double.PositiveInfinity)])));

        foreach (var plot in (XDocument[])[nothing, empty, notFinite])
            Assert.Contains("no data yet", plot.Descendants(Svg + "text").Select(t => t.Value));
        Assert.Contains("later (no data)", empty.Descendants(Svg + "text").Select(t => t.Value));
        Assert.DoesNotContain("NaN", notFinite.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Plot_WithAGap_BreaksTheLine()
    {
        var plot = Draw(Spec(new PlotSeries("gap", [new(0, 0.1), new(1, 0.2), new(2, double.NaN), new(3, 0.4), new(4, 0.5)])));
        var path = (string)Series(plot)[0].Element(Svg + "path")!.Attribute("d")!;

        Assert.Equal(2, path.Count(c => c == 'M'));
        Assert.Equal(2, path.Count(c => c == 'L'));
    }

    [Fact]
    public void Plot_WithALogarithmicAxis_LeavesOutWhatHasNoLogarithm()
    {
        var spec = new PlotSpec("bytes", new PlotAxis("sent") { Log = true, Format = ValueFormat.Bytes }, new PlotAxis("y"))
        {
            Series = [new PlotSeries("s", [new(0, 1), new(-5, 1), new(1000, 2), new(10_000, 3), new(1_000_000, 4)])],
        };
        var plot = Draw(spec);

        Assert.Equal(3, Series(plot)[0].Elements(Svg + "circle").Count());
        var texts = plot.Descendants(Svg + "text").Select(t => t.Value).ToList();
        Assert.Contains("10 kB", texts);
        Assert.Contains("1 MB", texts);
    }

    [Fact]
    public void Plot_OfRandomData_IsAlwaysWellFormedAndFinite()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            double Value() => random.Next(12) switch
            {
                0 => double.NaN, 1 => double.PositiveInfinity, 2 => 0, 3 => -random.NextDouble() * 1e9, 4 => random.NextDouble() * 1e-9, 5 => 1e15,
                _ => random.NextDouble() * Math.Pow(10, random.Next(-6, 9)),
            };
            var name = new string(Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next(0, 0x300)).ToArray());
            var spec = new PlotSpec(name, new PlotAxis(name) { Log = random.Next(2) == 0, Format = (ValueFormat)random.Next(3), WholeNumbers = random.Next(2) == 0 },
                new PlotAxis("y") { Log = random.Next(2) == 0, Format = (ValueFormat)random.Next(3), Min = Value(), Max = Value() })
            {
                Series = Enumerable.Range(0, random.Next(9)).Select(i => new PlotSeries($"s{i}",
                    Enumerable.Range(0, random.Next(60)).Select(_ => new PlotPoint(Value(), Value())).ToList())
                { Band = [new(Value(), Value(), Value()), new(Value(), Value(), Value())], BandName = name }).ToList(),
                References = [new ReferenceLine("r", Value()), new ReferenceLine(name, Value())],
                Width = random.Next(1200), Height = random.Next(900),
            };
            var text = SvgPlot.Draw(spec);
            try
            {
                XDocument.Parse(text);
                Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
                Assert.DoesNotContain("∞", text, StringComparison.Ordinal);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}", exception);
            }
        }
    }

    [Theory]
    [InlineData(0, 10, 6, "0 2 4 6 8 10")]
    [InlineData(0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0.61, 0.93, 5, "0.6 0.7 0.8 0.9 1.0")]
    [InlineData(-3, 7, 5, "-2.5 0.0 2.5 5.0 7.5")]
    public void Ticks_OfARange_AreRound(double low, double high, int wanted, string expected)
    {
        var scale = PlotScale.For(new PlotAxis("x"), [low, high], wanted, tight: false);
        var labels = string.Join(' ', scale.Ticks.Select(scale.Label));
        Assert.EndsWith(expected, labels, StringComparison.Ordinal);
        Assert.True(scale.Low <= low && scale.High >= high);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1 kB")]
    [InlineData(13_965, "14 kB")]
    [InlineData(5_430_000, "5.43 MB")]
    [InlineData(999_600, "1 MB")]
    [InlineData(81_600_000, "81.6 MB")]
    [InlineData(2.5e9, "2.5 GB")]
    [InlineData(double.NaN, "–")]
    public void Bytes_AreWrittenInDecimalUnits(double bytes, string expected) => Assert.Equal(expected, PlotScale.Bytes(bytes));

    [Fact]
    public void SideNotes_AtTheSameHeight_DoNotOverlap()
    {
        var plot = Draw(Spec(new PlotSeries("a", [new(0, 0), new(1, 1)])) with
        {
            References = [new("one", 0.500), new("two", 0.501), new("three", 0.502), new("floor", 0), new("floor too", 0.001)],
        });
        var heights = plot.Descendants(Svg + "text").Where(t => t.Value is "one" or "two" or "three" or "floor" or "floor too")
            .Select(t => double.Parse((string)t.Attribute("y")!, CultureInfo.InvariantCulture)).Order().ToList();

        Assert.Equal(5, heights.Count);
        Assert.All(heights.Zip(heights.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 14));
    }

    [Fact]
    public async Task Png_WithoutTheProgram_IsLeftOutQuietly()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a.svg"], SvgPlot.Draw(Spec()));

        Assert.False(await PngRenderer.TryDrawAsync(folder["a.svg"], folder["a.png"], CancellationToken.None, program: "no-such-program-here"));
        Assert.False(await PngRenderer.TryDrawAsync(folder["a.svg"], folder["a.png"], CancellationToken.None, program: "false"));
        Assert.False(File.Exists(folder["a.png"]));
    }
}
