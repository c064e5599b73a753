using System.Globalization;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Platform.Configuration;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

public sealed class BridgeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task TwoAgents_WithBridges_AreSeenAtOneOutsideBrokerAlsoAfterItWasAway()
    {
        output.WriteLine(Built.Which);
        string[] names = ["alpha", "beta"];
        using TestFleet fleet = await TestFleet.CreateAsync(names);
        using OutsideBroker outside = await OutsideBroker.StartAsync(BrokerKind.Mosquitto);
        Agent[] agents;
        Listener own;
        using (Listener monitor = Listener.At(outside.Port))
        {
            int[] ports = fleet.ConfigureStatic(c => c with { Network = c.Network with { Bridge = new BridgeConfig { Broker = outside.Url } } }, names);
            agents = [fleet.Start("alpha"), fleet.Start("beta")];
            await SeesAllAsync(monitor, names);
            Assert.Subset(new HashSet<string> { "status", "info", "train", "telemetry", "infer", "event" }, monitor.All.Select(h => h.Suffix).ToHashSet());
            Assert.All(monitor.All, Payloads.AssertDocumented);
            own = fleet.Listen(ports[0]);
            await own.UntilAsync(l => l.Last("alpha", "status") is not null, "the operator hears alpha at its own broker");
            await SayAsync(outside.Port, $"edgefl/v1/{fleet.Name}/alpha/cmd/identify");
            await own.UntilAsync(l => l.Last("alpha", "cmd/identify")?.Text == "now", "a command comes down");
        }

        outside.Kill();
        using (own)
        {
            await own.UntilAsync(l => l.HasEvent("alpha", "broker-lost"), "alpha tells that the broker is away");
            long round = own.Round("alpha");
            await own.UntilRoundAsync("alpha", round + 3);
            await outside.GoAsync();
            using Listener monitor = Listener.At(outside.Port);
            await SeesAllAsync(monitor, names);
            await monitor.UntilRoundAsync("alpha", round + 3);
            Assert.Equal(0, await agents[1].StopAsync(Wait.Patience));
            await monitor.UntilAsync(l => l.Last("beta", "status")?.Text == "offline", "beta has said good-bye");
            Assert.Equal("online", monitor.Last("alpha", "status")!.Text);
        }
    }

    private static async Task SeesAllAsync(Listener monitor, string[] names)
    {
        foreach (string name in names)
        {
            await monitor.UntilAsync(l => l.Last(name, "status")?.Text == "online", $"{name} is online");
            await monitor.UntilAsync(l => l.Last(name, "info")?.Json.GetProperty("node").GetString() == name, $"{name} says what it is");
            await monitor.UntilAsync(l => l.Number(name, "telemetry", "round") > 0 && l.Number(name, "train", "round") > 0, $"{name} shows its figures");
        }
    }

    private static async Task SayAsync(int port, string topic)
    {
        var (exit, said, errors) = await Child.RunAsync(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-q", "1", "-t", topic, "-m", "now"], Wait.Patience);
        Assert.True(exit == 0, said + errors);
    }
}
