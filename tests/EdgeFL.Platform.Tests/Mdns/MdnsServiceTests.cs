using System.Net;
using System.Net.Sockets;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

public class MdnsServiceTests
{
    [Fact]
    public async Task Services_OnLoopback_FindEachOther()
    {
        var type = MdnsTestBench.UniqueType();
        await using var a = await MdnsTestBench.StartAsync();
        await using var b = await MdnsTestBench.StartAsync();
        var seenByA = new Sightings(a, type);
        var seenByB = new Sightings(b, type);

        var (nameA, nameB) = (MdnsTestBench.UniqueName("a"), MdnsTestBench.UniqueName("b"));
        await Task.WhenAll(
            a.AdvertiseAsync(MdnsTestBench.Service(type, nameA, 1111)),
            b.AdvertiseAsync(MdnsTestBench.Service(type, nameB, 2222)));

        var foundB = await seenByA.FoundAsync(nameB);
        var foundA = await seenByB.FoundAsync(nameA);
        Assert.Equal(2222, foundB.Port);
        Assert.Equal(nameB + ".local", foundB.HostName);
        Assert.Equal(MdnsTestBench.LoopbackAddress, foundB.Addresses);
        Assert.Equal(nameB, foundB.Txt["id"]);
        Assert.Equal(1111, foundA.Port);
        Assert.Equal(type, foundA.ServiceType);
        Assert.Equal(["lo"], a.Interfaces);
        Assert.Equal(0, a.Counters.Conflicts + b.Counters.Conflicts);
    }

    [Fact]
    public async Task Browse_StartedAfterAnnouncing_AsksAndFinds()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("early");
        await using var early = await MdnsTestBench.StartAsync();
        await using var advertisement = await early.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await using var late = await MdnsTestBench.StartAsync();
        var found = await new Sightings(late, type).FoundAsync(name);
        Assert.Equal(8883, found.Port);
    }

    [Fact]
    public async Task Goodbye_OnDispose_MakesServiceLost()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("leaver");
        await using var watcher = await MdnsTestBench.StartAsync();
        var seen = new Sightings(watcher, type);
        await using var leaver = await MdnsTestBench.StartAsync();
        await leaver.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        await leaver.DisposeAsync();
        // The life times are minutes: within the wait only the goodbye can end it.
        await seen.LostAsync(name);
    }

    [Fact]
    public async Task Kill_WithoutGoodbye_MakesServiceLostByExpiry()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("victim");
        await using var watcher = await MdnsTestBench.StartAsync();
        var seen = new Sightings(watcher, type);
        await using var victim = await MdnsTestBench.StartAsync(MdnsTestBench.Loopback with { HostTtlSeconds = 3 });
        await victim.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        await victim.AbortAsync();
        Assert.DoesNotContain(seen.Events, e => e.Kind == "lost");
        await seen.LostAsync(name);
    }
}
