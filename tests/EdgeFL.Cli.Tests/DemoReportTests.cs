using System.Text.Json;
using System.Xml.Linq;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Report;

namespace EdgeFL.Cli.Tests;

public sealed class DemoReportTests
{
    [Theory]
    [InlineData("accuracy")]
    [InlineData("error")]
    public async Task Report_OfARun_WritesEveryFile(string word)
    {
        using var folder = new TemporaryFolder();
        var kept = Environment.GetEnvironmentVariable("EDGEFL_KEEP_REPORTS"); // a folder to look at by eye
        var target = kept is null ? folder["report"] : Path.Combine(kept, word);
        var result = word == "accuracy" ? SampleResults.Accuracy() : SampleResults.Error();

        var written = await DemoReport.WriteAsync(result, target, CancellationToken.None);

        Assert.Equal(Path.Combine(target, "report.html"), written[0]);
        foreach (var name in (string[])["report.html", "report.md", "result.json", $"{word}-rounds.svg", $"{word}-bytes.svg"])
            Assert.True(new FileInfo(Path.Combine(target, name)).Length > 500, name);
        Assert.All(written, path => Assert.True(File.Exists(path), path));
        Assert.Empty(Directory.GetFiles(target, "*.tmp"));
    }

    [Fact]
    public async Task Html_OfARun_StandsAloneAndIsWellFormed()
    {
        using var folder = new TemporaryFolder();
        await DemoReport.WriteAsync(SampleResults.Accuracy(), folder.Path, CancellationToken.None);

        var html = await File.ReadAllTextAsync(folder["report.html"]);

        var page = XDocument.Parse(html);
        var names = page.Descendants().Select(e => e.Name.LocalName).ToHashSet();
        Assert.DoesNotContain("script", names);
        Assert.DoesNotContain("link", names);
        Assert.DoesNotContain("img", names);
        Assert.Equal(2, page.Descendants().Count(e => e.Name.LocalName == "svg"));
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName is "href" or "src");
        Assert.Contains("Accuracy <on> people & places", page.Root!.Value, StringComparison.Ordinal);
        Assert.Contains("phone-10", page.Root.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markdown_WithAPipeInATextAndPictures_KeepsTheTableAndNamesExistingFiles()
    {
        using var folder = new TemporaryFolder();
        await DemoReport.WriteAsync(SampleResults.Accuracy(), folder.Path, CancellationToken.None);

        var text = await File.ReadAllTextAsync(folder["report.md"]);

        Assert.Contains("places \\| nobody", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n').Where(l => l.StartsWith("![", StringComparison.Ordinal)))
            Assert.True(File.Exists(folder[line[(line.IndexOf('(') + 1)..^1]]), line);
        var table = text.Split('\n').Where(l => l.StartsWith("| phone-", StringComparison.Ordinal)).ToList();
        Assert.Equal(10, table.Count);
        Assert.All(table, row => Assert.Equal(13, row.Count(c => c == '|')));
    }

    [Fact]
    public void SummaryLine_OfAnAccuracyRun_HasTheFieldsScriptsRelyOn()
    {
        var line = ResultJson.SummaryLine(SampleResults.Accuracy());

        Assert.DoesNotContain('\n', line);
        using var json = JsonDocument.Parse(line);
        Assert.Equal(
            ["nodes", "rounds", "seconds", "accuracy_mean", "accuracy_min", "alone_mean", "pooled", "own_mean", "bytes_sent_per_node",
                "fp32_bytes_per_node", "frames_rejected", "frames_lost", "agent_pss_mb_max", "agent_kind", "seed"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(419_700, json.RootElement.GetProperty("bytes_sent_per_node").GetInt64());
        Assert.Equal("aot", json.RootElement.GetProperty("agent_kind").GetString());
    }

    [Fact]
    public void SummaryLine_OfAnErrorRun_NamesErrorsAndWritesNullForWhatIsMissing()
    {
        using var json = JsonDocument.Parse(ResultJson.SummaryLine(SampleResults.Error()));

        Assert.False(json.RootElement.TryGetProperty("accuracy_mean", out _));
        Assert.Equal(JsonValueKind.Number, json.RootElement.GetProperty("error_max").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("pooled").ValueKind);
    }

    [Fact]
    public async Task Report_WithNothingMeasured_IsStillWritten()
    {
        using var folder = new TemporaryFolder();
        var empty = new DemoResult { Title = "Nothing yet", Nodes = [new DemoNode("a")] };

        await DemoReport.WriteAsync(empty, folder.Path, CancellationToken.None);

        XDocument.Parse(await File.ReadAllTextAsync(folder["report.html"]));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["result.json"]));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("summary").GetProperty("accuracy_mean").ValueKind);
        Assert.DoesNotContain("NaN", await File.ReadAllTextAsync(folder["report.md"]), StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", await File.ReadAllTextAsync(folder["report.html"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Print_EndsWithTableOrWithOneLineOfJson(bool json)
    {
        var tree = new System.CommandLine.RootCommand { GlobalOptions.Json(), GlobalOptions.Quiet() };
        tree.Add(new CliCommand("show", "Shows").Runs((context, _) =>
        {
            DemoReport.Print(SampleResults.Accuracy(), "/tmp/somewhere", context);
            return Task.FromResult(0);
        }));
        var output = new StringWriter();
        var error = new StringWriter();
        var console = new CliConsole { Out = output, Err = error };

        var exit = await CommandLine.RunAsync(tree, json ? ["show", "--json"] : ["show"], console, CancellationToken.None);

        Assert.Equal(0, exit);
        Assert.Contains("report: /tmp/somewhere/report.html", error.ToString(), StringComparison.Ordinal);
        if (json)
        {
            Assert.Single(output.ToString().TrimEnd('\n').Split('\n'));
            JsonDocument.Parse(output.ToString()).Dispose();
        }
        else
        {
            Assert.Contains("phone-10", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("3.8 times less than float32", output.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', output.ToString());
        }
    }

    [Fact]
    public void GapClosed_CountsOnlyWherePooledIsBetter()
    {
        var run = SampleResults.Accuracy() with { Summary = new DemoSummary { Mean = 0.8, AloneMean = 0.6, Pooled = 0.9 } };

        Assert.Equal(0.6667, run.GapClosed(), 3);
        Assert.True(double.IsNaN((run with { Summary = run.Summary with { Pooled = 0.6 } }).GapClosed()));
        Assert.True(double.IsNaN((run with { Summary = run.Summary with { Pooled = double.NaN } }).GapClosed()));
    }
}
