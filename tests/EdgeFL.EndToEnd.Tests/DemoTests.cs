using EdgeFL.EndToEnd.Tests.Programs;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

public sealed class DemoTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Demo_OnSimulatedSensors_LearnsAndReports()
    {
        output.WriteLine(Built.Which);
        using DemoRunOf demo = await DemoRunOf.RunAsync(Patience, [], "--nodes", "4", "--rounds", "40");
        output.WriteLine(demo.Summary.GetRawText());
        AssertLearned(demo, nodes: 4, rounds: 40);
    }

    [DataFact("uci-hapt")]
    public async Task Demo_OnRecordingsOfPeople_LearnsAndReports()
    {
        using DemoRunOf demo = await DemoRunOf.RunAsync(Patience, [], "--nodes", "4", "--rounds", "40", "--data", Built.Recordings!);
        output.WriteLine(demo.Summary.GetRawText());
        AssertLearned(demo, nodes: 4, rounds: 40);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Demo_OverAnOutsideBroker_LearnsAndIsReadableByAnySubscriber(BrokerKind kind)
    {
        using OutsideBroker broker = await OutsideBroker.StartAsync(kind);
        using Listener heard = Listener.At(broker.Port);
        using DemoRunOf demo = await DemoRunOf.RunAsync(Patience, [], "--nodes", "4", "--rounds", "40", "--broker", broker.Url);
        output.WriteLine(demo.Summary.GetRawText());
        AssertLearned(demo, nodes: 4, rounds: 40);

        Assert.All(heard.All, Payloads.AssertDocumented);
        foreach (string node in (string[])["node-01", "node-02", "node-03", "node-04"])
        {
            Assert.Equal(["online", "offline"], heard.Of(node, "status").Select(h => h.Text).Distinct());
            Assert.Equal(node, heard.Last(node, "info")!.Json.GetProperty("node").GetString());
            Assert.Equal("done", heard.Last(node, "train")!.Json.GetProperty("state").GetString());
            Assert.Equal(40, heard.Number(node, "telemetry", "round"));
            Assert.True(heard.Number(node, "telemetry", "received") > 0, heard.Said);
            Assert.Contains(heard.Of(node, "infer"), h => h.Json.GetProperty("score").GetDouble() is > 0 and <= 1);
            Assert.True(heard.Of(node, "upd/f").Count() >= 40, $"{node} sent {heard.Of(node, "upd/f").Count()} models");
        }

        Assert.Equal(
            ["event", "infer", "info", "status", "telemetry", "train", "upd/f"],
            heard.All.Select(h => h.Suffix).Append("event").Distinct().Order(StringComparer.Ordinal));
    }

    private static void AssertLearned(DemoRunOf demo, int nodes, int rounds)
    {
        Assert.Equal(nodes, demo.Number("nodes"));
        Assert.Equal(rounds, demo.Number("rounds"));
        Assert.Equal(0, demo.Number("frames_rejected"));
        // Six classes: a fleet that has learned nothing names one window in six right.
        Assert.InRange(demo.Number("accuracy_mean"), 0.25, 1);
        Assert.InRange(demo.Number("accuracy_min"), 0.2, demo.Number("accuracy_mean"));
        Assert.InRange(demo.Number("pooled"), 0.2, 1);
        Assert.InRange(demo.Number("bytes_sent_per_node"), 1, demo.Number("fp32_bytes_per_node"));
        Assert.True(demo.Number("agent_pss_mb_max") > 0);
    }
}
