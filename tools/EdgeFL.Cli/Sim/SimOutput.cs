using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Report;
using Spectre.Console;

namespace EdgeFL.Cli.Sim;

/// <summary>What a run is told as: a line of JSON, or a table.</summary>
internal static class SimOutput
{
    /// <summary>One line, the last on stdout.</summary>
    public static string Json(SimResult result, IReadOnlyList<string> plots) => JsonText.Line(json =>
    {
        json.WriteString("schema", "edgefl.sim/1");
        json.WriteString("name", result.Config.Name);
        if (result.Changes.Count > 0)
        {
            json.WriteStartObject("sweep");
            foreach ((string member, string value) in result.Changes)
                json.WriteString(member, value);
            json.WriteEndObject();
        }

        json.WriteNumber("nodes", result.Nodes);
        json.WriteNumber("rounds", result.Config.Rounds);
        json.WriteNumber("seed", result.Config.Seed);
        json.WriteBoolean("finished", result.Finished);
        json.WriteFinite("accuracy_mean", result.End.Mean, 6);
        json.WriteFinite("accuracy_min", result.End.Least, 6);
        json.WriteFinite("accuracy_average_model", result.End.OfAverage, 6);
        json.WriteFinite("consensus_distance", result.End.Consensus, 8);
        json.WriteNumber("bytes_total", result.Traffic.BytesSent);
        json.WriteNumber("bytes_lost", result.Traffic.BytesLost);
        json.WriteNumber("messages_sent", result.Traffic.MessagesSent);
        json.WriteNumber("messages_delivered", result.Traffic.MessagesDelivered);
        json.WriteNumber("messages_lost", result.Traffic.MessagesLost);
        json.WriteNumber("message_circles", result.Traffic.Circles);
        json.WriteStartObject("refused");
        foreach ((string reason, long count) in result.Refused)
            json.WriteNumber(reason, count);
        json.WriteEndObject();
        json.WriteNumber("events", result.Events);
        json.WriteFinite("virtual_seconds", result.End.VirtualSeconds, 3);
        json.WriteFinite("wall_seconds", result.WallSeconds, 3);
        json.WriteFinite("simulation_seconds", result.SimulationSeconds, 3);
        json.WriteFinite("cpu_us_per_node_round", result.NodeRoundUs, 2);
        json.WriteNumber("peak_rss_mb", PeakMegabytes());
        json.WriteString("hash", result.Hash);
        json.WriteStartArray("plots");
        foreach (string plot in plots)
            json.WriteStringValue(plot);
        json.WriteEndArray();
    });

    private static long PeakMegabytes()
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return self.PeakWorkingSet64 >> 20;
    }

    /// <summary>One run, a figure a row.</summary>
    public static void Print(SimResult result, CliContext context)
    {
        Table table = context.NewTable("figure", "value");
        Row("nodes, rounds, seed", FormattableString.Invariant($"{result.Nodes}, {result.Config.Rounds}, {result.Config.Seed}") + (result.Finished ? "" : " (not all made their rounds in time)"));
        Row("accuracy, mean over nodes", Percent(result.End.Mean));
        Row("accuracy, worst node", Percent(result.End.Least));
        Row("accuracy, averaged model", Percent(result.End.OfAverage));
        Row("consensus distance", FormattableString.Invariant($"{100 * result.End.Consensus:0.000} %"));
        Row("sent by all nodes", $"{ReportNumbers.Bytes(result.Traffic.BytesSent)} in {result.Traffic.MessagesSent} messages, {result.Traffic.MessagesLost} of them lost");
        Row("refused", result.Refused.Count == 0 ? "nothing" : string.Join(", ", result.Refused.Select(refused => $"{refused.Count} {refused.Reason}")));
        Row("message circles", FormattableString.Invariant($"{result.Traffic.Circles}"));
        Row("virtual time", ReportNumbers.Seconds(result.End.VirtualSeconds));
        Row("wall time", FormattableString.Invariant($"{ReportNumbers.Seconds(result.WallSeconds)}, {result.NodeRoundUs:0.0} µs of processor time for a round of a node"));
        Row("hash", result.Hash);
        context.Data(table);
        void Row(string figure, string value) => table.AddRow(new Text(figure), new Text(value));
    }

    /// <summary>A sweep, a run a row.</summary>
    public static void Print(IReadOnlyList<SimResult> results, CliContext context)
    {
        Table table = context.NewTable([.. results[0].Changes.Select(change => change.Member), "mean", "worst", "averaged", "apart", "sent", "lost", "refused", "virtual", "hash"]);
        foreach (SimResult result in results)
        {
            table.AddRow(
            [
                .. result.Changes.Select(change => new Text(change.Value)),
                new Text(Percent(result.End.Mean)), new Text(Percent(result.End.Least)), new Text(Percent(result.End.OfAverage)),
                new Text(FormattableString.Invariant($"{100 * result.End.Consensus:0.00} %")), new Text(ReportNumbers.Bytes(result.Traffic.BytesSent)),
                new Text(FormattableString.Invariant($"{result.Traffic.MessagesLost}")), new Text(FormattableString.Invariant($"{result.Refused.Sum(refused => refused.Count)}")),
                new Text(ReportNumbers.Seconds(result.End.VirtualSeconds)), new Text(result.Hash[..12]),
            ]);
        }

        context.Data(table);
    }

    private static string Percent(double share) => double.IsFinite(share) ? FormattableString.Invariant($"{100 * share:0.00} %") : ReportNumbers.Missing;
}
