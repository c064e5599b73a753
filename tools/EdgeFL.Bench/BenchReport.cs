using System.Text.Json;

namespace EdgeFL.Bench;

/// <summary>One figure. <see cref="Value"/> is what is held against <see cref="Goal"/>: a ratio to the peer where there is one, else our figure.</summary>
internal sealed record BenchRow(string Name, string Unit, double Ours, double? Peer, double Value, string Better, double? Goal)
{
    /// <summary>Null when there is no goal.</summary>
    public bool? Holds => Goal is { } goal ? (Better == "lower" ? Value <= goal : Value >= goal) : null;

    /// <summary>A plain figure that should be low.</summary>
    public static BenchRow Lower(string name, string unit, double ours, double goal) => new(name, unit, ours, null, ours, "lower", goal);
}

internal sealed record BenchReport(string Bench, string Machine, IReadOnlyList<BenchRow> Rows);

internal static class BenchJson
{
    public static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}

internal static class BenchTable
{
    public static void Write(TextWriter to, IReadOnlyList<BenchRow> rows)
    {
        int width = rows.Max(row => row.Name.Length);
        foreach (BenchRow row in rows)
        {
            string peer = row.Peer is { } other ? FormattableString.Invariant($"  peer {other:0.###}  ratio {row.Value:0.###}") : "";
            string goal = row.Goal is { } wanted ? FormattableString.Invariant($"  goal {(row.Better == "lower" ? "<=" : ">=")} {wanted:0.###}: {(row.Holds == true ? "holds" : "MISSED")}") : "";
            to.WriteLine(FormattableString.Invariant($"{row.Name.PadRight(width)} {row.Ours,10:0.###} {row.Unit}{peer}{goal}"));
        }
    }
}
