using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>The benchmark that holds our broker against mosquitto, in its short form: every part of it at work, no figure of speed looked at.</summary>
public sealed class MqttBenchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task MqttBench_InItsShortForm_HasEveryRowAndLosesNothing()
    {
        (int exit, string output, string errors) = await Child.RunAsync(
            ["dotnet", Built.Bench, "mqtt", "--short", "--json", "--seed", "7", "--load", Built.MqttLoad], Patience);
        Assert.True(exit == 0, errors);
        using JsonDocument report = JsonDocument.Parse(output.Trim().Split('\n')[^1]);
        Dictionary<string, JsonElement> rows = report.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("name").GetString()!);

        string[] loads = ["64B/qos0", "64B/qos1", "4KiB/qos0", "4KiB/qos1", "64KiB/qos0", "64KiB/qos1"];
        string[] againstMosquitto =
        [
            .. loads.Select(load => $"throughput/{load}"), .. loads.Select(load => $"latency-median/{load}"), .. loads.Select(load => $"latency-p99/{load}"),
            "fanout/4KiB/1to8", "peak-rss-mb/4KiB/of-mosquitto",
        ];
        string[] held = ["peak-rss-mb/4KiB", "idle-bytes-per-connection/plain", "idle-bytes-per-connection/tls", "one-process/throughput/4KiB/qos0", "one-process/peak-rss-mb/4KiB"];
        foreach (string name in againstMosquitto)
            Assert.True(Figure(rows, name, "ours") > 0 && Figure(rows, name, "peer") > 0 && Figure(rows, name, "value") > 0, $"{name}: {rows[name]}");
        Assert.All(held, name => Assert.Equal(JsonValueKind.Number, Row(rows, name).GetProperty("goal").ValueKind));
        Assert.Equal(0, Figure(rows, "lost/qos1", "value"));
        Assert.True(Figure(rows, "lost/qos1/cuts", "value") > 0, errors);
    }

    private static JsonElement Row(Dictionary<string, JsonElement> rows, string name) =>
        rows.TryGetValue(name, out JsonElement row) ? row : throw new Xunit.Sdk.XunitException($"there is no row {name} in: {string.Join(", ", rows.Keys)}");

    private static double Figure(Dictionary<string, JsonElement> rows, string name, string field) => Row(rows, name).GetProperty(field).GetDouble();
}
