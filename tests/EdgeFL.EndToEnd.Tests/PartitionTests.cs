using System.Diagnostics;
using System.Globalization;
using EdgeFL.EndToEnd.Tests.Programs;
using Xunit.Abstractions;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Agents on hosts of their own, over a network that is slow, loses packets and parts.</summary>
public sealed class PartitionTests(SeparateHosts hosts, ITestOutputHelper output) : IClassFixture<SeparateHosts>
{
    private const int DefaultSeconds = 20;

    /// <summary><c>EDGEFL_PARTITION_SECONDS=300 build/test EndToEnd</c> outlasts what discovery remembers (120 s), so that it must find everybody anew.</summary>
    private static TimeSpan Length => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("EDGEFL_PARTITION_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : DefaultSeconds);

    [Fact]
    public async Task Hosts_OnSlowLinesThatLosePackets_FindEachOtherAndLearnTogether()
    {
        await hosts.UntilLinkedAsync();
        await hosts.UntilLearnedOnAsync(SeparateHosts.All);
        await hosts.UntilAsync(SeparateHosts.All, node => hosts.Accuracy(node) >= 0.7, "all nodes name seven of ten windows right");
        Tell(hosts.Figures());
        foreach (string node in SeparateHosts.All)
        {
            Assert.Equal(Built.AgentKind, hosts.Heard(node).Last(node, "info")!.Json.GetProperty("kind").GetString());
            Assert.True(await TestNetwork.LostAsync(node) > 0, $"no packet to {node} was lost");
            Assert.Empty(hosts.Refusals(node));
        }
    }

    [Fact]
    public async Task Partition_IsTold_BothSidesLearnOn_AndComeTogetherAfterIt()
    {
        await hosts.UntilLinkedAsync();
        var before = SeparateHosts.All.ToDictionary(node => node, node => (Boot: hosts.Boot(node), Events: hosts.EventsOf(node).Count()));
        Spread parted;
        await TestNetwork.CutAsync();
        try
        {
            parted = await UntilPartedAsync(before.ToDictionary(node => node.Key, node => node.Value.Events));
        }
        finally
        {
            await TestNetwork.HealAsync();
        }

        var clock = Stopwatch.StartNew();
        await hosts.UntilLinkedAsync();
        output.WriteLine($"healed: linked after {clock.Elapsed.TotalSeconds:0.0} s");
        Spread healed = await hosts.UntilSpreadAsync(spread => Math.Max(spread.Between, spread.Within) < parted.Between / 5, "the models come together");
        output.WriteLine($"healed: together after {clock.Elapsed.TotalSeconds:0.0} s: {healed}");
        Tell(hosts.Figures());
        await hosts.UntilLearnedOnAsync(SeparateHosts.All);
        Assert.All(SeparateHosts.All, node => Assert.Equal(before[node].Boot, hosts.Boot(node)));
        Assert.All(SeparateHosts.All, node => Assert.Empty(hosts.Refusals(node)));
    }

    [Fact]
    public async Task HostThatLosesItsPower_GoesOnFromItsCheckpointWithAllOthers()
    {
        const string Node = "gamma";
        await hosts.UntilLinkedAsync();
        long boot = hosts.Boot(Node);
        await hosts.CutPowerAsync(Node);
        await hosts.UntilLearnedOnAsync(SeparateHosts.All.Where(node => node != Node));
        await hosts.Network.PowerOnAsync(Node);
        await hosts.StartAsync(Node);
        Assert.Contains("going on from the checkpoint of round", hosts.Agent(Node).Log, StringComparison.Ordinal);
        await hosts.UntilLinkedAsync();
        await hosts.UntilLearnedOnAsync(SeparateHosts.All);
        Assert.Equal(boot + 1, hosts.Boot(Node));
        Assert.All(SeparateHosts.All, node => Assert.Empty(hosts.Refusals(node)));
    }

    /// <summary>Waits until the cut has been told and has lasted for its time, and both sides have learned on all the while and gone their own ways; how far.</summary>
    private async Task<Spread> UntilPartedAsync(Dictionary<string, int> eventsBefore)
    {
        var clock = Stopwatch.StartNew();
        await hosts.UntilAsync(
            SeparateHosts.All,
            node => hosts.Train(node, "peers") == 2 && hosts.EventsOf(node).Skip(eventsBefore[node]).Any(e => e.GetProperty("code").GetString() == "link-down"),
            "the links across are told to be down");
        output.WriteLine($"parted: told after {clock.Elapsed.TotalSeconds:0.0} s");
        do
        {
            await hosts.UntilLearnedOnAsync(SeparateHosts.All);
            Assert.All(SeparateHosts.All, node => Assert.InRange(hosts.Train(node, "merged"), 0, 2));
        }
        while (clock.Elapsed < Length);

        Spread parted = await hosts.UntilSpreadAsync(spread => spread.Between > 5 * spread.Within, "each side agrees within itself and goes its own way");
        output.WriteLine($"parted for {clock.Elapsed.TotalSeconds:0.0} s: {parted}");
        return parted;
    }

    private void Tell(IEnumerable<string> lines)
    {
        foreach (string line in lines)
            output.WriteLine(line);
    }
}
