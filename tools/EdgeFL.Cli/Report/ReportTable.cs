using EdgeFL.Cli.Framework;
using Spectre.Console;

namespace EdgeFL.Cli.Report;

/// <summary>The devices of a run as rows, shared by the console, the Markdown and the HTML report.</summary>
internal static class ReportTable
{
    /// <summary>Column titles; the first column is text, the others are numbers.</summary>
    public static IReadOnlyList<string> Columns(DemoResult result)
    {
        var name = result.Measure == Measure.Accuracy ? "accuracy" : "error";
        return ["device", "rounds", "loss", $"own {name}", $"test {name}", $"alone {name}", "sent", "received", "messages", "refused", "lost", "memory"];
    }

    /// <summary>One row a device, in the order of the columns.</summary>
    public static IEnumerable<IReadOnlyList<string>> Rows(DemoResult result) => result.Nodes.Select(IReadOnlyList<string> (n) =>
    [
        n.Id, n.Rounds.ToString(), ReportNumbers.Figures(n.Loss), result.Score(n.Own), result.Score(n.Test), result.Score(n.Alone),
        ReportNumbers.Bytes(n.BytesOut), ReportNumbers.Bytes(n.BytesIn), n.MessagesSent.ToString(), n.FramesRejected.ToString(),
        n.FramesLost.ToString(), ReportNumbers.Megabytes(n.PssMb),
    ]);

    /// <summary>The run in figures, as name and value, for the cards of a page and the end of the console's table.</summary>
    public static IEnumerable<(string Name, string Value)> Facts(DemoResult result)
    {
        var s = result.Summary;
        yield return ("together, mean", result.Score(s.Mean));
        yield return ("together, worst device", result.Score(s.Worst));
        if (double.IsFinite(s.AloneMean))
            yield return ("each alone, mean", result.Score(s.AloneMean));
        if (double.IsFinite(s.Pooled))
            yield return ("all data in one place", result.Score(s.Pooled));
        if (double.IsFinite(s.OwnMean))
            yield return ("on own held-back data", result.Score(s.OwnMean));
        yield return ("sent by a device", Sent(s));
        yield return ("frames refused / lost", $"{s.FramesRejected} / {s.FramesLost}");
        yield return ("memory of an agent, largest", $"{ReportNumbers.Megabytes(s.AgentPssMbMax)} PSS ({s.AgentKind})");
        yield return ("time", ReportNumbers.Seconds(s.Seconds));
    }

    /// <summary>The final table for a terminal or a pipe.</summary>
    public static void Print(DemoResult result, CliContext context)
    {
        var columns = Columns(result);
        var table = context.NewTable([.. columns]);
        for (var i = 1; i < columns.Count; i++)
            table.Columns[i].RightAligned();
        foreach (var row in Rows(result))
            table.AddRow(row.Select(cell => new Text(cell)));
        context.Data(table);
        context.Data("");
        var facts = Facts(result).ToList();
        var wide = facts.Max(f => f.Name.Length);
        foreach (var (name, value) in facts)
            context.Data($"{name.PadRight(wide)}  {value}");
    }

    private static string Sent(DemoSummary s)
    {
        var text = ReportNumbers.Bytes(s.BytesSentPerNode);
        var times = s.Fp32BytesPerNode / s.BytesSentPerNode;
        return double.IsFinite(times) && times > 1 ? $"{text} ({times:0.0} times less than float32)" : text;
    }
}
