using System.Text.Json;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Report;

/// <summary>A run as JSON. Names follow the measure: <c>accuracy_mean</c> or <c>error_mean</c>. Values that were not measured are null.</summary>
internal static class ResultJson
{
    /// <summary>The line that ends a run: the summary as one object on one line.</summary>
    public static string SummaryLine(DemoResult result) => JsonText.Line(json => Summary(json, result));

    /// <summary>The whole result, indented, for <c>result.json</c>.</summary>
    public static string Whole(DemoResult result) => JsonText.Object(json =>
    {
        json.WriteString("schema", "edgefl.demo-result/1");
        json.WriteString("title", result.Title);
        json.WriteString("command", result.Command);
        json.WriteString("finished_at", result.FinishedAt.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ"));
        json.WriteString("measure", Word(result));
        if (result.Measure == Measure.Error)
        {
            json.WriteString("error_name", result.ErrorName);
            json.WriteString("error_unit", result.ErrorUnit);
        }

        json.WriteStartObject("summary");
        Summary(json, result);
        json.WriteEndObject();
        json.WriteStartObject("setup");
        foreach (var (name, value) in result.Setup.DistinctBy(s => s.Key))
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartArray("notes");
        foreach (var note in result.Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteObjects("nodes", result.Nodes, (j, node) => Node(j, result, node));
        json.WriteStartObject("curves");
        json.WriteObjects("together", result.Together, (j, p) =>
        {
            j.WriteNumber("round", p.Round);
            j.WriteFinite("bytes_per_node", p.BytesPerNode, 0);
            j.WriteFinite("mean", p.Mean, 6);
            j.WriteFinite("min", p.Min, 6);
            j.WriteFinite("max", p.Max, 6);
        });
        json.WriteObjects("alone", result.Alone, Point);
        json.WriteObjects("pooled", result.Pooled, Point);
        json.WriteEndObject();
    });

    private static string Word(DemoResult result) => result.Measure == Measure.Accuracy ? "accuracy" : "error";

    private static void Point(Utf8JsonWriter json, ComparisonPoint point)
    {
        json.WriteNumber("round", point.Round);
        json.WriteFinite("value", point.Value, 6);
    }

    private static void Summary(Utf8JsonWriter json, DemoResult result)
    {
        var s = result.Summary;
        var accuracy = result.Measure == Measure.Accuracy;
        json.WriteNumber("nodes", s.Nodes);
        json.WriteNumber("rounds", s.Rounds);
        json.WriteFinite("seconds", s.Seconds, 1);
        json.WriteFinite(accuracy ? "accuracy_mean" : "error_mean", s.Mean, 6);
        json.WriteFinite(accuracy ? "accuracy_min" : "error_max", s.Worst, 6);
        json.WriteFinite("alone_mean", s.AloneMean, 6);
        json.WriteFinite("pooled", s.Pooled, 6);
        json.WriteFinite("own_mean", s.OwnMean, 6);
        json.WriteFinite("bytes_sent_per_node", s.BytesSentPerNode, 0);
        json.WriteFinite("fp32_bytes_per_node", s.Fp32BytesPerNode, 0);
        json.WriteNumber("frames_rejected", s.FramesRejected);
        json.WriteNumber("frames_lost", s.FramesLost);
        json.WriteFinite("agent_pss_mb_max", s.AgentPssMbMax, 2);
        json.WriteString("agent_kind", s.AgentKind);
        json.WriteNumber("seed", s.Seed);
        if (double.IsFinite(s.RejoinSeconds))
            json.WriteFinite("rejoin_seconds", s.RejoinSeconds, 1);
    }

    private static void Node(Utf8JsonWriter json, DemoResult result, DemoNode node)
    {
        json.WriteString("id", node.Id);
        json.WriteNumber("rounds", node.Rounds);
        json.WriteFinite("loss", node.Loss, 6);
        json.WriteFinite("own_" + Word(result), node.Own, 6);
        json.WriteFinite("test_" + Word(result), node.Test, 6);
        json.WriteFinite("alone_" + Word(result), node.Alone, 6);
        json.WriteNumber("bytes_in", node.BytesIn);
        json.WriteNumber("bytes_out", node.BytesOut);
        json.WriteNumber("messages_sent", node.MessagesSent);
        json.WriteNumber("frames_rejected", node.FramesRejected);
        json.WriteNumber("frames_lost", node.FramesLost);
        json.WriteFinite("pss_mb", node.PssMb, 2);
    }
}
