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

    [Fact]
    public async Task Name_ThatIsTaken_GetsASuffix()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("twin");
        await using var first = await MdnsTestBench.StartAsync();
        await using var second = await MdnsTestBench.StartAsync();
        var seen = new Sightings(first, type);
        await using var held = await first.AdvertiseAsync(MdnsTestBench.Service(type, name, 1111));
        // Same host name and address: that is one host, not a conflict.
        await using var renamed = await second.AdvertiseAsync(MdnsTestBench.Service(type, name, 2222));
        Assert.Equal((name, name + "-2"), (held.Service.InstanceName, renamed.Service.InstanceName));
        Assert.Equal(name + ".local", renamed.Service.HostName);
        Assert.Equal(2222, (await seen.FoundAsync(name + "-2")).Port);
        Assert.Equal(1111, (await seen.FoundAsync(name)).Port);
        Assert.InRange(second.Counters.Conflicts, 1, 3);
    }

    [Fact]
    public async Task Names_ProbedAtTheSameTime_EndUpDifferent()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("race");
        await using var a = await MdnsTestBench.StartAsync();
        await using var b = await MdnsTestBench.StartAsync();
        var both = await Task.WhenAll(
            a.AdvertiseAsync(MdnsTestBench.Service(type, name, 1111)),
            b.AdvertiseAsync(MdnsTestBench.Service(type, name, 2222)));
        Assert.Equal([name, name + "-2"], both.Select(one => one.Service.InstanceName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Name_ThatIsTaken_IsReportedUnderReportPolicy()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("twin");
        await using var first = await MdnsTestBench.StartAsync();
        await using var second = await MdnsTestBench.StartAsync(MdnsTestBench.Loopback with { ConflictPolicy = MdnsConflictPolicy.Report });
        await using var held = await first.AdvertiseAsync(MdnsTestBench.Service(type, name, 1111));
        var error = await Assert.ThrowsAsync<MdnsException>(() => second.AdvertiseAsync(MdnsTestBench.Service(type, name, 2222)));
        Assert.Equal("mdns-name-conflict", error.Code);
        Assert.Contains(name, error.Message);
        Assert.Contains("avahi-browse", error.Remedy);
    }

    [Fact]
    public async Task Garbage_OnThePort_IsCountedAndSurvived()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("survivor");
        await using var watcher = await MdnsTestBench.StartAsync();
        await using var survivor = await MdnsTestBench.StartAsync();
        using var vandal = Vandal();
        var random = new Random(4242);
        for (var i = 0; i < 100; i++)
        {
            var junk = new byte[random.Next(1, 1200)];
            random.NextBytes(junk);
            // Never a valid opcode: each of them is malformed.
            if (junk.Length > 2)
                junk[2] |= 0x78;
            vandal.SendTo(junk, MdnsSocket.Group);
            if (i % 10 == 0)
                await Task.Delay(5);
        }
        var seen = new Sightings(watcher, type);
        await using var advertisement = await survivor.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        foreach (var service in new[] { watcher, survivor })
            Assert.InRange(service.Counters.Malformed + service.Counters.QueueDrops, 100, long.MaxValue);
        Assert.InRange(watcher.Counters.Malformed, 1, long.MaxValue);
    }

    [Fact]
    public async Task Response_FromAnotherPort_IsIgnored()
    {
        var type = MdnsTestBench.UniqueType();
        await using var watcher = await MdnsTestBench.StartAsync();
        var seen = new Sightings(watcher, type);
        var ignored = watcher.Counters.Ignored;
        using var vandal = Vandal();
        var typeName = DnsName.Parse(type + ".local");
        var (forged, host) = (typeName.Prepend("forged"), DnsName.Parse("forged.local"));
        var lie = new DnsMessage
        {
            IsResponse = true,
            Answers =
            {
                DnsRecord.Ptr(typeName, forged, 120), DnsRecord.Srv(forged, host, 1, 120), DnsRecord.Txt(forged, new byte[1], 120),
                DnsRecord.Host(host, IPAddress.Loopback, 120),
            },
        };
        foreach (var packet in DnsCodecTests.Pack(lie))
            vandal.SendTo(packet, MdnsSocket.Group);
        var name = MdnsTestBench.UniqueName("real");
        await using var real = await watcher.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        Assert.DoesNotContain(seen.Events, e => e.Name == "forged");
        Assert.True(watcher.Counters.Ignored > ignored);
    }

    [Fact]
    public async Task LegacyResolver_AskingTheGroup_GetsAUnicastAnswer()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("legacy");
        await using var service = await MdnsTestBench.StartAsync();
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(type, name, 5151));
        using var resolver = Vandal();
        var instance = DnsName.Parse(type + ".local").Prepend(name);
        var query = new DnsMessage { Id = 99, Questions = { new DnsQuestion(instance, DnsType.Srv) } };
        resolver.SendTo(DnsCodecTests.Pack(query)[0], MdnsSocket.Group);
        var buffer = new byte[9000];
        using var limit = new CancellationTokenSource(MdnsTestBench.Wait);
        var length = await resolver.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
        Assert.Equal(DnsError.None, DnsReader.Read(buffer.AsSpan(0, length), out var answer));
        Assert.Equal(99, answer!.Id);
        Assert.Equal(5151, Assert.Single(answer.Answers).Port);
    }

    [Fact]
    public async Task Subtype_BrowsedFor_FindsOnlyServicesThatHaveIt()
    {
        var type = MdnsTestBench.UniqueType();
        await using var service = await MdnsTestBench.StartAsync();
        await using var watcher = await MdnsTestBench.StartAsync();
        var seen = new Sightings(watcher, "_home._sub." + type);
        var (inside, outside) = (MdnsTestBench.UniqueName("in"), MdnsTestBench.UniqueName("out"));
        await using var other = await service.AdvertiseAsync(MdnsTestBench.Service(type, outside, 1, null, "_office"));
        await using var ours = await service.AdvertiseAsync(MdnsTestBench.Service(type, inside, 2, null, "_home"));
        var found = await seen.FoundAsync(inside);
        Assert.Equal(["_home"], found.Subtypes);
        Assert.Equal(type, found.ServiceType);
        Assert.DoesNotContain(seen.Events, e => e.Name == outside);
    }

    [Fact]
    public async Task Txt_Updated_IsFoundAgain()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("node");
        await using var service = await MdnsTestBench.StartAsync();
        await using var watcher = await MdnsTestBench.StartAsync();
        var seen = new Sightings(watcher, type);
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        await advertisement.UpdateTxtAsync(new Dictionary<string, string> { ["mdl"] = "0badcafe" });
        await seen.FoundAsync(found => found.InstanceName == name && found.Txt.GetValueOrDefault("mdl") == "0badcafe");
        Assert.Equal("0badcafe", advertisement.Service.Txt["mdl"]);
        Assert.DoesNotContain(seen.Events, e => e.Kind == "lost");
        Assert.Equal(0, service.Counters.Conflicts);
    }

    [Fact]
    public async Task Callback_ThatThrows_IsCountedAndOthersGoOn()
    {
        var type = MdnsTestBench.UniqueType();
        var name = MdnsTestBench.UniqueName("node");
        await using var service = await MdnsTestBench.StartAsync();
        using var bad = service.Browse(type, _ => throw new InvalidOperationException("listener"), _ => { });
        var seen = new Sightings(service, type);
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(type, name));
        await seen.FoundAsync(name);
        Assert.InRange(service.Counters.CallbackFailures, 1, long.MaxValue);
    }

    [Fact]
    public async Task Advertise_Cancelled_WithdrawsAndFreesItsPlace()
    {
        var type = MdnsTestBench.UniqueType();
        await using var service = await MdnsTestBench.StartAsync(MdnsTestBench.Loopback with { AdvertisementsMax = 1 });
        using var cancelled = new CancellationTokenSource();
        var attempt = service.AdvertiseAsync(MdnsTestBench.Service(type, MdnsTestBench.UniqueName("a")), cancelled.Token);
        var full = await Assert.ThrowsAsync<MdnsException>(() => service.AdvertiseAsync(MdnsTestBench.Service(type, "b")));
        Assert.Equal("mdns-limit", full.Code);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt);
        await using var second = await service.AdvertiseAsync(MdnsTestBench.Service(type, MdnsTestBench.UniqueName("b")));
        Assert.Equal(AdvertisementState.Announcing, second.State);
    }

    [Fact]
    public async Task Interface_ThatDoesNotExist_IsWaitedForWithoutFailing()
    {
        await using var service = await MdnsTestBench.StartAsync(new MdnsOptions { Interfaces = ["nosuch0"] });
        Assert.Empty(service.Interfaces);
        await using var advertisement = await service.AdvertiseAsync(MdnsTestBench.Service(MdnsTestBench.UniqueType(), "alone"));
        Assert.Equal(0, service.Counters.PacketsSent);
    }

    [Theory]
    [InlineData(0, 60_000)]
    [InlineData(120, 999)]
    public void Options_OutOfRange_Throw(int hostTtlSeconds, int browseIntervalMsMax) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new MdnsService(new MdnsOptions { HostTtlSeconds = hostTtlSeconds, BrowseIntervalMsMax = browseIntervalMsMax }));

    [Fact]
    public async Task Use_BeforeStartAndAfterDispose_Throws()
    {
        var service = new MdnsService(MdnsTestBench.Loopback);
        Assert.Throws<InvalidOperationException>(() => service.Browse("_x._tcp", _ => { }, _ => { }));
        await service.StartAsync();
        await service.DisposeAsync();
        await service.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => service.Browse("_x._tcp", _ => { }, _ => { }));
    }

    /// <summary>A plain socket on an ephemeral port that can send to the group on loopback.</summary>
    private static Socket Vandal()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(1));
        return socket;
    }
}
