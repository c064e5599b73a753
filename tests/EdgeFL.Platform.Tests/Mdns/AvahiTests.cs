using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

public class AvahiTests(AvahiFixture avahi) : IClassFixture<AvahiFixture>
{
    [Fact]
    public async Task AvahiBrowse_ResolvesOurService()
    {
        var name = MdnsTestBench.UniqueName("node");
        await using var service = await MdnsTestBench.StartAsync();
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service("_edgefl._tcp", name, 18883, null, "_fleet-a"));
        var (exitCode, output, errors) = await avahi.RunAsync("avahi-browse", MdnsTestBench.Wait, "-rtp", "_edgefl._tcp");
        Assert.True(exitCode == 0, errors);
        var line = Assert.Single(output.Split('\n'), line => line.StartsWith("=;lo;IPv4;" + name + ";", StringComparison.Ordinal));
        Assert.Contains($";{name}.local;127.0.0.1;18883;", line);
        Assert.Contains($"\"id={name}\"", line);
    }

    [Fact]
    public async Task Browse_FindsAndLosesServiceOfAvahiPublish()
    {
        var type = MdnsTestBench.UniqueType();
        await using var service = await MdnsTestBench.StartAsync();
        var seen = new Sightings(service, type);
        using (avahi.Run("avahi-publish", "-s", "By Avahi.1", type, "4711", "pv=1", "fl=home"))
        {
            var found = await seen.FoundAsync("By Avahi.1");
            Assert.Equal(4711, found.Port);
            // Not the whole name: a daemon of the machine's own on loopback makes this one rename itself.
            Assert.StartsWith(avahi.HostName, found.HostName);
            Assert.Contains(found.Addresses, address => address.ToString() == "127.0.0.1");
            Assert.Equal("home", found.Txt["fl"]);
        }
        await seen.LostAsync("By Avahi.1");
    }

    [Fact]
    public async Task Advertise_OfANameThatAvahiHolds_TakesTheNext()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("taken");
        await using var service = await MdnsTestBench.StartAsync();
        var seen = new Sightings(service, type);
        using var held = avahi.Run("avahi-publish", "-s", name, type, "4711");
        await seen.FoundAsync(name);
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(type, name));
        Assert.Equal(name + "-2", advertisement.Service.InstanceName);
        await seen.FoundAsync(name + "-2");
    }

    [Fact]
    public async Task AvahiBrowse_BySubtype_FindsOurService()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("node");
        await using var service = await MdnsTestBench.StartAsync();
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(type, name, 1, null, "_fleet-a"));
        var (_, inside, _) = await avahi.RunAsync("avahi-browse", MdnsTestBench.Wait, "-tp", "_fleet-a._sub." + type);
        var (_, outside, _) = await avahi.RunAsync("avahi-browse", MdnsTestBench.Wait, "-tp", "_fleet-b._sub." + type);
        Assert.Contains(name, inside);
        Assert.DoesNotContain(name, outside);
    }
}
