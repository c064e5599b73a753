using System.Net;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

/// <summary>The responder with made-up time and packets: what it sends, and when.</summary>
public class ResponderTests
{
    private const int Link = 3;
    private static readonly IPEndPoint Neighbour = new(IPAddress.Parse("192.168.7.20"), MdnsSocket.Port);
    private static readonly MdnsLink Wired =
        new(Link, "eth7", [IPNetwork.Parse("192.168.7.0/24")], [IPAddress.Parse("192.168.7.9")]);

    private readonly Outbox outbox = new();
    private readonly MdnsCounters counters = new();
    private readonly Responder responder;
    private long now = 1_000_000;

    public ResponderTests()
    {
        responder = Make(new MdnsOptions());
    }

    private Responder Make(MdnsOptions options)
    {
        var made = new Responder(options, counters, outbox, new Random(5));
        made.SetLinks([Wired], [IPAddress.Parse("192.168.7.9"), IPAddress.Loopback], now);
        return made;
    }

    private static Advertised Service(string name = "node-1", MdnsOptions? options = null, int port = 8883) =>
        new(MdnsTestBench.Service("_edgefl._tcp", name, port, null, "_home"), options ?? new MdnsOptions());

    /// <summary>Runs until <paramref name="ms"/> have passed; returns what was sent and when.</summary>
    private List<(long At, Outgoing Sent)> Run(long ms, Responder? which = null)
    {
        var sent = new List<(long, Outgoing)>();
        var end = now + ms;
        while (true)
        {
            var next = (which ?? responder).Tick(now);
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

    private Advertised Published()
    {
        var service = Service();
        responder.Add(service, now);
        Run(5000);
        Assert.Equal(AdvertisementState.Published, service.State);
        return service;
    }

    private static DnsMessage Ask(DnsName name, DnsType type, params DnsRecord[] known)
    {
        var message = new DnsMessage { Questions = { new DnsQuestion(name, type) } };
        message.Answers.AddRange(known);
        return message;
    }

    private static DnsMessage Answer(DnsRecord record) => new() { IsResponse = true, Answers = { record } };

    [Fact]
    public void Add_ProbesThriceThenAnnouncesTwice()
    {
        var service = Service();
        responder.Add(service, now);
        var sent = Run(10_000);
        Assert.Equal(5, sent.Count);
        Assert.All(sent.Take(3), s => Assert.False(s.Sent.Message.IsResponse));
        Assert.All(sent.Take(3), s => Assert.Equal(3, s.Sent.Message.Authorities.Count));
        Assert.All(sent.Take(3), s => Assert.All(s.Sent.Message.Authorities, record => Assert.False(record.CacheFlush)));
        Assert.Equal([250, 250, 250, 1000], sent.Zip(sent.Skip(1), (a, b) => b.At - a.At));
        foreach (var (_, announcement) in sent.Skip(3))
        {
            Assert.True(announcement.Message.IsResponse);
            var answers = announcement.Message.Answers;
            Assert.Equal(3, answers.Count(record => record.Type == DnsType.Ptr && !record.CacheFlush));
            Assert.Equal([DnsType.Srv, DnsType.Txt, DnsType.A], answers.Where(record => record.CacheFlush).Select(record => record.Type));
            Assert.Equal((120u, 4500u),
                (answers.Single(r => r.Type == DnsType.Srv).TtlSeconds, answers.Single(r => r.Type == DnsType.Txt).TtlSeconds));
        }
    }

    [Theory]
    [InlineData("_edgefl._tcp.local")]
    [InlineData("_home._sub._edgefl._tcp.local")]
    public void PointerQuery_IsAnsweredAfterAShortDelayWithAllThatFollows(string name)
    {
        Published();
        var asked = now;
        responder.OnQuery(Ask(DnsName.Parse(name), DnsType.Ptr), Wired, Neighbour, now);
        var (at, sent) = Assert.Single(Run(3000));
        Assert.InRange(at - asked, 20, 120);
        Assert.Null(sent.To);
        Assert.Equal("node-1", Assert.Single(sent.Message.Answers).Target!.FirstLabel);
        Assert.Equal(
            [DnsType.A, DnsType.Nsec, DnsType.Nsec, DnsType.Srv, DnsType.Txt],
            sent.Message.Additionals.Select(r => r.Type).OrderBy(t => t.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public void MetaQuery_NamesTheTypeOnce_WithTwoServices()
    {
        Published();
        responder.Add(Service("node-2"), now);
        Run(5000);
        responder.OnQuery(Ask(Advertised.MetaQuery, DnsType.Ptr), Wired, Neighbour, now);
        var (_, sent) = Assert.Single(Run(3000));
        Assert.Equal("_edgefl._tcp.local", Assert.Single(sent.Message.Answers).Target!.ToString());
    }

    [Fact]
    public void UniqueQuery_IsAnsweredAtOnce()
    {
        var service = Published();
        responder.OnQuery(Ask(service.HostName, DnsType.A), Wired, Neighbour, now);
        var asked = now;
        var (at, sent) = Assert.Single(Run(100));
        Assert.Equal(asked, at);
        Assert.Equal("192.168.7.9", Assert.Single(sent.Message.Answers).Address.ToString());
    }

    [Fact]
    public void Query_ForATypeThatOurNameLacks_IsAnsweredWithNsec()
    {
        var service = Published();
        responder.OnQuery(Ask(service.HostName, DnsType.Aaaa), Wired, Neighbour, now);
        var (_, sent) = Assert.Single(Run(100));
        Assert.Equal(DnsType.Nsec, Assert.Single(sent.Message.Answers).Type);
    }

    [Theory]
    [InlineData(2250u, 0)]
    [InlineData(2249u, 1)]
    public void KnownAnswer_WithHalfItsLifeLeft_Suppresses(uint ttlSeconds, int answers)
    {
        var service = Published();
        var known = DnsRecord.Ptr(service.TypeName, service.InstanceName, ttlSeconds);
        responder.OnQuery(Ask(service.TypeName, DnsType.Ptr, known), Wired, Neighbour, now);
        Assert.Equal(answers, Run(3000).Count);
        Assert.Equal(1 - answers, counters.SuppressedAnswers);
    }

    [Fact]
    public void TruncatedQuery_WaitsForItsFurtherKnownAnswers()
    {
        var service = Published();
        var first = new DnsMessage { Truncated = true, Questions = { new DnsQuestion(service.TypeName, DnsType.Ptr) } };
        responder.OnQuery(first, Wired, Neighbour, now);
        Assert.Empty(Run(399));
        var rest = new DnsMessage { Answers = { DnsRecord.Ptr(service.TypeName, service.InstanceName, 4500) } };
        responder.OnQuery(rest, Wired, Neighbour, now);
        Assert.Empty(Run(3000));
    }

    [Fact]
    public void Record_AskedForTwentyTimesInTwoSeconds_IsMulticastOnceASecond()
    {
        var service = Published();
        var sent = new List<(long At, Outgoing Sent)>();
        for (var i = 0; i < 20; i++)
        {
            responder.OnQuery(Ask(service.HostName, DnsType.A), Wired, Neighbour, now);
            sent.AddRange(Run(100));
        }
        Assert.Equal([1000, 1000], sent.Zip(sent.Skip(1), (a, b) => b.At - a.At));
    }

    [Fact]
    public void DirectAnswers_AboveTheRate_AreDroppedAndCounted()
    {
        var few = Make(new MdnsOptions { ResponsesPerSecondMax = 5 });
        var service = Service();
        few.Add(service, now);
        Run(5000, few);
        var legacy = new IPEndPoint(Neighbour.Address, 40000);
        for (var i = 0; i < 20; i++)
            few.OnQuery(Ask(service.HostName, DnsType.A), Wired, legacy, now);
        Assert.Equal(5, outbox.Messages.Count);
        Assert.Equal(15, counters.RateLimited);
    }

    [Fact]
    public void LegacyQuery_IsAnsweredToTheAskerWithItsIdAndShortLife()
    {
        var service = Published();
        var query = new DnsMessage { Id = 4711, Questions = { new DnsQuestion(service.InstanceName, DnsType.Srv) } };
        var from = new IPEndPoint(Neighbour.Address, 40000);
        responder.OnQuery(query, Wired, from, now);
        var (_, sent) = Assert.Single(Run(0));
        Assert.Equal(from, sent.To);
        Assert.Equal((ushort)4711, sent.Message.Id);
        Assert.Equal(query.Questions, sent.Message.Questions);
        Assert.All(sent.Message.Answers.Concat(sent.Message.Additionals), r => Assert.True(r is { TtlSeconds: <= 10, CacheFlush: false }));
    }

    [Fact]
    public void DirectQuery_FromAnotherNetwork_GetsNothing()
    {
        var service = Published();
        responder.OnQuery(Ask(service.HostName, DnsType.A), Wired, new IPEndPoint(IPAddress.Parse("203.0.113.5"), 40000), now);
        Assert.Empty(Run(3000));
        Assert.Equal(1, counters.Ignored);
    }

    [Theory]
    [InlineData("192.168.7.20", 1_000, true)] // another machine, recently multicast: unicast
    [InlineData("192.168.7.20", 31_000, false)] // last multicast over a quarter of the life ago: all shall hear it
    [InlineData("192.168.7.9", 1_000, false)] // this machine: the port is shared, so multicast
    public void UnicastWanted_IsGrantedOnlyWhereItReachesTheAsker(string from, int laterMs, bool direct)
    {
        var service = Published();
        now += laterMs;
        var query = new DnsMessage { Questions = { new DnsQuestion(service.HostName, DnsType.A, UnicastWanted: true) } };
        responder.OnQuery(query, Wired, new IPEndPoint(IPAddress.Parse(from), MdnsSocket.Port), now);
        var (_, sent) = Assert.Single(Run(1000));
        Assert.Equal(direct, sent.To is not null);
    }

    [Fact]
    public void Probe_ForOurName_IsDefended()
    {
        var service = Published();
        var other = Service(port: 9999);
        var probe = Ask(service.InstanceName, DnsType.Any);
        probe.Authorities.Add(DnsRecord.Srv(service.InstanceName, other.HostName, 9999, 120));
        responder.OnQuery(probe, Wired, Neighbour, now);
        var (_, sent) = Assert.Single(Run(249));
        Assert.Contains(sent.Message.Answers, record => record is { Type: DnsType.Srv, Port: 8883 });
        Assert.Equal(AdvertisementState.Published, service.State);
    }

    [Theory]
    [InlineData(9999, true)] // theirs is later: they go on, we wait a second
    [InlineData(1, false)]
    public void SimultaneousProbe_LetsTheLaterRecordsGoOn(int theirPort, bool weWait)
    {
        var service = Service();
        responder.Add(service, now);
        var first = Assert.Single(Run(300).Take(1)).Sent;
        Assert.NotEmpty(first.Message.Authorities);
        var probe = Ask(service.InstanceName, DnsType.Any);
        probe.Authorities.Add(DnsRecord.Srv(service.InstanceName, service.HostName, theirPort, 120, cacheFlush: false));
        // As theirs lacks our TXT record, make the comparison one of the SRV alone: TXT sorts before SRV.
        probe.Authorities.Add(DnsRecord.Txt(service.InstanceName,
            service.Records.First(own => own.Record.Type == DnsType.Txt).Record.Data, 4500));
        responder.OnQuery(probe, Wired, Neighbour, now);
        var next = Run(900).Select(s => s.Sent.Message).ToList();
        Assert.Equal(weWait, next.Count == 0);
        Assert.Contains(Run(3000), s => s.Sent.Message.IsResponse);
    }

    [Fact]
    public void Conflict_WhileProbing_TakesTheNextName()
    {
        var service = Service();
        responder.Add(service, now);
        Run(300);
        var taken = Answer(DnsRecord.Srv(service.InstanceName, service.HostName, 1, 120));
        responder.OnResponse(taken, Link, now);
        var last = Run(5000)[^1].Sent.Message;
        Assert.Equal("node-1-2", service.Service.InstanceName);
        Assert.Equal("node-1.local", service.Service.HostName);
        Assert.Contains(last.Answers, record => record.Type == DnsType.Srv && record.Name.FirstLabel == "node-1-2");
        Assert.Equal(1, counters.Conflicts);
    }

    [Fact]
    public void Conflict_OfTheHostName_RenamesTheHostAlone()
    {
        var service = Service();
        responder.Add(service, now);
        Run(300);
        var taken = Answer(DnsRecord.Host(service.HostName, IPAddress.Parse("192.168.7.77"), 120));
        responder.OnResponse(taken, Link, now);
        Run(5000);
        Assert.Equal(("node-1", "node-1-2.local"), (service.Service.InstanceName, service.Service.HostName));
    }

    [Fact]
    public void HostAddress_OfThisMachine_IsNoConflict()
    {
        var service = Service();
        responder.Add(service, now);
        Run(300);
        responder.OnResponse(Answer(DnsRecord.Host(service.HostName, IPAddress.Loopback, 120)), Link, now);
        Run(5000);
        Assert.Equal("node-1.local", service.Service.HostName);
        Assert.Equal(0, counters.Conflicts);
    }

    [Fact]
    public void Conflict_AfterPublishing_ProbesAgainUnderTheSameName()
    {
        var service = Published();
        responder.OnResponse(Answer(DnsRecord.Srv(service.InstanceName, service.HostName, 1, 120)), Link, now);
        Assert.Equal(AdvertisementState.Probing, service.State);
        Run(5000);
        Assert.Equal((AdvertisementState.Published, "node-1"), (service.State, service.Service.InstanceName));
    }

    [Fact]
    public void Conflict_UnderReportPolicy_IsReportedAndNothingIsAdvertised()
    {
        var strict = new MdnsOptions { ConflictPolicy = MdnsConflictPolicy.Report };
        var which = Make(strict);
        var service = Service("node-1", strict);
        MdnsException? told = null;
        service.Settled = error => told = error;
        which.Add(service, now);
        Run(300, which);
        which.OnResponse(Answer(DnsRecord.Srv(service.InstanceName, service.HostName, 1, 120)), Link, now);
        Assert.Equal("mdns-name-conflict", told?.Code);
        Assert.Empty(Run(10_000, which));
        Assert.Equal(AdvertisementState.Refused, service.State);
    }

    [Fact]
    public void Remove_SaysGoodbyeExceptForWhatAnotherServiceNeeds()
    {
        var service = Published();
        var other = Service("node-2");
        responder.Add(other, now);
        Run(5000);
        responder.Remove(service, now);
        var goodbye = Assert.Single(outbox.Messages).Message.Answers;
        Assert.All(goodbye, record => Assert.Equal(0u, record.TtlSeconds));
        Assert.Contains(goodbye, record => record.Type == DnsType.Srv);
        Assert.DoesNotContain(goodbye, record => record.Name.Equals(Advertised.MetaQuery) || record.Type == DnsType.A);
        Assert.Equal(AdvertisementState.Withdrawn, service.State);
    }

    [Fact]
    public void SharedAnswer_GivenByAnotherHostFirst_IsNotRepeated()
    {
        var service = Published();
        responder.OnQuery(Ask(Advertised.MetaQuery, DnsType.Ptr), Wired, Neighbour, now);
        responder.OnResponse(Answer(DnsRecord.Ptr(Advertised.MetaQuery, service.TypeName, 4500)), Link, now);
        Assert.Empty(Run(3000));
        Assert.Equal(1, counters.SuppressedAnswers);
    }

    [Fact]
    public void Goodbye_OfAnotherProgramForARecordOfOurs_IsContradicted()
    {
        var service = Published();
        var address = DnsRecord.Host(service.HostName, IPAddress.Parse("192.168.7.9"), 0);
        responder.OnResponse(Answer(address), Link, now);
        var (_, sent) = Assert.Single(Run(900));
        Assert.Equal((DnsType.A, 120u), (sent.Message.Answers[0].Type, sent.Message.Answers[0].TtlSeconds));
    }

    [Fact]
    public void NewAddress_IsProbedAndAnnounced()
    {
        var service = Published();
        var moved = Wired with { Addresses = [IPAddress.Parse("192.168.7.10")] };
        responder.SetLinks([moved], [IPAddress.Parse("192.168.7.10")], now);
        var sent = Run(5000);
        Assert.Contains(sent[^1].Sent.Message.Answers, record => record.Type == DnsType.A && record.Address.ToString() == "192.168.7.10");
        Assert.Equal(AdvertisementState.Published, service.State);
    }

    [Theory]
    [InlineData("node", "node-2")]
    [InlineData("node-2", "node-3")]
    [InlineData("node-9", "node-10")]
    [InlineData("node-1", "node-1-2")]
    [InlineData("pi-0042", "pi-0042-2")]
    [InlineData("pi-20261120", "pi-20261120-2")]
    public void NextName_CountsUp(string name, string next) => Assert.Equal(next, Advertised.NextName(name));

    [Fact]
    public void NextName_OfALongName_StillFitsALabel()
    {
        var next = Advertised.NextName(new string('é', 31) + "x");
        Assert.EndsWith("-2", next);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(next), 60, DnsName.LabelBytesMax);
    }
}
