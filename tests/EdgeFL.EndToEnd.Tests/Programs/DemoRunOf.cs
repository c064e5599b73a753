using System.Text.Json;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>A finished <c>edgefl demo --json</c>: its summary and the folder with its report.</summary>
internal sealed class DemoRunOf : IDisposable
{
    private static readonly string[] Members =
    [
        "nodes", "rounds", "seconds", "accuracy_mean", "accuracy_min", "alone_mean", "pooled", "own_mean", "bytes_sent_per_node", "fp32_bytes_per_node",
        "frames_rejected", "frames_lost", "agent_pss_mb_max", "agent_kind", "seed",
    ];

    private DemoRunOf(string folder, JsonElement summary)
    {
        Folder = folder;
        Summary = summary;
    }

    public string Folder { get; }

    public string Report => Path.Combine(Folder, "report");

    public JsonElement Summary { get; }

    /// <summary>Runs it and holds its last line and its report against what is documented.</summary>
    /// <param name="patience">Longest time it may take.</param>
    /// <param name="more">Members that this run has beyond those of every run.</param>
    /// <param name="arguments">Beyond <c>demo --json --keep</c>.</param>
    public static async Task<DemoRunOf> RunAsync(TimeSpan patience, string[] more, params IEnumerable<string> arguments)
    {
        string folder = Directory.CreateTempSubdirectory("edgefl-demo-").FullName;
        try
        {
            var (exit, output, errors) = await Built.CliAsync(patience, ["demo", "--json", "--keep", folder, "--agent", Built.Agent, .. arguments]);
            Assert.True(exit == 0, $"demo ended with {exit}:\n{errors}\n{output}");
            JsonElement summary = JsonDocument.Parse(output.TrimEnd('\n').Split('\n')[^1]).RootElement;
            Assert.Equal([.. Members, .. more], summary.EnumerateObject().Select(member => member.Name));
            Assert.Equal(Built.AgentKind, summary.GetProperty("agent_kind").GetString());
            var run = new DemoRunOf(folder, summary);
            run.AssertReport();
            return run;
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public double Number(string member) => Summary.GetProperty(member).GetDouble();

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void AssertReport()
    {
        foreach (string name in (string[])["accuracy-rounds", "accuracy-bytes"])
        {
            byte[] png = File.ReadAllBytes(Path.Combine(Report, name + ".png"));
            Assert.Equal<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], png.AsSpan(0, 8).ToArray());
            Assert.Equal("IEND"u8.ToArray(), png.AsSpan(png.Length - 8, 4).ToArray());
            Assert.Contains("<svg", File.ReadAllText(Path.Combine(Report, name + ".svg")), StringComparison.Ordinal);
        }

        Assert.Contains("<html", File.ReadAllText(Path.Combine(Report, "report.html")), StringComparison.Ordinal);
        Assert.Contains("accuracy-rounds.png", File.ReadAllText(Path.Combine(Report, "report.md")), StringComparison.Ordinal);
        using JsonDocument result = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Report, "result.json")));
        Assert.Equal(Summary.GetRawText(), JsonSerializer.Serialize(result.RootElement.GetProperty("summary")));
        Assert.Equal(Number("nodes"), result.RootElement.GetProperty("nodes").GetArrayLength());
        Assert.NotEqual(0, result.RootElement.GetProperty("curves").GetProperty("together").GetArrayLength());
    }
}
