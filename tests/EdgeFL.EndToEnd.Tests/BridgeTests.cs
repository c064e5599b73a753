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
        Mosquitto outside = await Mosquitto.StartAsync();
        try
        {
            int[] ports = fleet.ConfigureStatic(c => c with { Network = c.Network with { Bridge = new BridgeConfig { Broker = outside.Url } } }, names);
            Agent[] agents;
            using (Listener monitor = Listener.At(outside.Port))
            {
                agents = [fleet.Start("alpha"), fleet.Start("beta")];
                await SeesAllAsync(monitor, names);
                Assert.Subset(new HashSet<string> { "status", "info", "train", "telemetry", "infer", "event" }, monitor.All.Select(h => h.Suffix).ToHashSet());
                Assert.All(monitor.All, Payloads.AssertDocumented);
                await CommandsComeDownAsync(fleet, ports[0], outside.Port);
            }

            int port = outside.Port;
            outside.Dispose();
            using Listener own = fleet.Listen(ports[0]);
            await own.UntilAsync(l => l.HasEvent("alpha", "broker-lost"), "alpha is told, and learns on");
            long round = own.Round("alpha");
            await own.UntilRoundAsync("alpha", round + 3);

            outside = await Mosquitto.StartAsync(port);
            using Listener again = Listener.At(port);
            await SeesAllAsync(again, names);
            await again.UntilAsync(l => l.Round("alpha") >= round + 3, "what alpha has learned meanwhile is there");
            Assert.Equal(0, await agents[1].StopAsync(Wait.Patience));
            await again.UntilAsync(l => l.Last("beta", "status")?.Text == "offline", "beta has said good-bye");
            Assert.Equal("online", again.Last("alpha", "status")!.Text);
        }
        finally
        {
            outside.Dispose();
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

    /// <summary>What mosquitto_pub says outside is heard at the node's own broker by an operator.</summary>
    private static async Task CommandsComeDownAsync(TestFleet fleet, int nodePort, int outsidePort)
    {
        using Listener own = fleet.Listen(nodePort);
        await own.UntilAsync(l => l.Last("alpha", "status") is not null, "the operator hears alpha");
        var (exit, said, errors) = await Child.RunAsync(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", outsidePort.ToString(CultureInfo.InvariantCulture), "-q", "1", "-t", $"edgefl/v1/{fleet.Name}/alpha/cmd/identify", "-m", "now"],
            Wait.Patience);
        Assert.True(exit == 0, said + errors);
        await own.UntilAsync(l => l.Last("alpha", "cmd/identify")?.Text == "now", "the command comes down");
    }
}
