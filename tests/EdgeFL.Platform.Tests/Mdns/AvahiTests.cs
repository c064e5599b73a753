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
            Assert.Equal(avahi.HostName + ".local", found.HostName);
            Assert.Contains(found.Addresses, address => address.ToString() == "127.0.0.1");
            Assert.Equal("home", found.Txt["fl"]);
        }
        await seen.LostAsync("By Avahi.1");
    }
}
