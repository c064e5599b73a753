using System.Net;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

/// <summary>The browser with made-up time and packets.</summary>
public class BrowserTests
{
    private const string Type = "_edgefl._tcp";
    private const int Wired = 3;
    private const int Wireless = 4;
    private static readonly DnsName TypeName = DnsName.Parse("_edgefl._tcp.local");

    private readonly Outbox outbox = new();
    private readonly MdnsCounters counters = new();
    private readonly List<string> seen = [];
    private readonly List<ServiceInstance> found = [];
    private Browser browser;
    private long now = 1_000_000;

    public BrowserTests() => browser = Make(new MdnsOptions());

    private Browser Make(MdnsOptions options)
    {
        browser = new Browser(options, counters, outbox, new Random(6));
        browser.SetLinks([Link(Wired, "192.168.7.9"), Link(Wireless, "10.0.0.9")], now);
        return browser;
    }

    private static MdnsLink Link(int index, string address) =>
        new(index, "if" + index, [IPNetwork.Parse("0.0.0.0/0")], [IPAddress.Parse(address)]);

    private BrowseState Browse(string type = Type)
    {
        var browse = new BrowseState(
            type,
            service =>
            {
                seen.Add("found " + service.InstanceName);
                found.Add(service);
            },
            name => seen.Add("lost " + name));
        browser.Add(browse, now);
        return browse;
    }

    private List<(long At, Outgoing Sent)> Run(long ms)
    {
        var sent = new List<(long, Outgoing)>();
        var end = now + ms;
        while (true)
        {
            var next = browser.Tick(now);
            Calls();
            sent.AddRange(outbox.Messages.Select(message => (now, message)));
            outbox.Messages.Clear();
            if (next > end)
                break;
            Assert.True(next > now, "no progress");
            now = next;
        }
        now = end;
        return sent;
    }

    private void Calls()
    {
        foreach (var call in outbox.Calls)
            call();
        outbox.Calls.Clear();
    }

    private void Hear(int link, params DnsRecord[] records)
    {
        var message = new DnsMessage { IsResponse = true };
        message.Answers.AddRange(records);
        browser.OnResponse(message, link, now);
        Calls();
    }

    private static DnsRecord[] Records(string name, int port = 8883, string address = "192.168.7.20", uint ttl = 120,
        uint pointerTtl = 4500)
    {
        var (instance, host) = (TypeName.Prepend(name), DnsName.Parse(name + ".local"));
        return
        [
            DnsRecord.Ptr(TypeName, instance, pointerTtl), DnsRecord.Srv(instance, host, port, ttl),
            DnsRecord.Txt(instance, TxtRecord.Encode(new Dictionary<string, string> { ["id"] = name }), pointerTtl),
            DnsRecord.Host(host, IPAddress.Parse(address), ttl),
        ];
    }

    [Fact]
    public void Queries_BackOffToTheCap()
    {
        Browse();
        var times = Run(600_000).Where(s => s.Sent.LinkIndex == Wired).Select(s => s.At).ToList();
        var pauses = times.Zip(times.Skip(1), (a, b) => (b - a) / 1000).ToList();
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], pauses.Take(8));
        Assert.All(pauses.Skip(6), pause => Assert.Equal(60, pause));
    }

    [Fact]
    public void Queries_AreSentOnEachLinkAndNeverAskForUnicast()
    {
        Browse();
        var sent = Run(500);
        Assert.Equal([Wired, Wireless], sent.Select(s => s.Sent.LinkIndex).Order());
        Assert.All(sent, s => Assert.False(Assert.Single(s.Sent.Message.Questions).UnicastWanted));
    }

    [Fact]
    public void Records_InAnyOrderAndPacket_MakeOneFinding()
    {
        Browse();
        Hear(Wired, Records("a").Reverse().ToArray());
        Assert.Equal(["found a"], seen);
        var b = Records("b");
        Hear(Wired, b[0]);
        Hear(Wired, b[1]);
        Hear(Wired, b[2]);
        Assert.Equal(["found a"], seen);
        Hear(Wired, b[3]);
        Assert.Equal(["found a", "found b"], seen);
        Hear(Wired, Records("a"));
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void MissingParts_AreAskedForOneByOne()
    {
        Browse();
        Run(200);
        var parts = Records("a");
        Hear(Wired, parts[0]);
        var asked = Run(200).SelectMany(s => s.Sent.Message.Questions).Select(q => q.Type).ToHashSet();
        Assert.Equal([DnsType.Txt, DnsType.Srv], asked.Order());
        Hear(Wired, parts[1], parts[2]);
        var then = Run(1200).SelectMany(s => s.Sent.Message.Questions).Where(q => q.Type != DnsType.Ptr).ToHashSet();
        Assert.Equal(new DnsQuestion(DnsName.Parse("a.local"), DnsType.A), Assert.Single(then));
    }

    [Fact]
    public void KnownAnswers_AreSentWithTheirRemainingLife()
    {
        Browse();
        Hear(Wired, Records("a"));
        now += 60_000;
        var queries = Run(100).Select(s => s.Sent).Where(s => s.Message.Questions.Any(q => q.Type == DnsType.Ptr)).ToList();
        Assert.Equal(4440u, Assert.Single(queries.Single(s => s.LinkIndex == Wired).Message.Answers).TtlSeconds);
        Assert.Empty(queries.Single(s => s.LinkIndex == Wireless).Message.Answers);
    }

    [Fact]
    public void Records_AreRefreshedFourTimesFromEightyPercentThenLost()
    {
        Browse();
        Hear(Wired, Records("a"));
        var heard = now;
        var refreshes = Run(130_000)
            .Where(s => s.Sent.Message.Questions.Any(q => q.Type == DnsType.Srv) && s.Sent.LinkIndex == Wired && s.At < heard + 120_000)
            .Select(s => (s.At - heard) / 1200.0).ToList();
        Assert.Equal(4, refreshes.Count);
        Assert.All(refreshes.Zip([80, 85, 90, 95]), pair => Assert.InRange(pair.First, pair.Second, pair.Second + 2.1));
        Assert.Equal(["found a", "lost a"], seen);
    }

    [Fact]
    public void Records_HeardAgain_LiveOn()
    {
        Browse();
        for (var i = 0; i < 10; i++)
        {
            Hear(Wired, Records("a"));
            Run(100_000);
        }
        Assert.Equal(["found a"], seen);
    }

    [Fact]
    public void Goodbye_IsBelievedAfterASecondUnlessTakenBack()
    {
        Browse();
        Hear(Wired, [.. Records("a"), .. Records("b")]);
        Hear(Wired, Records("a")[0].With(0, false));
        Hear(Wired, Records("b")[0].With(0, false));
        Run(500);
        Hear(Wired, Records("b"));
        Assert.DoesNotContain("lost a", seen);
        Run(600);
        Assert.Equal(["found a", "found b", "lost a"], seen);
    }

    [Fact]
    public void ServiceOnTwoLinks_IsLostOnlyWhenGoneFromBoth()
    {
        Browse();
        Hear(Wired, Records("a", address: "192.168.7.20", pointerTtl: 100));
        Hear(Wireless, Records("a", address: "10.0.0.20", ttl: 1000, pointerTtl: 1000));
        Assert.Equal(["10.0.0.20", "192.168.7.20"], found[^1].Addresses.Select(a => a.ToString()));
        Run(200_000);
        Assert.DoesNotContain("lost a", seen);
        Assert.Equal(["10.0.0.20"], found[^1].Addresses.Select(a => a.ToString()));
        Run(1_000_000);
        Assert.Equal("lost a", seen[^1]);
    }

    [Fact]
    public void CacheFlush_ReplacesPortAndAddress()
    {
        Browse();
        Hear(Wired, Records("a"));
        Run(5000);
        Hear(Wired, Records("a", port: 9999, address: "192.168.7.21"));
        Assert.Equal(9999, found[^1].Port);
        Run(1100);
        Assert.Equal(["192.168.7.21"], found[^1].Addresses.Select(a => a.ToString()));
        Assert.DoesNotContain("lost a", seen);
    }

    [Fact]
    public void LinkThatGoesAway_TakesItsServicesWithIt()
    {
        Browse();
        Hear(Wireless, Records("a"));
        browser.SetLinks([Link(Wired, "192.168.7.9")], now);
        Calls();
        Assert.Equal(["found a", "lost a"], seen);
        Assert.Equal(0, browser.CachedRecords);
    }

    [Fact]
    public void Records_ThatNoBrowseNeeds_AreNotKept()
    {
        var browse = Browse();
        var other = DnsName.Parse("_http._tcp.local");
        Hear(Wired, DnsRecord.Ptr(other, other.Prepend("x"), 120), DnsRecord.Srv(other.Prepend("x"), DnsName.Parse("x.local"), 1, 120));
        Hear(Wired, DnsRecord.Host(DnsName.Parse("y.local"), IPAddress.Loopback, 120), DnsRecord.Ptr(TypeName, other.Prepend("z"), 120));
        Assert.Equal(0, browser.CachedRecords);
        Hear(Wired, Records("a"));
        Assert.Equal(4, browser.CachedRecords);
        browser.Remove(browse);
        Assert.Equal(0, browser.CachedRecords);
    }

    [Fact]
    public void ForgedPointers_DoNotCrowdOutRealServices()
    {
        Make(new MdnsOptions { InstancesMax = 8, CacheRecordsMax = 64 });
        Browse();
        Hear(Wired, Records("old"));
        for (var i = 0; i < 1000; i++)
        {
            Hear(Wired, DnsRecord.Ptr(TypeName, TypeName.Prepend("forged" + i), 4500));
            now += 10;
        }
        Hear(Wired, Records("new"));
        Assert.Equal(["found old", "found new"], seen);
        Assert.InRange(browser.CachedRecords, 8, 64);
        Assert.InRange(counters.InstanceDrops, 990, 1000);
    }

    [Fact]
    public void Cache_UnderFlood_StaysWithinItsBound()
    {
        Make(new MdnsOptions { InstancesMax = 256, CacheRecordsMax = 100 });
        Browse();
        for (var i = 0; i < 200; i++)
            Hear(Wired, Records("n" + i));
        Assert.Equal(100, browser.CachedRecords);
        Assert.Equal(25, found.Count);
        Assert.InRange(counters.CacheRefusals, 1, long.MaxValue);
    }

    [Fact]
    public void SecondBrowse_StartsWithWhatIsKnown()
    {
        Browse();
        Hear(Wired, Records("a"));
        Browse();
        Calls();
        Assert.Equal(["found a", "found a"], seen);
    }
}
